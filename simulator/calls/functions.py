"""Functions of the caller: which of them a simulated model calls, with what, and where it must not."""

from __future__ import annotations

import json

from msgspec import Struct

from ..answers.thinking import digest
from .call import ApiCall
from .fields import JsonObject, as_list, as_object, as_text, joined_text, objects
from .shapes import value_of

_RESULTS = {"functionResponse", "toolResult"}


class FunctionCall(Struct, frozen=True):
    """One call: its place among those of the answer, its name and its arguments."""

    at: int
    name: str
    arguments: JsonObject

    @property
    def written(self) -> str:
        return json.dumps(self.arguments, ensure_ascii=False)


def declared(call: ApiCall) -> dict[str, JsonObject]:
    """The functions of the request by name, each with the schema of its arguments, in whichever wire's form."""
    found: dict[str, JsonObject] = {}
    config = as_object(call.body.get("toolConfig")) or {}
    for tool in (*objects(call.body.get("tools")), *objects(config.get("tools"))):
        for one in objects(tool.get("functionDeclarations")) or [tool]:
            held = as_object(one.get("function")) or as_object(one.get("toolSpec")) or one
            name = as_text(held.get("name"))
            schema = (
                as_object(held.get("parameters"))
                or as_object(held.get("parametersJsonSchema"))
                or as_object(held.get("input_schema"))
                or as_object((as_object(held.get("inputSchema")) or {}).get("json"))
            )
            if name and (schema is not None or one.get("type") == "function" or "function" in one):
                found[name] = schema or {}
    return found


def function_calls(call: ApiCall) -> tuple[FunctionCall, ...]:
    """The calls of the answer: those that are demanded, else of functions that the last words of the user name.

    After results there is an answer, unless a call is demanded.
    """
    known = declared(call)
    if not known or call.refused or call.filtered:
        return ()
    mode, named = _choice(call)
    if mode == "none":
        return ()
    if mode == "any":
        names = [named if named in known else next(iter(known))]
    else:
        words = _last_words(call)
        names = [name for name in known if words is not None and name.lower() in words.lower()]
    return tuple(FunctionCall(at, name, _arguments(call, name, known[name])) for at, name in enumerate(names))


def calls_text(call: ApiCall) -> str | None:
    """What the calls weigh, as text; None where there are none."""
    made = function_calls(call)
    return " ".join(f"{one.name} {one.written}" for one in made) if made else None


def chat_calls(call: ApiCall, *, indexed: bool = False) -> list[JsonObject]:
    """The calls as Chat has them, `indexed` for a stream."""
    return [
        {
            **({"index": one.at} if indexed else {}),
            "id": call.id("call_", str(one.at), length=24),
            "type": "function",
            "function": {"name": one.name, "arguments": one.written},
        }
        for one in function_calls(call)
    ]


def _choice(call: ApiCall) -> tuple[str, str | None]:
    """`auto`, `none` or `any`, and the function that is demanded."""
    said = call.body.get("tool_choice")
    config = as_object((as_object(call.body.get("toolConfig")) or {}).get("functionCallingConfig"))
    if config is not None:
        allowed = as_list(config.get("allowedFunctionNames"))
        mode = (as_text(config.get("mode")) or "AUTO").lower()
        return mode if mode in ("none", "any") else "auto", as_text(allowed[0]) if allowed else None
    converse = as_object((as_object(call.body.get("toolConfig")) or {}).get("toolChoice"))
    if converse is not None:
        one = as_object(converse.get("tool"))
        return "any" if one is not None or "any" in converse else "auto", as_text((one or {}).get("name"))
    if said is None:
        said = (as_object(call.body.get("generation_config")) or {}).get("tool_choice")
    if isinstance(said, str):
        word = said.lower()
        return {"required": "any", "any": "any", "none": "none"}.get(word, "auto"), None
    held = as_object(said)
    if held is None:
        return "auto", None
    if (allowed := as_object(held.get("allowed_tools"))) is not None:
        names = as_list(allowed.get("tools"))
        return as_text(allowed.get("mode")) or "auto", as_text(names[0]) if names else None
    name = as_text(held.get("name")) or as_text((as_object(held.get("function")) or {}).get("name"))
    kind = as_text(held.get("type")) or "auto"
    return kind if kind in ("none", "any", "auto") else "any", name


def _last_words(call: ApiCall) -> str | None:
    """What the user said last; None where results of calls came last."""
    said = call.body.get("input")
    if isinstance(said, str):
        return said
    listed = objects(call.body.get("messages")) or objects(call.body.get("contents")) or objects(said)
    if not listed:
        return None
    last = listed[-1]
    blocks = objects(last.get("content")) + objects(last.get("parts"))
    is_result = any(block.get("type") == "tool_result" or block.keys() & _RESULTS for block in blocks)
    if is_result or last.get("role") == "tool" or last.get("type") in ("function_call_output", "function_result"):
        return None
    return joined_text(last.get("content")) or " ".join(as_text(part.get("text")) or "" for part in blocks)


def _arguments(call: ApiCall, name: str, schema: JsonObject) -> JsonObject:
    value = value_of(schema, digest("call", name, call.seed, call.model))
    return as_object(value) or {}
