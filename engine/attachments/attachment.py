"""A file that goes along with a prompt, and what is known of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal, get_args

from msgspec import Struct, field

from ...profiles.inputs.rule import InputKind
from ...providers.turns.pieces import TurnPiece
from .wishes import Detail

FileKind = InputKind | Literal["text"]
KINDS: tuple[str, ...] = ("text", *get_args(InputKind))

MOST_BYTES = 64 * 2**20
"""Of one file. No provider takes as much within a request."""

MOST_FILES = 100


class Attachment(Struct, frozen=True):
    """One file. `origin` is where it is from: a path, `-`, or an address without its query.

    `url` is an address that the provider is to fetch itself: then there are no `data`. `measures` are what its head
    says: `width` and `height` in pixels, `pages`, `seconds`. `reveals` are words about what its metadata give away,
    `changed` words about what was done to it here and is lost. `detail` is how closely it is looked at; `upload`: it
    goes by reference where that is possible.
    """

    kind: FileKind
    media_type: str
    name: str
    data: bytes = b""
    origin: str = ""
    url: str | None = None
    measures: Mapping[str, int | float] = field(default_factory=dict[str, int | float])
    reveals: tuple[str, ...] = ()
    changed: str | None = None
    detail: Detail = "high"
    upload: bool = False

    def piece(self) -> TurnPiece:
        """The piece of the user's side; a text is words, between lines that name it."""
        if self.kind == "text":
            words = self.data.decode("utf-8-sig", "replace").strip("\n")
            return TurnPiece("text", f"[File {self.name}]\n{words}\n[End of {self.name}]", self.kind, name=self.name)
        known: dict[str, Any] = {"media_type": self.media_type}
        if self.url is not None:
            known |= {"url": self.origin, "is_whole": self.url == self.origin}
        else:
            known |= {"sha256": hashlib.sha256(self.data).hexdigest(), "bytes": len(self.data)}
        known |= {"origin": self.origin, **self.measures}
        if self.changed is not None:
            known["changed"] = self.changed
        if self.detail != "high" and self.kind in ("image", "pdf"):
            known["detail"] = self.detail
        if self.upload and self.url is None:
            known["upload"] = True
        return TurnPiece(
            "file",
            carrier=self.kind,
            native=known,
            name=self.name,
            data=self.data if self.url is None else self.url.encode(),
        )
