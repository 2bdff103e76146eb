"""One earlier turn for one destination: what is written of each piece, and the entry that says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.state.rule import StateRule
from ....providers.json_values import is_blank
from ....providers.turns.pieces import PieceKind, TurnPiece
from ....providers.turns.turn import Turn
from ....providers.wires.gemini import SIGNATURES
from ....providers.wires.responses import is_commentary
from ..fates import ContinuityOptions, Destination, Fate, PieceFate
from .judgement import Barrier, Judgement, judge
from .tool_calls import tool_name


class PieceOutcome(Struct, frozen=True):
    """What becomes of one piece: `written` goes, if anything does; `fate` is None where no entry is needed."""

    piece: TurnPiece
    written: TurnPiece | None
    fate: Fate | None = None
    reason: str = ""
    may_be_noted: bool = False

    @property
    def kind(self) -> PieceKind:
        """The kind of its entry: of a signed text or call the signature is what there is to tell."""
        kind = self.piece.kind
        if kind == "other" or (kind in ("text", "call") and self.piece.opaque):
            return "signature" if self.piece.opaque else "server_reference"
        return kind

    def dropped(self, reason: str, *, may_be_noted: bool = False) -> PieceOutcome:
        return replace(self, written=None, fate="dropped", reason=reason, may_be_noted=may_be_noted)


class Settlement(Struct, frozen=True):
    """A turn with the outcome of each of its pieces, in order. `lost_results` are positions in what was asked."""

    turn: Turn
    outcomes: tuple[PieceOutcome, ...]
    is_foreign: bool = False
    leaves_gap: bool = True
    lost_results: frozenset[int] = frozenset()

    @property
    def asked(self) -> tuple[TurnPiece, ...]:
        return asked_of(self.turn, self.lost_results, is_plain=self.is_foreign or self.turn.origin.is_imported)

    @property
    def answered(self) -> tuple[TurnPiece, ...]:
        """What is written of the answer; nothing where only white space would be left."""
        written = tuple(outcome.written for outcome in self.outcomes if outcome.written is not None)
        if all(piece.kind == "text" and not piece.opaque and is_blank(piece.text) for piece in written):
            return ()
        return _as_one_text(written) if self.is_foreign else written

    @property
    def notable(self) -> bool:
        """Whether there is reasoning that a note may carry."""
        return any(outcome.may_be_noted and not is_blank(outcome.piece.text) for outcome in self.outcomes)

    def note(self) -> str:
        """The reasoning as a labelled text of the user's side."""
        thoughts = [outcome.piece.text.strip() for outcome in self.outcomes if outcome.may_be_noted]
        words = "\n\n".join(thought for thought in thoughts if thought)
        author = self.turn.origin.served or self.turn.origin.model
        return f"[Reasoning of {author} in turn {self.turn.number}, converted to text]\n{words}\n[End of the reasoning]"

    def fates(self, *, noted: bool) -> Iterator[PieceFate]:
        """The entries of the turn. `noted`: the note goes along."""
        turn = self.turn
        counted = sum(outcome.piece.is_reasoning for outcome in self.outcomes) == 1
        for at in sorted(self.lost_results):
            yield PieceFate(turn.number, at, "result", "dropped", "the call that it answers is not there")
        for position, outcome in enumerate(self.outcomes):
            if outcome.fate is None:
                continue
            fate, reason = outcome.fate, outcome.reason
            if noted and outcome.may_be_noted and not is_blank(outcome.piece.text):
                fate, reason = "converted", f"{reason}; its words go along as a note"
            tokens = turn.reasoning_tokens if counted and outcome.piece.is_reasoning else None
            yield PieceFate(turn.number, position, outcome.kind, fate, reason, tokens)


def settle(
    turn: Turn,
    destination: Destination,
    options: ContinuityOptions,
    barrier: Barrier | None,
    *,
    is_last: bool,
    lost_calls: frozenset[int],
    lost_results: frozenset[int],
) -> Settlement:
    """Settle each piece of `turn`. `barrier` is what bars its state; `lost_calls` are calls without a result."""
    rule = destination.rule
    if barrier is not None and turn.origin.is_imported:
        barrier = replace(barrier, is_foreign=True)  # a file may claim any shape
    is_foreign = barrier is not None and barrier.is_foreign
    says_more = any(
        piece.kind == "text" and not is_blank(piece.text) and not is_commentary(piece) for piece in turn.pieces
    )
    outcomes: list[PieceOutcome] = []
    for position, piece in enumerate(turn.pieces):
        if position in lost_calls:
            outcomes.append(PieceOutcome(piece, None).dropped("no result of this call was given"))
        elif piece.kind == "text" and not piece.opaque and is_blank(piece.text) and (rule.drops_blank or is_foreign):
            outcomes.append(PieceOutcome(piece, None))
        elif is_foreign and says_more and is_commentary(piece):
            outcomes.append(PieceOutcome(piece, None).dropped("commentary is no part of the answer"))
        elif barrier is not None and not (barrier.of_prefix and piece.kind == "compaction"):
            outcomes.append(_barred(piece, barrier))
        else:
            verdict = judge(piece, turn, position, destination, options, is_last=is_last)
            outcomes.append(_judged(piece, verdict, is_imported=turn.origin.is_imported))
    if rule.hangs_together:
        outcomes = _hung_together(outcomes)
    outcomes = _ended(outcomes, rule)
    if rule.dummy is not None:
        outcomes = _with_dummy(outcomes, rule.dummy)
    leaves_gap = barrier is None or barrier.leaves_gap
    return Settlement(turn, tuple(outcomes), is_foreign, leaves_gap, lost_results)


