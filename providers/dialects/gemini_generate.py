"""Google's generateContent, on the Gemini API and on Vertex AI.

Source: https://ai.google.dev/api/generate-content and https://ai.google.dev/gemini-api/docs/thinking
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec.structs import replace

from ..dialect import (
    Headers,
    Quirks,
    WordsRead,
    count_body,
    cut_stream,
    document_of,
    encode_body,
    error_message,
    failure,
    json_headers,
)
from ..errors import ErrorKind, Failure, kind_for_status
from ..framing.sse import Event
from ..json_values import array, count, is_hollow, items, obj, piece_of, seconds, text
from ..merge import merged
from ..refusals.sizes import is_long_prompt
from ..refusals.waits import retry_delay_s
from ..schema import (
    AnswerDelta,
    Call,
    Complete,
    Delta,
    Finish,
    HttpRequest,
    Notice,
    ReasoningDelta,
    Served,
    UsageReport,
)
from ..skipped import skipped
from ..usage import RawCounts, output_apart, reconcile, tools_used
from ..wires import gemini as wire
from ..words.reader import WordReader
from .finish_words import finish_word, reason_of

if TYPE_CHECKING:
    from msgspec.json import Decoder as JsonDecoder

    from ..words.gemini import PartResponse

NEEDS_OUTPUT_LIMIT = False
QUIRKS: frozenset[str] = frozenset({"version", "latest_version", "models_path"})

_WITH_TEXT = frozenset({"executableCode", "codeExecutionResult", "functionResponse", "toolResponse"})
"""Parts of the service's own tools. Source: https://ai.google.dev/api/caching#Part"""

_COUNTERS = frozenset(
    {"promptTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount"}
)

KIND_OF_STATUS: Mapping[str, ErrorKind] = {
    "INVALID_ARGUMENT": "invalid_request",
    "FAILED_PRECONDITION": "permission",
    "UNAUTHENTICATED": "auth",
    "PERMISSION_DENIED": "permission",
    "NOT_FOUND": "not_found",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "ABORTED": "server",
    "CANCELLED": "cancelled",
    "INTERNAL": "server",
    "UNKNOWN": "server",
    "UNAVAILABLE": "overloaded",
    "DEADLINE_EXCEEDED": "timeout",
}

write = wire.write


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """One user content. `*-latest` aliases exist on v1beta only; everything else is asked on v1. Vertex has the
    version in its base URL and the models under their publisher (`models_path`).

    Source: https://ai.google.dev/gemini-api/docs/api-versions
    """
    contents = call.written
    if contents is None:
        contents = [
            {"role": "model" if message.role == "assistant" else "user", "parts": [{"text": message.text}]}
            for message in call.chat
        ]
    body: dict[str, Any] = {"contents": contents}
    if call.system:
        body["systemInstruction"] = {"parts": [{"text": call.system}]}
    if call.max_output_tokens is not None:
        body["generationConfig"] = {"maxOutputTokens": call.max_output_tokens}
    model = call.model.rpartition("models/")[2]
    version = quirks.get("latest_version", "v1beta") if model.endswith("-latest") else quirks.get("version", "v1")
    models_path = quirks.get("models_path", f"/{version}/models")
    method = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
    return HttpRequest(
        method="POST",
        url=f"{base_url}{models_path}/{quote(model, safe='')}:{method}",
        headers=json_headers(call.stream),
        body=encode_body(merged(body, call.native, call.params)),
    )


_COUNTED = ("contents", "systemInstruction", "tools", "generationConfig")


def build_count(call: Call, base_url: str, quirks: Quirks) -> HttpRequest | None:
    """The Gemini API counts a system instruction only inside `generateContentRequest`; Vertex takes it directly.

    Source: https://ai.google.dev/api/tokens
    """
    built = build_request(replace(call, stream=False), base_url, quirks)
    body = count_body(built, _COUNTED)
    if "models_path" not in quirks:
        body = {"generateContentRequest": {"model": f"models/{call.model.removeprefix('models/')}", **body}}
    url = f"{built.url.removesuffix(':generateContent')}:countTokens"
    return HttpRequest("POST", url, built.headers, encode_body(body))


def read_count(document: Any) -> int | None:
    return count(obj(document).get("totalTokens"))


def _part_response() -> JsonDecoder[PartResponse]:
    from ..words.gemini import RESPONSE  # which only streams of some length need

    return RESPONSE


def decoder(quirks: Quirks) -> GenerateDecoder:
    return GenerateDecoder()


