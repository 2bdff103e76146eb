"""The Interactions API, without what it stores: one answer of a model, whole or as named events.

Sources: https://ai.google.dev/gemini-api/docs/interactions, https://ai.google.dev/gemini-api/docs/interactions/thinking
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from ...answers.thinking import LOW_TO_HIGH, OFF, Dial
from ...answers.turns import SimulatedTurn, take_turn
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.faults import FILLER_MARK
from ...calls.fields import JsonObject, as_int, as_list, as_object, as_text, joined_text, objects, words
from ...calls.functions import calls_text, function_calls
from ...calls.reply import HttpReply, Piece, RejectedError, Role, named_event, stream, whole
from ...calls.rounds import unmatched_items
from ...calls.shapes import shaped_answer
from ...calls.vendor import Vendor
from ...state.prompts import SectionedPrompt, prompt_of
from ...state.seals import unseal
from .api import SPEED, TOKENS_PER_CHUNK, cached_tokens
from .media import inline_tokens, uploaded_tokens
from .models import Gemini, find_gemini
from .replies import not_found, request_headers
from .rules import SIGNATURE_MARK, signature_for

FIELDS = words(
    "model input store stream background system_instruction generation_config tools response_format response_mime_type "
    "response_modalities previous_interaction_id safety_settings service_tier labels continuation_token cached_content"
)
CONFIG_FIELDS = words(
    "max_output_tokens thinking_level thinking_summaries temperature top_p seed stop_sequences tool_choice "
    "image_config speech_config video_config transcription_config"
)
DYNAMIC_LEVEL = "medium"
BAD_BASE64 = "Invalid base64 data in the field 'data'."
REFUSAL = "I cannot help with that."


def error(call: ApiCall, status: int, code: str, message: str) -> HttpReply:
    """An error body, whose code is a word."""
    return whole(status, {"error": {"code": code, "message": message}}, request_headers(call))


def invalid(call: ApiCall, message: str) -> RejectedError:
    """A 400 that no retry helps."""
    return RejectedError(error(call, 400, "invalid_argument", message))


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit" | "quota":
            text = "You exceeded your current quota, please check your plan and billing details."
            reply = error(call, 429, "too_many_requests", text)
            return reply.with_header("retry-after", str(call.whole_retry_after_s)) if name == "rate_limit" else reply
        case "overloaded":
            return error(call, 503, "service_unavailable", "The model is overloaded. Please try again later.")
        case _:
            return error(call, 500, "internal_server_error", "An internal error has occurred.")


def broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the vendor runs out of capacity after `sent` events."""
    said = {"code": "service_unavailable", "message": "The model is overloaded. Please try again later."}
    return (Piece(named_event("error", {"error": said, "event_type": "error"})),)


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(call, 400, "invalid_argument", "Invalid JSON payload received. Unexpected end of string.")


INTERACTIONS = Vendor("google", failure, broken_off, not_found, bad_json)


def answer(call: ApiCall) -> HttpReply:
    """An interaction, or the stream of one."""
    _check_key(call)
    model = _check_model(call)
    for name in call.body:
        if name not in FIELDS:
            raise invalid(call, f"Unknown parameter '{name}'.")
    config = as_object(call.body.get("generation_config")) or {}
    for name in config:
        if name not in CONFIG_FIELDS:
            raise invalid(call, f"Unknown parameter 'generation_config.{name}'.")
    prompt = _check_input(call, model)
    _check_format(call)
    size = prompt.size
    if size > model.context_tokens:
        text = f"The input token count ({size}) exceeds the maximum number of tokens allowed ({model.context_tokens})."
        raise invalid(call, text)
    forced = _forced(call) or calls_text(call)
    turn = take_turn(
        prompt.text,
        _dial(call, model, config),
        key=(call.seed, "google", model.id),
        speed=SPEED,
        output_limit=_limit(call, model, config),
        forced_answer=forced if forced is not None else shaped_answer(call.body, prompt.text, call.seed, model.id),
    )
    shown = config.get("thinking_summaries") == "auto"
    usage = _usage(turn, size) | {"total_cached_tokens": cached_tokens(call, model, prompt)}
    if call.streams:
        return stream(tuple(_events(call, model, turn, shown, usage)), request_headers(call))
    body = _interaction(call, model, _status(call, turn)) | {"steps": _steps(call, model, turn, shown)}
    return whole(200, body | {"usage": usage}, request_headers(call), after_s=turn.total_s)


def _check_key(call: ApiCall) -> None:
    key = call.request.headers.get("x-goog-api-key") or call.request.query.get("key")
    if not key or key == WRONG_KEY:
        raise RejectedError(error(call, 401, "unauthenticated", "API key not valid. Please pass a valid API key."))


