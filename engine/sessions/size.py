"""How much of a session goes along with its next turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ...profiles.config import Config
from ...providers.think import Think
from ..costs.conversation_tokens import conversation_tokens
from ..planning.prepare import Prompt
from ..runs.jobs import Options, prepare_one, resolved
from ..targets.target import Selection
from .next_turn import NextTurn


@dataclass(frozen=True, slots=True)
class NextSize:
    """Estimated tokens of what goes before the next message: `text`, and `reasoning` that goes back.

    `window` is the model's, None where it is not known. `fates` counts what becomes of pieces, by fate and reason.
    """

    text: int
    reasoning: int
    window: int | None
    fates: Mapping[tuple[str, str], int]

    @property
    def tokens(self) -> int:
        return self.text + self.reasoning


def size_of_next(turn: NextTurn, selection: Selection, think: Think, config: Config) -> NextSize:
    """What the session adds to the next message, if `selection` is asked. Raises `ConfigError` as a call would."""
    options = Options(account_key=turn.secret)
    target = resolved(selection, config, options)
    prepared = prepare_one(target, think, turn.prompt(Prompt("")), config, options)
    counted = conversation_tokens(prepared)
    fates = Counter((str(fate.fate), fate.reason) for fate in prepared.continuity.fates)
    return NextSize(counted.text, counted.reasoning, target.card.context_tokens, fates)
