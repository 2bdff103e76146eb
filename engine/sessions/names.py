"""What a session may be called."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from ...providers.errors import UsageError

LONGEST_NAME = 80
_SEPARATORS = frozenset("/\\:@,")


def checked_name(name: str) -> str:
    """`name` without the white space around it. Raises `UsageError` for one that could not be typed again.

    Letters of every script will do, and spaces inside; what separates names elsewhere (`run:profile@think`) will not.
    """
    stripped = name.strip()
    if not stripped:
        raise UsageError("the session's name is empty", hint="call it something: --session NAME")
    if len(stripped) > LONGEST_NAME:
        raise UsageError(f"the session's name has {len(stripped)} characters; {LONGEST_NAME} are the most")
    odd = sorted({sign for sign in stripped if sign in _SEPARATORS or not sign.isprintable()})
    if odd:
        shown = " ".join(ascii(sign) for sign in odd)
        raise UsageError(f"a session's name cannot hold {shown}", hint="use letters, digits, spaces, dots and hyphens")
    if stripped.startswith("-"):
        raise UsageError("a session's name cannot begin with a hyphen: it would be read as an option")
    return stripped


def free_name(stem: str, taken: Iterable[str]) -> str:
    """The first of `stem-1`, `stem-2` and so on that no session has."""
    names = {name.casefold() for name in taken}
    return next(f"{stem}-{number}" for number in count(1) if f"{stem}-{number}".casefold() not in names)
