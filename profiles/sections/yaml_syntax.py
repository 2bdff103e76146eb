"""The YAML that configuration and facts are written in, parsed into nodes. It is imported where a text is new."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, ClassVar, cast

import yaml

from ...providers.errors import ConfigError
from .nodes import Node, mapping, number
from .section import Place

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

MAX_DEPTH = 64
UNSUSPICIOUS_OPENERS = 5000
"""Fewer characters than this that can open a level are not worth a look at the depth before parsing."""


def parse(text: str, file: str) -> Node:
    """The value that `text` holds, None of an empty one. Raises `ConfigError` as `read_yaml` says."""
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


def _located(loader: Any, node: Any, file: str, path: str, seen: set[int], depth: int = 0) -> Node:
    place = Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if id(node) in seen:
        raise ConfigError(f"{place}: aliases (*name) are not used here; write the value out")
    if depth > MAX_DEPTH:
        raise _too_deep(place)
    if node.tag not in _PLAIN_TAGS:
        raise ConfigError(f"{place}: tags ({node.tag}) are not used here; write plain values, in quotes if need be")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        entries: dict[str, list[Any]] = {}
        for key_node, value_node in node.value:
            key_place = Place(file, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                raise ConfigError(f"{key_place}: a key must be plain text")
            key = str(key_node.value)
            if key in entries:
                raise ConfigError(f"{key_place}: {path}{key} is given twice")
            value = _located(loader, value_node, file, f"{path}{key}.", seen, depth + 1)
            entries[key] = [value, key_place.line, key_place.column]
        return mapping(place.line, place.column, entries)
    if isinstance(node, yaml.SequenceNode):
        return [_located(loader, item, file, f"{path}{i}.", seen, depth + 1) for i, item in enumerate(node.value)]
    return _scalar(loader, node, place)


def _scalar(loader: Any, node: Any, place: Place) -> Node:
    try:
        value = loader.construct_object(node)
    except (ValueError, KeyError):
        raise ConfigError(f"{place}: {node.value[:40]!r} is not a value that this file can hold") from None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not isfinite(value):
            raise ConfigError(f"{place}: {node.value} is no number that can be sent; put it in quotes if it is a text")
        return number(value, str(node.value))
    return value
