"""A configuration's text with one value changed: comments, order and everything else stay. Pure.

ruamel.yaml keeps what PyYAML forgets, and takes long to import: it is loaded when something is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import pairwise
from typing import Any, cast

import yaml

from ...providers.errors import ConfigError, UsageError
from ..sections.section import Section
from ..sections.yaml_syntax import node_of
from ..yaml_file import read_yaml

KeyPath = tuple[str, ...]

_KEY = re.compile(r'"(?P<quoted>[^"]+)"|(?P<plain>[^."]+)')
_STEP = 2
"""Blanks by which a file of ours is indented."""


def key_path(written: str) -> KeyPath:
    """`profiles.claude.think` as its keys; a key with a dot in it stands in quotes: `models."a/b-4.6".like`.

    Raises `UsageError` for what is no path.
    """
    keys: list[str] = []
    at = 0
    while True:
        found = _KEY.match(written, at)
        if found is None:
            break
        keys.append(found["quoted"] or found["plain"])
        at = found.end()
        if at == len(written):
            return tuple(keys)
        if written[at] != ".":
            break
        at += 1
    raise UsageError(
        f"{written!r} is no key of a configuration",
        hint='for instance defaults.think, profiles.claude.model, or models."openai/gpt-4.1".like',
    )


def path_words(path: Sequence[str]) -> str:
    """The same as text."""
    return ".".join(f'"{key}"' if "." in key else key for key in path)


def value_from(text: str) -> Any:
    """What VALUE on a command line means: a list or mapping in brackets, a number, true or false, else text."""
    from ruamel.yaml import YAMLError

    try:
        value: Any = _yaml("").load(text)
    except YAMLError:
        return text
    is_nested = isinstance(cast("object", value), dict | list)
    return text if value is None or (is_nested and text.lstrip()[:1] not in ("[", "{")) else value


def with_value(text: str, path: KeyPath, value: Any) -> str:
    """`text` with `value` at `path`; mappings on the way are made. Raises `ConfigError` where one cannot be."""
    root = _loaded(text)
    place: Any = root
    for at, key in enumerate(path[:-1]):
        if place.get(key) is None:
            place[key] = _commented_map()
        place = place[key]
        if not _is_mapping(place):
            raise ConfigError(f"{path_words(path[: at + 1])} is a value, and holds no {path[at + 1]}")
    old: Any = place.get(path[-1])
    if _is_mapping(old) and _is_mapping(value):
        _laid_over(old, value)
    else:
        place[path[-1]] = value
    return _dumped(text, root)


def without_value(text: str, path: KeyPath) -> str:
    """`text` without what stands at `path`, and without mappings that become empty. Raises `KeyError`."""
    node = node_of(text)
    way: list[tuple[Any, Any, Any]] = []
    for key in path:
        pair = next((pair for pair in _pairs(node) if pair[0].value == key), None)
        if pair is None:
            raise KeyError(key)
        way.append((node, *pair))
        node = pair[1]
    while len(way) > 1 and len(way[-1][0].value) == 1:
        way.pop()
    parent, first, last = way[-1]
    if parent.flow_style:
        root = _loaded(text)
        place = root
        for _, key, _ in way[:-1]:
            place = place[key.value]
        del place[first.value]
        return _dumped(text, root)
    lines = text.splitlines(keepends=True)
    return "".join([*lines[: first.start_mark.line], *lines[last_line(last) + 1 :]])


def last_line(node: Any) -> int:
    """The line, from 0, on which the last value in a node of PyYAML ends; comments after it are none of it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return last_line(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return last_line(node.value[-1])
    mark = node.end_mark
    ended_before = mark.column == 0 and mark.line > node.start_mark.line
    return mark.line - 1 if ended_before else mark.line


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def as_block(value: Any) -> str:
    """A value by itself, as YAML."""
    out = StringIO()
    _yaml("").dump(value, out)
    return out.getvalue().removesuffix("...\n")


def read_block(text: str) -> Any:
    """What `as_block` wrote, or any YAML, with the forms of its values."""
    return _yaml("").load(text)


def leaves(section: Section, above: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value of a configuration that is no mapping, with its path."""
    for key in section:
        below = section.section(key) if isinstance(section.plain(key), dict) else None
        if below is not None:
            yield from leaves(below, (*above, key))
        else:
            yield (*above, key), section.plain(key)


def _laid_over(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Make one mapping say what the other does, keeping what they share and the comments of it."""
    for key in [key for key in old if key not in new]:
        del old[key]
    for key, value in new.items():
        old[key] = value


def _loaded(text: str) -> Any:
    read_yaml(text, "the configuration")
    root = _yaml(text).load(text)
    if root is not None:
        return root
    made = _commented_map()
    if text.strip():
        made.yaml_set_start_comment(
            "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.strip().splitlines())
        )
    return made


def _dumped(before: str, root: Any) -> str:
    out = StringIO()
    _yaml(before).dump(root, out)
    text = out.getvalue()
    return "" if text.strip() == "{}" else text


def _yaml(like: str) -> Any:
    """A reader and writer that indents as `like` does."""
    from ruamel.yaml import YAML

    writer: Any = YAML()
    writer.preserve_quotes = True
    writer.allow_unicode = True
    writer.width = 10**6
    step, dash = _steps(like)
    writer.indent(mapping=step, sequence=dash + 2, offset=dash)
    return writer


def _commented_map() -> Any:
    from ruamel.yaml.comments import CommentedMap

    return CommentedMap()


def _steps(text: str) -> tuple[int, int]:
    """Blanks by which mappings and the dashes of lists are indented below their key."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    step, dash = _STEP, _STEP
    found_step = found_dash = False
    for above, line in pairwise(lines):
        deeper = _blanks(line) - _blanks(above)
        opens = above.rstrip().endswith(":") or re.search(r":\s+#.*$", above) is not None
        if not opens:
            continue
        if line.lstrip().startswith("- "):
            if not found_dash and deeper >= 0:
                dash, found_dash = deeper, True
        elif deeper > 0 and not found_step:
            step, found_step = deeper, True
    return step, dash


def _blanks(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict)
