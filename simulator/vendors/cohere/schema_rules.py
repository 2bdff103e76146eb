"""What Cohere refuses of the form of an answer.

Source: https://docs.cohere.com/docs/structured-outputs. UNVERIFIED: the words, not that it is refused.
"""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import as_list, as_object, objects
from ...calls.schema_nodes import schema_nodes
from .replies import invalid

REFUSED = (
    "oneOf", "allOf", "not", "if", "then", "else", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "contains", "minProperties",
    "maxProperties", "patternProperties", "propertyNames", "prefixItems",
)  # fmt: skip


def check_format(call: ApiCall) -> None:
    """Refuse a schema that no grammar is made of."""
    format_ = as_object(call.body.get("response_format"))
    if format_ is None:
        return
    if format_.get("type") not in ("json_object", "text"):
        raise invalid(call, "invalid request: response_format.type must be one of text, json_object")
    schema = as_object(format_.get("json_schema")) or as_object(format_.get("schema"))
    if schema is None:
        return
    if schema.get("type") != "object":
        raise invalid(call, "invalid request: the top level of json_schema must be of type object")
    for node in schema_nodes(schema):
        for keyword in REFUSED:
            if keyword in node:
                raise invalid(call, f"invalid request: json_schema keyword '{keyword}' is not supported")
        if node.get("type") == "object" and not as_list(node.get("required")):
            raise invalid(call, "invalid request: json_schema objects must have at least one required field")


def check_tools(call: ApiCall) -> None:
    """Refuse a form of the answer beside tools or documents."""
    if call.body.get("response_format") is not None and (call.body.get("tools") or objects(call.body.get("documents"))):
        raise invalid(call, "response_format is not supported together with tools or documents")
