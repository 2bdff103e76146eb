"""Multipart form data for uploads. The same content gives the same bytes.

Source: https://www.rfc-editor.org/rfc/rfc7578
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ..schema import HttpRequest
from .contract import RequestHeaders


def upload_form(
    url: str,
    headers: RequestHeaders,
    fields: Sequence[tuple[str, str]],
    filename: str,
    content: bytes,
    media_type: str = "application/jsonl",
) -> HttpRequest:
    """The upload of one file. Text fields come first, as xAI demands and nobody minds.

    What a name must not hold is left out of it.
    """
    filename = "".join(c for c in filename if c.isprintable() and c not in '"\\') or "file"
    boundary = _boundary(filename, content)
    mark = f"--{boundary}\r\n".encode()
    pieces: list[bytes] = []
    for name, value in fields:
        pieces += [mark, f'content-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()]
    head = f'content-disposition: form-data; name="file"; filename="{filename}"\r\ncontent-type: {media_type}\r\n\r\n'
    pieces += [mark, head.encode(), content, f"\r\n--{boundary}--\r\n".encode()]
    kind = ("content-type", f"multipart/form-data; boundary={boundary}")
    return HttpRequest("POST", url, (kind, ("accept", "application/json"), *headers), b"".join(pieces))


def _boundary(filename: str, content: bytes) -> str:
    """A line that the content does not hold."""
    number = 0
    while True:
        digest = hashlib.blake2b(f"{filename} {number}".encode(), digest_size=16).hexdigest()
        if digest.encode() not in content:
            return f"thinkdial-{digest}"
        number += 1