def _check_model(call: ApiCall) -> Gemini:
    model = find_gemini(call.model)
    if model is None:
        raise RejectedError(error(call, 404, "not_found", f"Model {call.model} is not found."))
    return model


def _check_format(call: ApiCall) -> None:
    """Refuse a form of the answer that is none."""
    given = call.body.get("response_format")
    format_ = as_object(given)
    if given is not None and format_ is None:
        raise invalid(call, "response_format must be an object.")
    if format_ is None or format_.get("type") in ("image", "audio"):
        return
    if format_.get("type") not in (None, "text"):
        raise invalid(call, f"response_format.type '{format_.get('type')}' is not supported.")
    if format_.get("schema") is not None and format_.get("mime_type") != "application/json":
        raise invalid(call, "response_format.schema requires mime_type 'application/json'.")


def _media_tokens(call: ApiCall, model: Gemini, step: JsonObject) -> int:
    """What the files of a step count. Raises for what is no file, is not there, or is of a kind that is not read."""
    tokens = 0
    for part in objects(step.get("content")) or [step]:
        if part.get("type") not in ("image", "document", "audio", "video"):
            continue
        claimed, uri = as_text(part.get("mime_type")) or "", as_text(part.get("uri"))
        if uri is not None:
            tokens += uploaded_tokens(call, uri, partial(_denied, call))
        else:
            tokens += inline_tokens(model, claimed, part.get("data"), partial(invalid, call), BAD_BASE64)
    return tokens


def _denied(call: ApiCall, text: str) -> RejectedError:
    return RejectedError(error(call, 403, "permission_denied", text))


def _check_input(call: ApiCall, model: Gemini) -> SectionedPrompt:
    """The input, in any of its forms: a text, parts of one turn, or steps with the signatures of thoughts."""
    previous = as_text(call.body.get("previous_interaction_id"))
    if previous is not None:
        raise RejectedError(error(call, 404, "not_found", f"Interaction {previous} is not found."))
    given = call.body.get("input")
    texts = [as_text(call.body.get("system_instruction")) or "", as_text(given) or ""]
    steps = objects(given) if as_list(given) is not None else [as_object(given) or {}]
    tokens = 0
    for step in steps:
        tokens += _media_tokens(call, model, step)
        texts.append(as_text(step.get("result")) or "")
        if step.get("type") == "thought" and unseal(SIGNATURE_MARK, as_text(step.get("signature")) or "") is None:
            raise invalid(call, "Corrupted thought signature.")
        texts.append(as_text(step.get("text")) or joined_text(step.get("content")))
    if (found := unmatched_items(steps, result="function_result", name="id")) is not None:
        # UNVERIFIED: the words.
        what, lacks = ("function_result", "function_call") if found.is_result else ("function_call", "function_result")
        raise invalid(call, f"{what} without a {lacks}: {found.listed}")
    if not tokens and not any(text.strip() for text in texts[1:]):
        raise invalid(call, "The input must not be empty.")
    head, *sections = prompt_of([texts[0], *filter(None, texts[1:])]).sections
    return SectionedPrompt((replace(head, media_tokens=tokens), *sections))


def _limit(call: ApiCall, model: Gemini, config: JsonObject) -> int:
    if config.get("max_output_tokens") is None:
        return model.max_output_tokens
    limit = as_int(config["max_output_tokens"])
    if limit is None or not 1 <= limit <= model.max_output_tokens:
        raise invalid(call, f"max_output_tokens must be between 1 and {model.max_output_tokens}.")
    return limit


def _dial(call: ApiCall, model: Gemini, config: JsonObject) -> Dial:
    if config.get("thinking_summaries") not in (None, "auto", "none"):
        raise invalid(call, "thinking_summaries must be one of: auto, none.")
    level, legal = config.get("thinking_level"), model.levels or (LOW_TO_HIGH if model.thinks else ())
    if level is None:
        usual = DYNAMIC_LEVEL if model.default == "dynamic" else model.default
        return OFF if model.default == "off" else Dial(usual)
    if as_text(level) not in legal:
        allowed = ", ".join(legal) or "none"
        raise invalid(call, f"thinking_level '{level}' is not supported for this model. Allowed values: {allowed}.")
    return Dial(str(level))


def _forced(call: ApiCall) -> str | None:
    if call.refused:
        return REFUSAL
    return FILLER_MARK if "huge_event" in call.faults else None


def _status(call: ApiCall, turn: SimulatedTurn) -> str:
    usual = "requires_action" if _calls(call, turn) else "completed"
    return "incomplete" if turn.cut or call.filtered else usual