class GenerateDecoder:
    """Every chunk is a whole response with new parts. Without `alt=sse` the body is one array of them."""

    def __init__(self) -> None:
        self._usage: dict[str, Any] = {}
        self._last: dict[str, Any] = {}
        self._told: tuple[Any, Any, Any] = (None, None, None)
        self._queries: set[str] = set()
        self._unreconciled: list[Notice] = []
        self._finish: Finish | None = None
        self._called = False
        self._failed = False
        self._parts = wire.GeminiParts()
        self._words_alone = WordReader(_part_response)

    def go_on(self, events: Sequence[Event], at: int) -> WordsRead:
        """As `WordDecoder` has it, once there are counts."""
        return self._words_alone.read(events, at, self._placed, self._heard) if self._usage else ((), 0)

    def _placed(self, response: PartResponse) -> tuple[bool, str] | None:
        """By whether it is a thought. The counts are taken down."""
        part, metadata = response.candidates[0].content.parts[0], response.usageMetadata
        told = (response.modelVersion, response.responseId, metadata.get("serviceTier"))
        if told != self._told or not part.text or part.thought is False:
            return None
        self._count(metadata)
        return part.thought is True, part.text

    def _heard(self, is_thought: bool, words: str) -> Delta:
        self._parts.add({"text": words, "thought": True} if is_thought else {"text": words})
        return ReasoningDelta(words, "summary") if is_thought else AnswerDelta(words)

    def feed(self, event: Event) -> Iterator[Delta]:
        if event.name == "stray" and not event.data.lstrip().startswith((b"{", b"[")):
            return
        document = document_of(event)
        for response in items(document) or [obj(document)]:
            yield from self._response(response)

    def close(self) -> Iterator[Delta]:
        yield from self._report()
        yield from tools_used({"google_search": len(self._queries), "google_search_prompt": int(bool(self._queries))})
        yield from self._parts.close(is_whole=self._finish is not None and not self._failed)
        if self._failed:
            return
        if self._finish is None:
            yield cut_stream()
            return
        finish = self._finish
        yield Finish("tool_call", finish.raw) if self._called and finish.reason == "stop" else finish
        yield from self._unreconciled
        yield Complete()

    def _response(self, response: Mapping[str, Any]) -> Iterator[Delta]:
        metadata = obj(response.get("usageMetadata"))
        told = (response.get("modelVersion"), response.get("responseId"), metadata.get("serviceTier"))
        if told != self._told:
            self._told = told
            yield Served(model=text(told[0]), response_id=text(told[1]), service_tier=text(told[2]))
        if metadata:
            is_first = not self._usage
            self._count(metadata)
            if is_first:
                yield from self._report()
        for candidate in items(response.get("candidates")):
            if count(candidate.get("index")):
                # An alternative, which only the params can ask for.
                yield from skipped("further candidates", obj(candidate.get("content")).get("parts"))
                continue
            for part in items(obj(candidate.get("content")).get("parts")):
                self._parts.add(part)
                yield from self._part(part)
            if "groundingMetadata" in candidate:
                self._queries.update(_queries(obj(candidate["groundingMetadata"])))
            if raw := finish_word(candidate.get("finishReason")):
                yield from self._stopped(raw, text(candidate.get("finishMessage")))
                yield from self._report()
        blocked = text(obj(response.get("promptFeedback")).get("blockReason")) if "promptFeedback" in response else None
        if blocked and not response.get("candidates"):
            self._finish = Finish("content_filter", blocked)
            yield Notice("content_filter", f"the prompt was blocked by the provider ({blocked})")
        if not is_hollow(response.get("error")):
            self._failed = True
            yield read_failure(None, {}, response)

    def _count(self, metadata: Mapping[str, Any]) -> None:
        reported = {key: value for key, value in metadata.items() if value is not None}
        self._usage |= reported
        if not _COUNTERS.isdisjoint(reported):
            self._last = reported

    def _part(self, part: Mapping[str, Any]) -> Iterator[Delta]:
        # A signature does not make a part a thought, and an empty signed part is neither thought nor answer.
        words = piece_of(part.get("text"))
        if part.get("thought") is True:
            if words:
                yield ReasoningDelta(words, "summary")
        elif words:
            yield AnswerDelta(words)
        elif "functionCall" in part:
            self._called = True
        else:
            for kind in sorted(_WITH_TEXT.intersection(part)):
                yield from skipped(kind, part[kind])

    def _stopped(self, raw: str, message: str | None) -> Iterator[Delta]:
        if raw.upper() == "FINISH_REASON_UNSPECIFIED":
            return
        self._finish = Finish(reason_of(raw), raw)
        if raw.upper() == "CONTINUATION":
            yield Notice("continuation", "the provider stopped at its limit for one response; the answer is unfinished")
        elif message:
            yield Notice("finish", message)

    def _report(self) -> Iterator[Delta]:
        """The counts, told at the first chunk, for a stream that is interrupted, with the stop and at the end.

        Running totals: the last value of each field counts. A field that vanishes from a later chunk keeps its value
        only while the total adds up with it.

        The prompt includes cached tokens; thoughts are beside the candidates; tool results are input outside the
        prompt. Source: https://ai.google.dev/api/generate-content#UsageMetadata
        """
        if not self._usage:
            return
        settled = self._settled()
        counted, self._unreconciled = reconcile(_counts(settled))
        kinds = {
            text(one.get("modality")) or "text": count(one.get("tokenCount"))
            for one in items(settled.get("candidatesTokensDetails"))
        }
        yield UsageReport(counted, apart=output_apart(kinds), final=self._failed or self._finish is not None)

    def _settled(self) -> Mapping[str, Any]:
        """The last counts with those of earlier chunks, or without them where they alone add up to their total."""
        alone, together = _counts(self._last), _counts(self._usage)
        if alone.total is None:
            return {key: value for key, value in self._usage.items() if key != "totalTokenCount"}
        if alone.entered is None or _sum(together) == together.total:
            return self._usage
        if _sum(alone) == alone.total or _sum(together) > alone.total:
            cached = self._usage.get("cachedContentTokenCount")
            return self._last if cached is None else {"cachedContentTokenCount": cached, **self._last}
        return self._usage


