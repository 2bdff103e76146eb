"""The numbers table of the page: the terminal's columns first, then everything else that a result tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from ....engine.results.result import Result
from ....profiles.profile import Reference
from ....providers.untrusted import one_line
from ..checks.outcome import check_words
from ..line import BAD, CAUTION, GOOD
from ..numbers import UNKNOWN, at_the_point, dollars, seconds, tokens
from ..run.continuity import went_along
from ..run.phrases import kind_words, verdict_words
from ..run.rows import ResultRow, rows

TONES = {GOOD: "good", CAUTION: "caution", BAD: "bad"}
"""The page's names for the styles of the terminal; what is none of them is quiet."""

COST_SOURCES = {
    "provider": "provider's bill", "catalogue": "provider's list", "table": "price table",
    "profile": "profile's price", "estimated": "estimated",
}  # fmt: skip

_ON_A_SHEET = (("tokens", "cost"), ("forecast", "time", "ending"))

_Known = TypeVar("_Known", bound=int | float | Decimal)

_FIGURE, _POINT = "\u2007", "\u2008"
"""Spaces as wide as a digit and as a point: they put the points of a column below each other."""


class PageCell(Struct, frozen=True):
    """What is shown and, where it is known, by what to sort."""

    text: str
    sort: str | None = None
    tone: str = ""
    best: bool = False
    under: str = ""
    """What stands below it, smaller."""


class PageColumn(Struct, frozen=True):
    group: str
    head: str
    numeric: bool
    """Whether its cells are sorted as numbers."""
    cells: tuple[PageCell, ...]
    aligned: bool = True
    """Whether numbers stand at the right end of their cells."""


class PageTable(Struct, frozen=True):
    columns: tuple[PageColumn, ...]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The groups in order, and how many columns each spans."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans

    @property
    def rows(self) -> list[list[tuple[PageColumn, PageCell]]]:
        count = len(self.columns[0].cells)
        return [[(column, column.cells[index]) for column in self.columns] for index in range(count)]

    @property
    def sheets(self) -> list[tuple[PageColumn, ...]]:
        """The columns after the terminal's, in portions that fit on paper."""
        portions = [tuple(c for c in self.columns if c.group in groups) for groups in _ON_A_SHEET]
        return [portion for portion in portions if portion]

    @property
    def has_best(self) -> bool:
        return any(cell.best for column in self.columns for cell in column.cells)


def numbers(results: Sequence[Result], reference: Reference) -> PageTable:
    """Return the table of these results; columns of what no result has, such as a forecast, are left out."""
    made = rows(results)
    columns = [*_main(results, made, reference)]
    columns += [*_token_columns(results), *_cost_columns(results), *_forecast_columns(results)]
    columns += [*_time_columns(results), *_ending_columns(results)]
    return PageTable(tuple(column for column in columns if column is not None))


def _main(results: Sequence[Result], made: Sequence[ResultRow], reference: Reference) -> list[PageColumn]:
    think = [
        PageCell(
            f"{row.think} → {row.measured} {row.missed}".rstrip(), number(reference.position(result.think.requested))
        )
        for result, row in zip(results, made, strict=True)
    ]
    reasoning = [
        PageCell(
            f"{row.measured} ({row.reasoning_share})" if row.reasoning_share else row.measured, number(tokens_known)
        )
        for row, tokens_known in zip(made, (result.reasoning.tokens for result in results), strict=True)
    ]
    verdicts = [
        PageCell(f"{mark} {words}", words, TONES.get(style, ""))
        for mark, words, style in (verdict_words(result) for result in results)
    ]
    checks = [check_words(result) for result in results]
    checked = [PageCell(words, words, TONES.get(style, "")) for words, style in checks]
    costs = page_amounts([row.cost for row in made])
    return [
        PageColumn("", "profile", False, tuple(PageCell(row.profile, row.profile.lower()) for row in made)),
        PageColumn("", "model", False, tuple(PageCell(row.model, row.model.lower()) for row in made)),
        PageColumn("", "asked → sent → measured", True, tuple(think), aligned=False),
        PageColumn("", "reasoning", True, tuple(reasoning)),
        _known("output", [row.output for row in made], [r.usage.output_tokens for r in results]),
        _known("first answer", [row.first_answer for row in made], [r.latency.first_answer_s for r in results]),
        _known("total", [row.total for row in made], [r.latency.total_s for r in results]),
        _known("tokens/s", [row.rate for row in made], [r.latency.output_tokens_per_s for r in results]),
        _known("cost", costs, [r.cost.usd for r in results]),
        PageColumn("", "verdict", False, tuple(verdicts)),
        *([PageColumn("", "check", False, tuple(checked))] if any(words for words, _ in checks) else []),
    ]  # fmt: skip


def _known(head: str, texts: Sequence[str], values: Sequence[int | float | Decimal | None]) -> PageColumn:
    cells = tuple(PageCell(text, number(value)) for text, value in zip(texts, values, strict=True))
    return PageColumn("", head, True, cells)


