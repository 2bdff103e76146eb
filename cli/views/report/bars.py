"""The bar charts: how the time, the tokens and the cost of every result are made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from ....engine.results.result import Result
from ..numbers import UNKNOWN, dollars, seconds, tokens
from ..run.dial import labels
from .scales import Scale, usable

ROW_HEIGHT = 40


class Segment(Struct, frozen=True):
    """A piece of a bar: its kind (which has a colour and a word in the legend), place and width in percent."""

    kind: str
    start: float
    width: float
    says: str


class Bar(Struct, frozen=True):
    """One result: its label, its total in words, the pieces, and the place of the forecast where there is one."""

    label: str
    total: str
    top: int
    segments: tuple[Segment, ...]
    forecast: float | None = None
    forecast_says: str = ""


class BarChart(Struct, frozen=True):
    name: str
    title: str
    summary: str
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...]
    """The kinds that occur, with their words, in the order of the bars."""

    @property
    def height(self) -> int:
        return ROW_HEIGHT * len(self.bars)


_Piece = tuple[str, float, str]
"""Kind, size and the size in words."""

_TIME_KINDS = {
    "wait": "waiting",
    "thinking": "thinking",
    "unseen": "before the answer, thinking included",
    "answer": "answering",
    "whole": "not told apart",
}
_TOKEN_KINDS = {
    "cached": "input from the cache",
    "input": "input",
    "thinking": "reasoning",
    "answer": "answer",
    "whole": "output, not told apart",
}
_COST_KINDS = {"input": "input", "thinking": "reasoning", "answer": "answer", "whole": "not told apart"}


def time_chart(results: Sequence[Result]) -> BarChart | None:
    """How long each result took, split at its first answer token."""
    return _chart(
        "time", "Answer time", "seconds of each result, split into waiting, thinking and answering",
        results, _time_pieces, lambda result: seconds(result.latency.total_s), _TIME_KINDS,
    )  # fmt: skip


def tokens_chart(results: Sequence[Result]) -> BarChart | None:
    """Which tokens each result is made of."""
    return _chart(
        "tokens", "Tokens", "tokens of each result: input, input from the cache, reasoning and answer",
        results, _token_pieces, _tokens_total, _TOKEN_KINDS,
    )  # fmt: skip


def cost_chart(results: Sequence[Result]) -> BarChart | None:
    """What each result cost, and what had been expected."""
    return _chart(
        "cost", "Cost", "US dollars of each result, split into input, reasoning and answer",
        results, _cost_pieces, lambda result: dollars(result.cost.usd), _COST_KINDS, expected=_expected_usd,
    )  # fmt: skip


def _chart(
    name: str,
    title: str,
    summary: str,
    results: Sequence[Result],
    pieces: Callable[[Result], Iterator[_Piece]],
    total: Callable[[Result], str],
    kinds: dict[str, str],
    expected: Callable[[Result], tuple[float, str] | None] = lambda result: None,
) -> BarChart | None:
    made = [[piece for piece in pieces(result) if piece[1] > 0] for result in results]
    forecasts = [expected(result) for result in results]
    highest = max([sum(size for _, size, _ in bar) for bar in made], default=0.0)
    if highest <= 0:
        return None
    drawn = [forecast if forecast and forecast[0] <= 2 * highest else None for forecast in forecasts]
    scale = Scale(0.0, max([highest, *(forecast[0] for forecast in drawn if forecast)]), ())
    bars: list[Bar] = []
    for index, (result, label) in enumerate(zip(results, labels(results), strict=True)):
        segments: list[Segment] = []
        start = 0.0
        for kind, size, words in made[index]:
            left, right = scale.percent(start), scale.percent(start + size)
            segments.append(Segment(kind, left, round(right - left, 3), f"{label}: {kinds[kind]} {words}"))
            start += size
        forecast = drawn[index]
        at = scale.percent(forecast[0]) if forecast else None
        says = f"{label}: {forecast[1]} expected" if forecast else ""
        bars.append(Bar(label, total(result), index * ROW_HEIGHT, tuple(segments), at, says))
    used = {kind for bar in made for kind, _, _ in bar}
    legend = [(kind, words) for kind, words in kinds.items() if kind in used]
    if any(drawn):
        legend.append(("forecast", "expected before"))
    return BarChart(name, title, summary, tuple(bars), tuple(legend))


def _time_pieces(result: Result) -> Iterator[_Piece]:
    total = usable(result.latency.total_s)
    reasoning, answer = usable(result.latency.first_reasoning_s), usable(result.latency.first_answer_s)
    if total is None:
        return
    reasoning = min(reasoning, total) if reasoning is not None else None
    answer = min(answer, total) if answer is not None else None
    if reasoning is None and answer is None:
        yield "whole", total, seconds(total)
        return
    until = total if answer is None else answer
    if reasoning is not None and reasoning <= until:
        yield "wait", reasoning, seconds(reasoning)
        yield "thinking", until - reasoning, seconds(until - reasoning)
    else:
        yield "unseen" if _may_have_thought(result) else "wait", until, seconds(until)
    yield "answer", total - until, seconds(total - until)


def _may_have_thought(result: Result) -> bool:
    return result.reasoning.tokens is None or result.reasoning.tokens > 0


def _token_pieces(result: Result) -> Iterator[_Piece]:
    usage = result.usage
    all_input, cached = usable(usage.input_tokens) or 0.0, usable(usage.cached_input_tokens) or 0.0
    cached = min(cached, all_input)
    yield "cached", cached, tokens(int(cached))
    yield "input", all_input - cached, tokens(int(all_input - cached))
    output, reasoning = usable(usage.output_tokens), usable(result.reasoning.tokens)
    if output is None:
        return
    if reasoning is None or reasoning > output:
        yield "whole", output, tokens(int(output))
    else:
        yield "thinking", reasoning, tokens(int(reasoning), result.reasoning.tokens_source)
        yield "answer", output - reasoning, tokens(int(output - reasoning))


def _tokens_total(result: Result) -> str:
    usage = result.usage
    if usage.input_tokens is None and usage.output_tokens is None:
        return UNKNOWN
    return f"{tokens(usage.input_tokens)} in, {tokens(usage.output_tokens)} out"


def _cost_pieces(result: Result) -> Iterator[_Piece]:
    cost = result.cost
    if (usd := usable(cost.usd)) is None:
        return
    if cost.usd is None or cost.input_usd is None or cost.output_usd is None:
        yield "whole", usd, dollars(cost.usd)
        return
    if cost.input_usd + cost.output_usd != cost.usd:  # the provider's own bill: its parts are not known
        yield "whole", usd, dollars(cost.usd)
        return
    yield "input", float(cost.input_usd), dollars(cost.input_usd)
    if cost.reasoning_usd is None or cost.reasoning_usd > cost.output_usd:
        yield "whole", float(cost.output_usd), dollars(cost.output_usd)
    else:
        yield "thinking", float(cost.reasoning_usd), dollars(cost.reasoning_usd)
        yield "answer", float(cost.output_usd - cost.reasoning_usd), dollars(cost.output_usd - cost.reasoning_usd)


def _expected_usd(result: Result) -> tuple[float, str] | None:
    expected = result.forecast.expected_usd if result.forecast else None
    number = usable(expected)
    return (number, dollars(expected)) if number is not None else None
