"""Files inside a prompt of Gemini, by either of its APIs: what they count, and what is refused of them.

Source: https://ai.google.dev/gemini-api/docs/image-understanding and .../files
"""

from __future__ import annotations

from collections.abc import Callable

from ...calls.call import ApiCall
from ...state.media import IMAGES, read_media, stored_media
from .models import Gemini
from .replies import GOOGLE

READ_IMAGES = IMAGES - {"image/gif"}
HD_TOKENS = 1120
"""What an image counts since the third generation where nothing is said about its resolution."""

Refusing = Callable[[str], Exception]


def inline_tokens(model: Gemini, claimed: str, data: object, refuse: Refusing, bad_base64: str) -> int:
    """What a file that came as base64 counts. Raises for what is none, or of a kind that is not read."""
    found = read_media(claimed, data)
    if found.data is None:
        raise refuse(bad_base64)
    if claimed.partition("/")[0] not in ("image", "audio", "video", "text") and claimed != "application/pdf":
        raise refuse(f"Unsupported MIME type: {claimed}")
    is_image = claimed.startswith("image/")
    if is_image and found.found not in READ_IMAGES:
        raise refuse("Unable to process input image. Please retry or report in troubleshooting.")
    return HD_TOKENS if is_image and model.generation >= 3 else found.tokens


def uploaded_tokens(call: ApiCall, uri: str, refuse: Refusing) -> int:
    """What an uploaded file counts; an address of somewhere else is not looked at. Raises for one that is not there."""
    name = uri.rpartition("/files/")[2]
    if "/files/" not in uri or call.stored is None:
        return 0
    data = call.stored(GOOGLE.name, name)
    if data is None:
        raise refuse(f"You do not have permission to access the File {name} or it may not exist.")
    return stored_media(data).tokens
