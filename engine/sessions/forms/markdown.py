"""A conversation as Markdown for people. Comments that nobody sees mark its parts, so that it can be read again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from ....providers.json_values import obj, text
from ....providers.turns.pieces import PieceKind, TurnPiece
from ....providers.turns.turn import Exchanged
from .json_object import FormError
from .transcript import Transcript, TranscriptBuilder

MARK = "<!-- thinkdial:"

_MARKER = re.compile(r"^<!-- thinkdial:(\w+)(?: (\{.*\}))? -->$", re.MULTILINE)
_LIKE_MARKER = re.compile(r"^(<!-- thinkdial\\*):", re.MULTILINE)
_HIDDEN_MARKER = re.compile(r"^(<!-- thinkdial\\*)\\:", re.MULTILINE)

_READ: dict[str, PieceKind] = {
    "asked": "text",
    "result": "result",
    "reasoning": "thinking",
    "call": "call",
    "answered": "text",
}
"""The parts of a turn, and the pieces that they are."""


def text_of_conversation(name: str, system: str | None, turns: Sequence[Exchanged], authors: Sequence[str]) -> str:
    """The page. `authors` are the models that answered, one for each turn."""
    parts = [f"{MARK}session {_attributes(name=name)} -->\n# {_heading(name)}\n"]
    if system:
        parts.append(_part("system", "System", system))
    for number, (turn, author) in enumerate(zip(turns, authors, strict=True), 1):
        for piece in turn.asked:
            if piece.kind == "result":
                parts.append(_part("result", f"{number} · result of {piece.name or piece.id}", piece.text, piece))
            else:
                parts.append(_part("asked", f"{number} · you", piece.text))
        for piece in turn.answered:
            by = author or "answer"
            if piece.kind == "call":
                parts.append(_part("call", f"{number} · call of {piece.name}", piece.text, piece))
            elif piece.is_reasoning:
                parts.append(_part("reasoning", f"{number} · {by}, reasoning", piece.text))
            else:
                parts.append(_part("answered", f"{number} · {by}", piece.text, by=author))
    return "\n".join(parts)


def read(page: str) -> Transcript:
    """The conversation in a page that was written here. Raises `FormError`."""
    builder, authors, name = TranscriptBuilder(), dict[int, str](), ""
    markers = [*_MARKER.finditer(page)]
    if not markers or page[: markers[0].start()].strip():
        raise FormError("line 1", f"this is no Markdown of an exported session: it has to begin with {MARK}session -->")
    line, counted = 1, 0
    for at, marker in enumerate(markers):
        line += page.count("\n", counted, marker.start())
        counted, place = marker.start(), f"line {line}"
        is_last = at + 1 == len(markers)
        words = _words(page[marker.end() : len(page) if is_last else markers[at + 1].start() - 1])
        kind, fields = marker[1], _fields(marker[2], place)
        if kind == "session":
            name = text(fields.get("name")) or ""
        elif kind == "system":
            builder.system(words, place)
        elif kind not in _READ:
            raise FormError(place, f"{kind[:40]!r} is no part of a conversation")
        else:
            piece = TurnPiece(_READ[kind], words, id=text(fields.get("id")), name=text(fields.get("name")))
            if kind in ("asked", "result"):
                builder.ask([piece], place)
            else:
                builder.answer([piece], place, apart=False)
                authors[builder.length] = text(fields.get("by")) or authors.get(builder.length, "")
    said = builder.transcript()
    return replace(said, name=name, authors=tuple(authors.get(at, "") for at in range(1, len(said.turns) + 1)))


def _part(kind: str, heading: str, words: str, piece: TurnPiece | None = None, **more: str) -> str:
    known = {"id": piece.id, "name": piece.name} if piece is not None else {}
    attributes = _attributes(**{key: value for key, value in {**known, **more}.items() if value})
    marker = f"{MARK}{kind}{f' {attributes}' if attributes != '{}' else ''} -->"
    return f"{marker}\n## {_heading(heading)}\n\n{_LIKE_MARKER.sub(_hidden, words)}\n"


def _hidden(found: re.Match[str]) -> str:
    return f"{found[1]}\\:"


def _words(block: str) -> str:
    """The text below a marker: without the heading, and the lines that set it off."""
    lines = block.removeprefix("\n")
    if lines.startswith("#"):
        lines = lines.partition("\n")[2].removeprefix("\n")
    return _HIDDEN_MARKER.sub(r"\1:", lines.removesuffix("\n"))


def _attributes(**values: Any) -> str:
    return json.dumps(values, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")


def _fields(written: str | None, place: str) -> Any:
    try:
        return obj(json.loads(written or "{}"))
    except (ValueError, RecursionError):
        raise FormError(place, "the mark of this part is damaged") from None


def _heading(words: str) -> str:
    return " ".join(words.split())


def is_page(beginning: str) -> bool:
    """Whether a text is Markdown that was written here."""
    return beginning.lstrip().startswith(MARK)


def kept(pieces: Sequence[TurnPiece]) -> Iterator[TurnPiece]:
    """Of an answer's pieces those that a page shows."""
    for piece in pieces:
        if piece.kind in ("text", "call") or (piece.is_reasoning and piece.text.strip()):
            yield piece
