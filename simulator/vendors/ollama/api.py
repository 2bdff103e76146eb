"""Ollama: `POST /api/chat`, one JSON object a line, thinking in a field, arguments of calls as objects.

Sources: https://github.com/ollama/ollama/blob/main/docs/api.md, https://docs.ollama.com/capabilities/thinking,
https://docs.ollama.com/capabilities/tool-calling
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ...answers.texts import REFUSAL
from ...answers.thinking import LEVEL_FACTORS, OFF, Dial, count_tokens, digest
from ...answers.turns import SimulatedTurn, Speed, deltas, take_turn
from ...calls.call import ApiCall
from ...calls.faults import FILLER_MARK
from ...calls.fields import JsonObject, as_int, as_object, as_text, encode, joined_text, moment, objects
from ...calls.functions import calls_text, function_calls
from ...calls.reply import HttpReply, Piece, Role, stream, whole
from ...calls.shapes import value_of
from ...state.prompts import PromptSection, SectionedPrompt
from .replies import invalid

CONTENT_TYPE = "application/x-ndjson"
SPEED = Speed(first_s=0.3, thinking_per_s=60.0, answer_per_s=60.0)
THINKING_SHARE = 0.4
ROLES = ("system", "user", "assistant", "tool")


class Local(Struct, frozen=True):
    """A model that is pulled, and what its template has places for."""

    thinks: bool = True
    calls: bool = True


MODELS = {"gpt-oss:20b": Local(), "qwen3:8b": Local(), "gemma3:4b": Local(thinks=False, calls=False)}


def answer(call: ApiCall) -> HttpReply:
    """A message, or the lines of one; a stream, unless it is said otherwise."""
    model = MODELS.get(call.model)
    if model is None:
        raise invalid(f"model '{call.model}' not found", 404)
    if call.body.get("tools") and not model.calls:
        raise invalid(f"registry.ollama.ai/library/{call.model} does not support tools")
    prompt, dial = _prompt(call), _dial(call, model)
    turn = take_turn(
        prompt.text,
        OFF if call.refused else dial,
        key=(call.seed, "ollama", call.model),
        speed=SPEED,
        output_limit=as_int((as_object(call.body.get("options")) or {}).get("num_predict")),
        forced_answer=_forced(call, prompt),
        thinking_share=THINKING_SHARE,
    )
    if call.body.get("stream") is not False:
        return stream(tuple(_lines(call, turn, prompt)), content_type=CONTENT_TYPE)
    said = "" if _calls(call, turn) else "".join(turn.fragments(filtered=call.filtered))
    message: JsonObject = {"role": "assistant", "content": said}
    if turn.thinking_tokens:
        message["thinking"] = turn.thinking_text
    if calls := _calls(call, turn):
        message["tool_calls"] = calls
    return whole(200, _line(call, message) | _end(turn, prompt), after_s=turn.total_s)


def _prompt(call: ApiCall) -> SectionedPrompt:
    sections = [PromptSection("")]
    for message in objects(call.body.get("messages")):
        if message.get("role") not in ROLES:
            raise invalid(f"invalid role: '{message.get('role')}'")
        for made in objects(message.get("tool_calls")):
            if as_object((as_object(made.get("function")) or {}).get("arguments")) is None:
                # The field is a map in Go; the words are its decoder's.
                raise invalid(
                    "json: cannot unmarshal string into Go struct field "
                    "ToolCallFunction.messages.tool_calls.function.arguments of type api.ToolCallFunctionArguments"
                )
        thought = as_text(message.get("thinking")) or ""
        sections.append(PromptSection(joined_text(message.get("content")), count_tokens(thought), thought))
    return SectionedPrompt(tuple(sections))


def _dial(call: ApiCall, model: Local) -> Dial:
    """`think` is a switch, or a level where the model has levels."""
    said = call.body.get("think")
    if said is False or (said is None and not model.thinks):
        return OFF
    if not model.thinks:
        raise invalid(f'"{call.model}" does not support thinking')
    if said in (None, True):
        return Dial("medium")
    if said not in LEVEL_FACTORS:
        raise invalid(f'invalid think value: "{said}" (must be "high", "medium", "low", true, or false)')
    return Dial(str(said))


def _forced(call: ApiCall, prompt: SectionedPrompt) -> str | None:
    if "huge_event" in call.faults:
        return FILLER_MARK
    if call.refused:
        return REFUSAL
    if calls := calls_text(call):
        return calls
    schema = as_object(call.body.get("format"))
    if schema is None and call.body.get("format") != "json":
        return None
    value = value_of(schema or {"type": "object"}, digest("shape", prompt.text, call.seed, call.model))
    return encode(value).decode()


def _calls(call: ApiCall, turn: SimulatedTurn) -> list[JsonObject]:
    if turn.cut:
        return []
    return [
        {
            "id": call.id("call_", str(one.at), length=8),
            "function": {"index": one.at, "name": one.name, "arguments": one.arguments},
        }
        for one in function_calls(call)
    ]


def _line(call: ApiCall, message: JsonObject) -> JsonObject:
    return {"model": call.model, "created_at": moment(call.created_s), "message": message, "done": False}


def _end(turn: SimulatedTurn, prompt: SectionedPrompt) -> JsonObject:
    """The counts, in which thinking is part of the output; durations are in nanoseconds."""
    return {
        "done": True,
        "done_reason": "length" if turn.cut else "stop",
        "total_duration": round(turn.total_s * 1e9),
        "load_duration": 20_000_000,
        "prompt_eval_count": prompt.size,
        "prompt_eval_duration": round(turn.speed.first_s * 1e9),
        "eval_count": turn.output_tokens,
        "eval_duration": round((turn.thinking_s + turn.answer_s) * 1e9),
    }


def _lines(call: ApiCall, turn: SimulatedTurn, prompt: SectionedPrompt) -> Iterator[Piece]:
    def line(fields: JsonObject, after_s: float, role: Role, more: JsonObject | None = None) -> Piece:
        message: JsonObject = {"role": "assistant", "content": ""} | fields
        return Piece(encode(_line(call, message) | (more or {})) + b"\n", after_s, role)

    first_s = turn.speed.first_s
    thoughts = deltas(turn.thinking_text) if turn.thinking_tokens else []
    for text in thoughts:
        yield line({"thinking": text}, first_s + turn.thinking_s / len(thoughts), Role.FRAME)
        first_s = 0.0
    if calls := _calls(call, turn):
        yield line({"tool_calls": calls}, first_s + turn.answer_s, Role.ANSWER)
    else:
        said = turn.fragments(filtered=call.filtered)
        for text in said:
            yield line({"content": text}, first_s + turn.answer_s / len(said), Role.ANSWER)
            first_s = 0.0
    yield line({}, 0.0, Role.TERMINAL, _end(turn, prompt))
