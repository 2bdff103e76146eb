"""Google's Interactions API: steps in the place of parts, and words in the place of codes. Nothing is stored there.

Source: https://ai.google.dev/gemini-api/docs/interactions, https://ai.google.dev/gemini-api/docs/interactions/thinking
and google-genai 3.4.0
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from ..dialect import (
    Headers,
    Quirks,
    cut_stream,
    document_of,
    encode_body,
    error_message,
    failure,
    json_headers,
)
from ..errors import Failure, kind_for_status
from ..framing.sse import Event
from ..json_values import count, items, obj, piece_of, text
from ..merge import merged
from ..refusals.sizes import is_long_prompt
from ..refusals.waits import retry_delay_s
from ..schema import (
    AnswerDelta,
    Call,
    Complete,
    Delta,
    Finish,
    FinishReason,
    HttpRequest,
    Notice,
    ReasoningDelta,
    ReasoningWithheld,
    Served,
    UsageReport,
)
from ..skipped import skipped
from ..usage import RawCounts, output_apart, reconcile, tools_used
from ..wires import interactions as wire
from . import gemini_generate

NEEDS_OUTPUT_LIMIT = False
QUIRKS: frozenset[str] = frozenset({"version"})

_REASON_OF_STATUS: Mapping[str, FinishReason] = {
    "completed": "stop",
    "requires_action": "tool_call",
    "incomplete": "length",
    "budget_exceeded": "length",
    "requires_continuation": "length",
    "cancelled": "cancelled",
    "failed": "error",
}
_PUT_OFF = frozenset({"queued", "in_progress"})
_KEPT_BESIDE = frozenset({"thought_signature", "arguments_delta", "text_annotation_delta"})
"""Deltas that hold no text of the reply."""

write = wire.write


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """All messages as steps, since nothing is stored: this API keeps conversations unless it is told not to."""
    steps = call.written
    if steps is None:
        steps = [
            {
                "type": "model_output" if message.role == "assistant" else "user_input",
                "content": [{"type": "text", "text": message.text}],
            }
            for message in call.chat
        ]
    body: dict[str, Any] = {
        "model": call.model.removeprefix("models/"),
        "input": steps,
        "store": False,
    }
    if call.system:
        body["system_instruction"] = call.system
    if call.max_output_tokens is not None:
        body["generation_config"] = {"max_output_tokens": call.max_output_tokens}
    if call.stream:
        body["stream"] = True
    return HttpRequest(
        method="POST",
        url=f"{base_url}/{quirks.get('version', 'v1beta')}/interactions",
        headers=json_headers(call.stream),
        body=encode_body(merged(body, call.native, call.params)),
    )


def decoder(quirks: Quirks) -> InteractionDecoder:
    return InteractionDecoder()


class InteractionDecoder:
    """Routes on `event_type`. A step may begin with its first text; steps that no event brought are in the last one."""

    def __init__(self) -> None:
        self._kinds: dict[int, str] = {}
        self._shown: set[int] = set()
        self._usage: Mapping[str, Any] = {}
        self._done = False
        self._steps = wire.InteractionSteps()

    def feed(self, event: Event) -> Iterator[Delta]:
        if event.name == "stray":
            return
        document = obj(document_of(event))
        kind = text(document.get("event_type")) or ""
        index = count(document.get("index")) or 0
        yield from self._running(obj(document.get("metadata")))
        match kind:
            case "interaction.created" | "interaction.status_update":
                yield from _served(obj(document.get("interaction")))
            case "step.start":
                self._steps.start(index, obj(document.get("step")))
                yield from self._step(index, obj(document.get("step")))
            case "step.delta":
                self._steps.add(index, obj(document.get("delta")))
                yield from self._delta(index, obj(document.get("delta")))
            case "step.stop":
                yield from self._stop(index)
            case "interaction.completed":
                yield from self._end(obj(document.get("interaction")))
            case _ if kind == "error" or (not kind and document.get("error")):
                self._done = True
                yield from self._steps.close(is_whole=False)
                yield read_failure(None, {}, document)
            case _ if event.name == "body" and not kind and document.get("status"):
                yield from self._end(document)
            case _:
                return

    def close(self) -> Iterator[Delta]:
        if not self._done:
            yield from self._steps.close(is_whole=False)
            yield cut_stream()

    def _running(self, metadata: Mapping[str, Any]) -> Iterator[Delta]:
        """Running totals, beside any event; google-genai names the field otherwise than the service does."""
        usage = obj(metadata.get("usage")) or obj(metadata.get("total_usage"))
        if usage:
            yield from self._report(usage, final=False)

    def _step(self, index: int, step: Mapping[str, Any]) -> Iterator[Delta]:
        """A step, or its beginning."""
        kind = text(step.get("type")) or ""
        self._kinds[index] = kind
        match kind:
            case "model_output":
                for part in items(step.get("content")):
                    yield from self._content(index, part)
            case "thought":
                for part in items(step.get("summary")):
                    yield from self._thought(index, part)
            case "user_input" | "function_call":
                return
            case _:
                yield from skipped(kind, step)

    def _delta(self, index: int, delta: Mapping[str, Any]) -> Iterator[Delta]:
        kind = text(delta.get("type"))
        if kind == "thought_summary":
            yield from self._thought(index, obj(delta.get("content")))
        elif kind == "text":
            yield from self._thought(index, delta) if self._is_thought(index) else self._content(index, delta)
        elif kind not in _KEPT_BESIDE:
            yield from skipped(kind, delta)

    def _content(self, index: int, part: Mapping[str, Any]) -> Iterator[Delta]:
        if part.get("type") not in ("text", None):
            yield from skipped(part.get("type"), part)
        elif words := piece_of(part.get("text")):
            self._shown.add(index)
            yield AnswerDelta(words, str(index))

    def _thought(self, index: int, part: Mapping[str, Any]) -> Iterator[Delta]:
        if words := piece_of(part.get("text")):
            self._shown.add(index)
            yield ReasoningDelta(words, "summary", str(index))

    def _is_thought(self, index: int) -> bool:
        return self._kinds.get(index) == "thought"

    def _stop(self, index: int) -> Iterator[Delta]:
        if self._is_thought(index) and index not in self._shown:
            yield ReasoningWithheld("hidden")

    def _end(self, interaction: Mapping[str, Any]) -> Iterator[Delta]:
        self._done = True
        steps = [] if self._shown else items(interaction.get("steps"))
        if steps:
            self._steps = wire.InteractionSteps()
            for index, step in enumerate(steps):
                self._steps.start(index, step)
                yield from self._step(index, step)
                yield from self._stop(index)
        yield from self._steps.close()
        yield from _served(interaction)
        yield from self._report(obj(interaction.get("usage")) or self._usage, final=True)
        status = text(interaction.get("status")) or "completed"
        if status in _PUT_OFF:
            yield failure(
                "protocol",
                f"the provider put the answer off (status {status})",
                hint="remove background from the params: the answer is not fetched later",
            )
            return
        yield Finish(_REASON_OF_STATUS.get(status, "unknown"), status)
        if status == "failed" or interaction.get("error"):
            yield read_failure(None, {}, interaction)
            return
        if status == "requires_continuation":
            yield Notice("continuation", "the provider stopped at its limit for one response; the answer is unfinished")
        yield Complete()

    def _report(self, usage: Mapping[str, Any], *, final: bool) -> Iterator[Delta]:
        """Thoughts are beside the output, cached tokens inside the input, and what tools read is input beside it.

        Source: `Usage` of google-genai 3.4.0
        """
        if not usage:
            return
        self._usage = usage
        visible, thoughts = count(usage.get("total_output_tokens")), count(usage.get("total_thought_tokens"))
        counted, notices = reconcile(
            RawCounts(
                entered=count(usage.get("total_input_tokens")),
                output=None if visible is None and thoughts is None else (visible or 0) + (thoughts or 0),
                total=count(usage.get("total_tokens")),
                added=count(usage.get("total_tool_use_tokens")) or 0,
                cached=count(usage.get("total_cached_tokens")),
                reasoning=thoughts,
            )
        )
        listed = items(usage.get("output_tokens_by_modality"))
        kinds = {text(one.get("modality")) or "text": count(one.get("tokens")) for one in listed}
        yield UsageReport(counted, apart=output_apart(kinds), final=final)
        if final:
            yield from notices
            yield from _tools(usage)


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    return read_failure(status, headers, document)


def answers_in_error(document: Any) -> list[Delta] | None:
    """None: this API never answers with an error status."""
    return None


def _served(interaction: Mapping[str, Any]) -> Iterator[Delta]:
    if interaction:
        yield Served(
            model=text(interaction.get("model")),
            response_id=text(interaction.get("id")),
            service_tier=text(interaction.get("service_tier")),
        )


def _tools(usage: Mapping[str, Any]) -> Iterator[Delta]:
    """Newer models are billed by search, older ones by prompt with any, as on generateContent."""
    ran = {text(one.get("type")) or "": count(one.get("count")) for one in items(usage.get("grounding_tool_count"))}
    searches = ran.pop("google_search", None)
    yield from tools_used({**ran, "google_search": searches, "google_search_prompt": int(bool(searches))})


def read_failure(status: int | None, headers: Headers, document: Any) -> Failure:
    """The code is a word: the name of an HTTP status or of one of Google's. Without it, as generateContent has errors.

    Source: `Error` of google-genai 3.4.0 (_gaos/types/interactions/error.py)
    """
    error = obj(obj(document).get("error"))
    word = (text(error.get("code")) or "").rpartition("/")[2].upper()
    if not word:
        return gemini_generate.read_failure(status, headers, document)
    named = HTTPStatus.__members__.get(word)
    kind = gemini_generate.KIND_OF_STATUS.get(word)
    if named is not None and named >= 400:
        kind = kind_for_status(named)
    message = error_message(document)
    kind = kind or kind_for_status(status or 500)
    if kind == "invalid_request" and is_long_prompt(message):
        kind = "context_length"
    return failure(kind, message, status=status, retry_after_s=retry_delay_s(headers))
