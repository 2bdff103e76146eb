"""What is known of each form of message lists, and which one a file is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, cast, get_args

from msgspec import Struct

from ....profiles.facts import packaged
from ....profiles.sections.section import Section
from ....providers.json_values import array, items, obj
from .json_object import FormError
from .session_file import SESSION_SCHEMA

ListForm = Literal["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"]
FormName = Literal["thinkdial", "md", "openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"]

FORM_NAMES: tuple[FormName, ...] = get_args(FormName)
Side = Literal["asked", "answered", "system", "result"]

_KEYS = ("provider", "dialect", "dialects", "list", "system", "roles", "media", "marks", "sources")

_MOST_LOOKED_AT = 200
"""Messages from which a form is told."""


class FormFacts(Struct, frozen=True):
    """One form, as `exchange_forms.yaml` has it.

    `dialects` are those whose pieces it takes as they came. `list_key` holds the messages, `system_key` the system
    text where it stands beside them. `media` are types of content that a session does not hold. The last four are marks
    of the form: keys of the body, roles, types and fields of messages.
    """

    name: ListForm
    provider: str
    dialect: str
    dialects: frozenset[str]
    list_key: str
    system_key: str | None
    roles: Mapping[str, Side]
    media: frozenset[str]
    mark_keys: frozenset[str]
    mark_roles: frozenset[str]
    mark_types: frozenset[str]
    mark_fields: frozenset[str]


@cache
def form_facts(name: ListForm) -> FormFacts:
    """The facts of one form."""
    found = packaged("exchange_forms.yaml").section(name)
    if found is None:
        raise LookupError(name)
    found.only(_KEYS)
    marks = found.section("marks")
    return FormFacts(
        name=name,
        provider=found.text("provider") or "",
        dialect=found.text("dialect") or "",
        dialects=frozenset(found.texts("dialects")),
        list_key=found.text("list") or "",
        system_key=found.text("system"),
        roles=cast("Mapping[str, Side]", found.mapping("roles")),
        media=frozenset(found.texts("media")),
        mark_keys=_marks(marks, "keys"),
        mark_roles=_marks(marks, "roles"),
        mark_types=_marks(marks, "types"),
        mark_fields=_marks(marks, "fields"),
    )


def form_of_value(value: Any) -> FormName:
    """The form of a decoded file, by its keys, roles and types; plain text of two roles is a chat.

    Raises `FormError` for anything else.
    """
    body = obj(value)
    schema = body.get("schema")
    if isinstance(schema, str) and schema.startswith("thinkdial."):
        if schema == SESSION_SCHEMA:
            return "thinkdial"
        raise FormError("$.schema", f"is {schema[:60]!r}; this reads {SESSION_SCHEMA} and message lists")
    facts = [form_facts(name) for name in get_args(ListForm)]
    listed = body if body else {one.list_key: value for one in facts}
    score, best = max((_score(one, body, array(listed.get(one.list_key))), -at) for at, one in enumerate(facts))
    if score:
        return facts[-best].name
    if any("role" in message for message in items(listed.get("messages"))):
        return "openai-chat"
    raise FormError("$", "this is neither an exported session nor a list of messages that is known here")


def _marks(section: Section | None, name: str) -> frozenset[str]:
    return frozenset(section.texts(name)) if section is not None else frozenset()


def _score(facts: FormFacts, body: Mapping[str, Any], messages: list[Any]) -> int:
    """How many marks of the form there are; none where the list that it needs is not there."""
    if not messages and facts.list_key not in body:
        return 0
    found = 4 * len(facts.mark_keys & body.keys())
    for message in items(messages[:_MOST_LOOKED_AT]):
        role = message.get("role")
        found += isinstance(role, str) and role in facts.mark_roles
        found += len(facts.mark_fields & message.keys())
        found += sum(kind in facts.mark_types for kind in _types(message))
    return found


def _types(message: Mapping[str, Any]) -> Iterator[str]:
    for one in (message, *items(message.get("content"))):
        if isinstance(kind := one.get("type"), str):
            yield kind
