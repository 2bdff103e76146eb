"""A diagnosis as plain text: for the terminal, and to paste into a report."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from ....engine.lookups.health.observation import Finding
from ....providers.untrusted import one_line

MARKS = {"ok": " ", "note": "-", "problem": "!"}
LONGEST = 2000


def diagnosis_text(found: Sequence[Finding], width: int) -> str:
    """Sections with a line a thing; `!` stands before what is wrong, `-` before what could be better."""
    column = max(len(one.name) for one in found) + 4
    lines: list[str] = []
    section: str | None = None
    for one in found:
        if one.section != section:
            lines += ["", one.section] if lines else [one.section]
            section = one.section
        words = one_line(one.value, LONGEST) + (f" → {one_line(one.hint, 300)}" if one.hint else "")
        room = max(20, width - column)
        first, *more = wrap(words, room, break_long_words=False, break_on_hyphens=False) or [""]
        lines.append(f"{MARKS[one.state]} {one_line(one.name)}".ljust(column) + first)
        lines += [" " * column + line for line in more]
    return "\n".join(lines) + "\n"


def verdict(found: Sequence[Finding]) -> str:
    """How many things are wrong, in a line."""
    wrong = sum(one.state == "problem" for one in found)
    if not wrong:
        return "nothing is wrong here; whether profiles can be called: thinkdial profiles check"
    return f"{wrong} thing{'' if wrong == 1 else 's'} to mend, marked !"
