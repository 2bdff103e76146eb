"""`Converse` and `ConverseStream`: Claude's answers in blocks without a type, and one open model that signs nothing.

Sources: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and _ConverseStream.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec.structs import replace

from ...answers.thinking import Dial, digest
from ...answers.turns import Speed, deltas, take_turn
from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_int, as_object, as_text, decode_object, joined_text, objects
from ...calls.functions import calls_text, function_calls
from ...calls.reply import HttpReply, Piece, RejectedError, Role, stream, whole
from ...calls.rounds import block_ids, unmatched_messages
from ...calls.shapes import value_of
from ...state.prompts import prompt_of
from ..anthropic import api as anthropic
from . import frames
from .api import VERSIONS, as_anthropic, check_key, in_own_words
from .replies import error, request_headers

WITH_STREAM = "converse-stream"
OPEN_MODEL = "openai.gpt-oss-120b-1:0"
USUAL_OUTPUT_TOKENS = 4096

_CLAUDE = re.compile(r"(?:[a-z-]+\.)?anthropic\..*")
_NAME = re.compile(r"[A-Za-z0-9()\[\]-]+(?: [A-Za-z0-9()\[\]-]+)*")
_TYPES = {"pdf": "application/pdf", "txt": "text/plain"}
FORMATS = {"image": ("png", "jpeg", "gif", "webp"), "document": tuple(_TYPES)}
MOST = {"image": 20, "document": 5}
_STOPS = {"refusal": "content_filtered"}
_USAGE = {
    "input_tokens": "inputTokens",
    "output_tokens": "outputTokens",
    "cache_read_input_tokens": "cacheReadInputTokens",
    "cache_creation_input_tokens": "cacheWriteInputTokens",
}


def answer(call: ApiCall) -> HttpReply:
    """A message, or the stream of one."""
    check_key(call)
    _check_messages(call)
    _check_counts(call)
    said, seconds = _of_claude(call) if _CLAUDE.fullmatch(call.model) else _of_open_model(call)
    if not call.request.path.endswith(WITH_STREAM):
        return whole(200, said, request_headers(call), after_s=seconds)
    return stream(tuple(_events(said, seconds)), request_headers(call), content_type=frames.CONTENT_TYPE)


def _invalid(call: ApiCall, text: str) -> RejectedError:
    return RejectedError(error(call, 400, "ValidationException", text))


def _check_messages(call: ApiCall) -> None:
    """Refuse what is wrong with a conversation whatever model it is for."""
    messages = objects(call.body.get("messages"))
    if not messages or messages[0].get("role") != "user":
        raise _invalid(
            call, "A conversation must start with a user message. Try again with a conversation that starts with one."
        )
    _check_rounds(call, messages)
    for at, message in enumerate(messages):
        if at and message.get("role") == messages[at - 1].get("role"):
            raise _invalid(
                call,
                "A conversation must alternate between user and assistant roles. "
                "Make sure the conversation alternates between user and assistant roles and try again.",
            )
        for index, block in enumerate(objects(message.get("content"))):
            _check_file(call, block)
            if "text" in block and not (as_text(block["text"]) or "").strip():
                raise _invalid(
                    call,
                    f"The text field in the ContentBlock object at messages.{at}.content.{index} is blank. "
                    "Add text to the text field, and try again.",
                )


def _check_rounds(call: ApiCall, messages: list[JsonObject]) -> None:
    """Refuse calls without results, results without calls, and either of them where no tools are declared."""
    called, answered = block_ids("toolUse", "toolUseId"), block_ids("toolResult", "toolUseId")
    if "toolConfig" not in call.body and any(called(one) or answered(one) for one in messages):
        raise _invalid(call, "The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    found = unmatched_messages(messages, called, answered, at_once=True)
    if found is None:
        return
    if found.is_result:
        text = f"The number of toolResult blocks at messages.{found.at}.content exceeds the number of toolUse blocks"
        raise _invalid(call, f"{text} of previous turn.")
    text = f"Expected toolResult blocks at messages.{found.at + 1}.content for the following Ids: {found.listed}"
    raise _invalid(call, text)


def _check_file(call: ApiCall, block: JsonObject) -> None:
    """Refuse files that this model does not take, and those that are elsewhere."""
    for kind in ("image", "document", "audio", "video"):
        held = as_object(block.get(kind))
        if held is None:
            continue
        if kind not in ("image", "document") or not _CLAUDE.fullmatch(call.model):
            text = f"This model doesn't support the {kind} content block that you provided."
            raise _invalid(call, f"{text} Update the content block and try again.")
        source = as_object(held.get("source")) or {}
        if "s3Location" in source:
            raise _invalid(call, "This model doesn't support the s3Uri field. Remove s3Uri and try again.")
        if held.get("format") not in FORMATS[kind]:
            listed, given = ", ".join(FORMATS[kind]), held.get("format")
            raise _invalid(call, f"Value '{given}' at '{kind}.format' must satisfy enum value set: [{listed}]")
        # UNVERIFIED: the rules of names are documented, the words are not.
        if kind == "document" and not _NAME.fullmatch(as_text(held.get("name")) or ""):
            text = "can only contain alphanumeric characters, whitespace, hyphens, parentheses, and square brackets"
            raise _invalid(call, f"The file name {text}.")


def _check_counts(call: ApiCall) -> None:
    """Refuse too many files, and documents that no text stands beside."""
    blocks = [objects(message.get("content")) for message in objects(call.body.get("messages"))]
    for kind, most in MOST.items():
        found = sum(kind in block for message in blocks for block in message)
        if found > most:
            raise _invalid(call, f"The number of {kind}s in the request ({found}) exceeds the maximum of {most}.")
    names = [as_text(held.get("name")) for message in blocks for block in message
             if (held := as_object(block.get("document")))]  # fmt: skip
    if len(set(names)) < len(names):
        raise _invalid(call, "The file names of documents in a request must be unique.")
    for message in blocks:
        if any("document" in block for block in message) and not any("text" in block for block in message):
            raise _invalid(call, "A text block must be included when using documents.")


def _asked(call: ApiCall) -> JsonObject:
    """The form of the answer and the tools, as the Messages API has them."""
    body: JsonObject = {}
    if (format_ := schema_of(call)) is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": format_}}
    config = as_object(call.body.get("toolConfig")) or {}
    tools = [as_object(tool.get("toolSpec")) or {} for tool in objects(config.get("tools")) if "toolSpec" in tool]
    if tools:
        body["tools"] = [
            {
                "name": tool.get("name"),
                "description": tool.get("description") or "",
                "input_schema": (as_object(tool.get("inputSchema")) or {}).get("json"),
            }
            for tool in tools
        ]
    choice = as_object(config.get("toolChoice")) or {}
    for kind in ("auto", "any", "tool"):
        if (held := as_object(choice.get(kind))) is not None:
            body["tool_choice"] = {"type": kind} | held
    return body


def schema_of(call: ApiCall) -> JsonObject | None:
    """The schema of the answer, which stands as text in the request. Raises for a text that is none."""
    format_ = as_object((as_object(call.body.get("outputConfig")) or {}).get("textFormat"))
    if format_ is None:
        return None
    held = as_object((as_object(format_.get("structure")) or {}).get("jsonSchema")) or {}
    if format_.get("type") != "json_schema":
        raise _invalid(call, "Value at 'outputConfig.textFormat.type' must satisfy enum value set: [json_schema]")
    found = decode_object(as_text(held.get("schema")) or "")
    if found is None:
        raise _invalid(call, "The schema in outputConfig.textFormat.structure.jsonSchema is not valid JSON.")
    return found


def _of_claude(call: ApiCall) -> tuple[JsonObject, float]:
    """What Claude says, asked as its own API is asked, and how long that takes."""
    limits = as_object(call.body.get("inferenceConfig")) or {}
    named = {"temperature": "temperature", "topP": "top_p", "stopSequences": "stop_sequences"}
    body: JsonObject = {
        "anthropic_version": VERSIONS[0],
        "max_tokens": as_int(limits.get("maxTokens")) or USUAL_OUTPUT_TOKENS,
        "messages": [
            {"role": message.get("role"), "content": list(_blocks(message))}
            for message in objects(call.body.get("messages"))
        ],
    }
    body |= {theirs: limits[ours] for ours, theirs in named.items() if ours in limits}
    if system := joined_text(call.body.get("system")):
        body["system"] = system
    body |= _asked(call) | (as_object(call.body.get("additionalModelRequestFields")) or {})
    try:
        reply = anthropic.answer(as_anthropic(replace(call, body=body)))
    except RejectedError as rejected:
        raise in_own_words(call, rejected.reply) from None
    said = decode_object(reply.body) or {}
    counted = as_object(said.get("usage")) or {}
    usage: JsonObject = {ours: as_int(counted.get(theirs)) or 0 for theirs, ours in _USAGE.items()}
    usage["totalTokens"] = sum(as_int(tokens) or 0 for tokens in usage.values())
    reason = as_text(said.get("stop_reason")) or "end_turn"
    content = [_from_claude(block) for block in objects(said.get("content"))]
    return _message(content, _STOPS.get(reason, reason), usage, reply.duration_s)


def _blocks(message: JsonObject) -> Iterator[JsonObject]:
    """The content of a message as the Messages API has it."""
    marked: JsonObject | None = None
    for block in objects(message.get("content")):
        reasoning = as_object(block.get("reasoningContent"))
        if "cachePoint" in block:
            if marked is not None:
                yield marked | {"cache_control": {"type": "ephemeral"}}
                marked = None
            continue
        if marked is not None:
            yield marked
        called, result = as_object(block.get("toolUse")), as_object(block.get("toolResult"))
        if called is not None:
            named: JsonObject = {"id": called.get("toolUseId"), "name": called.get("name")}
            marked = {"type": "tool_use", "input": called.get("input")} | named
        elif result is not None:
            told: JsonObject = {"tool_use_id": result.get("toolUseId"), "content": joined_text(result.get("content"))}
            marked = {"type": "tool_result"} | told
        elif (image := as_object(block.get("image"))) is not None:
            marked = {"type": "image"} | _source(image, f"image/{image.get('format')}")
        elif (paper := as_object(block.get("document"))) is not None:
            marked = {"type": "document", "title": paper.get("name")} | _source(paper, _TYPES[str(paper.get("format"))])
        elif reasoning is None:
            marked = {"type": "text", "text": block.get("text")}
        elif "redactedContent" in reasoning:
            marked = {"type": "redacted_thinking", "data": reasoning["redactedContent"]}
        else:
            shown = as_object(reasoning.get("reasoningText")) or {}
            signed: JsonObject = {"signature": shown["signature"]} if "signature" in shown else {}
            marked = {"type": "thinking", "thinking": shown.get("text")} | signed
    if marked is not None:
        yield marked


def _source(held: JsonObject, media_type: str) -> JsonObject:
    data = as_text((as_object(held.get("source")) or {}).get("bytes")) or ""
    return {"source": {"type": "base64", "media_type": media_type, "data": data}}


def _from_claude(block: JsonObject) -> JsonObject:
    if block.get("type") == "tool_use":
        called: JsonObject = {"toolUseId": block.get("id"), "name": block.get("name"), "input": block.get("input")}
        return {"toolUse": called}
    if block.get("type") == "thinking":
        shown: JsonObject = {"text": block.get("thinking"), "signature": block.get("signature")}
        return {"reasoningContent": {"reasoningText": shown}}
    return {"text": block.get("text")}


def _of_open_model(call: ApiCall) -> tuple[JsonObject, float]:
    """What a model says whose reasoning is readable, and which has no field for a signature."""
    if call.model != OPEN_MODEL:
        raise _invalid(call, "The provided model identifier is invalid.")
    messages = objects(call.body.get("messages"))
    for message in messages:
        for block in objects(message.get("content")):
            reasoning = as_object(block.get("reasoningContent")) or {}
            if "signature" in (as_object(reasoning.get("reasoningText")) or {}):
                name = "reasoningContent.reasoningText.signature"
                text = f"This model doesn't support the {name} field. Remove {name} and try again."
                raise _invalid(call, text)
    prompt = prompt_of([joined_text(call.body.get("system")), *(joined_text(one.get("content")) for one in messages)])
    limit = as_int((as_object(call.body.get("inferenceConfig")) or {}).get("maxTokens"))
    speed = Speed(first_s=0.4, thinking_per_s=200.0, answer_per_s=200.0)
    key = (call.seed, "bedrock", call.model)
    schema = schema_of(call)
    shaped = None if schema is None else json.dumps(value_of(schema, digest("shape", prompt.text, *key)))
    answer = calls_text(call) or shaped
    turn = take_turn(prompt.text, Dial("low"), key=key, speed=speed, output_limit=limit, forced_answer=answer)
    content: list[JsonObject] = [{"reasoningContent": {"reasoningText": {"text": turn.thinking_text}}}]
    calls = () if turn.cut else function_calls(call)
    for made in calls:
        named: JsonObject = {"toolUseId": call.id("tooluse_", str(made.at), length=22), "name": made.name}
        content.append({"toolUse": named | {"input": made.arguments}})
    if turn.answer and not calls:
        content.append({"text": turn.answer})
    usage: JsonObject = {
        "inputTokens": prompt.size,
        "outputTokens": turn.output_tokens,
        "totalTokens": prompt.size + turn.output_tokens,
    }
    usual = "tool_use" if calls else "end_turn"
    return _message(content, "max_tokens" if turn.cut else usual, usage, turn.total_s)


def _message(content: list[JsonObject], reason: str, usage: JsonObject, seconds: float) -> tuple[JsonObject, float]:
    said: JsonObject = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": reason,
        "usage": usage,
        "metrics": {"latencyMs": round(seconds * 1000)},
    }
    return said, seconds


def _events(said: JsonObject, seconds: float) -> Iterator[Piece]:
    """The message as a stream sends it."""
    message = as_object((as_object(said["output"]) or {})["message"]) or {}
    fragments = [*_fragments(objects(message.get("content")))]
    pause_s = seconds / (len(fragments) + 1)
    yield _frame("messageStart", {"role": "assistant"}, pause_s)
    for name, payload in fragments:
        is_said = "text" in (as_object(payload.get("delta")) or {})
        yield _frame(name, payload, pause_s, Role.ANSWER if is_said else Role.FRAME)
    yield _frame("messageStop", {"stopReason": said["stopReason"]}, role=Role.TERMINAL)
    told: JsonObject = {"usage": said["usage"], "metrics": said["metrics"]}
    yield _frame("metadata", told, role=Role.TERMINAL)


def _fragments(content: list[JsonObject]) -> Iterator[tuple[str, JsonObject]]:
    for index, block in enumerate(content):
        if (called := as_object(block.get("toolUse"))) is not None:
            named: JsonObject = {"toolUseId": called.get("toolUseId"), "name": called.get("name")}
            yield "contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": named}}
            for piece in deltas(json.dumps(called.get("input"), ensure_ascii=False)):
                yield "contentBlockDelta", {"contentBlockIndex": index, "delta": {"toolUse": {"input": piece}}}
            yield "contentBlockStop", {"contentBlockIndex": index}
            continue
        reasoning = as_object(block.get("reasoningContent"))
        shown = as_object((reasoning or {}).get("reasoningText")) or {}
        words = as_text(block.get("text") if reasoning is None else shown.get("text")) or ""
        for piece in deltas(words):
            delta: JsonObject = {"text": piece} if reasoning is None else {"reasoningContent": {"text": piece}}
            yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}
        if "signature" in shown:
            signed: JsonObject = {"reasoningContent": {"signature": shown["signature"]}}
            yield "contentBlockDelta", {"contentBlockIndex": index, "delta": signed}
        yield "contentBlockStop", {"contentBlockIndex": index}


def _frame(name: str, payload: JsonObject, after_s: float = 0.0, role: Role = Role.FRAME) -> Piece:
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return Piece(frames.message(headers, payload), after_s, role)
