"""How far several answers say the same. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

UNFENCED = re.compile(r"\A```[\w-]*\n(.*?)\n?```\Z", re.DOTALL)
"""A text that is all in a code fence, and what is in it."""

LONGEST_NORMALIZED = 2**20
"""Characters."""

_ENDS = " \t\n.,;:!?\"'`*_"


class Agreement(Struct, frozen=True):
    """Of `answers`, the `share` that says what most of them say, and that in its normalized form."""

    answers: int
    share: float
    said: str


def normalized(answer: str) -> str:
    """What counts of an answer where answers are compared: not its case, its spaces, its marks at both ends.

    A whole answer in a code fence counts as what is in it. A very long one counts as it is: its words apart take twenty
    times its size.
    """
    if len(answer) > LONGEST_NORMALIZED:
        return answer
    text = unicodedata.normalize("NFKC", answer).strip()
    fenced = UNFENCED.match(text)
    inner = fenced.group(1) if fenced else text
    return " ".join(inner.split()).strip(_ENDS).casefold()


def agreement_of(answers: Iterable[str]) -> Agreement | None:
    """How far they agree; None for fewer than two."""
    counted = Counter(map(normalized, answers))
    total = counted.total()
    if total < 2:
        return None
    said, most = min(counted.items(), key=lambda entry: (-entry[1], entry[0]))
    return Agreement(total, most / total, said)
