"""Forecasts in words and cells: amounts, totals, and where each figure comes from."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ....engine.costs.forecast import COUNTED_METHOD, INPUT_METHOD, LEARNT_METHOD, PRICE_METHOD, ForecastTotals, totals
from ....engine.results.result import Forecast
from ..numbers import UNKNOWN, dollars, tokens


def amounts(forecast: Forecast | None) -> tuple[str, str, str]:
    """Low, expected and high; a dash for what is unknown."""
    if forecast is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    return dollars(forecast.low_usd), dollars(forecast.expected_usd), dollars(forecast.high_usd)


def sources(forecast: Forecast) -> str:
    """`~12 tokens in · 20,480 out expected (reference), max 128,000 · table prices`."""
    entered = f"{'' if forecast.input_source == 'counted' else '~'}{forecast.input_tokens:,} tokens in"
    if forecast.input_source == "counted":
        entered += " (counted)"
    match forecast.output_source:
        case "history":
            why = f" ({forecast.output_runs} runs)"
        case "reference":
            why = " (reference)"
        case None:
            why = ""
    most = "no upper bound" if forecast.output_limit_tokens is None else f"max {tokens(forecast.output_limit_tokens)}"
    expected = "expected output unknown"
    if forecast.expected_output_tokens is not None:
        expected = f"{tokens(forecast.expected_output_tokens)} out expected{why}"
    price = {"table": "table prices", "catalogue": "the provider's list", "profile": "the profile's price"}.get(
        forecast.price_source or "", "no price"
    )
    return f"{entered} · {expected}, {most} · {price}"


def short_source(forecast: Forecast | None) -> str:
    """Where the expected output comes from, in a word or two."""
    if forecast is None:
        return ""
    if forecast.price_source is None:
        return "no price"
    match forecast.output_source:
        case "history":
            return f"{forecast.output_runs} runs"
        case "reference":
            return "reference"
        case None:
            return "unknown"


def total_amounts(total: ForecastTotals) -> tuple[str, str, str]:
    """The sums of what is known; `+` marks those that lack something."""

    def shown(usd: Decimal | None, unknown: int) -> str:
        return f"{dollars(usd)}+" if usd is not None and unknown else dollars(usd)

    return (
        shown(total.low_usd, total.low_unknown),
        shown(total.expected_usd, total.expected_unknown),
        shown(total.high_usd, total.high_unknown),
    )


def unknown_words(total: ForecastTotals) -> str:
    """What a `+` in the total stands for; empty when nothing is missing."""
    parts: list[str] = []
    if total.low_unknown:
        parts.append(f"the price of {total.low_unknown} is unknown")
    if total.expected_unknown > total.low_unknown:
        parts.append(f"the expected output of {total.expected_unknown - total.low_unknown} is unknown")
    if total.high_unknown > total.low_unknown:
        parts.append(f"{total.high_unknown - total.low_unknown} without an upper bound")
    return f"+ of {total.calls} calls: {'; '.join(parts)}, and not in the total" if parts else ""


def method_words(forecasts: Sequence[Forecast | None]) -> str:
    """How the figures came about, for what occurs in `forecasts`."""
    kinds = {forecast.input_source for forecast in forecasts if forecast is not None}
    histories = {forecast.output_source for forecast in forecasts if forecast is not None}
    known = [forecast for forecast in forecasts if forecast is not None]
    learnt = [forecast.method.startswith(LEARNT_METHOD) for forecast in known if forecast.input_source == "estimated"]
    parts = [LEARNT_METHOD] if any(learnt) else []
    parts += [INPUT_METHOD] if "estimated" in kinds and not all(learnt) else []
    parts += [COUNTED_METHOD] if "counted" in kinds else []
    parts.append("high: output up to the limit")
    if "history" in histories:
        parts.append("expected and low from your own runs: their median and 10th percentile")
    if "reference" in histories:
        parts.append("expected by the reference table: the thinking that the level is worth, and an answer")
    cached = [forecast.cached_input_tokens for forecast in known]
    parts.append(PRICE_METHOD if not any(cached) else "low and expected read from the cache what it is likely to hold")
    return "; ".join(parts)


def in_total(forecasts: Sequence[Forecast | None]) -> str:
    """`forecast $0.01 to $0.05, expected $0.02`: several forecasts in one phrase."""
    low, expected, high = total_amounts(totals(forecasts))
    return f"forecast {low} to {high}, expected {expected}"
