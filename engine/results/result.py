"""What is known of one call in the normalized form, and of a run of them. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from msgspec import Struct

from ...providers.errors import Failure
from ...providers.schema import FinishReason, Json, Notice, TokensSource, Usage, Visibility
from ..exchange.call_facts import Latency

if TYPE_CHECKING:
    from ...providers.turns.turn import Turn
    from ..planning.fates import PieceFate, SessionPlace
    from ..planning.think_plan import AimReceipt, Fidelity
    from ..shapes.words import ShapeReceipt
    from ..tools.words import ToolCall, ToolsReceipt
    from .checked import CheckOutcome, Escalation
    from .tool_use import ServerToolUse, ToolRun

Status = Literal["ok", "partial", "error", "cancelled"]
Verdict = Literal["as_asked", "not_observed", "unwanted", "over_budget", "starved", "empty", "unknown"]
CostSource = Literal["provider", "catalogue", "table", "profile", "estimated"]
RoundsEnd = Literal["answered", "max_rounds", "max_calls", "time", "budget", "failed", "interrupted"]
"""Why no further round followed: there is an answer; a limit on rounds, on calls of one answer or on time was met; the
budget has no room for another; the last call failed; somebody interrupted it."""


class ThinkReceipt(Struct, frozen=True):
    """What was asked of the dial, what was sent, and what the answer showed."""

    requested: str
    native: Json
    fidelity: Fidelity
    note: str | None = None
    verdict: Verdict = "unknown"


class Reasoning(Struct, frozen=True):
    """The visible reasoning, its kind, and how many tokens it took."""

    text: str | None = None
    visibility: Visibility = "none"
    tokens: int | None = None
    tokens_source: TokensSource | None = None


class Cost(Struct, frozen=True):
    """US dollars, exact. None is unknown and never 0. `reasoning_usd` is a part of `output_usd`.

    `cache_saved_usd` is what the same tokens would have cost without the provider's cache, less what they did cost;
    negative where writing cost more than reading saved; `cache_pays_after` is how many later calls must read what was
    read and written here until it is not: 0 where it has paid already, None where nothing was written. `listed_usd` is
    what the price list makes of the usage, where `usd` is the provider's own bill. A source of `estimated` means that
    no usage was reported: the call was cut. Of `lost_attempts`, which broke before they were answered whole, the last
    one included, nobody says whether they were billed: they are no part of `usd`. `lost_usd` is what they may have
    cost, as was estimated before they were sent; None where there are none, or the price is not known.
    `fees_usd` is the part of `usd` that is for tools that the provider has run, by their price list; None where none is
    known to have run.
    """

    usd: Decimal | None = None
    input_usd: Decimal | None = None
    output_usd: Decimal | None = None
    reasoning_usd: Decimal | None = None
    source: CostSource | None = None
    note: str | None = None
    cache_saved_usd: Decimal | None = None
    cache_pays_after: int | None = None
    listed_usd: Decimal | None = None
    lost_attempts: int = 0
    lost_usd: Decimal | None = None
    fees_usd: Decimal | None = None


class Forecast(Struct, frozen=True):
    """What a call is likely to bring and cost, before it is made. None where the price or the output is unknown.

    `input_source` is `counted` when the provider's counting endpoint said it, else `estimated`. Of the output, thinking
    included, `expected_output_tokens` is the median, and from `low_output_tokens` to `high_output_tokens` is the range
    that is meant to hold 8 of 10 answers. `output_source` says what it comes from: `history` with 5 or more of the
    user's own runs, `observed` of recorded answers, `reference` where those had to be scaled by the reference table;
    `output_runs` own runs and `output_answers` recorded answers of this model and dial are in it. `low_usd`,
    `expected_usd` and `likely_high_usd` are what these cost. Both ends of what can be are apart: `least_usd` is for
    next to no output, and the worst case, `high_usd`, which budgets reserve, for output up to the limit; it is None
    where nothing bounds that. `cached_input_tokens` is what of the input all but the worst case take to be read from
    the provider's cache, None outside of sessions. `fees_usd` is the part of what is likely that is for one use of each
    tool that the provider is to run. `method` says all that in words.
    """

    input_tokens: int
    input_source: Literal["estimated", "counted"]
    expected_output_tokens: int | None
    output_source: Literal["history", "observed", "reference"] | None
    output_runs: int
    output_limit_tokens: int | None
    low_usd: Decimal | None
    expected_usd: Decimal | None
    high_usd: Decimal | None
    price_source: CostSource | None
    method: str
    cached_input_tokens: int | None = None
    low_output_tokens: int | None = None
    high_output_tokens: int | None = None
    output_answers: int = 0
    likely_high_usd: Decimal | None = None
    least_usd: Decimal | None = None
    fees_usd: Decimal | None = None


class ForecastTotals(Struct, frozen=True):
    """Sums of the known ends of several forecasts, None where none is known, and how many are unknown in each."""

    calls: int
    low_usd: Decimal | None
    low_unknown: int
    expected_usd: Decimal | None
    expected_unknown: int
    likely_high_usd: Decimal | None
    likely_high_unknown: int
    high_usd: Decimal | None
    high_unknown: int


def totals(forecasts: Iterable[Forecast | None]) -> ForecastTotals:
    """The sums of several forecasts. What is unknown is counted, and is no part of a sum."""
    listed = list(forecasts)

    def summed(amounts: Iterable[Decimal | None]) -> tuple[Decimal | None, int]:
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if known else None, len(listed) - len(known)

    low = summed(one and one.low_usd for one in listed)
    expected = summed(one and one.expected_usd for one in listed)
    likely_high = summed(one and one.likely_high_usd for one in listed)
    high = summed(one and one.high_usd for one in listed)
    return ForecastTotals(len(listed), *low, *expected, *likely_high, *high)


class Round(Struct, frozen=True):
    """One call to the model among several that make one answer. `result` is the id of its own result.

    `calls` is how many tools it called. Sums over all rounds are in the result itself.
    """

    number: int
    result: str
    status: str
    finish: str
    verdict: str
    calls: int
    answer: str
    reasoning: Reasoning
    usage: Usage
    cost: Cost
    latency: Latency
    attempts: int


class RoundPlace(Struct, frozen=True):
    """Which round of an answer a stored result is: `of` is the id of the result of the first one."""

    number: int
    of: str


class Result(Struct, frozen=True):
    """One normalized answer of one profile (`thinkdial.result/1`).

    `host` is who was asked, where that is known; `simulated`: it has proved to be a simulator, so nothing was charged.
    `repeat` is the number of the sample, from 1, where the same was asked several times; None where it was asked once.
    `same_request` are other think values of the sweep that would have sent the same bytes: this answer is theirs too.
    `aim` is the dose that was asked for instead of a think value. `continuity` says what became of the pieces of
    earlier turns, empty outside sessions. `passed` is whether the answer is what was expected: None where nothing was,
    or where `expect_note` says why that is not known; `checks` has what was asked of more than its text, and
    `escalation` the attempts before it. `shape` is about the JSON that was asked for, None where none was;
    `answer_json` is its value, and `schema_errors` is what is wrong with it: empty where nothing is, None where that is
    not known. `server_tools` are the tools that the provider was asked to run, or has run, itself. `tools` are those
    that the model could call, None where there were none, and `tool_calls` what it called. `rounds` are the calls to
    the model that made it, where its tools were run in between: counts, cost and times are then sums over them,
    `rounds_end` says why no further one followed, and `tool_runs` is the log of the tools. `round` is the place of a
    stored result that is one of several. `turn` is what a session keeps of the answer, None outside sessions; `refused`
    are the positions of pieces that the provider did not take back, by the number of their turn, `refused_compactions`
    those of compactions, by their place among those of the session. The last three are no part of the document.
    """

    id: str
    run_id: str
    created_at: str
    profile: str
    provider: str
    dialect: str
    model: str
    model_reported: str | None
    status: Status
    think: ThinkReceipt
    reasoning: Reasoning
    answer: str
    finish: FinishReason
    finish_raw: str | None
    usage: Usage
    cost: Cost
    latency: Latency
    attempts: int
    request_id: str | None
    warnings: tuple[Notice, ...] = ()
    error: Failure | None = None
    forecast: Forecast | None = None
    host: str | None = None
    simulated: bool = False
    repeat: int | None = None
    same_request: tuple[ThinkReceipt, ...] = ()
    session: SessionPlace | None = None
    continuity: tuple[PieceFate, ...] = ()
    passed: bool | None = None
    expect_note: str | None = None
    checks: tuple[CheckOutcome, ...] = ()
    aim: AimReceipt | None = None
    escalation: Escalation | None = None
    shape: ShapeReceipt | None = None
    answer_json: Any = None
    schema_errors: tuple[str, ...] | None = None
    server_tools: tuple[ServerToolUse, ...] = ()
    tools: ToolsReceipt | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    rounds: tuple[Round, ...] = ()
    rounds_end: RoundsEnd | None = None
    tool_runs: tuple[ToolRun, ...] = ()
    round: RoundPlace | None = None
    turn: Turn | None = None
    refused: Mapping[int, frozenset[int]] = {}
    refused_compactions: Mapping[int, frozenset[int]] = {}

    INTERNAL: ClassVar[frozenset[str]] = frozenset(("turn", "refused", "refused_compactions"))
    """Fields that are no part of the document."""


class Summary(Struct, frozen=True):
    """Totals of a run. `usd` is the sum of the known costs; `usd_unknown` counts the results whose cost is unknown, or
    is not all known, as attempts were lost.

    `checks_usd` is what judges, and calls that shaped an answer, have cost beside that, None where there was none or no
    cost of theirs is known.
    `total_s` is None for a run that never ended, when nothing says how long it took.
    """

    results: int
    ok: int
    partial: int
    error: int
    cancelled: int
    usd: Decimal | None
    usd_unknown: int
    output_tokens: int | None
    reasoning_tokens: int | None
    total_s: float | None
    checks_usd: Decimal | None = None
    checks_usd_unknown: int = 0


class RunFile(Struct, frozen=True):
    """A file beside the prompt of a run: what it was, and where it came from no word.

    `bytes` and `sha256` are those of what was sent; None of an address that the provider has fetched, of which `name`
    says no query, and of text, which went along as words. `changed` says what was done to it before.
    """

    kind: str
    name: str
    media_type: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    changed: str | None = None


class Run(Struct, frozen=True):
    """One invocation (`thinkdial.run/1`): one prompt, and a result for each profile and think value.

    `files` went along with the prompt, in their order.
    """

    run_id: str
    prompt: str
    results: tuple[Result, ...]
    summary: Summary
    system: str | None = None
    files: tuple[RunFile, ...] = ()
