"""What `--schema` and `schema:` say -> a shape: a file, JSON Schema, or `name, age int, tags [str]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ...profiles.disk import read_bounded
from ...profiles.shapes.shape import Shape
from ...providers.errors import UsageError
from ...providers.json_values import parse_json
from .json_schema import check_asked

MOST_SCHEMA_BYTES = 2**20
_TYPES = {
    "str": "string", "string": "string", "text": "string", "int": "integer", "integer": "integer",
    "float": "number", "number": "number", "num": "number", "bool": "boolean", "boolean": "boolean",
}  # fmt: skip
_FIELD = re.compile(r"(?P<name>[^\W\d][\w-]*)(?P<optional>\?)?(?:\s+(?P<type>\S.*))?\Z")
_SHORT = re.compile(r"[^\W\d][\w-]*\??(\s+(\[?\w+\]?|[\w-]+(\|[\w-]+)+))?(\s*,.*)?\Z", re.DOTALL)
_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]+")
HINT = "a file, JSON Schema, or a short form: --schema 'name, age int, tags [str], mood good|bad, note? str'"


def shape_in(said: str, *, folder: Path | None = None) -> Shape:
    """The shape of `--schema`. A file lies in `folder`, where that is given. Raises `UsageError` for what is none."""
    words = said.strip()
    if words.startswith("{"):
        return checked(_json(words, "--schema"))
    path = Path(said) if folder is None else folder / said
    if words and _is_file(path):
        try:
            text = read_bounded(path, MOST_SCHEMA_BYTES).decode()
        except OSError as error:
            raise UsageError(f"--schema: {said[:300]} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise UsageError(f"--schema: {said[:300]} is not UTF-8 text") from None
        return checked(_json(text, said[:300]), _NO_NAME.sub("_", path.stem)[:64] or "answer")
    if not _SHORT.match(words):
        raise UsageError(f"--schema: {said[:100]!r} is no file, no JSON Schema and no short form", hint=HINT)
    return checked(short_schema(words))


def shape_of_options(schema: str | None, json_mode: bool) -> Shape:
    """The shape of `--schema` or `--json-mode`. Raises `UsageError` for what is none, and for both at once."""
    if schema is None:
        return Shape()
    if json_mode:
        raise UsageError("--schema and --json-mode: say one of them; a schema is JSON as well")
    return shape_in(schema)


def shape_of(value: object, place: str) -> Shape:
    """The shape of a value of a row, a profile or a program: JSON Schema, or the short form. Raises `UsageError`."""
    if isinstance(value, Shape):
        return value
    if isinstance(value, Mapping):
        return checked(cast("Mapping[str, Any]", value))
    if isinstance(value, str) and value.strip().startswith("{"):
        return checked(_json(value, place))
    if isinstance(value, str) and _SHORT.match(value.strip()):
        return checked(short_schema(value.strip()))
    raise UsageError(f"{place} must be JSON Schema, or a short form such as 'name, age int, tags [str]'")


def checked(schema: Mapping[str, Any], name: str = "answer") -> Shape:
    """The shape of a schema. Raises `UsageError` for what is no JSON Schema that can be judged."""
    try:
        check_asked(schema)
    except RecursionError:
        raise UsageError("the schema is nested too deeply") from None
    except UsageError as error:
        raise UsageError(error.message.replace("expect.schema", "the schema")) from None
    return Shape(schema, name)


def short_schema(words: str) -> dict[str, Any]:
    """`name, age int, tags [str]` as JSON Schema: a closed object, all keys required but those with a `?`."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for part in words.split(","):
        found = _FIELD.match(part.strip())
        if found is None:
            raise UsageError(f"--schema: {part.strip()[:60]!r} is no field of a short form", hint=HINT)
        name = found["name"]
        if name in properties:
            raise UsageError(f"--schema: {name!r} is there twice")
        properties[name] = _type_of((found["type"] or "str").strip())
        if not found["optional"]:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _type_of(word: str) -> dict[str, Any]:
    if word.startswith("[") and word.endswith("]"):
        return {"type": "array", "items": _type_of(word[1:-1].strip() or "str")}
    if "|" in word:
        return {"type": "string", "enum": list(dict.fromkeys(one.strip() for one in word.split("|")))}
    if word.lower() not in _TYPES:
        known = "str, int, float, bool, [str], or words like good|bad"
        raise UsageError(f"--schema: {word[:40]!r} is no type", hint=f"types are {known}")
    return {"type": _TYPES[word.lower()]}


def _json(text: str, place: str) -> Mapping[str, Any]:
    try:
        value = parse_json(text)
    except ValueError as error:
        raise UsageError(f"{place} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError(f"{place} is no JSON Schema: that is an object")
    return cast("dict[str, Any]", value)


def _is_file(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
