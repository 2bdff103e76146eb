"""What every JSON Schema of ours is made of: objects, and what types come to."""

from __future__ import annotations

from decimal import Decimal
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from thinkdial.engine.planning.fates import PieceFate, SessionPlace
from thinkdial.engine.planning.think_plan import AimReceipt, Fidelity
from thinkdial.engine.results import checked, tool_use
from thinkdial.engine.results.documents import printed_fields
from thinkdial.engine.shapes import words as shape_words
from thinkdial.engine.tools import words as tool_words
from thinkdial.providers.errors import Failure
from thinkdial.providers.turns.turn import Turn

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NOT_PRINTED = {Failure: {"param"}}
NAMES = {
    **vars(checked), **vars(shape_words), **vars(tool_use), **vars(tool_words),
    "Turn": Turn, "PieceFate": PieceFate, "SessionPlace": SessionPlace, "AimReceipt": AimReceipt, "Fidelity": Fidelity,
}  # fmt: skip


def object_schema(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    """An object of these properties and no others."""
    found: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": required} if required else found


def of_type(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of one type hint; structs go into `definitions`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        options = [of_type(option, definitions) for option in arguments]
        simple = [option["type"] for option in options if set(option) == {"type"}]
        return {"type": simple} if len(simple) == len(options) else {"anyOf": options}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": of_type(arguments[0], definitions)}
    if isinstance(hint, type) and issubclass(hint, Struct):
        return reference(hint, definitions)
    if hint is Decimal:
        return {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{6,}$"}
    simple_types = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    return {"type": simple_types.get(hint, "object")}


def reference(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}
        hints = get_type_hints(kind, localns=NAMES)
        listed = [name for name in printed_fields(kind) if name not in NOT_PRINTED.get(kind, set())]
        definitions[name] = {
            "description": " ".join((kind.__doc__ or "").split()),
            **object_schema({field: of_type(hints[field], definitions) for field in listed}, required=listed),
        }
    return {"$ref": f"#/$defs/{name}"}
