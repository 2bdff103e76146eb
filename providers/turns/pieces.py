"""The pieces of a turn: what a provider sent in one answer, in its order, byte for byte, so that it can go back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast, get_args

from msgspec import Struct

from ..json_values import obj

PieceKind = Literal[
    "text",
    "thinking",
    "summary",
    "signature",
    "redacted",
    "encrypted",
    "call",
    "result",
    "file",
    "compaction",
    "server_reference",
    "other",
]
"""What a piece is.

`text`: words of the answer, or of the user. `thinking` and `summary`: readable reasoning, signed or not. `redacted` and
`encrypted`: reasoning that only the provider can read. `signature`: a part that is nothing but signed. `call`: a tool
call; `result`: what a tool gave. `file`: an image, document or recording of the user. `compaction`: earlier turns in
the provider's own short form. `server_reference`: the id of something that the provider stores. `other`: what the
provider's own tools did, to go back as it came.
"""

FILE_MARK = "thinkdial-file-"
"""Stands, with a SHA-256 behind it, in a prepared request for the reference of a file that is to be uploaded."""

TAGS = "tags"
"""The carrier of reasoning that came inside the text, between tags."""

REASONING_KINDS: frozenset[PieceKind] = frozenset({"thinking", "summary", "redacted", "encrypted"})


class TurnPiece(Struct, frozen=True):
    """One part of a turn: a block, part, item, entry or field of a message, as its wire has it.

    `text` is what can be read of it: the words, the reasoning, a call's arguments as JSON text, a result's output.
    `carrier` is where it stood: the field (`reasoning_content`), or the type of the block or item
    (`redacted_thinking`). `opaque` are values that only the provider reads, under the names that they came with, never
    decoded or changed. `native` are the remaining fields, JSON as it came, which a writer puts back: `phase`, `format`,
    `index` and the like.
    `id` is the provider's id of the part, for calls and results the id that joins them; `name` the tool of a call.
    `is_whole` is False where the end of the response cut the part off.
    Of a file, `carrier` is the kind, `name` its name, `native` what is known of it (`media_type`, `sha256`, `bytes` and
    its measures), or, as it is handed to a writer, the part as the wire has it. `data` are its bytes, which are stored
    apart; None where they are not at hand, or only an address is sent.
    """

    kind: PieceKind
    text: str = ""
    carrier: str = ""
    opaque: Mapping[str, str] = {}
    native: Mapping[str, Any] = {}
    id: str | None = None
    name: str | None = None
    is_whole: bool = True
    data: bytes | None = None

    @property
    def is_reasoning(self) -> bool:
        """Whether it is reasoning, readable or not."""
        return self.kind in REASONING_KINDS

    @property
    def is_bound(self) -> bool:
        """Whether only its own provider can do anything with it."""
        return bool(self.opaque) or self.kind in ("redacted", "encrypted", "compaction", "server_reference", "other")

    def document(self) -> dict[str, Any]:
        """The piece as JSON, without what is empty; `piece_of_document` reads it."""
        document: dict[str, Any] = {"kind": self.kind}
        for name in ("text", "carrier", "id", "name"):
            if value := getattr(self, name):
                document[name] = value
        for name, fields in (("opaque", self.opaque), ("native", self.native)):
            if fields:
                document[name] = dict(fields)
        if not self.is_whole:
            document["is_whole"] = False
        return document


def piece_of_document(document: Any) -> TurnPiece:
    """What `TurnPiece.document` wrote. Raises `ValueError` for JSON that is no piece, with the reason."""
    fields = obj(document)
    kind = fields.get("kind")
    if kind not in get_args(PieceKind):
        raise ValueError(f"{kind!r} is no kind of piece")
    for name in ("text", "carrier", "id", "name"):
        if not isinstance(fields.get(name, ""), str):
            raise ValueError(f"{name} of a piece must be text")
    opaque = obj(fields.get("opaque"))
    if not all(isinstance(value, str) for value in opaque.values()):
        raise ValueError("opaque values of a piece must be text")
    return TurnPiece(
        kind=cast("PieceKind", kind),
        text=fields.get("text", ""),
        carrier=fields.get("carrier", ""),
        opaque=dict(opaque),
        native=dict(obj(fields.get("native"))),
        id=fields.get("id"),
        name=fields.get("name"),
        is_whole=fields.get("is_whole") is not False,
    )
