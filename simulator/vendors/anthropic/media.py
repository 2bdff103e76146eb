"""Images and documents inside a message, and what is refused of them.

Sources: https://platform.claude.com/docs/en/build-with-claude/vision and .../pdf-support
"""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_object, as_text
from ...calls.reply import RejectedError
from ...state.media import IMAGES, read_media, stored_media
from .replies import ANTHROPIC, invalid, unknown

MOST_IMAGE_BYTES = 10_485_760
_TYPES = {"image": IMAGES, "document": frozenset(("application/pdf", "text/plain"))}


def tokens_of(call: ApiCall, place: str, blocks: list[JsonObject]) -> int:
    """What the files among `blocks` count. Raises for one that the API does not take."""
    tokens = 0
    for index, block in enumerate(blocks):
        kind = as_text(block.get("type")) or ""
        source = as_object(block.get("source")) or {}
        if kind in _TYPES and source.get("type") == "file":
            tokens += _uploaded(call, as_text(source.get("file_id")) or "")
        if kind not in _TYPES or source.get("type") != "base64":
            continue
        where, claimed = f"{place}.{index}.{kind}.source.base64", as_text(source.get("media_type")) or ""
        if claimed not in _TYPES[kind]:
            listed = " or ".join(f"'{name}'" for name in sorted(_TYPES[kind]))
            raise invalid(call, f"{where}.media_type: Input should be {listed}")
        encoded = as_text(source.get("data")) or ""
        if kind == "image" and len(encoded) > MOST_IMAGE_BYTES:
            text = f"image exceeds 10 MB maximum: {len(encoded)} bytes > {MOST_IMAGE_BYTES} bytes"
            raise invalid(call, f"{where}: {text}")
        found = read_media(claimed, encoded)
        if found.found is None:
            raise invalid(call, "Could not process image" if kind == "image" else "The PDF specified was not valid.")
        if found.found != claimed:
            text = f"The image was specified using the {claimed} media type, but the image appears to be a "
            raise invalid(call, f"{where}: {text}{found.found} image")
        tokens += found.tokens
    return tokens


def _uploaded(call: ApiCall, file_id: str) -> int:
    """What an uploaded file counts. Raises for one that is not there."""
    data = None if call.stored is None else call.stored(ANTHROPIC.name, file_id)
    if data is None:
        raise RejectedError(unknown(call, f"File not found: {file_id}"))
    return stored_media(data).tokens
