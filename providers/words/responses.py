"""An event of OpenAI's Responses that goes on with a text or a thought."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Raw, Struct, field
from msgspec.json import Decoder

from ..json_values import MAX_COUNT

_NOTHING = Raw()

Index = Annotated[int, Meta(ge=0, lt=MAX_COUNT)]
"""What the decoder takes for one."""


class SpokenPiece(Struct, forbid_unknown_fields=True, gc=False):
    """What all have. `logprobs`, `item_id` and `sequence_number` are not read."""

    output_index: Index
    delta: str
    item_id: Raw = _NOTHING
    sequence_number: Raw = _NOTHING
    obfuscation: str | None = None


class AnswerPiece(SpokenPiece, tag="response.output_text.delta"):
    part: Index = field(name="content_index", default=0)
    logprobs: Raw = _NOTHING

    prefix: ClassVar[str] = ""


class SummaryPiece(SpokenPiece, tag="response.reasoning_summary_text.delta"):
    part: Index | None = field(name="summary_index", default=None)

    prefix: ClassVar[str] = "s"


class ReasoningPiece(SpokenPiece, tag="response.reasoning_text.delta"):
    part: Index | None = field(name="content_index", default=None)

    prefix: ClassVar[str] = "c"


Piece = AnswerPiece | SummaryPiece | ReasoningPiece
PIECE: Decoder[Piece] = Decoder(Piece)
