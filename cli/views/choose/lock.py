"""Locks and their checks in words: what was kept, what has changed, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.text import Text

from ....engine.locks.comparison import EntryCheck, LockChange, LockCheck, LockTest
from ....engine.locks.lock import Lock, LockEntry
from ....providers.untrusted import one_line
from ..grid import Column, FigureTable, needs, ruled
from ..line import BAD, CAUTION, GOOD, QUIET, STRONG, Line
from ..numbers import LONGEST_NAME, UNKNOWN, dollars
from ..quotation import inline
from ..wrap import wrap_line
from .difference import WIDEST, ratio_words

_STATES = {
    "same": ("✓", "not shown to have changed", GOOD),
    "changed": ("✗", "changed", BAD),
    "unread": ("?", "could not be read", CAUTION),
}
_NAMES = {
    "request": "request", "model": "model", "simulated": "answered by", "served": "served as", "price": "price",
    "reasoning_tokens": "reasoning tokens", "output_tokens": "output tokens", "passed": "passed",
}  # fmt: skip
_INDENT = "  "


def check_lines(found: LockCheck, width: int) -> Iterator[Line]:
    """Yield the check line by line: each entry with what has changed and what was tested, then what that is worth."""
    room = min(width, WIDEST)
    for entry in found.entries:
        mark, words, style = _STATES[entry.state]
        yield Line(
            (f"{mark} {one_line(entry.profile, LONGEST_NAME)}@{one_line(entry.think, 16)}", STRONG),
            ("  ", ""),
            (words, style),
        )
        for text, style in _entry_words(entry):
            for piece in wrap_line(f"{_INDENT}{text}", room, _INDENT * 2):
                yield Line((piece, style))
    yield Line(("", ""))
    for sentence in [verdict_words(found), *worth_words(found)]:
        for piece in wrap_line(sentence, room):
            yield Line((piece, ""))


def check_markdown(found: LockCheck, *, checked_at: str) -> str:
    """Return the check as Markdown, as for the summary of a job."""
    rows = ["| | profile | what | was | now | |", "|---|---|---|---|---|---|"]
    for entry in found.entries:
        mark, words, _ = _STATES[entry.state]
        name = inline(f"{entry.profile}@{entry.think}")
        cells = [*_change_cells(entry.changes), *_test_cells(entry.tests)]
        if entry.problem is not None:
            cells.append(["", "", "", inline(entry.problem, 300)])
        for number, own in enumerate(cells or [["", "", "", words]]):
            rows.append(f"| {mark if not number else ''} | {name if not number else ''} | {' | '.join(own)} |")
    head = f"# Lock: {inline(verdict_words(found))}"
    dates = f"Written {inline(found.written_at)}, checked {inline(checked_at)}."
    return "\n\n".join([head, dates, "\n".join(rows), " ".join(map(inline, worth_words(found)))]) + "\n"


def verdict_words(found: LockCheck) -> str:
    """`1 changed, 2 could not be read, 3 not shown to have changed`."""
    counts = {state: sum(entry.state == state for entry in found.entries) for state in ("changed", "unread", "same")}
    return ", ".join(f"{count} {_STATES[state][1]}" for state, count in counts.items() if count)


def worth_words(found: LockCheck) -> Iterator[str]:
    """How often a check says that something has changed where nothing has, and what it could not have seen."""
    if found.tests:
        rate = f"{100 * found.false_alarm_rate:g} of 100"
        tests = f"{counted(found.tests, 'test')} of tokens and passes, corrected together (Benjamini-Hochberg)"
        yield f"{tests}: were nothing changed, at most {rate} checks would say that something is."
    elif all(entry.problem is not None and not entry.changes for entry in found.entries):
        yield "Nothing is known to have changed, and nothing to be the same."
        return
    else:
        yield "No tokens and no passes were compared."
    yield "Request, served model and price are compared exactly."
    blind = sum(not test.can_show for entry in found.entries for test in entry.tests)
    if blind:
        yield f"{blind} of the tests had too few values to show anything: more probes, or a larger --repeat, see more."


def lock_view(lock: Lock, width: int) -> FigureTable:
    """Return what a lock holds as a table: one row an entry."""
    columns = [
        Column("profile", "left", [Text(one_line(entry.name, LONGEST_NAME), STRONG) for entry in lock.entries]),
        Column("served as", "left", [Text(one_line(", ".join(entry.served), 40) or UNKNOWN) for entry in lock.entries]),
        Column("reasoning", "right", [Text(_median(entry, "reasoning_tokens")) for entry in lock.entries]),
        Column("output", "right", [Text(_median(entry, "output_tokens")) for entry in lock.entries]),
        Column("passed", "right", [Text(_passed(entry)) for entry in lock.entries]),
        Column("in / out per M", "right", [Text(_price(entry), QUIET) for entry in lock.entries]),
    ]
    while needs(columns) > width and len(columns) > 2:
        columns.pop(1 if len(columns) == 6 else -1)
    return ruled(columns)


def _median(entry: LockEntry, measure: str) -> str:
    values = sorted(entry.values("reasoning_tokens" if measure == "reasoning_tokens" else "output_tokens"))
    if not values:
        return UNKNOWN
    middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    return f"{middle:,.0f}"


def _passed(entry: LockEntry) -> str:
    values = entry.values("passed")
    return f"{sum(values)} of {len(values)}" if values else UNKNOWN


def _price(entry: LockEntry) -> str:
    return UNKNOWN if entry.price is None else f"{dollars(entry.price.input)} / {dollars(entry.price.output)}"


def _entry_words(entry: EntryCheck) -> Iterator[tuple[str, str]]:
    tested = {test.what: test for test in entry.tests}
    for change in entry.changes:
        yield _change_words(change, tested.get(change.what)), BAD
    shown = {change.what for change in entry.changes}
    for test in entry.tests:
        if test.what not in shown:
            yield _test_words(test), QUIET
    if entry.problem is not None:
        yield one_line(entry.problem, 600), CAUTION
    if entry.failed and entry.answered:
        yield f"{entry.failed} of {entry.failed + entry.answered} answers were not whole and do not count", CAUTION


def _change_words(change: LockChange, test: LockTest | None) -> str:
    was, now = one_line(change.was or UNKNOWN, 200), one_line(change.now or UNKNOWN, 200)
    said = f"{_NAMES[change.what]}: {was} → {now}" if was != now else f"{_NAMES[change.what]}: {now}"
    if change.detail is not None:
        said += f" ({'differs in ' if change.what == 'request' else ''}{one_line(change.detail, 200)})"
    return (
        said if test is None else f"{said}{_times(test)}, p {p_words(test.adjusted_p)}, n {test.n_was} and {test.n_now}"
    )


def _test_words(test: LockTest) -> str:
    verdict = f"not shown to differ, p {p_words(test.adjusted_p)}" if test.can_show else "too few to show a change"
    return f"{_NAMES[test.what]}: {_pair(test)}{_times(test)}, {verdict}, n {test.n_was} and {test.n_now}"


def _pair(test: LockTest) -> str:
    if test.what == "passed":
        return f"{100 * test.was:.0f} % → {100 * test.now:.0f} %"
    return f"{test.was:,.0f} → {test.now:,.0f}"


def _times(test: LockTest) -> str:
    return "" if test.ratio is None or test.what == "passed" else f" ({ratio_words(test.ratio)})"


def p_words(p: float) -> str:
    """`0.03`, `0.0004`, `<0.0001`."""
    return "<0.0001" if p < 0.0001 else f"{p:.2f}" if p >= 0.1 else f"{p:.1g}"


def _change_cells(changes: Sequence[LockChange]) -> Iterator[list[str]]:
    for change in changes:
        if change.what in ("reasoning_tokens", "output_tokens", "passed") and change.detail is None:
            continue  # its test says the same and more
        cells = [change.was or UNKNOWN, change.now or UNKNOWN, f"**changed** {inline(change.detail or '')}".strip()]
        yield [_NAMES[change.what], *map(inline, cells[:2]), cells[2]]


def _test_cells(tests: Sequence[LockTest]) -> Iterator[list[str]]:
    for test in tests:
        was, _, now = _pair(test).partition(" → ")
        verdict = "**changed**" if test.shown else "not shown to differ" if test.can_show else "too few to say"
        yield [_NAMES[test.what], was, now, f"{verdict}{_times(test)}, p {p_words(test.adjusted_p)}"]


def counted(number: int, thing: str) -> str:
    """`1 probe`, `12 probes`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def spent_words(usd: Decimal | None, unknown: int, *, simulated: bool) -> str:
    """What the probes have cost."""
    if usd is None:
        return "cost unknown" if unknown else "nothing was charged"
    words = dollars(usd) + (f" + {unknown} unknown" if unknown else "")
    return f"{words}, SIMULATED" if simulated else words
