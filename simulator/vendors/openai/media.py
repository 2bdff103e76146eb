"""Images and files inside a message, and what is refused of them, in recorded words."""

from __future__ import annotations

from collections.abc import Callable

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_object, as_text
from ...calls.reply import RejectedError
from ...state.media import IMAGES, read_data_url, stored_media
from .replies import OPENAI_RESPONSES

_FILE = "The file type you uploaded is not supported. Please try again with a pdf"


Refusing = Callable[..., RejectedError]
"""How the vendor refuses: the call, a text, a parameter, a code."""


def tokens_of(call: ApiCall, place: str, parts: list[JsonObject], refuse: Refusing) -> int:
    """What the files among the parts of Responses or Chat count. Raises for one that the API does not take."""
    tokens = 0
    for index, part in enumerate(parts):
        where = f"{place}[{index}]"
        match as_text(part.get("type")):
            case "input_image" | "input_file" if part.get("file_id") is not None:
                tokens += _uploaded(call, refuse, part)
            case "file" if (given := as_object(part.get("file")) or {}).get("file_id") is not None:
                tokens += _uploaded(call, refuse, given)
            case "input_image":
                tokens += _image(call, refuse, f"{where}.image_url", part.get("image_url"))
            case "image_url":
                given = as_object(part.get("image_url")) or {}
                tokens += _image(call, refuse, f"{where}.image_url", given.get("url"))
            case "input_file":
                tokens += _file(call, refuse, f"{where}.file_data", part.get("file_data"))
            case "file":
                tokens += _file(call, refuse, f"{where}.file", (as_object(part.get("file")) or {}).get("file_data"))
            case "input_audio":
                text = "Content blocks are expected to be either text or image_url type."
                raise refuse(call, text, where, "invalid_value")
            case _:
                pass
    return tokens


def _image(call: ApiCall, refuse: Refusing, place: str, address: object) -> int:
    found = read_data_url(address)
    if found is None:
        return 0
    if found.found not in IMAGES:
        text = "You uploaded an unsupported image. Please make sure your image is valid."
        raise refuse(call, text, place, "invalid_image_format")
    return found.tokens


def _file(call: ApiCall, refuse: Refusing, place: str, address: object) -> int:
    found = read_data_url(address)
    if found is None:
        return 0
    if found.found != "application/pdf" and not found.claimed.startswith("application/"):
        raise refuse(call, _FILE, place, "unsupported_file")
    return found.tokens


def _uploaded(call: ApiCall, refuse: Refusing, given: JsonObject) -> int:
    """What an uploaded file counts. Raises for one that is not there."""
    file_id = as_text(given.get("file_id")) or ""
    data = None if call.stored is None else call.stored(OPENAI_RESPONSES.name, file_id)
    if data is None:
        raise refuse(call, f"Files [{file_id}] were not found.", "input", "invalid_value")
    return stored_media(data).tokens
