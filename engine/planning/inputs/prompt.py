"""What is asked: the prompt, with all that belongs to it. Values only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ....providers.errors import UsageError
from ....providers.schema import Message
from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import said
from ...targets.target import Target
from ..fates import Past

if TYPE_CHECKING:
    from ....profiles.shapes.shape import Shape
    from .stand_ins import StandIns


class Prompt(Struct, frozen=True):
    """What is asked: the prompt and, if any, the system prompt and the messages before it.

    `past` are the turns of a session, with everything that belongs to them; None outside sessions. `asked` are the
    parts of the prompt in their order, where files stand beside the text or in it; else there are none. `shape` is what
    the answer has to be, None for words. `stand_ins` is what may go in the place of files, and is asked for.
    `server_tools` are names of tools that the provider is to run itself, None for those of the profile.
    """

    text: str
    system: str | None = None
    earlier: tuple[Message, ...] = ()
    past: Past | None = None
    asked: tuple[TurnPiece, ...] = ()
    shape: Shape | None = None
    stand_ins: StandIns = {}
    server_tools: tuple[str, ...] | None = None

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
    from .stand_ins import fitted, fitted_past

    past = None if prompt.past is None else fitted_past(target, prompt.past, prompt.stand_ins)
    return replace(prompt, asked=fitted(target, prompt.asked, prompt.stand_ins), past=past)
