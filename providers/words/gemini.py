"""A response of Gemini's that goes on with a text or a thought, and counts."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field
from msgspec.json import Decoder


class TextPart(Struct, forbid_unknown_fields=True, gc=False):
    text: str
    thought: bool | UnsetType = UNSET


class PartContent(Struct, forbid_unknown_fields=True, gc=False):
    parts: tuple[TextPart]
    role: str | None = None


class PartCandidate(Struct, forbid_unknown_fields=True, gc=False):
    content: PartContent
    index: Literal[0] = 0


class PartResponse(Struct, forbid_unknown_fields=True, gc=False):
    """`usageMetadata` are running totals."""

    candidates: tuple[PartCandidate]
    usageMetadata: dict[str, Any] = field(default_factory=dict[str, Any])  # noqa: N815 as the wire spells it
    modelVersion: str | None = None  # noqa: N815
    responseId: str | None = None  # noqa: N815


RESPONSE = Decoder(PartResponse)
