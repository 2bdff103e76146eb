"""Declarations of functions in any form that people have -> tools: OpenAI's, Anthropic's, Google's, Amazon's and MCP's.

A file or a text is JSON or YAML and holds one function, a list of them, or an object with such a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from msgspec import Struct, field

from ...providers.errors import UsageError
from ...providers.json_values import items, obj, parse_json, text
from ...providers.schema import Json
from ..shapes.json_schema import check_asked

MOST_TOOLS = 128
"""Functions of one request: OpenAI takes no more."""

MOST_TOOL_BYTES = 2**20

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What OpenAI, Anthropic and Amazon take as the name of a tool, and all others as well."""

NO_PARAMETERS: Json = {"type": "object", "properties": {}}

HINT = 'a function is {"name": ..., "description": ..., "parameters": JSON Schema}, alone or in a list'

_SCHEMAS = (
    "parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema",
)  # fmt: skip
_LISTS = ("functionDeclarations", "function_declarations", "tools", "functions")
_FUNCTION_TYPES = frozenset({"function", "custom"})
_PARTS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_GOOGLE_TYPES = frozenset({"OBJECT", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "NULL"})


class Tool(Struct, frozen=True):
    """One function that the model may call.

    `parameters` is the JSON Schema of its arguments, as it was said. `strict` is whether the provider is asked to hold
    calls to it, None where nothing is said. `source` is where it was declared: a file and the place in it.
    """

    name: str
    description: str = ""
    parameters: Json = field(default_factory=lambda: dict(NO_PARAMETERS))
    strict: bool | None = None
    source: str = ""


def read_tools(written: str, where: str) -> tuple[Tool, ...]:
    """The tools that `written` declares; `where` is its file. Raises `UsageError` with the place of what is wrong."""
    if len(written) > MOST_TOOL_BYTES:
        raise UsageError(f"{where}: larger than {MOST_TOOL_BYTES // 1024:,} KiB")
    return tools_in(_decoded(written, where), where)


def tools_in(value: object, where: str) -> tuple[Tool, ...]:
    """The tools of decoded JSON or YAML. Raises `UsageError` with the place of what is wrong."""
    found = joined(_tools(value, where, "", 0))
    if not found:
        raise UsageError(f"{where}: no function is declared there", hint=HINT)
    return found


def joined(tools: Iterable[Tool]) -> tuple[Tool, ...]:
    """All of them. Raises `UsageError` where two have one name, or where there are more than `MOST_TOOLS`."""
    by_name: dict[str, Tool] = {}
    for tool in tools:
        if (other := by_name.get(tool.name)) is not None:
            raise UsageError(f"{tool.source}: the tool {tool.name!r} is declared twice, first in {other.source}")
        by_name[tool.name] = tool
        if len(by_name) > MOST_TOOLS:
            raise UsageError(f"{tool.source}: more than {MOST_TOOLS} tools, which no provider takes")
    return tuple(by_name.values())


def tool_document(tool: Tool) -> dict[str, Any]:
    """The tool as JSON; `tools_from` reads it."""
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
        "strict": tool.strict,
        "source": tool.source,
    }


def tools_from(documents: Any) -> tuple[Tool, ...]:
    """What `tool_document` wrote, one after the other; nothing for anything else."""
    return tuple(
        Tool(
            name,
            text(one.get("description")) or "",
            obj(one.get("parameters")) or dict(NO_PARAMETERS),
            one["strict"] if isinstance(one.get("strict"), bool) else None,
            text(one.get("source")) or "",
        )
        for one in items(documents)
        if (name := text(one.get("name")))
    )


def _decoded(written: str, where: str) -> Any:
    if not written.strip():
        raise UsageError(f"{where} is empty", hint=HINT)
    try:
        return parse_json(written)
    except ValueError as error:
        if written.lstrip()[0] in "[{":
            raise UsageError(f"{where} is not JSON: {error}") from None
    from ...profiles.yaml_file import plain_yaml

    return plain_yaml(written, where)


