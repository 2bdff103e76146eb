"""The Messages API: `POST /v1/messages`, whole and as server-sent events, and `POST /v1/messages/count_tokens`.

Sources: https://platform.claude.com/docs/en/api/messages, https://platform.claude.com/docs/en/build-with-claude/streaming,
https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback, https://platform.claude.com/docs/en/api/messages-count-tokens
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ...answers.thinking import OFF, Dial
from ...answers.turns import SimulatedTurn, Speed, deltas, take_turn
from ...calls.call import ApiCall
from ...calls.faults import FILLER_MARK, PAUSE
from ...calls.fields import JsonObject, as_object, objects, words
from ...calls.functions import FunctionCall, calls_text, function_calls
from ...calls.reply import HttpReply, Piece, Role, named_event, stream, whole
from ...calls.served_tools import anthropic_blocks, anthropic_container, anthropic_counts
from ...calls.shapes import shaped_answer
from ...state.caches import CacheTerms
from . import replies, rules
from .context import SUMMARY_TOKENS, Edited, edit
from .models import Claude, find_claude
from .replay import JudgedHistory, organization_of, signature_of
from .schema_rules import check_format

SPEED = Speed(first_s=0.9, thinking_per_s=110.0, answer_per_s=75.0)
COUNTED_FIELDS = words(
    "model messages system tools tool_choice thinking output_config cache_control speed context_management mcp_servers "
    "workspace_id"
)


class _Message(Struct, frozen=True):
    """Everything that the whole body and the events say alike."""

    call: ApiCall
    turn: SimulatedTurn
    thinking: str | None
    signature: str
    usage: JsonObject
    stop_reason: str
    stop_details: JsonObject | None
    changes: tuple[JsonObject, ...]
    edited: Edited

    def skeleton(self) -> JsonObject:
        told: JsonObject = {"input_transformations": list(self.changes)} if self.changes else {}
        if "context_management" in self.call.body:
            told["context_management"] = {"applied_edits": list(self.edited.applied)}
        message: JsonObject = {
            "model": self.call.model,
            "id": self.call.id("msg_01", length=22),
            "type": "message",
            "role": "assistant",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
            "container": anthropic_container(self.call),
        }
        return told | message


def answer(call: ApiCall) -> HttpReply:
    """A message, or the stream of one."""
    rules.check_key(call)
    version = rules.check_version(call)
    model, limit = rules.check_body(call, version)
    dial, display = rules.check_thinking(call, model, limit)
    thinks = dial.level != "none" or dial.budget_tokens is not None
    dial = rules.check_choice(call, model, dial)
    rules.check_sampling(call, model, thinks=thinks)
    edited = edit(call, rules.check_messages(call, model, thinks=thinks), rules.betas_of(call))
    replayed = edited.replayed
    prompt, size = replayed.prompt.text, replayed.prompt.size
    if size > model.context_tokens:
        raise replies.invalid(call, f"prompt is too long: {size} tokens > {model.context_tokens} maximum")
    forced = "" if edited.only_summary else FILLER_MARK if "huge_event" in call.faults else None
    check_format(call)
    rules.check_tools(call)
    forced = forced if forced is not None else calls_text(call) or shaped_answer(call.body, prompt, call.seed, model.id)
    dial = OFF if edited.only_summary else dial
    turn = take_turn(
        prompt, dial, key=(call.seed, "anthropic", model.id), speed=SPEED, output_limit=limit, forced_answer=forced
    )
    usage = _input_usage(call, model, replayed, dial)
    message = _message(call, model, turn, edited, usage, display)
    headers = (*replies.request_headers(call), *replies.rate_limit_headers(call))
    if call.streams:
        return stream(_events(message), headers)
    return whole(200, _whole_body(message), headers, after_s=turn.total_s)


def count_tokens(call: ApiCall) -> HttpReply:
    """How many input tokens a message would be charged for, after the checks that creating it would make."""
    rules.check_key(call)
    version = rules.check_version(call)
    for name in call.body:
        if name not in COUNTED_FIELDS:
            raise replies.invalid(call, f"{name}: Extra inputs are not permitted")
    # The endpoint has no limit of its own to check a budget against: the model's largest stands in.
    known = find_claude(call.model)
    limit: JsonObject = {"max_tokens": known.max_output_tokens if known is not None else 1}
    asked = replace(call, body=call.body | limit)
    model, most = rules.check_body(asked, version)
    dial, _ = rules.check_thinking(asked, model, most)
    replayed = rules.check_messages(asked, model, thinks=dial.level != "none" or dial.budget_tokens is not None)
    edited = edit(asked, replayed, rules.betas_of(call))
    counted: JsonObject = {"input_tokens": edited.replayed.prompt.size}
    if "context_management" in call.body:
        counted["context_management"] = {"original_input_tokens": replayed.prompt.size}
    return replies.ok(call, counted)


def _message(
    call: ApiCall, model: Claude, turn: SimulatedTurn, edited: Edited, usage: JsonObject, display: str
) -> _Message:
    replayed = edited.replayed
    stop_reason = "max_tokens" if turn.cut else "tool_use" if function_calls(call) else "end_turn"
    stop_details: JsonObject | None = None
    if call.refused or call.filtered:
        stop_reason = "refusal"
        stop_details = {
            "type": "refusal",
            "category": "cyber",
            "explanation": "A simulated classifier stopped this answer.",
        }
    if edited.only_summary:
        stop_reason = "compaction"
    if PAUSE in call.faults and anthropic_blocks(call):
        stop_reason = "pause_turn"
    thinking = None
    if turn.thinking_tokens and "refusal" not in call.faults:
        shown = "\n\n".join(f"{passage.heading}. {passage.text}" for passage in turn.summary)
        thinking = shown if display == "summarized" else ""
    signature = "" if thinking is None else signature_of(call, model, replayed, thinking, turn.thinking_tokens)
    # Only who asks for the beta is told.
    told = replayed.changes if rules.BINDING_BETA in rules.betas_of(call) else ()
    return _Message(call, turn, thinking, signature, usage, stop_reason, stop_details, told, edited)


def _input_usage(call: ApiCall, model: Claude, replayed: JudgedHistory, dial: Dial) -> JsonObject:
    # Another effort or another kind of thinking begins a cache of its own.
    owner = ("anthropic", organization_of(call), model.id, dial)
    hour = _asks_for(call, "1h")
    rule = CacheTerms(least=model.caches_from, lifetime_s=3600.0 if hour else 300.0, marked=True)
    cached = call.cache.use(owner, replayed.prompt, rule)
    return {
        "input_tokens": replayed.prompt.size - cached.read - cached.written,
        "cache_creation_input_tokens": cached.written,
        "cache_read_input_tokens": cached.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": 0 if hour else cached.written,
            "ephemeral_1h_input_tokens": cached.written if hour else 0,
        },
        **anthropic_counts(call),
    }


def _asks_for(call: ApiCall, lifetime: str) -> bool:
    blocks = [call.body, *objects(call.body.get("system"))]
    for message in objects(call.body.get("messages")):
        blocks += objects(message.get("content"))
    marks = (as_object(block.get("cache_control")) or {} for block in blocks)
    return any(mark.get("ttl") == lifetime for mark in marks)


def _iterations(message: _Message, usage: JsonObject) -> JsonObject:
    """The usage with what a compaction took told apart; the counts at the top leave it out."""
    if message.edited.compaction is None:
        return usage
    summed: JsonObject = {
        "type": "compaction",
        "input_tokens": message.edited.summarized,
        "output_tokens": SUMMARY_TOKENS,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }
    if message.edited.only_summary:
        return usage | {"input_tokens": 0, "output_tokens": 0, "iterations": [summed]}
    own = {name: usage[name] for name in summed if name in usage}
    return usage | {"iterations": [summed, {"type": "message"} | own]}


def _output_tokens(message: _Message) -> int:
    if message.thinking is None and message.turn.thinking_tokens:
        return 0
    return message.turn.output_tokens


def _said(message: _Message) -> list[str]:
    """The fragments of the visible answer; a refused one is empty, a stopped one ends halfway."""
    if message.stop_reason in ("tool_use", "pause_turn"):
        return []
    return [] if message.call.refused else message.turn.fragments(filtered=message.call.filtered)


def _calls(message: _Message) -> list[tuple[FunctionCall, JsonObject]]:
    """The calls, each with its block, whose input comes afterwards."""
    made_calls: list[tuple[FunctionCall, JsonObject]] = []
    for made in function_calls(message.call) if message.stop_reason == "tool_use" else ():
        marked = message.call.id("toolu_01", str(made.at), length=22)
        made_calls.append((made, {"type": "tool_use", "id": marked, "name": made.name, "input": {}}))
    return made_calls


def _whole_body(message: _Message) -> JsonObject:
    content: list[JsonObject] = [] if message.edited.compaction is None else [message.edited.compaction]
    if message.thinking is not None:
        content.append({"type": "thinking", "thinking": message.thinking, "signature": message.signature})
    content += anthropic_blocks(message.call)
    said = "".join(_said(message))
    if said:
        content.append({"type": "text", "text": said})
    content += [block | {"input": made.arguments} for made, block in _calls(message)]
    usage = message.usage | {
        "output_tokens": _output_tokens(message),
        "output_tokens_details": {
            "thinking_tokens": message.turn.thinking_tokens if message.thinking is not None else 0
        },
        "service_tier": "standard",
        "inference_geo": "global",
    }
    stops: JsonObject = {"stop_reason": message.stop_reason, "stop_details": message.stop_details}
    return message.skeleton() | {"content": content} | stops | {"usage": _iterations(message, usage)}


def _events(message: _Message) -> tuple[Piece, ...]:
    turn = message.turn
    usage = message.usage | {"output_tokens": 1, "service_tier": "standard", "inference_geo": "global"}
    start: JsonObject = {"type": "message_start", "message": message.skeleton() | {"usage": usage}}
    pieces = [Piece(named_event("message_start", start), turn.speed.first_s)]
    ping = Piece(named_event("ping", {"type": "ping"}))
    index = 0
    if message.edited.compaction is not None:
        block = message.edited.compaction
        pieces.append(_block_start(index, {"type": "compaction", "content": None}))
        pieces.append(_delta(index, block | {"type": "compaction_delta"}))
        pieces.append(_block_stop(index))
        index += 1
    if message.thinking is not None:
        pieces.append(_block_start(index, {"type": "thinking", "thinking": "", "signature": ""}))
        pieces.append(ping)
        # With the display omitted there is still one delta, and it is empty.
        fragments = deltas(message.thinking) or [""]
        pause_s = turn.thinking_s / len(fragments)
        pieces += [_delta(index, {"type": "thinking_delta", "thinking": text}, pause_s) for text in fragments]
        pieces.append(_delta(index, {"type": "signature_delta", "signature": message.signature}))
        pieces.append(_block_stop(index))
        index += 1
    for block in anthropic_blocks(message.call):
        pieces += [_block_start(index, block), _block_stop(index)]
        index += 1
    said = _said(message)
    if said:
        pieces.append(_block_start(index, {"type": "text", "text": ""}))
        if index == 0:
            pieces.append(ping)
        pause_s = turn.answer_s / len(said)
        pieces += [_delta(index, {"type": "text_delta", "text": text}, pause_s, Role.ANSWER) for text in said]
        pieces.append(_block_stop(index))
    for made, block in _calls(message):
        pieces.append(_block_start(index, block))
        pieces.append(_delta(index, {"type": "input_json_delta", "partial_json": made.written}, 0.0, Role.ANSWER))
        pieces.append(_block_stop(index))
        index += 1
    pieces += _end(message)
    return tuple(pieces)


def _end(message: _Message) -> list[Piece]:
    thinking_tokens = message.turn.thinking_tokens if message.thinking is not None else 0
    usage = {name: count for name, count in message.usage.items() if name != "cache_creation"} | {
        "output_tokens": _output_tokens(message),
        "output_tokens_details": {"thinking_tokens": thinking_tokens},
    }
    delta: JsonObject = {
        "stop_reason": message.stop_reason,
        "stop_sequence": None,
        "stop_details": message.stop_details,
        "container": anthropic_container(message.call),
    }
    last: JsonObject = {"type": "message_delta", "delta": delta, "usage": _iterations(message, usage)}
    return [
        Piece(named_event("message_delta", last), role=Role.TERMINAL),
        Piece(named_event("message_stop", {"type": "message_stop"}), role=Role.TERMINAL),
    ]


def _block_start(index: int, block: JsonObject) -> Piece:
    return Piece(
        named_event("content_block_start", {"type": "content_block_start", "index": index, "content_block": block})
    )


def _block_stop(index: int) -> Piece:
    return Piece(named_event("content_block_stop", {"type": "content_block_stop", "index": index}))


def _delta(index: int, delta: JsonObject, after_s: float = 0.0, role: Role = Role.FRAME) -> Piece:
    data: JsonObject = {"type": "content_block_delta", "index": index, "delta": delta}
    return Piece(named_event("content_block_delta", data), after_s, role)
