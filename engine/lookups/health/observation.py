"""One thing that was looked at, in words that may be pasted into a report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

FindingState = Literal["ok", "note", "problem"]


class Finding(Struct, frozen=True):
    """`value` says what was found; `hint` what to do about a note or a problem."""

    section: str
    name: str
    value: str
    state: FindingState = "ok"
    hint: str | None = None


_PASSWORD = re.compile(r"(?<=//)[^/@\s]*@")


def shown_path(path: Path | str) -> str:
    """A path as a report may show it: the home directory, which has somebody's name in it, is `~`."""
    text, home = str(path), str(Path.home())
    return f"~{text[len(home) :]}" if home != "/" and (text == home or text.startswith(f"{home}/")) else text


def shown_address(text: str) -> str:
    """Scheme, host and port of an address; a name and a password in it, and everything behind it, are left out."""
    plain = _PASSWORD.sub("", text.strip())
    parts = urlsplit(plain if "//" in plain else f"//{plain}")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "no address"
    scheme = f"{parts.scheme}://" if parts.scheme else ""
    hidden = " (with a password)" if plain != text.strip() else ""
    return f"{scheme}{parts.hostname or '?'}{port}{hidden}"
