"""The cells of the comparison: every number of a result as text, and the line of their totals."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ....engine.results.receipt import is_whole
from ....engine.results.result import Result, Run
from ....providers.untrusted import one_line
from ..numbers import BEST, LONGEST_NAME, dollars, rate, seconds, share, tokens
from .dial import asked_to_sent, check_of, measured, missed, sample_words
from .forecast_cells import in_total
from .phrases import beside_names, verdict_words
from .receipt import SIMULATED

ONE_SAMPLE = f"one sample each: no {BEST}, for one answer cannot tell a difference from chance; --repeat 5 takes more"


class ResultRow(Struct, frozen=True):
    """One result in cells. `again`: same profile as the row above."""

    profile: str
    model: str
    think: str
    measured: str
    missed: str
    reasoning_share: str
    output: str
    first_answer: str
    total: str
    rate: str
    cost: str
    mark: str
    verdict: str
    style: str
    check: tuple[str, str]
    again: bool


def rows(results: Sequence[Result]) -> list[ResultRow]:
    """Return the rows in the order of the results."""
    made: list[ResultRow] = []
    for index, result in enumerate(results):
        mark, verdict, style = verdict_words(result)
        made.append(
            ResultRow(
                profile=one_line(result.profile, LONGEST_NAME) + sample_words(result),
                model=one_line(result.model, LONGEST_NAME),
                think=asked_to_sent(result),
                measured=measured(result),
                missed=missed(result),
                reasoning_share=share(result.reasoning.tokens, result.usage.output_tokens),
                output=tokens(result.usage.output_tokens),
                first_answer=seconds(result.latency.first_answer_s),
                total=seconds(result.latency.total_s),
                rate=rate(result.latency.output_tokens_per_s),
                cost=dollars(result.cost.usd),
                mark=mark,
                verdict=verdict,
                style=style,
                check=check_of(result),
                again=index > 0 and results[index - 1].profile == result.profile,
            )
        )
    return made


def one_sample_words(results: Sequence[Result]) -> str:
    """Why nothing is marked as the best, where there is something to compare; else empty."""
    whole = [result for result in results if is_whole(result)]
    return ONE_SAMPLE if len(whole) > 1 and all(result.repeat is None for result in whole) else ""


def totals(run: Run) -> str:
    """`3 ok, 1 failed · $0.0213 + 1 unknown · 1,044 output tokens · 4.10 s`; a simulation begins with saying so.

    Where the cost was forecast, that stands behind it: `$0.0213 (forecast $0.01 to $0.05, expected $0.02)`.
    """
    summary = run.summary
    simulated = any(warning.code == SIMULATED for result in run.results for warning in result.warnings)
    counts = (
        ("ok", summary.ok),
        ("partial", summary.partial),
        ("failed", summary.error),
        ("cancelled", summary.cancelled),
    )
    cost = dollars(summary.usd) + (f" + {summary.usd_unknown} unknown" if summary.usd_unknown else "")
    if summary.usd is None and summary.usd_unknown:
        cost = "cost unknown" if summary.usd_unknown == 1 else f"cost of {summary.usd_unknown} unknown"
    parts = [
        ", ".join(f"{count} {word}" for word, count in counts if count) or "no results",
        *_fit_words(run.results),
        f"{cost}{_forecast_words(run.results)}{_beside_words(run)}",
        f"{tokens(summary.output_tokens)} output tokens",
    ]
    if summary.reasoning_tokens is not None:
        parts.append(f"{tokens(summary.reasoning_tokens)} of them reasoning")
    return " · ".join([*(["SIMULATED, nothing was charged"] if simulated else []), *parts, seconds(summary.total_s)])


def _fit_words(results: Sequence[Result]) -> list[str]:
    """How many answers fit their schema; none where no JSON was asked for."""
    if all(result.shape is None for result in results):
        return []
    from ..shapes.words import fit_words

    return [words] if (words := fit_words(results)) else []


def _beside_words(run: Run) -> str:
    """What other calls have cost beside the results: judges, and those that shaped answers; empty without any."""
    summary = run.summary
    if summary.checks_usd is None and not summary.checks_usd_unknown:
        return ""
    unknown = f" + {summary.checks_usd_unknown} unknown" if summary.checks_usd_unknown else ""
    shaped = any(one.shape is not None and one.shape.second is not None for one in run.results)
    judged = any(check.calls for one in run.results for check in one.checks)
    return f" + {beside_names(judged, shaped)} {dollars(summary.checks_usd)}{unknown}"


def _forecast_words(results: Sequence[Result]) -> str:
    """What was forecast for the results that were sent, in total; empty where nothing was."""
    forecasts = [result.forecast for result in results if result.attempts]
    return f" ({in_total(forecasts)})" if any(forecasts) else ""
