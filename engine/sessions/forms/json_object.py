"""Reading JSON that strangers wrote: what is wrong is said with its place, a JSON path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from msgspec import Struct

from ....providers.schema import Json

MOST_TOKENS = 10**15
"""More tokens than this are no count."""

_WORDS: Mapping[type, str] = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


class FormError(Exception):
    """A file that is not what it should be: the place in it, and why."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class JsonObject(Struct, frozen=True):
    """An object and its place in the file. Its readers raise `FormError`; what is absent is as if it were null."""

    fields: Json
    place: str = "$"

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def at(self, name: str) -> str:
        """The place of a field."""
        return f"{self.place}.{name}"

    def bad(self, name: str, reason: str) -> FormError:
        return FormError(self.at(name), reason)

    def text(self, name: str) -> str:
        """A text that must be there."""
        value = self.text_or_none(name)
        if value is None:
            raise self.bad(name, "is missing; it must be text")
        return value

    def text_or_none(self, name: str) -> str | None:
        value = self.fields.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self.bad(name, f"must be text, not {kind_of(value)}")

    def choice(self, name: str, known: Iterable[str]) -> str:
        """One of the words in `known`."""
        value, words = self.text(name), tuple(known)
        if value not in words:
            raise self.bad(name, f"is {value[:40]!r}; it must be one of {', '.join(words)}")
        return value

    def whole(self, name: str) -> int:
        """A whole number that must be there, 0 or more."""
        value = self.whole_or_none(name)
        if value is None:
            raise self.bad(name, "is missing; it must be a whole number")
        return value

    def whole_or_none(self, name: str) -> int | None:
        value = self.fields.get(name)
        if value is None:
            return None
        if type(value) is not int:
            raise self.bad(name, f"must be a whole number, not {kind_of(value)}")
        if not 0 <= value < MOST_TOKENS:
            raise self.bad(name, "is out of range")
        return value

    def flag(self, name: str) -> bool:
        """False where it is absent."""
        value = self.fields.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.bad(name, f"must be true or false, not {kind_of(value)}")

    def date(self, name: str) -> str:
        """A date and time as ISO 8601, as it is written."""
        value = self.text(name)
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise self.bad(name, "must be a date and time, as 2026-11-30T10:00:00Z") from None
        return value

    def object(self, name: str) -> JsonObject:
        """An object, empty where it is absent."""
        value = self.fields.get(name)
        return JsonObject({}, self.at(name)) if value is None else object_at(value, self.at(name))

    def objects(self, name: str) -> list[JsonObject]:
        """A list of objects, empty where it is absent."""
        value = self.fields.get(name)
        return [] if value is None else objects_at(value, self.at(name))


def object_at(value: Any, place: str) -> JsonObject:
    """`value` as an object. Raises `FormError` for anything else."""
    if not isinstance(value, dict):
        raise FormError(place, f"must be an object, not {kind_of(value)}")
    return JsonObject(cast("Json", value), place)


def objects_at(value: Any, place: str) -> list[JsonObject]:
    """`value` as a list of objects. Raises `FormError` for anything else."""
    if not isinstance(value, list):
        raise FormError(place, f"must be a list, not {kind_of(value)}")
    return [object_at(one, f"{place}[{at}]") for at, one in enumerate(cast("list[Any]", value))]


def kind_of(value: Any) -> str:
    """What a JSON value is, in words."""
    return _WORDS.get(cast("type[object]", type(value)), "something else")
