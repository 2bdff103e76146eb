"""The normalized shape of what providers are sent and say: a call, a request, and the deltas of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from .errors import ErrorKind, Failure
from .turns.pieces import TurnPiece

Json = Mapping[str, Any]
"""A decoded JSON object. What is inside is only known to whoever wrote it."""

Visibility = Literal["full", "summary", "inline", "redacted", "encrypted", "hidden", "none"]
TokensSource = Literal["reported", "derived", "estimated"]
FinishReason = Literal["stop", "length", "refusal", "content_filter", "tool_call", "error", "cancelled", "unknown"]


class ReasoningDelta(Struct, frozen=True):
    """A piece of visible reasoning. A new `part` begins a new paragraph."""

    text: str
    visibility: Visibility = "full"
    part: str = ""


class ReasoningWithheld(Struct, frozen=True):
    """The model reasoned and the text is not shown: redacted, encrypted or hidden. That is not the same as none."""

    visibility: Visibility


class ReasoningAbsent(Struct, frozen=True):
    """The reply is whole and holds no reasoning, on a wire that always marks it. That is evidence, silence is not."""


class AnswerDelta(Struct, frozen=True):
    """A piece of the answer. A new `part` begins a new paragraph."""

    text: str
    part: str = ""


class AnswerWasReasoning(Struct, frozen=True):
    """All answer text so far was reasoning: a closing tag came without its opener."""


class AnswerIsCommentary(Struct, frozen=True):
    """All answer text is commentary: the model gave no other answer, and it is shown in the place of one."""


class Usage(Struct, frozen=True):
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


class Portion(Struct, frozen=True):
    """A part of the usage that is priced by itself: one round of several. `model` is None for the one that answers."""

    usage: Usage
    model: str | None = None
    cache_write_1h_tokens: int | None = None


class UsageReport(Struct, frozen=True):
    """The counts as they stand now. A later report replaces an earlier one: providers repeat running totals.

    `cache_write_1h_tokens` is the part of the cache writes that is kept longer than usual: an hour, or twelve.
    `reasoning_source` says where the reasoning count comes from. `billed` are the counts to price, where they are not
    those of `usage`, and `portions` what they are the sum of, where parts have prices of their own. `apart` is the
    part of the output that is no text, by its kind. A `final` report
    holds although the reply breaks off afterwards; others may be running totals.
    """

    usage: Usage
    cache_write_1h_tokens: int | None = None
    reasoning_source: TokensSource = "reported"
    billed: Usage | None = None
    portions: tuple[Portion, ...] = ()
    apart: Mapping[str, int] | None = None
    final: bool = False


class Bill(Struct, frozen=True):
    """What the provider itself says it charged, in USD."""

    usd: Decimal


class ToolsUsed(Struct, frozen=True):
    """How often the provider ran tools of its own, by the name of the tool. A later count replaces an earlier one."""

    counts: Mapping[str, int]


class Served(Struct, frozen=True):
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


class StateReport(Struct, frozen=True):
    """What the provider says it did to the earlier turns before the model read them, one entry a change, as it came."""

    entries: tuple[Json, ...]


class GoesOn(Struct, frozen=True):
    """Fields that the next request has to have where it goes on with this very answer."""

    fields: Json


class Finish(Struct, frozen=True):
    """The provider's reason to stop, normalized, and its own word. It does not yet end the stream."""

    reason: FinishReason
    raw: str | None


class Complete(Struct, frozen=True):
    """The terminal event came: nothing is missing."""


class Notice(Struct, frozen=True):
    """One thing that differs from what was asked or cannot be settled."""

    code: str
    message: str


Delta = (
    ReasoningDelta
    | ReasoningWithheld
    | ReasoningAbsent
    | AnswerDelta
    | AnswerWasReasoning
    | AnswerIsCommentary
    | UsageReport
    | ToolsUsed
    | Bill
    | Served
    | StateReport
    | GoesOn
    | Finish
    | Complete
    | Notice
    | Failure
    | TurnPiece
)
"""What a stream and a whole body alike decode into."""


class Message(Struct, frozen=True):
    """One earlier message of a chat, as plain text."""

    role: Literal["user", "assistant"]
    text: str


class Call(Struct, frozen=True):
    """What a dialect needs to build a request: data, decided by the planner.

    `earlier` are the messages before the prompt, in order. `written` are all messages of the user and the model, the
    prompt included, where a writer has already put them as the wire wants them; they take the place of `earlier` and
    `prompt`.
    `native` are the thinking fields, spelled for this dialect; `params` are the user's own native fields. Both are
    merged into the body, `params` last. `headers` go beside those that the dialect and the profile give.
    """

    model: str
    prompt: str
    system: str | None = None
    max_output_tokens: int | None = None
    stream: bool = True
    native: Json = {}
    params: Json = {}
    earlier: tuple[Message, ...] = ()
    written: tuple[Json, ...] | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def chat(self) -> tuple[Message, ...]:
        """All messages, the prompt as the last one."""
        return (*self.earlier, Message("user", self.prompt))

    def messages(self) -> list[Json]:
        """All messages in the shape that most wires have: those that are written, else text by its role."""
        if self.written is not None:
            return [*self.written]
        return [{"role": message.role, "content": message.text} for message in self.chat]


class HttpRequest(Struct, frozen=True):
    """A request as it will be posted, without the credential, which only the transport adds."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


__all__ = [
    "AnswerDelta",
    "AnswerIsCommentary",
    "AnswerWasReasoning",
    "Bill",
    "Call",
    "Complete",
    "Delta",
    "ErrorKind",
    "Failure",
    "Finish",
    "FinishReason",
    "HttpRequest",
    "Json",
    "Message",
    "Notice",
    "ReasoningAbsent",
    "ReasoningDelta",
    "ReasoningWithheld",
    "Served",
    "StateReport",
    "TokensSource",
    "ToolsUsed",
    "Usage",
    "UsageReport",
    "Visibility",
]
