"""Multipart form data, as clients upload files with it.

Source: https://www.rfc-editor.org/rfc/rfc7578
"""

from __future__ import annotations

import re

from msgspec import Struct

from .request import Request

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))')
_NAME = re.compile(rb'(?:^|[;\s])name="([^"]*)"')
_FILENAME = re.compile(rb'filename="([^"]*)"')


class FormField(Struct, frozen=True):
    """One field of a form; `filename` is None for a field that is not a file."""

    name: str
    filename: str | None
    content: bytes


def read_form(request: Request) -> list[FormField] | None:
    """The parts of a form in their order, or None when the request holds no form."""
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    if found is None or "multipart/form-data" not in request.headers.get("content-type", ""):
        return None
    mark = b"--" + (found[1] or found[2]).encode()
    parts: list[FormField] = []
    for piece in request.body.split(mark)[1:]:
        if piece.startswith(b"--"):
            return parts
        head, blank, content = piece.partition(b"\r\n\r\n")
        name, filename = _NAME.search(head), _FILENAME.search(head)
        if not blank or name is None:
            return None
        shown = filename[1].decode("utf-8", "replace") if filename is not None else None
        parts.append(FormField(name[1].decode("utf-8", "replace"), shown, content.removesuffix(b"\r\n")))
    return None
