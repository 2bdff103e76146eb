"""The normalized shape of everything a provider can say: deltas while it speaks, a `Result` when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from .errors import ErrorKind, Failure

Json = Mapping[str, Any]
"""A decoded JSON object. What is inside is only known to whoever wrote it."""

Visibility = Literal["full", "summary", "inline", "redacted", "encrypted", "hidden", "none"]
TokensSource = Literal["reported", "derived", "estimated"]
FinishReason = Literal["stop", "length", "refusal", "content_filter", "tool_call", "error", "cancelled", "unknown"]
Status = Literal["ok", "partial", "error", "cancelled"]
Fidelity = Literal["exact", "mapped", "clamped", "emulated", "unsupported", "default"]
Verdict = Literal["as_asked", "not_observed", "unwanted", "over_budget", "starved", "unknown"]
CostSource = Literal["provider", "table", "profile", "estimated"]


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of visible reasoning. A new `part` begins a new paragraph."""

    text: str
    visibility: Visibility = "full"
    part: str = ""


@dataclass(frozen=True, slots=True)
class ReasoningWithheld:
    """The model reasoned and the text is not shown: redacted, encrypted or hidden. That is not the same as none."""

    visibility: Visibility


@dataclass(frozen=True, slots=True)
class ReasoningAbsent:
    """The reply is whole and holds no reasoning, on a wire that always marks it. That is evidence, silence is not."""


@dataclass(frozen=True, slots=True)
class AnswerDelta:
    """A piece of the answer. A new `part` begins a new paragraph."""

    text: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class AnswerWasReasoning:
    """All answer text so far was reasoning: a closing tag came without its opener."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts; None is "not reported" and never 0.

    `input_tokens` is everything billed as input, cached and cache-written tokens included. `output_tokens` is
    everything billed as output, reasoning included, whatever the provider's own convention.
    """

    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    total_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The counts as they stand now. A later report replaces an earlier one: providers repeat running totals.

    `cache_write_1h_tokens` is the part of the cache writes that is kept longer than usual: an hour, or twelve.
    `reasoning_source` says where the reasoning count comes from. `billed` are the counts to price, where they are not
    those of `usage`. A `final` report holds although the reply breaks off afterwards; others may be running totals.
    """

    usage: Usage
    cache_write_1h_tokens: int | None = None
    reasoning_source: TokensSource = "reported"
    billed: Usage | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Bill:
    """What the provider itself says it charged, in USD."""

    usd: Decimal


@dataclass(frozen=True, slots=True)
class Served:
    """Who really answered, and on which terms. Fields that are None say nothing new.

    `effort` is the reasoning effort that the provider says it applied, in its own word, and `region` where it says that
    it processed the request.
    """

    model: str | None = None
    response_id: str | None = None
    service_tier: str | None = None
    speed: str | None = None
    effort: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The provider's reason to stop, normalized, and its own word. It does not yet end the stream."""

    reason: FinishReason
    raw: str | None


@dataclass(frozen=True, slots=True)
class Complete:
    """The terminal event came: nothing is missing."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that differs from what was asked or cannot be settled."""

    code: str
    message: str


Delta = (
    ReasoningDelta
    | ReasoningWithheld
    | ReasoningAbsent
    | AnswerDelta
    | AnswerWasReasoning
    | UsageReport
    | Bill
    | Served
    | Finish
    | Complete
    | Notice
    | Failure
)
"""What a stream and a whole body alike decode into."""


@dataclass(frozen=True, slots=True)
class ThinkReceipt:
    """What was asked of the dial, what was sent, and what the answer showed."""

    requested: str
    native: Json
    fidelity: Fidelity
    note: str | None = None
    verdict: Verdict = "unknown"


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The visible reasoning, its kind, and how many tokens it took."""

    text: str | None = None
    visibility: Visibility = "none"
    tokens: int | None = None
    tokens_source: TokensSource | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars, exact. None is unknown and never 0. `reasoning_usd` is a part of `output_usd`.

    `cache_saved_usd` is what the same tokens would have cost without the provider's cache, less what they did cost;
    negative where writing cost more than reading saved. `listed_usd` is what the price list makes of the usage, where
    `usd` is the provider's own bill. A source of `estimated` means that no usage was reported: the call was cut.
    """

    usd: Decimal | None = None
    input_usd: Decimal | None = None
    output_usd: Decimal | None = None
    reasoning_usd: Decimal | None = None
    source: CostSource | None = None
    note: str | None = None
    cache_saved_usd: Decimal | None = None
    listed_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """US dollars before a call. None where the price is unknown; `high_usd` also where nothing bounds the output.

    `input_source` is `counted` when the provider's counting endpoint said it, else `estimated`. The expected output is
    the median of `output_runs` runs of the user's own history, else the reference table's. `low_usd` is for little
    output, `high_usd` for output up to the limit, reasoning included. `method` says all of that in words.
    """

    input_tokens: int
    input_source: Literal["estimated", "counted"]
    expected_output_tokens: int | None
    output_source: Literal["history", "reference"] | None
    output_runs: int
    output_limit_tokens: int | None
    low_usd: Decimal | None
    expected_usd: Decimal | None
    high_usd: Decimal | None
    price_source: CostSource | None
    method: str


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds by the monotonic clock, of the last attempt; None where it does not apply."""

    first_byte_s: float | None = None
    first_reasoning_s: float | None = None
    first_answer_s: float | None = None
    total_s: float | None = None
    output_tokens_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One normalized answer of one profile (`thinkdial.result/1`)."""

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


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of a run. `usd` is the sum of the known costs; `usd_unknown` counts the results whose cost is unknown.

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


@dataclass(frozen=True, slots=True)
class Run:
    """One invocation (`thinkdial.run/1`): one prompt, and a result for each profile and think value."""

    run_id: str
    prompt: str
    results: tuple[Result, ...]
    summary: Summary
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a chat, as plain text."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """What a dialect needs to build a request: data, decided by the planner.

    `turns` are the messages before the prompt, in order.
    `native` are the thinking fields, spelled for this dialect; `params` are the user's own native fields. Both are
    merged into the body, `params` last.
    """

    model: str
    prompt: str
    system: str | None = None
    max_output_tokens: int | None = None
    stream: bool = True
    native: Json = field(default_factory=dict[str, Any])
    params: Json = field(default_factory=dict[str, Any])
    turns: tuple[Turn, ...] = ()

    @property
    def chat(self) -> tuple[Turn, ...]:
        """All messages, the prompt as the last one."""
        return (*self.turns, Turn("user", self.prompt))


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it will be posted, without the credential, which only the transport adds."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


__all__ = [
    "AnswerDelta",
    "AnswerWasReasoning",
    "Bill",
    "Call",
    "Complete",
    "Cost",
    "CostSource",
    "Delta",
    "ErrorKind",
    "Failure",
    "Fidelity",
    "Finish",
    "FinishReason",
    "Forecast",
    "HttpRequest",
    "Json",
    "Latency",
    "Notice",
    "Reasoning",
    "ReasoningAbsent",
    "ReasoningDelta",
    "ReasoningWithheld",
    "Result",
    "Run",
    "Served",
    "Status",
    "Summary",
    "ThinkReceipt",
    "TokensSource",
    "Turn",
    "Usage",
    "UsageReport",
    "Verdict",
    "Visibility",
]
