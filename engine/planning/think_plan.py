"""What is asked, what a plan depends on, and what it is. Values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from ...profiles.card import ModelCard, Spelling
from ...profiles.profile import Reference
from ...providers.errors import UsageError
from ...providers.schema import Json, Message, Notice
from ...providers.think import Aim, Level, Think
from ...providers.turns.pieces import TurnPiece
from ...providers.turns.turn import said
from ..targets.target import Target
from .fates import Past

if TYPE_CHECKING:
    from ...profiles.shapes.shape import Shape
    from ..tools.toolset import ToolsWish
    from .inputs.stand_ins import StandIns

Fidelity = Literal["exact", "assumed", "mapped", "clamped", "emulated", "unsupported", "default"]
"""How well a wish is met. `assumed`: sent as asked or mapped, but no cited fact covers this model on this route."""

OF_THE_MODEL = frozenset(("unknown_model", "think_assumed", "model_ends", "model_ended"))
"""Notices that are about the model, and the same for each of its plans: said once in a run."""

MEASURED_FIDELITY: tuple[Fidelity, ...] = ("exact", "mapped", "default")
"""Fidelities that `--strict-think` accepts."""


class Prompt(Struct, frozen=True):
    """What is asked: the prompt and, if any, the system prompt and the messages before it.

    `past` are the turns of a session, with everything that belongs to them; None outside sessions. `asked` are the
    parts of the prompt in their order, where files stand beside the text or in it; else there are none. `shape` is what
    the answer has to be, None for words. `stand_ins` is what may go in the place of files; `converts`: it is
    asked for, also for files of earlier turns.
    `server_tools` are names of tools that the provider is to run itself, None for those of the profile.
    `tools` are functions that the model may call; None leaves them to the profile.
    """

    text: str
    system: str | None = None
    earlier: tuple[Message, ...] = ()
    past: Past | None = None
    asked: tuple[TurnPiece, ...] = ()
    shape: Shape | None = None
    stand_ins: StandIns = {}
    converts: bool = False
    server_tools: tuple[str, ...] | None = None
    tools: ToolsWish | None = None

    @property
    def pieces(self) -> tuple[TurnPiece, ...]:
        """The user's side of the turn."""
        return self.asked or (said(self.text) if self.text else ())

    @property
    def words(self) -> str:
        """All of it that is text, also that of files."""
        return "\n".join(piece.text for piece in self.asked if piece.kind == "text") if self.asked else self.text


def checked_text(text: str, name: str) -> str:
    """`text`. Raises `UsageError` for lone surrogates, which stand for bytes that are no UTF-8: they cannot be sent."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{name} is not UTF-8 text") from None
    return text


def sent_prompt(target: Target, prompt: Prompt) -> Prompt:
    """`prompt` as the route gets it: with what stands in for files that it does not take."""
    if not prompt.stand_ins:
        return prompt
    from .inputs.stand_ins import fitted, fitted_past

    past = None if prompt.past is None else fitted_past(target, prompt.past, prompt.stand_ins)
    return replace(prompt, asked=fitted(target, prompt.asked, prompt.stand_ins), past=past)


class PlanContext(Struct, frozen=True):
    """What a plan depends on besides the wish: the card, the route's spelling and refusals, and the output limit.

    `max_output_tokens` is what the profile or an option asks for; `limit_required` says that the dialect cannot do
    without a limit, so that the card's most is sent when nothing is asked for.
    """

    card: ModelCard
    spelling: Spelling | None
    reference: Reference
    model: str
    max_output_tokens: int | None = None
    limit_required: bool = False
    refuses_levels: tuple[str, ...] = ()
    params: Json | None = None

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that this model takes on this route, rising."""
        taken = self.card.levels or (self.spelling.levels if self.spelling else ())
        return tuple(level for level in taken if level.value not in self.refuses_levels)

    @property
    def output_limit(self) -> int | None:
        """The output limit that holds: what is asked for, within the model's bounds, else the model's most."""
        limit = self.max_output_tokens or self.card.max_output_tokens
        return None if limit is None else self.bounded(limit)

    def bounded(self, limit: int) -> int:
        """The legal output limit that is nearest to `limit`."""
        return max(min(limit, self.card.max_output_tokens or limit), self.card.min_output_limit or 0)


AimUnit = Literal["reasoning_tokens", "usd"]
AimSource = Literal["history", "observed", "scaled", "pooled", "reference"]
"""The user's own answers; recorded ones of the model; what is usual, scaled by what is measured at other values of the
model; recorded answers of other models; or the reference table, which measures nothing."""

AimFit = Literal["near", "spans", "beyond", "unknown"]
"""`spans`: a single answer may well take less than half or more than twice of it. `beyond`: none of the model's values
is expected to come near. `unknown`: nothing is measured."""


