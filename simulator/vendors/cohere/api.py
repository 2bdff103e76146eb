"""Cohere: `POST /v2/chat`, the thought in items of the content, which come back as readable text or not at all.

Sources: https://docs.cohere.com/reference/chat, https://docs.cohere.com/docs/reasoning
"""

from __future__ import annotations

from ...answers.thinking import OFF, Dial, count_tokens
from ...answers.turns import SimulatedTurn, Speed, deltas, take_turn
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import JsonObject, as_int, as_object, as_text, joined_text, objects, words
from ...calls.functions import calls_text, chat_calls
from ...calls.reply import HttpReply, Piece, RejectedError, Role, named_event, stream
from ...calls.rounds import unmatched_chat
from ...calls.shapes import shaped_answer
from ...state.prompts import PromptSection, SectionedPrompt
from . import replies
from .media import CONTENT_FIELDS, tokens_of
from .schema_rules import check_format, check_tools

MODELS = ("command-a-plus-05-2026", "command-a-reasoning-08-2025")
SPEED = Speed(first_s=0.5, thinking_per_s=120.0, answer_per_s=120.0)
FIELDS = words(
    "model messages stream tools tool_choice strict_tools documents citation_options response_format safety_mode "
    "max_tokens stop_sequences temperature seed frequency_penalty presence_penalty k p logprobs thinking priority"
)
MESSAGE_FIELDS = words("role content tool_calls tool_plan tool_call_id citations")
CONTENT = ("text", "thinking", "image_url")
ROLES = ("user", "assistant", "system", "tool")
PLAN = "I will use the tools that fit."


def answer(call: ApiCall) -> HttpReply:
    """A message, or the stream of one."""
    if not call.bearer or call.bearer == WRONG_KEY:
        text = "no api key supplied" if not call.bearer else "invalid api token"
        raise RejectedError(replies.error(call, 401, text))
    for name in call.body:
        if name not in FIELDS:
            raise replies.unknown_field(call, name)
    if call.model not in MODELS:
        text = f"model '{call.model}' not found, make sure the correct model ID was used"
        raise RejectedError(replies.error(call, 404, text))
    prompt = _prompt(call)
    key = (call.seed, "cohere", call.model)
    limit = as_int(call.body.get("max_tokens"))
    check_tools(call)
    check_format(call)
    forced = calls_text(call) or shaped_answer(call.body, prompt.text, *key)
    turn = take_turn(
        prompt.text, _dial(call), key=key, speed=SPEED, output_limit=limit, thinking_share=0.2, forced_answer=forced
    )
    if call.streams:
        return stream(_events(call, turn, prompt), replies.request_headers(call))
    content: list[JsonObject] = [{"type": kind, kind: text} for kind, text in _parts(call, turn)]
    ends = _end(call, turn, prompt)
    message: JsonObject = {"role": "assistant", "content": content}
    if calls := _calls(call, turn):
        message |= {"tool_plan": PLAN, "tool_calls": calls}
    body: JsonObject = {"id": call.id("", length=32), "message": message}
    return replies.ok(call, body | ends, after_s=turn.total_s)


def _prompt(call: ApiCall) -> SectionedPrompt:
    """The conversation, after checking what its messages hold."""
    messages = objects(call.body.get("messages"))
    if not messages:
        raise replies.invalid(call, "invalid request: list of messages must not be empty")
    sections = [PromptSection("")]
    for place, message in enumerate(messages):
        if message.get("role") not in ROLES:
            raise replies.invalid(call, f"invalid request: invalid role for message {place}")
        for name in message:
            if name not in MESSAGE_FIELDS:
                raise replies.unknown_field(call, f"messages[{place}].{name}")
        for item in objects(message.get("content")):
            if item.get("type") not in CONTENT or not item.keys() <= CONTENT_FIELDS | {item.get("type")}:
                raise replies.invalid(call, f"invalid request: invalid content in message {place}")
        thought = "".join(as_text(item.get("thinking")) or "" for item in objects(message.get("content")))
        if thought and message.get("role") != "assistant":
            raise replies.invalid(call, f"invalid request: thinking in message {place}, which is no assistant's")
        sections.append(PromptSection(joined_text(message.get("content")), count_tokens(thought), thought))
    if (found := unmatched_chat(messages)) is not None:
        # UNVERIFIED: the words.
        what = "tool message without a tool call" if found.is_result else "tool call without a tool message"
        raise replies.invalid(call, f"invalid request: {what}: {found.listed}")
    if messages[-1].get("role") == "assistant":
        raise replies.invalid(call, "invalid request: the last message must be from the user or a tool")
    return SectionedPrompt((PromptSection("", media_tokens=tokens_of(call)), *sections[1:]))