def _tools(value: object, where: str, path: str, level: int) -> Iterator[Tool]:
    """The tools of one function, of a list, or of what holds a list."""
    if level > 6:
        raise _bad(where, path, "lists of tools are not nested so deeply")
    if isinstance(value, list):
        for at, one in enumerate(cast("list[object]", value)):
            yield from _tools(one, where, f"{path}[{at}]", level + 1)
        return
    if not isinstance(value, dict):
        raise _bad(where, path, "is no function", HINT)
    held = cast("dict[str, Any]", value)
    listed = [name for name in _LISTS if isinstance(held.get(name), list) and not isinstance(held.get("name"), str)]
    if listed:
        for name in listed:
            yield from _tools(held[name], where, _below(path, name), level + 1)
        return
    for wrapper in ("function", "toolSpec", "result", "toolConfig"):
        if isinstance(held.get(wrapper), dict) and not isinstance(held.get("name"), str):
            inner = cast("dict[str, Any]", held[wrapper])
            yield from _tools(inner, where, _below(path, wrapper), level + 1)
            return
    yield _tool(held, where, path)


def _tool(held: Mapping[str, Any], where: str, path: str) -> Tool:
    kind, name = held.get("type"), held.get("name")
    if isinstance(kind, str) and kind not in _FUNCTION_TYPES:
        words = f"{kind[:60]!r} is no function: tools of the provider's own are not declared so"
        raise _bad(where, _below(path, "type"), words, HINT)
    if name is None:
        keys = ", ".join(list(map(str, held))[:4]) or "nothing"
        raise _bad(where, path, f"has no name (it holds {keys})", HINT)
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        words = f"{str(name)[:80]!r} is no name that all providers take: up to 64 letters, digits, _ and -"
        raise _bad(where, _below(path, "name"), words)
    description = held.get("description")
    if not isinstance(description, str | None):
        raise _bad(where, _below(path, "description"), "must be text")
    strict = held.get("strict")
    if not isinstance(strict, bool | None):
        raise _bad(where, _below(path, "strict"), "must be true or false")
    place = f"{where}: {path}" if path else where
    return Tool(name, description or "", _parameters(held, where, path), strict, place)


def _parameters(held: Mapping[str, Any], where: str, path: str) -> Json:
    given = [name for name in _SCHEMAS if held.get(name) is not None]
    if len(given) > 1:
        raise _bad(where, path, f"{' and '.join(given)}: say the schema of the arguments once")
    if not given:
        return NO_PARAMETERS
    at, schema = _below(path, given[0]), held[given[0]]
    if isinstance(schema, dict) and list(cast("dict[str, Any]", schema)) == ["json"]:  # Amazon's inputSchema
        at, schema = _below(at, "json"), cast("dict[str, Any]", schema)["json"]
    if not isinstance(schema, dict):
        raise _bad(where, at, "must be JSON Schema: an object")
    try:
        plain = cast("dict[str, Any]", _in_lower_case(schema))
    except RecursionError:
        raise _bad(where, at, "the schema is nested too deeply") from None
    if not plain:
        return NO_PARAMETERS
    if plain.get("type", "object") != "object":
        raise _bad(where, at, f"arguments are an object, and this has the type {str(plain['type'])[:60]!r}")
    try:
        check_asked(plain)
    except RecursionError:
        raise _bad(where, at, "the schema is nested too deeply") from None
    except UsageError as error:
        raise _bad(where, at, error.message.replace("expect.schema", "the schema")) from None
    return {"type": "object", **plain}


def _in_lower_case(node: Any) -> Any:
    """The schema with types as JSON Schema writes them, where they are Google's: `OBJECT`, `STRING`."""
    if isinstance(node, list):
        return [_in_lower_case(one) for one in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", node).items():
        if name == "type" and isinstance(value, str) and value in _GOOGLE_TYPES:
            made[name] = value.lower()
        elif name in _PARTS and isinstance(value, dict):
            made[name] = {key: _in_lower_case(one) for key, one in cast("dict[str, Any]", value).items()}
        elif name in ("enum", "const", "default", "examples", "example"):
            made[name] = value
        else:
            made[name] = _in_lower_case(value)
    return made


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _bad(where: str, path: str, words: str, hint: str | None = None) -> UsageError:
    return UsageError(f"{where}: {path}: {words}" if path else f"{where}: {words}", hint=hint)