class AimReceipt(Struct, frozen=True):
    """The dose that was asked for, in reasoning tokens or US dollars, and the think value that was chosen for it.

    `low` to `high` is meant to hold 8 of 10 answers; None where nothing is measured. `n` answers were behind it.
    `measured` is what the answer took, and `miss_percent` by how much that is more than the target.
    """

    unit: AimUnit
    target: float
    chosen: str
    source: AimSource
    n: int
    low: float | None
    expected: float | None
    high: float | None
    fit: AimFit
    measured: float | None = None
    miss_percent: float | None = None

    def after(self, measured: float | None) -> AimReceipt:
        """The same with what an answer took."""
        if measured is None:
            return self
        return replace(self, measured=measured, miss_percent=round(100 * (measured - self.target) / self.target, 1))

    @property
    def words(self) -> str:
        """`~2,000 reasoning tokens → medium: 1,240 expected, 700 to 2,200 in 8 of 10 (12 answers of yours)`."""
        said = f"{self.dose} → {self.chosen}: "
        if self.expected is None and self.chosen.isdecimal():
            return f"{said}as a budget, which is a cap and no dose: nothing of this model is measured"
        if self.expected is None:
            return f"{said}nothing of this model is measured, so by the reference table"
        said += f"{self._amount(self.expected)} expected"
        if self.low is not None and self.high is not None:
            said += f", {self._amount(self.low)} to {self._amount(self.high)} in 8 of 10"
        counted = f"{self.n:,} {'answer' if self.n == 1 else 'answers'} " if self.n else ""
        return f"{said} ({counted}{_SOURCES[self.source]})"

    @property
    def dose(self) -> str:
        """`~2,000 reasoning tokens`, `~$0.01`."""
        unit = " reasoning tokens" if self.unit == "reasoning_tokens" else ""
        return f"~{self._amount(self.target)}{unit}"

    @property
    def doubt(self) -> str | None:
        """Why a single answer may be far from it; None where it is likely to come near."""
        return _DOUBTS.get(self.fit)

    def _amount(self, value: float) -> str:
        return f"{value:,.0f}" if self.unit == "reasoning_tokens" else f"${value:.3g}"


_SOURCES = {
    "history": "of yours",
    "observed": "recorded of this model, most of them to short prompts",
    "scaled": "by its other values",
    "pooled": "by recorded answers of other models, most of them to short prompts",
    "reference": "by the reference table alone",
}


def unmeasured(think: Think, aim: Aim) -> tuple[Think, AimReceipt]:
    """A choice without any knowledge: as many tokens are a budget, and any money is the level in the middle."""
    chosen = Think(Level.MEDIUM, aim=aim) if aim.tokens is None else Think(budget_tokens=aim.tokens, aim=aim)
    unit, target = unit_and_target(aim)
    return chosen, AimReceipt(unit, target, chosen.sent, "reference", 0, None, None, None, "unknown")


def unit_and_target(aim: Aim) -> tuple[AimUnit, float]:
    """What is aimed at, and how much of it."""
    return ("usd", float(aim.usd)) if aim.usd is not None else ("reasoning_tokens", float(aim.tokens or 0))


_DOUBTS = {
    "spans": "its answers scatter so much that one may take less than half or more than twice of that",
    "beyond": "no think value of this model is expected to come near",
    "unknown": "thinkdial dose --measure asks for answers to choose by",
}


class ThinkPlan(Struct, frozen=True):
    """What will be sent for one wish.

    `native` are the thinking fields as they go into the body. `thinks` is whether the model is expected to think: None
    when the provider's default is unknown. `level` and `budget_tokens` are what was really decided, in our words.
    `params` are the user's native fields without those that the model refuses; `notices` name what was left out.
    `aim` is the dose that all of it was chosen for.
    """

    requested: str
    native: Json
    fidelity: Fidelity
    note: str | None
    thinks: bool | None
    level: Level | None = None
    budget_tokens: int | None = None
    max_output_tokens: int | None = None
    params: Json | None = None
    optional: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    aim: AimReceipt | None = None

    @property
    def is_strict(self) -> bool:
        """Whether `--strict-think` lets it pass."""
        return self.fidelity in MEASURED_FIDELITY

    def for_dose(self, aim: AimReceipt) -> ThinkPlan:
        """The same of a value that was chosen for a dose: a translation of the wish, with its reason and its doubts."""
        note = aim.words if self.note is None else f"{aim.words}; {self.note}"
        notices = () if aim.doubt is None else (Notice(f"dose_{aim.fit}", f"{aim.dose}: {aim.doubt}"),)
        fidelity = "mapped" if self.fidelity == "exact" else self.fidelity
        return replace(self, fidelity=fidelity, note=note, notices=(*notices, *self.notices), aim=aim)

    def emulated(self) -> ThinkPlan:
        """The same of a model that is asked for its reasoning by prompt."""
        note = "asked for by prompt, in tags: ordinary output that looks like thinking"
        kept = tuple(notice for notice in self.notices if not notice.code.startswith("think_"))
        notices = (Notice("think_emulated", note), *kept)
        return replace(self, fidelity="emulated", note=note, thinks=True, notices=notices)
