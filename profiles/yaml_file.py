"""YAML read with the place of every value, so that each complaint names file, line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar, cast

import yaml
from msgspec import Struct

from ..providers.errors import ConfigError, did_you_mean
from .disk import read_bounded

_Base: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_UNWANTED = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")


class _Loader(_Base):
    """The safe loader with YAML 1.2's idea of plain words: `off`, `no` and dates are text, not booleans and objects."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _UNWANTED]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)

_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map"))

MAX_FILE_BYTES = 256 * 1024
"""A thousand profiles take less; a megabyte takes seconds to read."""

MAX_DEPTH = 64
UNSUSPICIOUS_OPENERS = 5000
"""Fewer characters than this that can open a level are not worth a look at the depth before parsing."""


class Place(Struct, frozen=True):
    """Where a value stands. `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class _Number(Struct, frozen=True):
    """A number and how it was written: `4.10` is a fine name for a model, and a price is exact."""

    value: int | float
    written: str


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

    def check_name(self, name: str) -> None:
        """Raise for a key that cannot name a profile, a provider or a group."""
        if not name or any(c in "@,/" or c.isspace() or not c.isprintable() for c in name):
            raise self.bad(name, "a name must not be empty or hold '@', ',', '/' or white space")

    def plain(self, key: str) -> Any:
        """The value as ordinary Python data."""
        return _plain(self._raw(key))

    def _raw(self, key: str) -> Any:
        return self._values[key][0] if key in self._values else None

    def text(self, key: str) -> str | None:
        value = self._raw(key)
        if value is None:
            return None
        written = _text(value)
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
        value = self._raw(key)
        if value is None:
            return None
        try:
            amount = Decimal(_text(value) or "nothing")
        except InvalidOperation:
            amount = Decimal("nan")
        if not amount.is_finite() or amount < 0 or not -30 <= amount.adjusted() <= 9:
            raise self.bad(key, "must be an amount in USD, 0 or more")
        return amount

    def choice(self, key: str, options: Iterable[str]) -> str | None:
        value, names = self.text(key), list(options)
        if value is not None and value not in names:
            raise self.bad(key, f"{value!r} is not known{did_you_mean(value, names)}", hint=f"use {', '.join(names)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        value = self._raw(key)
        if value is None:
            return ()
        written = [_text(item) for item in (cast("list[Any]", value) if isinstance(value, list) else [value])]
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
    value = _root(text, file)
    if value is None:
        return Section(Place(file, 1, 1), "", {})
    if not isinstance(value, Section):
        raise ConfigError(f"{file}:1:1: must be a mapping of keys to values")
    return value


def plain_yaml(text: str, file: str) -> Any:
    """The value that `text` holds, of any kind, as ordinary data. Raises `ConfigError` as `read_yaml` does."""
    return _plain(_root(text, file))


def _root(text: str, file: str) -> Any:
    if len(text) > MAX_FILE_BYTES:
        raise ConfigError(f"{file}: larger than {MAX_FILE_BYTES // 1024} KiB")
    if sum(text.count(opener) for opener in "[{-?") > UNSUSPICIOUS_OPENERS:
        _check_depth(text, file)
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            return None if node is None else _located(loader, node, file, "", set())
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _not_yaml(error, text, file) from None


def read_text(path: Path) -> str:
    """The text of a configuration file. Raises `ConfigError` when it cannot be read as UTF-8."""
    try:
        content = read_bounded(path, MAX_FILE_BYTES)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ConfigError(f"{path}:{line}:{column}: is not UTF-8 text") from None


def node_of(text: str) -> Any:
    """The root node of `text`, with the places of everything in it; None of an empty one. Raises `YAMLError`."""
    return yaml.compose(text, Loader=_Loader)


def _not_yaml(error: yaml.YAMLError, text: str, file: str) -> ConfigError:
    mark = error.problem_mark or error.context_mark if isinstance(error, yaml.MarkedYAMLError) else None
    if mark:
        problem = cast("yaml.MarkedYAMLError", error).problem or cast("yaml.MarkedYAMLError", error).context
        return ConfigError(f"{file}:{mark.line + 1}:{mark.column + 1}: not valid YAML: {problem}")
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return ConfigError(f"{file}:{line}:{column}: not valid YAML: {error.reason}")
    return ConfigError(f"{file}: not valid YAML: {error}")


def _check_depth(text: str, file: str) -> None:
    """Refuse what nests so deep that the C parser would overflow its stack, and with it end the program."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            mark = event.start_mark
            if depth > MAX_DEPTH and mark:
                raise _too_deep(Place(file, mark.line + 1, mark.column + 1))
    except yaml.YAMLError as error:
        raise _not_yaml(error, text, file) from None


def _too_deep(place: Place) -> ConfigError:
    return ConfigError(f"{place}: nested deeper than {MAX_DEPTH} levels")


def _located(loader: Any, node: Any, file: str, path: str, seen: set[int], depth: int = 0) -> Any:
    place = Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if id(node) in seen:
        raise ConfigError(f"{place}: aliases (*name) are not used here; write the value out")
    if depth > MAX_DEPTH:
        raise _too_deep(place)
    if node.tag not in _PLAIN_TAGS:
        raise ConfigError(f"{place}: tags ({node.tag}) are not used here; write plain values, in quotes if need be")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        values: dict[str, tuple[Any, Place]] = {}
        for key_node, value_node in node.value:
            key_place = Place(file, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                raise ConfigError(f"{key_place}: a key must be plain text")
            key = str(key_node.value)
            if key in values:
                raise ConfigError(f"{key_place}: {path}{key} is given twice")
            values[key] = (_located(loader, value_node, file, f"{path}{key}.", seen, depth + 1), key_place)
        return Section(place, path, values)
    if isinstance(node, yaml.SequenceNode):
        return [_located(loader, item, file, f"{path}{i}.", seen, depth + 1) for i, item in enumerate(node.value)]
    return _scalar(loader, node, place)


def _scalar(loader: Any, node: Any, place: Place) -> Any:
    try:
        value = loader.construct_object(node)
    except (ValueError, KeyError):
        raise ConfigError(f"{place}: {node.value[:40]!r} is not a value that this file can hold") from None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not isfinite(value):
            raise ConfigError(f"{place}: {node.value} is no number that can be sent; put it in quotes if it is a text")
        return _Number(value, str(node.value))
    return value


def _text(value: Any) -> str | None:
    """The text that a scalar was written as; None for anything that is no text and no number."""
    if isinstance(value, _Number):
        return value.written
    return value if isinstance(value, str) else None


def _plain(value: Any) -> Any:
    if isinstance(value, _Number):
        return value.value
    if isinstance(value, Section):
        return {key: value.plain(key) for key in value}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value
