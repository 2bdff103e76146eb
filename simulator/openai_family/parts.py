"""Images, files and JSON formats in the messages of Chat, as hosts read them: what they are, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ..calls.call import ApiCall
from ..calls.fields import JsonObject, as_object, as_text, joined_text, objects
from ..state.media import IMAGES, Media, read_data_url, read_media


class ChatPart(Struct, frozen=True):
    """A part of a message that is no text: where it stands, its type, and its file; None for an address."""

    place: str
    index: int
    type: str
    media: Media | None

    @property
    def is_broken(self) -> bool:
        """Whether it is called an image, and its bytes are none."""
        return self.type == "image_url" and self.media is not None and self.media.found not in IMAGES


def chat_parts(call: ApiCall) -> Iterator[ChatPart]:
    """The parts of all messages that are no text and no thought."""
    for index, message in enumerate(objects(call.body.get("messages"))):
        for at, part in enumerate(objects(message.get("content"))):
            kind = as_text(part.get("type")) or ""
            if kind not in ("text", "thinking", "reference", "document", "tool_result"):
                yield ChatPart(f"messages[{index}].content[{at}]", index, kind, _media_of(kind, part))


def media_tokens(message: JsonObject) -> int:
    """What the files of a message count."""
    parts = objects(message.get("content"))
    found = (_media_of(as_text(part.get("type")) or "", part) for part in parts)
    return sum(media.tokens for media in found if media is not None)


def asks_for_json(call: ApiCall) -> JsonObject | None:
    """The format of the answer, where one is asked for that is no text."""
    found = as_object(call.body.get("response_format"))
    return found if found is not None and found.get("type") in ("json_object", "json_schema") else None


def says_json(call: ApiCall) -> bool:
    """Whether the word stands anywhere in the messages."""
    return any("json" in joined_text(one.get("content")).lower() for one in objects(call.body.get("messages")))


def strict_schema(call: ApiCall) -> tuple[str, JsonObject] | None:
    """The name and schema of an answer that has to be held to it; None where none has."""
    inner = as_object((asks_for_json(call) or {}).get("json_schema")) or {}
    schema = as_object(inner.get("schema"))
    return None if schema is None or inner.get("strict") is not True else (as_text(inner.get("name")) or "", schema)


def _media_of(kind: str, part: JsonObject) -> Media | None:
    given = part.get(kind)
    held = as_object(given) or {}
    if kind == "input_audio":
        return read_media("audio", held.get("data") if held else given)
    address = given if isinstance(given, str) else held.get("url") or held.get("file_data")
    return read_data_url(address)