def _calls(call: ApiCall, turn: SimulatedTurn) -> list[JsonObject]:
    """The steps with calls."""
    if turn.cut:
        return []
    return [
        {"type": "function_call", "id": call.id("call_", str(one.at), length=16), "name": one.name,
         "arguments": one.arguments}
        for one in function_calls(call)
    ]  # fmt: skip


def _interaction(call: ApiCall, model: Gemini, status: str) -> JsonObject:
    """What a body and the events say alike. Without storage there is no id to come back to."""
    name = call.id("v1_", length=32) if call.body.get("store") is not False else ""
    return {"id": name, "object": "interaction", "status": status, "model": model.served_by or model.id}


def _usage(turn: SimulatedTurn, size: int) -> JsonObject:
    """Thoughts are counted beside the output, and counters of zero are sent."""
    return {
        "total_tokens": size + turn.output_tokens,
        "total_input_tokens": size,
        "input_tokens_by_modality": [{"modality": "text", "tokens": size}],
        "total_cached_tokens": 0,
        "total_output_tokens": turn.answer_tokens,
        "total_tool_use_tokens": 0,
        "total_thought_tokens": turn.thinking_tokens,
    }


def _thoughts(turn: SimulatedTurn, shown: bool) -> list[str]:
    return [f"**{passage.heading}**\n\n{passage.text}\n\n\n" for passage in turn.summary] if shown else []


def _steps(call: ApiCall, model: Gemini, turn: SimulatedTurn, shown: bool) -> list[JsonObject]:
    steps: list[JsonObject] = []
    if turn.thinking_tokens:
        thought: JsonObject = {"type": "thought", "signature": signature_for(call, model)}
        if summary := "".join(_thoughts(turn, shown)):
            thought["summary"] = [{"type": "text", "text": summary}]
        steps.append(thought)
    calls = _calls(call, turn)
    if not calls and (said := "".join(_said(call, turn))):
        steps.append({"type": "model_output", "content": [{"type": "text", "text": said}]})
    return [*steps, *calls]


def _said(call: ApiCall, turn: SimulatedTurn) -> list[str]:
    return turn.fragments(filtered=call.filtered, size=TOKENS_PER_CHUNK)


def _event(kind: str, *, after_s: float = 0.0, role: Role = Role.FRAME, **fields: object) -> Piece:
    return Piece(named_event(kind, {**fields, "event_type": kind}), after_s, role)


def _events(call: ApiCall, model: Gemini, turn: SimulatedTurn, shown: bool, usage: JsonObject) -> Iterator[Piece]:
    begun = _interaction(call, model, "in_progress")
    yield _event("interaction.created", after_s=SPEED.first_s, interaction=begun)
    yield _event("interaction.status_update", interaction_id=begun["id"], status="in_progress")
    index = 0
    if turn.thinking_tokens:
        yield _event("step.start", index=index, step={"type": "thought"})
        thoughts = _thoughts(turn, shown)
        for text in thoughts:
            delta = {"type": "thought_summary", "content": {"type": "text", "text": text}}
            yield _event("step.delta", after_s=turn.thinking_s / len(thoughts), index=index, delta=delta)
        signed = {"type": "thought_signature", "signature": signature_for(call, model)}
        so_far = {"usage": usage | {"total_output_tokens": 0}}
        after_s = 0.0 if thoughts else turn.thinking_s
        yield _event("step.delta", after_s=after_s, index=index, delta=signed, metadata=so_far)
        yield _event("step.stop", index=index)
        index += 1
    calls = _calls(call, turn)
    for at, made in enumerate(calls, index):
        words = json.dumps(made.pop("arguments"), ensure_ascii=False)
        yield _event("step.start", index=at, step=made)
        delta: JsonObject = {"type": "arguments_delta", "arguments": words}
        yield _event("step.delta", after_s=turn.answer_s / len(calls), role=Role.ANSWER, index=at, delta=delta)
        yield _event("step.stop", index=at)
    if not calls and (said := _said(call, turn)):
        yield _event("step.start", index=index, step={"type": "model_output"})
        for text in said:
            delta = {"type": "text", "text": text}
            yield _event("step.delta", after_s=turn.answer_s / len(said), role=Role.ANSWER, index=index, delta=delta)
        yield _event("step.stop", index=index)
    ended = _interaction(call, model, _status(call, turn)) | {"usage": usage, "service_tier": "standard"}
    yield _event("interaction.completed", role=Role.TERMINAL, interaction=ended)
    yield Piece(b"event: done\ndata: [DONE]\n\n", role=Role.TERMINAL)