def _barred(piece: TurnPiece, barrier: Barrier) -> PieceOutcome:
    """The words and calls of a turn whose state cannot go back."""
    if piece.kind not in ("text", "call"):
        return PieceOutcome(piece, None).dropped(barrier.reason, may_be_noted=barrier.by_chance and piece.is_reasoning)
    plain = _plain(piece, is_foreign=barrier.is_foreign)
    return PieceOutcome(piece, plain, "dropped", barrier.reason) if piece.opaque else PieceOutcome(piece, plain)


def asked_of(turn: Turn, lost: frozenset[int], *, is_plain: bool) -> tuple[TurnPiece, ...]:
    """What is written of the user's side, without results whose calls are not there.

    `is_plain`: without anything that only the wire it came from understands, and results first, as all wires want them.
    """
    stays = [piece for at, piece in enumerate(turn.asked) if at not in lost]
    if not is_plain:
        return tuple(stays)
    results = [
        TurnPiece("result", piece.text, id=piece.id, name=piece.name and tool_name(piece.name))
        for piece in stays
        if piece.kind == "result"
    ]
    texts = [
        piece if piece.kind == "file" else TurnPiece("text", piece.text)
        for piece in stays
        if piece.kind == "file" or (piece.kind == "text" and not is_blank(piece.text))
    ]
    return (*results, *texts)


def _judged(piece: TurnPiece, verdict: Judgement, *, is_imported: bool) -> PieceOutcome:
    if piece.kind in ("text", "call"):
        bare = replace(_plain(piece, is_foreign=True), carrier="") if is_imported else replace(piece, opaque={})
        if not piece.opaque:
            return PieceOutcome(piece, bare if is_imported else piece)
        written = piece if verdict.goes else bare
        return PieceOutcome(piece, written, "kept" if verdict.goes else "dropped", verdict.reason)
    if verdict.goes:
        if piece.kind == "other" and piece.carrier == "message":  # what the user said, as a compaction keeps it
            return PieceOutcome(piece, piece)
        return PieceOutcome(piece, piece, "kept", verdict.reason)
    return PieceOutcome(piece, None).dropped(verdict.reason, may_be_noted=verdict.may_be_noted)


def _plain(piece: TurnPiece, *, is_foreign: bool) -> TurnPiece:
    """A text or call without anything that only its own provider understands; `phase` is a word of the wire."""
    if piece.kind == "call":
        return TurnPiece("call", piece.text, id=piece.id, name=tool_name(piece.name))
    phase = {"phase": piece.native["phase"]} if piece.native.get("phase") and not is_foreign else {}
    return TurnPiece("text", piece.text, piece.carrier, native=phase)


def _hung_together(outcomes: Sequence[PieceOutcome]) -> list[PieceOutcome]:
    """Without some of its reasoning a turn has no ids, and nothing of the provider's own tools."""
    if not any(outcome.fate == "dropped" and outcome.piece.is_reasoning for outcome in outcomes):
        return [*outcomes]
    settled: list[PieceOutcome] = []
    for outcome in outcomes:
        written = outcome.written
        if written is None:
            settled.append(outcome)
        elif written.kind == "other":
            settled.append(outcome.dropped("it is refused without the reasoning of its turn"))
        elif written.kind == "call":
            native = {name: value for name, value in written.native.items() if name != "id"}
            settled.append(replace(outcome, written=replace(written, native=native)))
        else:
            settled.append(replace(outcome, written=replace(written, id=None)))
    return settled


def _ended(outcomes: Sequence[PieceOutcome], rule: StateRule) -> list[PieceOutcome]:
    """Without reasoning at the end, where that is refused, or where there would be nothing but reasoning."""
    last = max((at for at, outcome in enumerate(outcomes) if _says(outcome.written)), default=-1)
    if last < 0:
        words = "nothing but reasoning is left of the turn"
    elif rule.ends_in_reasoning:
        return [*outcomes]
    else:
        words = "a turn must not end in reasoning"
    return [
        outcome.dropped(words)
        if at > last and outcome.written is not None and outcome.piece.kind != "text"
        else outcome
        for at, outcome in enumerate(outcomes)
    ]


def _says(piece: TurnPiece | None) -> bool:
    """Whether a turn may end in `piece`."""
    if piece is None or piece.is_reasoning or piece.kind == "signature":
        return False
    return piece.kind != "text" or not is_blank(piece.text)


def _with_dummy(outcomes: Sequence[PieceOutcome], dummy: str) -> list[PieceOutcome]:
    """The first call of a turn with the documented stand-in, if it has no signature."""
    settled = [*outcomes]
    for at, outcome in enumerate(settled):
        if outcome.written is not None and outcome.written.kind == "call":
            if not outcome.written.opaque:
                why = f"{outcome.reason}; " if outcome.reason else ""
                written = replace(outcome.written, opaque={SIGNATURES[0]: dummy})
                words = f"{why}the documented stand-in takes the place of a signature"
                settled[at] = PieceOutcome(_signed(outcome.piece, dummy), written, "dummy", words)
            break
    return settled


def _signed(piece: TurnPiece, dummy: str) -> TurnPiece:
    return piece if piece.opaque else replace(piece, opaque={SIGNATURES[0]: dummy})


def _as_one_text(pieces: Iterable[TurnPiece]) -> tuple[TurnPiece, ...]:
    """Texts that follow one another as one: blocks of one message as they stand, messages as paragraphs."""
    merged: list[TurnPiece] = []
    for piece in pieces:
        if piece.kind == "text" and merged and merged[-1].kind == "text":
            between = "\n\n" if piece.carrier == "message" else ""
            merged[-1] = replace(merged[-1], text=f"{merged[-1].text}{between}{piece.text}")
        else:
            merged.append(piece)
    return tuple(replace(piece, carrier="") if piece.kind == "text" else piece for piece in merged)
