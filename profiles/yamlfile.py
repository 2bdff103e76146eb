"""YAML read with the place of every value, so that each complaint names file, line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, cast

import yaml

from ..providers.errors import ConfigError, did_you_mean

_Base: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_UNWANTED = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")


class _Loader(_Base):
    """The safe loader with YAML 1.2's idea of plain words: `off`, `no` and dates are text, not booleans and objects."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _UNWANTED]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|True|TRUE|false|False|FALSE"), list("tTfF"))

MAX_FILE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands. `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Section:
    """A YAML mapping that knows where each key and value stands. Readers raise `ConfigError` with the place."""

    def __init__(self, place: Place, path: str, values: dict[str, tuple[Any, Place]]) -> None:
        self.place = place
        self.path = path
        self._values = values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def where(self, key: str) -> Place:
        return self._values[key][1] if key in self._values else self.place

    def bad(self, key: str, problem: str, hint: str | None = None) -> ConfigError:
        return ConfigError(f"{self.where(key)}: {self.path}{key}: {problem}", hint=hint)

    def only(self, allowed: Iterable[str]) -> None:
        """Raise for the first key that is not allowed, with the nearest that is."""
        names = list(allowed)
        for key, (_, place) in self._values.items():
            if key not in names:
                raise ConfigError(
                    f"{place}: unknown key {self.path}{key}{did_you_mean(key, names)}",
                    hint=f"allowed here: {', '.join(names)}",
                )

    def plain(self, key: str) -> Any:
        """The value as ordinary Python data."""
        return _plain(self._values[key][0]) if key in self._values else None

    def text(self, key: str) -> str | None:
        value = self.plain(key)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        raise self.bad(key, "must be text")

    def flag(self, key: str) -> bool | None:
        value = self.plain(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.bad(key, "must be true or false")

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
        value = self.plain(key)
        if value is None:
            return None
        try:
            if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                raise InvalidOperation
            amount = Decimal(str(value))
            if not amount.is_finite() or amount < 0:
                raise InvalidOperation
        except InvalidOperation:
            raise self.bad(key, "must be an amount in USD, 0 or more") from None
        return amount

    def choice(self, key: str, options: Iterable[str]) -> str | None:
        value, names = self.text(key), list(options)
        if value is not None and value not in names:
            raise self.bad(key, f"{value!r} is not known{did_you_mean(value, names)}", hint=f"use {', '.join(names)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        value = self.plain(key)
        if value is None:
            return ()
        listed: list[Any] = [value]
        if isinstance(value, list):
            listed = cast("list[Any]", value)
        if not all(isinstance(item, str) and item for item in listed):
            raise self.bad(key, "must be a list of texts")
        return tuple(str(item) for item in listed)

    def mapping(self, key: str) -> Mapping[str, Any]:
        """A mapping of native fields, taken as it is."""
        value = self.plain(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.bad(key, "must be a mapping")
        return cast("dict[str, Any]", value)

    def section(self, key: str) -> Section | None:
        if key not in self._values or self._values[key][0] is None:
            return None
        value = self._values[key][0]
        if not isinstance(value, Section):
            raise self.bad(key, "must be a mapping")
        return value

    def sections(self, key: str) -> list[Section]:
        """A list of mappings."""
        value: Any = self._values[key][0] if key in self._values else []
        found = (
            [item for item in cast("list[Any]", value) if isinstance(item, Section)] if isinstance(value, list) else []
        )
        if not isinstance(value, list) or len(found) != len(cast("list[Any]", value)):
            raise self.bad(key, "must be a list of mappings")
        return found


def read_yaml(text: str, file: str) -> Section:
    """The mapping that `text` holds; an empty text is an empty one.

    Raises `ConfigError` with file, line and column for anything that is no plain YAML mapping: aliases and tags
    included, which a configuration does not need and an attacker likes.
    """
    if len(text) > MAX_FILE_BYTES:
        raise ConfigError(f"{file}: larger than {MAX_FILE_BYTES // 2**20} MiB")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Section(Place(file, 1, 1), "", {})
        value = _located(loader, node, file, "", set())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise ConfigError(f"{place}: not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: not valid YAML: {error}") from None
    finally:
        loader.dispose()
    if not isinstance(value, Section):
        raise ConfigError(f"{file}:1:1: must be a mapping of keys to values")
    return value


def _located(loader: Any, node: Any, file: str, path: str, seen: set[int]) -> Any:
    place = Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if id(node) in seen:
        raise ConfigError(f"{place}: aliases (*name) are not used here; write the value out")
    if isinstance(node, yaml.MappingNode):
        seen.add(id(node))
        values: dict[str, tuple[Any, Place]] = {}
        for key_node, value_node in node.value:
            key_place = Place(file, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                raise ConfigError(f"{key_place}: a key must be plain text")
            key = str(key_node.value)
            if key in values:
                raise ConfigError(f"{key_place}: {path}{key} is given twice")
            values[key] = (_located(loader, value_node, file, f"{path}{key}.", seen), key_place)
        return Section(place, path, values)
    if isinstance(node, yaml.SequenceNode):
        seen.add(id(node))
        return [_located(loader, item, file, f"{path}{i}.", seen) for i, item in enumerate(node.value)]
    return loader.construct_object(node)


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return {key: value.plain(key) for key in value}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value
