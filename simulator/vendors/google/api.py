"""The Gemini API: `generateContent` and `streamGenerateContent`, as server-sent events or as one JSON array.

Sources: https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/thinking,
https://ai.google.dev/gemini-api/docs/rate-limits
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from ...answers.turns import SimulatedTurn, Speed, deltas, input_tokens, take_turn
from ...calls.call import ApiCall
from ...calls.faults import FILLER_MARK
from ...calls.fields import JsonObject, as_object, objects
from ...calls.replies import HttpReply, Piece, Role, google_event, stream, whole
from . import rules
from .models import Gemini

SPEED = Speed(first_s=0.5, thinking_per_s=230.0, answer_per_s=170.0)
TOKENS_PER_CHUNK = 14
GENERATE = "generateContent"
STREAM = "streamGenerateContent"


def answer(call: ApiCall) -> HttpReply:
    """One answer, or the stream of one, for `/{version}/models/{model}:{method}`."""
    rules.check_key(call)
    version, method = _version(call), call.request.path.rpartition(":")[2]
    model = rules.check_model(call, version, method)
    body = rules.known_fields(call, call.body, "", rules.TOP_FIELDS)
    config = rules.known_fields(call, body.get("generationConfig"), "generation_config", rules.CONFIG_FIELDS)
    limit = rules.check_config(call, model, config)
    dial, shown = rules.check_thinking(call, model, config)
    prompt = rules.check_contents(call, model, body)
    size = input_tokens(prompt)
    if size > model.context_tokens:
        text = f"The input token count ({size}) exceeds the maximum number of tokens allowed ({model.context_tokens})."
        raise rules.invalid(call, text)
    turn = take_turn(
        prompt,
        dial,
        key=(call.seed, "google", model.id),
        speed=SPEED,
        output_limit=limit,
        forced_answer=FILLER_MARK if "huge_event" in call.faults else None,
    )
    cached = _cached(call, model, prompt, size)
    chunks = list(_chunks(call, model, turn, shown, size, cached))
    if method == GENERATE:
        body = _merged([piece[0] for piece in chunks])
        return whole(200, body, rules.request_headers(call), after_s=turn.total_s, content_type=rules.CONTENT_TYPE)
    if call.request.query.get("alt") == "sse":
        pieces = tuple(replace(piece, payload=google_event(chunk)) for chunk, piece in chunks)
        return stream(pieces, rules.request_headers(call), content_type="text/event-stream")
    return stream(_array(chunks), rules.request_headers(call), content_type=rules.CONTENT_TYPE)


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit" | "quota":
            period, value = ("Day", "250") if name == "quota" else ("Minute", "10")
            violation: JsonObject = {
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                "quotaId": f"GenerateRequestsPer{period}PerProjectPerModel-FreeTier",
                "quotaDimensions": {"location": "global", "model": call.model},
                "quotaValue": value,
            }
            text = "You exceeded your current quota, please check your plan and billing details."
            details: list[JsonObject] = [{"@type": rules.TYPE_PREFIX + "QuotaFailure", "violations": [violation]}]
            if name == "rate_limit":
                text += f" Please retry in {call.retry_after_s:g}s."
                details.append({"@type": rules.TYPE_PREFIX + "RetryInfo", "retryDelay": f"{call.retry_after_s:g}s"})
            return rules.error(call, 429, "RESOURCE_EXHAUSTED", text, tuple(details))
        case "overloaded":
            return rules.error(call, 503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
        case _:
            text = "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"
            return rules.error(call, 500, "INTERNAL", text)


def broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the vendor runs out of capacity after `sent` events.

    Both forms seen in the field: a chunk with `error` on v1beta, bare JSON without `data: ` on v1.
    """
    error = {
        "error": {"code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE"}
    }
    if call.request.query.get("alt") != "sse":
        return (Piece((",\r\n" + json.dumps(error) + "]").encode()),)
    if _version(call) == "v1":
        return (Piece(json.dumps(error, indent=2).encode() + b"\n"),)
    return (Piece(google_event(error)),)


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return rules.error(call, 404, "NOT_FOUND", f"Method not found: {call.request.method} {call.request.path}")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return rules.error(call, 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unexpected end of string.")


def _version(call: ApiCall) -> str:
    return "v1beta" if "/v1beta/" in call.request.path else "v1"


def _cached(call: ApiCall, model: Gemini, prompt: str, size: int) -> int:
    least = 2048 if model.generation < 3 else 4096
    if size < least or not call.cache.read("google", model.id, prompt):
        return 0
    return size - size % 128


def _usage(turn: SimulatedTurn | None, size: int, cached: int) -> JsonObject:
    """Thoughts are counted beside the candidates, and zero counters are left out."""
    counters = {
        "promptTokenCount": size,
        "cachedContentTokenCount": cached,
        "candidatesTokenCount": turn.answer_tokens if turn is not None else 0,
        "thoughtsTokenCount": turn.thinking_tokens if turn is not None else 0,
        "totalTokenCount": size + (turn.output_tokens if turn is not None else 0),
    }
    usage: JsonObject = {name: count for name, count in counters.items() if count}
    usage["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": size}]
    if cached:
        usage["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": cached}]
    return usage | {"serviceTier": "standard"}


