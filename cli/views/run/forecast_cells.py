"""Forecasts in words and cells: amounts, totals, and where each figure comes from."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ....engine.costs.forecast import COUNTED_METHOD, INPUT_METHOD, LEARNT_METHOD, PRICE_METHOD
from ....engine.results.result import Forecast, ForecastTotals, totals
from ..numbers import UNKNOWN, dollar_span, dollars, tokens

HEADS = ("expected", "8 in 10", "worst case")
"""Over the three figures of `amounts`."""

REFERENCE_WORDS = "recorded answers scaled by the reference table"


def amounts(forecast: Forecast | None) -> tuple[str, str, str]:
    """Expected, the range of 8 in 10, and the worst case apart; a dash for what is unknown."""
    if forecast is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    likely = dollar_span(forecast.low_usd if forecast.likely_high_usd is not None else None, forecast.likely_high_usd)
    return dollars(forecast.expected_usd), likely, dollars(forecast.high_usd)


def sources(forecast: Forecast) -> str:
    """`~12 tokens in · 246 out expected (52 to 2,148, recorded), max 128,000 · table prices`."""
    entered = f"{'' if forecast.input_source == 'counted' else '~'}{forecast.input_tokens:,} tokens in"
    if forecast.input_source == "counted":
        entered += " (counted)"
    most = "no upper bound" if forecast.output_limit_tokens is None else f"max {tokens(forecast.output_limit_tokens)}"
    expected = "expected output unknown"
    if forecast.expected_output_tokens is not None:
        within = ""
        if forecast.low_output_tokens is not None and forecast.high_output_tokens is not None:
            within = f"{forecast.low_output_tokens:,} to {forecast.high_output_tokens:,}, "
        expected = f"{tokens(forecast.expected_output_tokens)} out expected ({within}{_output_source(forecast)})"
    price = {"table": "table prices", "catalogue": "the provider's list", "profile": "the profile's price"}.get(
        forecast.price_source or "", "no price"
    )
    return f"{entered} · {expected}, {most} · {price}"


def short_source(forecast: Forecast | None) -> str:
    """Where the expected output comes from, in a word or two."""
    if forecast is None:
        return ""
    return "no price" if forecast.price_source is None else _output_source(forecast)


def _output_source(forecast: Forecast) -> str:
    match forecast.output_source:
        case "history":
            return f"{forecast.output_runs} runs"
        case "observed":
            return f"{forecast.output_answers} recorded" if forecast.output_answers else "recorded"
        case "reference":
            return "reference"
        case None:
            return "unknown"


def total_amounts(total: ForecastTotals) -> tuple[str, str, str]:
    """The sums of what is known; `+` marks those that lack something."""

    def shown(usd: Decimal | None, unknown: int) -> str:
        return f"{dollars(usd)}+" if usd is not None and unknown else dollars(usd)

    likely = dollar_span(total.low_usd, total.likely_high_usd, "+" if total.likely_high_unknown else "")
    return shown(total.expected_usd, total.expected_unknown), likely, shown(total.high_usd, total.high_unknown)


def unknown_words(total: ForecastTotals) -> str:
    """What a `+` in the total stands for; empty when nothing is missing."""
    parts: list[str] = []
    if total.low_unknown:
        parts.append(f"the price of {total.low_unknown} is unknown")
    if total.expected_unknown > total.low_unknown:
        parts.append(f"the expected output of {total.expected_unknown - total.low_unknown} is unknown")
    if total.high_unknown > total.low_unknown:
        parts.append(f"{total.high_unknown - total.low_unknown} without an upper bound")
    return f"+ of {total.calls:,} calls: {'; '.join(parts)}, and not in the total" if parts else ""


def method_words(forecasts: Sequence[Forecast | None]) -> str:
    """How the figures came about, for what occurs in `forecasts`."""
    kinds = {forecast.input_source for forecast in forecasts if forecast is not None}
    histories = {forecast.output_source for forecast in forecasts if forecast is not None}
    known = [forecast for forecast in forecasts if forecast is not None]
    learnt = [forecast.method.startswith(LEARNT_METHOD) for forecast in known if forecast.input_source == "estimated"]
    parts = [LEARNT_METHOD] if any(learnt) else []
    parts += [INPUT_METHOD] if "estimated" in kinds and not all(learnt) else []
    parts += [COUNTED_METHOD] if "counted" in kinds else []
    told = {"history": "your own runs", "observed": "recorded answers", "reference": REFERENCE_WORDS}
    if "observed" in histories:
        told["reference"] = "such scaled by the reference table"
    if whence := [words for source, words in told.items() if source in histories]:
        parts.append(f"expected is the median, and 8 of 10 answers are likely to be in the range, by {_listed(whence)}")
    if "observed" in histories or "reference" in histories:
        parts.append("recorded prompts are short: longer work takes more")
    parts.append("worst case, which budgets reserve: output up to the limit")
    cached = [forecast.cached_input_tokens for forecast in known]
    parts.append(
        PRICE_METHOD if not any(cached) else "all but the worst case reads from the cache what it is likely to hold"
    )
    return "; ".join(parts)


def in_total(forecasts: Sequence[Forecast | None]) -> str:
    """`expected $0.02, 8 in 10 $0.01–$0.05, worst case $1.24`: several forecasts in one phrase."""
    expected, likely, worst = total_amounts(totals(forecasts))
    return f"forecast {expected}, 8 in 10 {likely}, worst case {worst}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]
