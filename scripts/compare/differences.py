"""What of two plays of a case is not the same, as short unified diffs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from .playing import Piece

LONGEST_LINE = 240


class Difference(Struct, frozen=True):
    """One piece that differs, or a case that did not go as it should have (`wrong`)."""

    case: str
    piece: str
    diff: tuple[str, ...]
    wrong: bool = False

    def lines(self, most: int) -> Iterator[str]:
        """For people to read, the diff cut after `most` lines."""
        yield f"{'??' if self.wrong else '=='} {self.case}: {self.piece}"
        yield from (f"   {_cut(line)}" for line in self.diff[:most])
        if len(self.diff) > most:
            yield f"   ... {len(self.diff) - most} more lines"


def differences(case: str, before: Sequence[Piece], after: Sequence[Piece]) -> Iterator[Difference]:
    """Every piece that is not alike, and every one that only one of the two has."""
    old, new = ({(piece.step, piece.kind): piece for piece in pieces} for pieces in (before, after))
    for step, kind in dict.fromkeys([*old, *new]):
        left, right = old.get((step, kind)), new.get((step, kind))
        name = f"{step} [{kind}]"
        if (left and left.text) != (right and right.text):
            yield Difference(case, name, diff_of(left.text if left else "", right.text if right else ""))
        if left and left.wrong:
            yield Difference(case, f"{step} before", tuple(left.wrong.splitlines()), wrong=True)


def diff_of(before: str, after: str) -> tuple[str, ...]:
    """A unified diff with one line around; of long lines only what is around the first character that differs."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return ("only the ends of lines differ", repr(before[-60:]), repr(after[-60:]))
    made = list(difflib.unified_diff(old, new, "before", "after", lineterm="", n=1))[2:]
    return tuple(_focused(made))


def _focused(lines: Sequence[str]) -> Iterator[str]:
    """As many lines added as were removed before are shown in pairs; a long pair begins shortly before they part."""
    for sign, block in groupby(lines, key=lambda line: line[:1] in "+-"):
        changed = list(block)
        half = len(changed) // 2
        if not sign or not _is_pairs(changed):
            yield from changed
            continue
        for pair in zip(changed[:half], changed[half:], strict=True):
            start = 0
            if max(map(len, pair)) > LONGEST_LINE:
                apart = next((at for at, (a, b) in enumerate(zip(pair[0][1:], pair[1][1:], strict=False)) if a != b), 0)
                start = max(0, apart - 60)
            yield from (f"{line[0]}{'…' if start else ''}{line[1 + start :]}" for line in pair)


def _is_pairs(lines: Sequence[str]) -> bool:
    return [line[0] for line in lines] == ["-"] * (len(lines) // 2) + ["+"] * (len(lines) // 2)


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… ({len(line):,} characters)"
