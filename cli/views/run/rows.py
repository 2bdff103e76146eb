"""The cells of the comparison: every number of a result as text."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ....engine.results.receipt import is_whole
from ....engine.results.result import Result
from ....providers.untrusted import one_line
from ..numbers import BEST, LONGEST_NAME, dollars, rate, seconds, share, tokens
from .dial import asked_to_sent, check_of, measured, missed, sample_words
from .phrases import verdict_words

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
