"""Learning from a refusal: the legal levels that a 400 names. Pure."""

from __future__ import annotations

import re

from ....providers.errors import Failure
from ....providers.think import THINKING_LEVELS, Level

_ABOUT_THINKING = r"effort|reasoning|thinking|think\b"
_LISTS = re.compile(
    r"\b(?:(?:supported|allowed|valid|accepted) values?(?: are)?|one of|accepts|expected|supports(?: only)?)(.{1,400})",
    re.IGNORECASE | re.DOTALL,
)
_WORD = r"[A-Za-z]+"
_OFF_WORDS = frozenset({"none", "off", "disabled"})


def legal_levels(failed: Failure) -> tuple[tuple[Level, ...], bool] | None:
    """The thinking levels that a refusal lists, rising, and whether off is among them; None when it lists none.

    Only what follows words such as "supported values are" counts, so that the refused value itself is not taken for a
    legal one. Google's level words are upper case; some hosts print the members of an enumeration.
    """
    about = f"{failed.param or ''} {failed.message}"
    if failed.kind != "invalid_request" or not re.search(_ABOUT_THINKING, about, re.IGNORECASE):
        return None
    match = _LISTS.search(failed.message)
    if match is None:
        return None
    words = {word.lower() for word in re.findall(_WORD, match[1])}
    levels = tuple(level for level in THINKING_LEVELS if level.value in words)
    return (levels, bool(words & _OFF_WORDS)) if levels else None