def _chunks(
    call: ApiCall, model: Gemini, turn: SimulatedTurn, shown: bool, size: int, cached: int
) -> Iterator[tuple[JsonObject, Piece]]:
    """Each chunk of the answer with its (still empty) piece; merged they are the whole answer."""
    envelope: JsonObject = {"modelVersion": model.served_by or model.id, "responseId": call.id("", length=22)}
    early, final = _usage(None, size, cached), _usage(turn, size, cached)

    def chunk(parts: list[JsonObject], usage: JsonObject, finish: str | None = None) -> JsonObject:
        candidate: JsonObject = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish is not None:
            candidate["finishReason"] = finish
        return {"candidates": [candidate], "usageMetadata": usage, **envelope}

    if "refusal" in call.faults:
        blocked: JsonObject = {
            "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
            "usageMetadata": early,
            **envelope,
        }
        yield blocked, Piece(b"", SPEED.first_s, Role.TERMINAL)
        return
    after_s = SPEED.first_s
    thoughts = [f"**{passage.heading}**\n\n{passage.text}\n\n\n" for passage in turn.summary] if shown else []
    for text in thoughts:
        after_s += turn.thinking_s / len(thoughts)
        yield chunk([{"text": text, "thought": True}], early), Piece(b"", after_s)
        after_s = 0.0
    if not thoughts:
        after_s += turn.thinking_s
    said = deltas(turn.answer, TOKENS_PER_CHUNK)
    said = said[: len(said) // 2] if "content_filter" in call.faults else said
    for text in said:
        after_s += turn.answer_s / len(said)
        yield chunk([{"text": text}], early), Piece(b"", after_s, Role.ANSWER)
        after_s = 0.0
    finish = "SAFETY" if "content_filter" in call.faults else "MAX_TOKENS" if turn.cut else "STOP"
    signed = turn.thinking_tokens > 0 and model.generation >= 3 and bool(said)
    last: list[JsonObject] = [{"text": "", "thoughtSignature": rules.signature_for(call, model)}] if signed else []
    yield chunk(last, final, finish), Piece(b"", after_s, Role.TERMINAL)


def _merged(chunks: list[JsonObject]) -> JsonObject:
    """The chunks as one body: adjacent texts of one kind joined, the last usage, the last finish reason."""
    last = chunks[-1]
    if "candidates" not in last:
        return last
    parts: list[JsonObject] = []
    candidate: JsonObject = {}
    for chunk in chunks:
        for item in _candidates(chunk):
            candidate = item
            for part in _parts(item):
                if parts and parts[-1].get("thought") == part.get("thought"):
                    parts[-1] = parts[-1] | part | {"text": f"{parts[-1]['text']}{part['text']}"}
                else:
                    parts.append(part)
    content: JsonObject = {"parts": parts, "role": "model"} if parts else {"role": "model"}
    return last | {"candidates": [candidate | {"content": content}]}


def _candidates(chunk: JsonObject) -> list[JsonObject]:
    return objects(chunk.get("candidates"))


def _parts(candidate: JsonObject) -> list[JsonObject]:
    return objects((as_object(candidate.get("content")) or {}).get("parts"))


def _array(chunks: list[tuple[JsonObject, Piece]]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for position, (chunk, piece) in enumerate(chunks):
        lead = b"[" if position == 0 else b",\r\n"
        pieces.append(replace(piece, payload=lead + json.dumps(chunk, ensure_ascii=False, indent=2).encode()))
    return (*pieces, Piece(b"\n]\n", role=Role.TERMINAL))
