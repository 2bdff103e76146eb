"""The first and last lines of a long reasoning."""

from __future__ import annotations

from typing import Literal

from ....providers.untrusted import harmless
from ..line import QUIET
from ..wrap import wrap

ReasoningView = Literal["full", "excerpt", "none"]
"""How much of the reasoning is shown. None of it is a matter of money: hidden reasoning is paid all the same."""


_LONG = 2**20


def thought(line: str) -> tuple[str, str]:
    """A line of reasoning with its style: a heading of a summary (`**Weighing two approaches**`) without its marks."""
    inner = line.strip().removeprefix("**").removesuffix("**")
    if len(line.strip()) == len(inner) + 4 and inner and "*" not in inner:
        return inner, f"{QUIET} bold"
    return line, QUIET


def excerpt(text: str, width: int, *, head: int = 3, tail: int = 2) -> list[str]:
    """Return `text` wrapped to `width` cells and without blank lines, the middle left out when it is long.

    Only what can be shown is wrapped, so the length of the text costs nothing.
    """
    bound = 4 * width * (head + tail + 1)
    length = len(text)
    if length > _LONG:  # of its middle no copy is made
        start, end = harmless(text[: 4 * bound]).strip(), harmless(text[-4 * bound :]).strip()
        text = f"{start}\n{end}"
    else:
        text = harmless(text).strip()
        length = len(text)
    if length <= 2 * bound:
        lines = [line for line in wrap(text, width) if line.strip()]
        if len(lines) <= head + tail + 1:
            return lines
        first, last = lines[:head], lines[-tail:]
    else:
        first = [line for line in wrap(text[:bound], width) if line.strip()][:head]
        last = [line for line in wrap(text[-bound:].lstrip(), width) if line.strip()][-tail:]
    left_out = length - sum(map(len, first)) - sum(map(len, last))
    return [*first, f"[… {left_out:,} characters …]", *last]
