"""What went along of earlier turns, in a few words, and piece by piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ....engine.planning.fates import Fate, PieceFate
from ....engine.results.result import Result
from ....providers.untrusted import one_line

_FATES: tuple[Fate, ...] = ("kept", "converted", "dummy", "dropped")
_NAMES = {"dummy": "stood in for"}
_REASONING = frozenset({"thinking", "signature", "redacted", "encrypted", "summary"})

SHORT = (
    ("gets the text alone", "other vendor"),
    ("has no place for it", "other API"),
    ("this call goes to", "other address"),
    ("takes nothing but text", "takes text only"),
    ("is not known to read that", "other model"),
    ("bound to another account", "other account"),
    ("was cut off", "cut answer"),
    ("has refused it", "refused"),
    ("stored at the provider", "stored at the provider"),
    ("came incomplete", "incomplete"),
    ("was imported", "imported"),
    ("refuses reasoning", "refused there"),
    ("but white space", "blank"),
    ("no reasoning is to be kept", "not wanted"),
    ("only the reasoning of the last", "not wanted"),
    ("in tags inside the answer", "came in tags"),
    ("no field for it", "no field for it"),
    ("without the signature", "unsigned"),
    ("it has no signature", "unsigned"),
    ("summary without ciphertext", "summary only"),
    ("sent before it", "changed prefix"),
    ("what is kept must have no gap", "gap after it"),
    ("no result of this call", "call without result"),
    ("the call that it answers", "result without call"),
    ("commentary", "commentary"),
    ("without the reasoning of its turn", "reasoning gone"),
    ("nothing but reasoning is left", "nothing said"),
    ("must not end in reasoning", "nothing said after"),
    ("left it out", "left out by the provider"),
)
"""What stands in a reason of the planner or of a report, and what is left of it where there is no room."""

_LONGEST = 40


def went_along(result: Result) -> str:
    """`3 turns, reasoning kept 2, dropped 1: other vendor`; empty outside sessions and at the first turn."""
    return "" if result.session is None else continuity_words(result.session.turn - 1, result.continuity)


def continuity_words(turns: int, fates: Sequence[PieceFate]) -> str:
    """The same, of `turns` earlier turns and the fates of their pieces."""
    if turns < 1:
        return ""
    parts = [f"{turns} turn{'s' if turns != 1 else ''}"]
    for name, chosen in (
        ("reasoning", [fate for fate in fates if fate.kind in _REASONING]),
        ("other pieces", [fate for fate in fates if fate.kind not in _REASONING]),
    ):
        counted = Counter(fate.fate for fate in chosen)
        words = [f"{_NAMES.get(fate, fate)} {counted[fate]}" for fate in _FATES if counted[fate]]
        if words:
            why = dict.fromkeys(short_reason(fate.reason) for fate in chosen if fate.fate == "dropped")
            parts.append(f"{name} {', '.join(words)}" + (f": {', '.join(why)}" if why else ""))
    return ", ".join(parts)


def short_reason(reason: str) -> str:
    """What is left of a reason where there is no room for it."""
    return next((short for words, short in SHORT if words in reason), one_line(reason, _LONGEST))


def fate_lines(fates: Iterable[PieceFate]) -> list[str]:
    """One line for what has the same fate for the same reason: `turns 1, 3: thinking kept: it goes back as it came`."""
    turns: dict[tuple[str, str, str], dict[int, None]] = {}
    for fate in fates:
        turns.setdefault((fate.kind, fate.fate, fate.reason), {})[fate.turn] = None
    return [
        f"turn{'s' if len(numbers) > 1 else ''} {_spans([*numbers])}: {kind.replace('_', ' ')}"
        f" {_NAMES.get(fate, fate)}: {one_line(reason, 300)}"
        for (kind, fate, reason), numbers in turns.items()
    ]


def _spans(numbers: Sequence[int]) -> str:
    """`1, 3-5`, from rising numbers."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