def _counts(usage: Mapping[str, Any]) -> RawCounts:
    visible, thoughts = count(usage.get("candidatesTokenCount")), count(usage.get("thoughtsTokenCount"))
    return RawCounts(
        entered=count(usage.get("promptTokenCount")),
        # Zero-valued counters are left out of the JSON, so one of the two suffices; with neither, only the total tells.
        output=None if visible is None and thoughts is None else (visible or 0) + (thoughts or 0),
        total=count(usage.get("totalTokenCount")),
        added=count(usage.get("toolUsePromptTokenCount")) or 0,
        cached=count(usage.get("cachedContentTokenCount")),
        reasoning=thoughts,
    )


def _queries(grounding: Mapping[str, Any]) -> Iterator[str]:
    """What was searched for: newer models are billed by query, older ones by prompt with any."""
    return (words for query in array(grounding.get("webSearchQueries")) if (words := text(query)))


def _sum(counts: RawCounts) -> int:
    return (counts.entered or 0) + counts.added + (counts.output or 0)


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    return read_failure(status, headers, document)


def answers_in_error(document: Any) -> list[Delta] | None:
    """None: a blocked prompt is HTTP 200 here."""
    return None


def read_failure(status: int | None, headers: Headers, document: Any) -> Failure:
    """Source: https://ai.google.dev/gemini-api/docs/troubleshooting. The body may be wrapped in a one-element list.

    A wrong key is HTTP 400, told apart by `API_KEY_INVALID`. A violated quota per day does not recover by waiting,
    although it carries a short retry delay.
    """
    outer = next(iter(items(document)), None) or obj(document)
    error = obj(outer.get("error"))
    message = error_message(outer)
    reported = count(error.get("code")) or 0
    code = status or (reported if 400 <= reported < 600 else None)
    word = text(error.get("status")) or ""
    kind = KIND_OF_STATUS.get(word) or kind_for_status(code or 500)
    if code in (401, 503):
        kind = kind_for_status(code)
    elif kind == "cancelled" and status is None:
        kind = "server"  # in the middle of a stream it was not us who cancelled
    delay = retry_delay_s(headers)
    for detail in items(error.get("details")):
        type_ = (text(detail.get("@type")) or "").rpartition(".")[2]
        if type_ == "ErrorInfo" and detail.get("reason") == "API_KEY_INVALID":
            kind = "auth"
        elif type_ == "RetryInfo" and delay is None:
            delay = seconds(detail.get("retryDelay"))
        elif type_ == "QuotaFailure" and any(
            "PerDay" in (text(violation.get("quotaId")) or "") for violation in items(detail.get("violations"))
        ):
            kind = "quota"
    if kind == "invalid_request" and is_long_prompt(message):
        kind = "context_length"
    return failure(kind, message, status=code, retry_after_s=delay)
