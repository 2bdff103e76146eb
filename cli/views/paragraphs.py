"""Texts in which Markdown sees nothing but paragraphs. They need not be parsed, and what parses them is not loaded."""

from __future__ import annotations

PLAIN = frozenset(" .,;:?!'\"()/%-–—…’‘“”·\n")
"""Characters that, beside letters and digits, mean nothing to Markdown within a line."""

NEVER_FIRST = frozenset(" -:0123456789")
"""What may begin a list, a rule, a table or code."""


def paragraphs_of(text: str) -> list[str] | None:
    """The paragraphs that `text` consists of, their lines as they are; None where it may be more than that."""
    lines = text.split("\n")
    if any(line and (line[0] in NEVER_FIRST or line[-1] == " ") for line in lines):
        return None
    if not all(map(str.isalnum, set(text) - PLAIN)):
        return None
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return ["\n".join(one) for one in paragraphs if one] or None