def _dial(call: ApiCall) -> Dial:
    thinking = as_object(call.body.get("thinking")) or {}
    if thinking.get("type") == "disabled":
        return OFF
    budget = as_int(thinking.get("token_budget"))
    return Dial("medium") if budget is None else Dial(budget_tokens=budget)


def _calls(call: ApiCall, turn: SimulatedTurn) -> list[JsonObject]:
    return [] if turn.cut else chat_calls(call)


def _parts(call: ApiCall, turn: SimulatedTurn) -> list[tuple[str, str]]:
    said = "" if _calls(call, turn) else "".join(turn.fragments(filtered=call.filtered))
    thought = [("thinking", turn.thinking_text)] if turn.thinking_tokens else []
    return [*thought, *([("text", said)] if said else [])]


def _end(call: ApiCall, turn: SimulatedTurn, prompt: SectionedPrompt) -> JsonObject:
    counted: JsonObject = {"input_tokens": float(prompt.size), "output_tokens": float(turn.output_tokens)}
    usual = "TOOL_CALL" if _calls(call, turn) else "COMPLETE"
    reason = "ERROR_TOXIC" if call.filtered else "MAX_TOKENS" if turn.cut else usual
    return {"finish_reason": reason, "usage": {"billed_units": counted, "tokens": counted}}


def _events(call: ApiCall, turn: SimulatedTurn, prompt: SectionedPrompt) -> tuple[Piece, ...]:
    start: JsonObject = {"id": call.id("", length=32), "type": "message-start", "delta": {"message": {"content": []}}}
    pieces = [Piece(named_event("message-start", start), SPEED.first_s)]
    for index, (kind, text) in enumerate(_parts(call, turn)):
        role = Role.ANSWER if kind == "text" else Role.FRAME
        pieces.append(_content("content-start", index, {"type": kind, kind: ""}))
        fragments = deltas(text)
        pause_s = (turn.answer_s if kind == "text" else turn.thinking_s) / max(1, len(fragments))
        pieces += [_content("content-delta", index, {kind: one}, pause_s, role) for one in fragments]
        pieces.append(Piece(named_event("content-end", {"type": "content-end", "index": index})))
    if calls := _calls(call, turn):
        pieces.append(_event("tool-plan-delta", None, {"tool_plan": PLAN}))
        for index, made in enumerate(calls):
            function = as_object(made["function"]) or {}
            begun = made | {"function": function | {"arguments": ""}}
            more: JsonObject = {"function": {"arguments": function["arguments"]}}
            pieces.append(_event("tool-call-start", index, {"tool_calls": begun}))
            pieces.append(_event("tool-call-delta", index, {"tool_calls": more}, turn.answer_s, Role.ANSWER))
            pieces.append(Piece(named_event("tool-call-end", {"type": "tool-call-end", "index": index})))
    end: JsonObject = {"type": "message-end", "delta": _end(call, turn, prompt)}
    return (*pieces, Piece(named_event("message-end", end), role=Role.TERMINAL))


def _content(name: str, index: int, item: JsonObject, after_s: float = 0.0, role: Role = Role.FRAME) -> Piece:
    return _event(name, index, {"content": item}, after_s, role)


def _event(name: str, index: int | None, message: JsonObject, after_s: float = 0.0, role: Role = Role.FRAME) -> Piece:
    numbered: JsonObject = {} if index is None else {"index": index}
    data: JsonObject = {"type": name, **numbered, "delta": {"message": message}}
    return Piece(named_event(name, data), after_s, role)
