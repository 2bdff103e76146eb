"""A delta of Anthropic's that goes on with a text or a thought."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct, field
from msgspec.json import Decoder


class TextPiece(Struct, forbid_unknown_fields=True, gc=False, tag="text_delta"):
    text: str

    is_thought: ClassVar[bool] = False


class ThinkingPiece(Struct, forbid_unknown_fields=True, gc=False, tag="thinking_delta"):
    text: str = field(name="thinking")

    is_thought: ClassVar[bool] = True


class BlockPiece(Struct, forbid_unknown_fields=True, gc=False):
    """`index` is that of an open block. A tag would be one that may be missing."""

    type: Literal["content_block_delta"]
    index: int
    delta: TextPiece | ThinkingPiece


BLOCK_PIECE = Decoder(BlockPiece)
