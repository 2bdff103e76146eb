"""The Gemini API: `generateContent`; `streamGenerateContent` as server-sent events or one JSON array; `countTokens`.

Sources: https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/thinking,
https://ai.google.dev/api/tokens
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from msgspec.structs import replace

from ...answers.turns import SimulatedTurn, Speed, take_turn
from ...calls.call import ApiCall
from ...calls.faults import FILLER_MARK
from ...calls.fields import JsonObject, as_object, objects
from ...calls.functions import calls_text, function_calls
from ...calls.reply import HttpReply, Piece, Role, google_event, stream
from ...calls.served_tools import grounding, has_functions
from ...calls.shapes import shaped_answer
from ...state.caches import CacheTerms
from ...state.prompts import SectionedPrompt
from . import replies, rules
from .models import Gemini

SPEED = Speed(first_s=0.5, thinking_per_s=230.0, answer_per_s=170.0)
TOKENS_PER_CHUNK = 14
GENERATE = "generateContent"
STREAM = "streamGenerateContent"
COUNT = "countTokens"


def answer(call: ApiCall) -> HttpReply:
    """One answer, or the stream of one, for `/{version}/models/{model}:{method}`."""
    rules.check_key(call)
    version, method = replies.version_of(call), call.request.path.rpartition(":")[2]
    model = rules.check_model(call, version, method)
    body = rules.known_fields(call, call.body, "", rules.TOP_FIELDS)
    config = rules.known_fields(call, body.get("generationConfig"), "generation_config", rules.CONFIG_FIELDS)
    limit = rules.check_config(call, model, config)
    dial, shown = rules.check_thinking(call, model, config)
    check_tools(call, model)
    prompt = rules.check_contents(call, model, body)
    size = prompt.size
    if size > model.context_tokens:
        text = f"The input token count ({size}) exceeds the maximum number of tokens allowed ({model.context_tokens})."
        raise replies.invalid(call, text)
    turn = take_turn(
        prompt.text,
        dial,
        key=(call.seed, "google", model.id),
        speed=SPEED,
        output_limit=limit,
        forced_answer=FILLER_MARK if "huge_event" in call.faults else _shaped(call, model, body, prompt.text),
    )
    cached = cached_tokens(call, model, prompt)
    chunks = list(_chunks(call, model, turn, shown, size, cached))
    if method == GENERATE:
        body = _merged([piece[0] for piece in chunks])
        return replies.ok(call, body, after_s=turn.total_s)
    if call.request.query.get("alt") == "sse":
        pieces = tuple(replace(piece, payload=google_event(chunk)) for chunk, piece in chunks)
        return stream(pieces, replies.request_headers(call), content_type="text/event-stream")
    return stream(_array(chunks), replies.request_headers(call), content_type=replies.CONTENT_TYPE)


def check_tools(call: ApiCall, model: Gemini) -> None:
    """Before the third generation functions and tools of the service's own do not go together."""
    tools = objects(call.body.get("tools"))
    own = any(tool.keys() & {"googleSearch", "codeExecution", "urlContext", "googleMaps"} for tool in tools)
    if not own or not has_functions(call):
        return
    if model.generation < 3:
        raise replies.invalid(call, "Tool use with function calling is unsupported")
    config = as_object(call.body.get("toolConfig")) or {}
    if config.get("includeServerSideToolInvocations") is not True:
        raise replies.invalid(call, "Tool call context circulation is not enabled")


def _shaped(call: ApiCall, model: Gemini, body: JsonObject, prompt: str) -> str | None:
    """The JSON that is asked for. Before the third generation not beside functions."""
    config = as_object(body.get("generationConfig")) or {}
    if config.get("responseSchema") is not None and config.get("responseJsonSchema") is not None:
        raise replies.invalid(call, "response_schema and response_json_schema are mutually exclusive.")
    if config.get("responseMimeType") == "application/json" and body.get("tools") and model.generation < 3:
        text = "Function calling with a response mime type: 'application/json' is unsupported"
        raise replies.invalid(call, text)
    return calls_text(call) or shaped_answer(body, prompt, call.seed, model.id)


def count_tokens(call: ApiCall) -> HttpReply:
    """How many tokens a prompt has: of bare contents, or of a whole request with its system instruction."""
    rules.check_key(call)
    model = rules.check_model(call, replies.version_of(call), COUNT)
    body = rules.known_fields(call, call.body, "", frozenset({"contents", "generateContentRequest"}))
    wrapped = body.get("generateContentRequest")
    if wrapped is not None:
        if "contents" in body:
            raise replies.invalid(call, "Only one of contents and generateContentRequest may be set.")
        body = rules.known_fields(call, wrapped, "generate_content_request", rules.TOP_FIELDS)
    size = rules.check_contents(call, model, body).size
    counted: JsonObject = {"totalTokens": size, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": size}]}
    return replies.ok(call, counted)


def cached_tokens(call: ApiCall, model: Gemini, prompt: SectionedPrompt) -> int:
    """What of the prompt was read before, as the implicit cache has it."""
    owner = ("google", call.request.headers.get("x-goog-api-key") or call.request.query.get("key"), model.id)
    rule = CacheTerms(least=2048 if model.generation < 3 else 4096, step=128)
    return call.cache.use(owner, prompt, rule).read


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

    if call.refused:
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
    calls = () if turn.cut else function_calls(call)
    said = [] if calls else turn.fragments(filtered=call.filtered, size=TOKENS_PER_CHUNK)
    for made in calls:
        part: JsonObject = {"functionCall": {"name": made.name, "args": made.arguments}}
        if made.at == 0 and model.generation >= 3:  # the first call of a turn is signed, and no other
            part["thoughtSignature"] = rules.signature_for(call, model)
        yield chunk([part], early), Piece(b"", after_s + turn.answer_s, Role.ANSWER)
        after_s = 0.0
    for text in said:
        after_s += turn.answer_s / len(said)
        yield chunk([{"text": text}], early), Piece(b"", after_s, Role.ANSWER)
        after_s = 0.0
    found = grounding(call)
    finish = "SAFETY" if call.filtered else "MAX_TOKENS" if turn.cut else "STOP"
    signed = turn.thinking_tokens > 0 and model.generation >= 3 and bool(said)
    last: list[JsonObject] = [{"text": "", "thoughtSignature": rules.signature_for(call, model)}] if signed else []
    ended = chunk(last, final, finish)
    ended["candidates"] = [candidate | found for candidate in _candidates(ended)]
    yield ended, Piece(b"", after_s, Role.TERMINAL)


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
                joins = "text" in part and bool(parts) and "text" in parts[-1]
                if joins and parts[-1].get("thought") == part.get("thought"):
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
