"""The messages of OpenAI's chat and its family, which each have reasoning in a field of their own, in tags or nowhere.

Source: https://openrouter.ai/docs/guides/best-practices/reasoning-tokens for the list of details; for Mistral's typed
content https://docs.mistral.ai/api/endpoint/chat
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from ..json_values import items, obj, piece_of, text
from ..schema import Delta, ReasoningDelta, ReasoningWithheld, Visibility
from ..turns.pieces import TAGS, PieceKind, TurnPiece
from ..turns.turn import Exchanged, Manner
from .gathered import compact, has_files, joined, parts_of, rest, strings

DETAILS = "reasoning_details"
CONTENT = "content"

_DETAIL = "detail"
"""The entry without its text, of reasoning that came as an entry and in a plain field alike."""

WITHHELD: Mapping[str, Visibility] = {
    "[REDACTED]": "redacted",
    "[Some reasoning content is encrypted]": "encrypted",  # https://docs.venice.ai/guides/features/reasoning-models
}
"""What some hosts send in the place of a thought that they withhold."""

_READABLE = {"reasoning.text": "text", "reasoning.summary": "summary"}
"""The types of details that come in fragments, and the field that they are joined in."""


class ChatMessage:
    """One message while it comes. Typed parts of the content keep their order; everything else has one place."""

    def __init__(self) -> None:
        self._thoughts: list[str] = []
        self._field = ""
        self._details: list[_Detail] = []
        self._parts: list[tuple[PieceKind, list[str], dict[str, Any]]] = []
        self._calls: dict[Any, dict[str, Any]] = {}
        self._words: list[str] | None = None

    def thought(self, field: str, words: str) -> None:
        """Reasoning in a field of its own."""
        self._field = field
        self._thoughts.append(words)

    def words(self, words: str) -> None:
        """Words of the answer."""
        if self._words is None:
            self._words = []
            self._parts.append(("text", self._words, {}))
        self._words.append(words)

    def chunk(self, part: Mapping[str, Any], words: Sequence[str]) -> None:
        """A typed part of the content that holds reasoning."""
        self._words = None
        if not self._parts or self._parts[-1][0] != "thinking":
            self._parts.append(("thinking", [], {}))
        _, fragments, native = self._parts[-1]
        fragments += words
        native |= rest(part, "thinking", "text", "summary", "closed")
        native["in"] = next((name for name in ("thinking", "summary", "text") if name in part), "thinking")

    def detail(self, entries: Any) -> None:
        """Entries of `reasoning_details`. Fragments of one entry follow one another."""
        for entry in items(entries):
            if not self._details or not self._details[-1].take(entry):
                self._details.append(_Detail(entry))

    def call(self, calls: Any) -> None:
        """Tool calls, whole or in fragments by their index."""
        for number, one in enumerate(items(calls)):
            index: Any = one.get("index")
            index = index if isinstance(index, (int, str)) else number
            known = self._calls.get(index)
            if known is not None and one.get("id") and known["id"] and one["id"] != known["id"]:
                index, known = (index, len(self._calls)), None  # hosts that give every call the same index
            function = obj(one.get("function"))
            if known is None:
                known = self._calls[index] = {"id": None, "name": None, "words": [], "native": {}}
            known["id"] = known["id"] or text(one.get("id"))
            known["name"] = known["name"] or text(function.get("name"))
            known["words"].append(compact(function.get("arguments") or ""))
            known["native"] |= rest(one, "index", "id", "type", "function")

    def close(self, *, is_whole: bool = True, repeats: bool = False) -> Iterator[TurnPiece]:
        """The pieces. `repeats`: each fragment of a detail held the text from its beginning."""
        details = [detail.piece(repeats, is_whole) for detail in self._details]
        plain = joined(self._thoughts) if self._thoughts else ""
        if len(details) == 1 and details[0].text == plain and not details[0].opaque and details[0].kind == "thinking":
            # Nothing but the plain field once more: kept once, with what makes an entry of it again.
            native = {_DETAIL: details[0].native}
            yield replace(details[0], carrier=self._field, native=native)
        elif details:
            yield from details
        elif self._thoughts:
            yield TurnPiece("thinking", plain, self._field, is_whole=is_whole)
        for kind, words, native in self._parts:
            if kind == "text":
                yield TurnPiece("text", joined(words), CONTENT, is_whole=is_whole)
                continue
            known = {name: value for name, value in native.items() if name not in ("type", "signature", "in")}
            signed = strings(native, "signature")
            native = {"type": native.get("type", "thinking"), "in": native["in"], **known}
            yield TurnPiece("thinking", joined(words), CONTENT, signed, native, is_whole=is_whole)
        for one in self._calls.values():
            words = joined(one["words"])
            yield TurnPiece("call", words, "tool_calls", {}, one["native"], one["id"], one["name"], is_whole)
        self.__init__()


class _Detail:
    """One entry, and the fragments that belong to it."""

    __slots__ = ("_entry", "_field", "_fragments")

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self._entry = dict(entry)
        self._field = _READABLE.get(str(entry.get("type")))
        self._fragments = [piece_of(entry.get(self._field))] if self._field else []

    def take(self, entry: Mapping[str, Any]) -> bool:
        """Whether `entry` is a fragment of this one, which then has it."""
        mine, name = self._entry, self._field
        same = all(entry.get(key) == mine.get(key) for key in ("type", "index"))
        if name is None or not same or mine.get("signature") or _differ(entry.get("id"), mine.get("id")):
            return False
        self._fragments.append(piece_of(entry.get(name)))
        mine |= rest(entry, name)
        return True

    def piece(self, repeats: bool, is_whole: bool) -> TurnPiece:
        entry, name = self._entry, self._field
        words = (self._fragments[-1] if repeats else joined(self._fragments)) if name else ""
        opaque = {key: value for key in ("signature", "data") if isinstance(value := entry.get(key), str) and value}
        native = {key: value for key, value in entry.items() if key not in (*opaque, name, "id")}
        kind: PieceKind = "summary" if name == "summary" else "thinking"
        if entry.get("type") == "reasoning.encrypted":
            kind = "encrypted"
        elif name is None:
            kind = "other"
        if name and name in entry and entry[name] is not None and not words:
            native[name] = ""
        return TurnPiece(kind, words, DETAILS, opaque, native, text(entry.get("id")), is_whole=is_whole)


def _differ(one: Any, other: Any) -> bool:
    return bool(one and other and one != other)


def write(exchanged: Sequence[Exchanged], manner: Manner) -> list[dict[str, Any]]:
    """The messages."""
    messages: list[dict[str, Any]] = []
    for one in exchanged:
        messages += _asked(one.asked)
        if one.answered:
            message = _answered(one.answered, manner)
            if manner.empty_on_calls and "tool_calls" in message:
                message.setdefault(manner.reasoning_field, "")
            messages.append(message)
    return messages


def _asked(pieces: tuple[TurnPiece, ...]) -> Iterator[dict[str, Any]]:
    with_files = has_files(pieces)
    for piece in pieces:
        if piece.kind == "result":
            yield {"role": "tool", "tool_call_id": piece.id, "content": piece.text, **piece.native}
        elif not with_files:
            yield {"role": "user", "content": piece.text}
    if with_files:
        yield {"role": "user", "content": parts_of(pieces)}


def _answered(pieces: tuple[TurnPiece, ...], manner: Manner) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant"}
    pieces = tuple(_as_detail(piece) if manner.details else piece for piece in pieces)
    calls = [_call(piece) for piece in pieces if piece.kind == "call"]
    details = [_detail(piece) for piece in pieces if piece.carrier == DETAILS]
    content = [piece for piece in pieces if piece.carrier != DETAILS and piece.kind != "call"]
    fields = [piece for piece in content if piece.kind == "thinking" and piece.carrier not in (CONTENT, "")]
    said = [piece for piece in content if piece not in fields]
    words = "".join(piece.text for piece in said if piece.kind == "text")
    if any(piece.kind == "thinking" for piece in said):
        message["content"] = [_chunk(piece) for piece in said]
    else:
        message["content"] = words if words or not calls else None
    thought = "".join(piece.text for piece in fields)
    if fields and manner.reasoning_field == TAGS:
        message["content"] = f"<think>{thought}</think>{words}"
    elif fields:
        message |= dict.fromkeys(_names(fields[0], manner), thought)
    if details:
        message[DETAILS] = details
    if calls:
        message["tool_calls"] = calls
    return message


def format_of(piece: TurnPiece) -> str | None:
    """The format that an entry of the details names."""
    return text((obj(piece.native.get(_DETAIL)) or piece.native).get("format"))


def _names(piece: TurnPiece, manner: Manner) -> list[str]:
    """The fields that plain reasoning goes back in.

    Hosts that copy the details of others take it as `reasoning_content`, whatever they call it in a stream: both names.
    """
    if manner.reasoning_field != "same":
        return [manner.reasoning_field]
    return list(dict.fromkeys((piece.carrier, "reasoning_content"))) if _DETAIL in piece.native else [piece.carrier]


def _as_detail(piece: TurnPiece) -> TurnPiece:
    """The piece as an entry of the list again, if it was one."""
    native = piece.native.get(_DETAIL)
    return piece if native is None else replace(piece, carrier=DETAILS, native=obj(native))


def _call(piece: TurnPiece) -> dict[str, Any]:
    function = {"name": piece.name, "arguments": piece.text or "{}"}
    return {"id": piece.id, "type": "function", "function": function, **piece.native}


def _detail(piece: TurnPiece) -> dict[str, Any]:
    name = _READABLE.get(str(piece.native.get("type")))
    words = {name: piece.text} if name and piece.text else {}
    return {**piece.native, **words, **piece.opaque, **({"id": piece.id} if piece.id else {})}


def _chunk(piece: TurnPiece) -> dict[str, Any]:
    if piece.kind == "text":
        return {"type": "text", "text": piece.text}
    native = dict(piece.native)
    name = str(native.pop("in", "thinking"))
    words = [{"type": "text", "text": piece.text}] if name == "thinking" else piece.text
    return {**native, name: words, **piece.opaque}


def reasoning_in(value: Any, visibility: Visibility) -> list[Delta]:
    """A reasoning field: plain text of this visibility, or OpenRouter's and MiniMax's list of typed details."""
    if isinstance(value, str):
        if value in WITHHELD:
            return [ReasoningWithheld(WITHHELD[value])]
        return [ReasoningDelta(value, visibility)]
    found: list[Delta] = []
    for detail in items(value):
        words = piece_of(detail.get("text"))
        if words in WITHHELD:
            found.append(ReasoningWithheld(WITHHELD[words]))
        elif words:
            found.append(ReasoningDelta(words))
        elif words := piece_of(detail.get("summary")):
            found.append(ReasoningDelta(words, "summary"))
        elif detail.get("data"):
            found.append(ReasoningWithheld("encrypted"))
    return found
