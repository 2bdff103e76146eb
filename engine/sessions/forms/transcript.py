"""What all message lists have in common: who said what, in turns, and what of it could not be taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import Exchanged
from .form import FormFacts, Side
from .json_object import FormError, JsonObject

_MOST_REMARKS = 20


class Transcript(Struct, frozen=True):
    """A conversation without its origin. `remarks` say what was left out or put another way, each with its place.

    `name` is what the file calls it, `authors` who gave each answer; both are empty where the form does not say.
    """

    system: str | None
    turns: tuple[Exchanged, ...]
    remarks: tuple[str, ...] = ()
    name: str = ""
    authors: tuple[str, ...] = ()


@dataclass(slots=True)
class TranscriptBuilder:
    """Takes what a list holds, in its order, and makes turns of it: all that one side says in a row is its turn."""

    _system: list[str] = field(default_factory=list[str])
    _turns: list[tuple[list[TurnPiece], list[TurnPiece]]] = field(
        default_factory=list[tuple[list[TurnPiece], list[TurnPiece]]]
    )
    _remarks: list[str] = field(default_factory=list[str])
    _unsaid: int = 0

    @property
    def length(self) -> int:
        """How many turns there are so far."""
        return len(self._turns)

    def remark(self, place: str, words: str) -> None:
        if len(self._remarks) < _MOST_REMARKS:
            self._remarks.append(f"{place}: {words}")
        else:
            self._unsaid += 1

    def system(self, words: str, place: str) -> None:
        """System text, wherever it stands: a session has one, before everything else."""
        if not words.strip():
            return
        if self._turns:
            self.remark(place, "system text in the midst of a conversation is put to its beginning")
        self._system.append(words)

    def ask(self, pieces: Iterable[TurnPiece], place: str) -> None:
        """A message of the user, or results of calls."""
        taken = [piece for piece in pieces if piece.kind == "result" or piece.text.strip()]
        if not taken:
            return
        if not self._turns or self._turns[-1][1]:
            self._turns.append(([], []))
        known = {piece.id for piece in self._turns[-2][1]} if len(self._turns) > 1 else set[str | None]()
        for piece in taken:
            if piece.kind == "result" and piece.id not in known:
                self.remark(place, "this result answers no call of the answer before it; it is kept, and not sent")
        self._turns[-1][0].extend(taken)

    def answer(self, pieces: Iterable[TurnPiece], place: str, *, apart: bool = True) -> None:
        """A message of the model. `apart`: the texts of two messages in a row are two paragraphs."""
        taken = list(pieces)
        if not taken:
            return
        if not self._turns:
            self.remark(place, "an answer before anything was asked is left out")
            return
        said = self._turns[-1][1]
        if apart and said and said[-1].kind == taken[0].kind == "text" and not taken[0].opaque:
            taken[0] = replace(taken[0], text=f"\n\n{taken[0].text}")
        said += taken

    def transcript(self) -> Transcript:
        """All of it. Raises `FormError` where nothing was said."""
        if not self._turns:
            raise FormError("$", "there is no message of the user in it")
        more = (f"and {self._unsaid} more of the kind",) if self._unsaid else ()
        turns = tuple(Exchanged(tuple(asked), tuple(answered)) for asked, answered in self._turns)
        return Transcript("\n\n".join(self._system) or None, turns, (*self._remarks, *more))


def side_of(message: JsonObject, facts: FormFacts) -> Side:
    """Whose side a message is on. Raises `FormError` for a role that the form does not have."""
    return facts.roles[message.choice("role", facts.roles)]


def medium(kind: str, place: str, builder: TranscriptBuilder) -> TurnPiece:
    """What stands in the place of a picture or a file."""
    builder.remark(place, f"{kind} is left out: a session holds text, calls and results")
    return TurnPiece("text", f"[{kind} left out]")


def unknown_part(part: JsonObject, name: str, kind: str) -> FormError:
    """The refusal of content of a type that nobody here has heard of."""
    return part.bad(name, f"content of type {kind[:40]!r} is not known here")