def _token_columns(results: Sequence[Result]) -> list[PageColumn | None]:
    group = "tokens"
    return [
        _tokens(group, "input", results, lambda r: r.usage.input_tokens, keep=True),
        _tokens(group, "cached", results, lambda r: r.usage.cached_input_tokens),
        _tokens(group, "cache write", results, lambda r: r.usage.cache_write_tokens),
        _tokens(group, "total", results, lambda r: r.usage.total_tokens),
        _words(group, "reasoning count", results, lambda r: r.reasoning.tokens_source),
    ]


def _cost_columns(results: Sequence[Result]) -> list[PageColumn | None]:
    group = "cost"
    return [
        _dollars(group, "input", results, lambda r: r.cost.input_usd),
        _dollars(group, "output", results, lambda r: r.cost.output_usd),
        _dollars(group, "of it reasoning", results, lambda r: r.cost.reasoning_usd),
        _dollars(group, "cache saved", results, lambda r: r.cost.cache_saved_usd),
        _dollars(group, "by price list", results, lambda r: r.cost.listed_usd),
        _words(group, "source", results, lambda r: COST_SOURCES.get(r.cost.source or "", r.cost.source)),
    ]


def _forecast_columns(results: Sequence[Result]) -> list[PageColumn | None]:
    group = "forecast"
    return [
        _dollars(group, "low", results, lambda r: r.forecast.low_usd if r.forecast else None),
        _dollars(group, "expected", results, lambda r: r.forecast.expected_usd if r.forecast else None),
        _dollars(group, "likely high", results, lambda r: r.forecast.likely_high_usd if r.forecast else None),
        _dollars(group, "worst case", results, lambda r: r.forecast.high_usd if r.forecast else None),
        _column(group, "actual ÷ expected", results, _actual_to_expected, lambda ratio: f"{ratio:.2f} ×"),
    ]


def _time_columns(results: Sequence[Result]) -> list[PageColumn | None]:
    group = "time"
    return [
        _column(group, "connecting", results, lambda r: r.latency.connect_s, seconds),
        _column(group, "first byte", results, lambda r: r.latency.first_byte_s, seconds),
        _column(group, "first reasoning", results, lambda r: r.latency.first_reasoning_s, seconds),
        _column(group, "answering", results, _answering_s, seconds),
    ]


def _ending_columns(results: Sequence[Result]) -> list[PageColumn | None]:
    group = "ending"
    return [
        _words(group, "status", results, lambda r: r.status),
        _words(group, "finish", results, lambda r: r.finish.replace("_", " ")),
        _words(group, "went along", results, went_along),
        _words(group, "error", results, lambda r: kind_words(r.error) if r.error else None),
        _column(group, "attempts", results, lambda r: r.attempts, str),
    ]


def _answering_s(result: Result) -> float | None:
    total, first = result.latency.total_s, result.latency.first_answer_s
    return total - first if total is not None and first is not None and total >= first else None


def _actual_to_expected(result: Result) -> Decimal | None:
    expected = result.forecast.expected_usd if result.forecast else None
    return result.cost.usd / expected if expected and result.cost.usd is not None else None


def _tokens(
    group: str, head: str, results: Sequence[Result], value: Callable[[Result], int | None], *, keep: bool = False
) -> PageColumn | None:
    return _column(group, head, results, value, tokens, keep=keep)


def _dollars(
    group: str, head: str, results: Sequence[Result], value: Callable[[Result], Decimal | None]
) -> PageColumn | None:
    column = _column(group, head, results, value, dollars)
    if column is None:
        return None
    texts = page_amounts([cell.text for cell in column.cells])
    cells = tuple(PageCell(text, cell.sort) for text, cell in zip(texts, column.cells, strict=True))
    return PageColumn(group, head, True, cells)


def _words(
    group: str, head: str, results: Sequence[Result], value: Callable[[Result], str | None]
) -> PageColumn | None:
    texts = [one_line(value(result) or "", 80) for result in results]
    if not any(texts):
        return None
    return PageColumn(group, head, False, tuple(PageCell(text or UNKNOWN, text.lower() or None) for text in texts))


def _column(
    group: str,
    head: str,
    results: Sequence[Result],
    value: Callable[[Result], _Known | None],
    show: Callable[[_Known], str],
    *,
    keep: bool = False,
) -> PageColumn | None:
    values = [value(result) for result in results]
    if not keep and all(known is None for known in values):
        return None
    return PageColumn(
        group, head, True,
        tuple(PageCell(show(known) if known is not None else UNKNOWN, number(known)) for known in values),
    )  # fmt: skip


def number(value: int | float | Decimal | None) -> str | None:
    """A number as a script reads it; None where there is none to compare."""
    if value is None:
        return None
    text = f"{value:f}" if isinstance(value, float | Decimal) else str(value)
    return text if text not in ("nan", "inf", "-inf", "NaN", "Infinity", "-Infinity") else None


def page_amounts(texts: Sequence[str]) -> list[str]:
    """The amounts padded so that their points are one below the other."""
    return at_the_point(texts, _FIGURE, _POINT)
