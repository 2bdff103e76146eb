"""A mapping of a YAML file, read key by key: each complaint names file, line and column."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from msgspec import Struct

from ...providers.errors import ConfigError, did_you_mean
from .nodes import Node, is_mapping, plain, text_of

_NO_NAME = re.compile(r"[@,/\s]")


class Place(Struct, frozen=True):
    """Where a value stands. `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Section:
    """A YAML mapping that knows where each key and value stands. Readers raise `ConfigError` with the place."""

    def __init__(self, file: str, node: Node, path: str = "") -> None:
        self.place = Place(file, *node["at"])
        self.path = path
        self._entries: dict[str, list[Any]] = node["of"]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def where(self, key: str) -> Place:
        """Where `key` stands; where it does not, the whole."""
        return Place(self.place.file, *self._entries[key][1:]) if key in self._entries else self.place

    def bad(self, key: str, problem: str, hint: str | None = None) -> ConfigError:
        return ConfigError(f"{self.where(key)}: {self.path}{key}: {problem}", hint=hint)

    def only(self, allowed: Collection[str]) -> None:
        """Raise for the first key that is not allowed, with the nearest that is."""
        for key in self._entries:
            if key not in allowed:
                raise ConfigError(
                    f"{self.where(key)}: unknown key {self.path}{key}{did_you_mean(key, allowed)}",
                    hint=f"allowed here: {', '.join(allowed)}",
                )

    def check_name(self, name: str) -> None:
        """Raise for a key that cannot name a profile, a provider or a group."""
        if not name or not name.isprintable() or _NO_NAME.search(name):
            raise self.bad(name, "a name must not be empty or hold '@', ',', '/' or white space")

    def plain(self, key: str) -> Any:
        """The value as ordinary Python data."""
        return plain(self._raw(key))

    def _raw(self, key: str) -> Node:
        return self._entries[key][0] if key in self._entries else None

    def text(self, key: str) -> str | None:
        value = self._raw(key)
        if value is None:
            return None
        written = text_of(value)
        if written is None:
            raise self.bad(key, "must be text")
        return written

    def flag(self, key: str) -> bool | None:
        value = self.plain(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.bad(key, "must be true or false")

    def switch(self, key: str) -> bool | None:
        """`on` or `off`, or the booleans that YAML 1.1 made of them."""
        value = self.plain(key)
        if value is None or isinstance(value, bool):
            return value
        if value not in ("on", "off"):
            raise self.bad(key, "must be on or off")
        return value == "on"

    def whole(self, key: str, *, least: int = 0, most: int = 10**9) -> int | None:
        value = self.plain(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.bad(key, f"must be a whole number from {least} to {most}")
        return value

    def seconds(self, key: str) -> float | None:
        value = self.plain(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1e6:
            raise self.bad(key, "must be a number of seconds above 0")
        return float(value)

    def dollars(self, key: str) -> Decimal | None:
        """An exact amount: the digits as they are written, never through a float."""
        if (value := self._raw(key)) is None:
            return None
        try:
            amount = Decimal(text_of(value) or "nothing")
        except InvalidOperation:
            amount = Decimal("nan")
        if not amount.is_finite() or amount < 0 or not -30 <= amount.adjusted() <= 9:
            raise self.bad(key, "must be an amount in USD, 0 or more")
        return amount

    def choice(self, key: str, options: Collection[str]) -> str | None:
        value = self.text(key)
        if value is not None and value not in options:
            told = f"{value!r} is not known{did_you_mean(value, options)}"
            raise self.bad(key, told, hint=f"use {', '.join(options)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        value = self._raw(key)
        if value is None:
            return ()
        written = [text_of(item) for item in (cast("list[Any]", value) if isinstance(value, list) else [value])]
        if not all(written):
            raise self.bad(key, "must be a list of texts")
        return tuple(str(item) for item in written)

    def mapping(self, key: str) -> Mapping[str, Any]:
        """A mapping of native fields, taken as it is."""
        value = self.plain(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.bad(key, "must be a mapping")
        return cast("dict[str, Any]", value)

    def section(self, key: str) -> Section | None:
        node = self._raw(key)
        if node is None:
            return None
        if not is_mapping(node):
            raise self.bad(key, "must be a mapping")
        return Section(self.place.file, node, f"{self.path}{key}.")

    def sections(self, key: str) -> list[Section]:
        """A list of mappings."""
        node: Node = self._raw(key) if key in self else []
        nodes = cast("list[Node]", node)
        if not isinstance(node, list) or not all(map(is_mapping, nodes)):
            raise self.bad(key, "must be a list of mappings")
        return [Section(self.place.file, node, f"{self.path}{key}.{i}.") for i, node in enumerate(nodes)]
