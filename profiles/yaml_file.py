"""YAML read with the place of every value, so that each complaint names file, line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..providers.errors import ConfigError
from .disk import read_bounded
from .sections.nodes import Node, is_mapping, mapping, plain
from .sections.parsed import kept_or_parsed
from .sections.section import Section

MAX_FILE_BYTES = 1024 * 1024
"""Five thousand profiles take less, and seconds to parse, once: what was parsed is kept."""


def read_yaml(text: str, file: str, *, kept_as: str | None = None) -> Section:
    """The mapping that `text` holds; an empty text is an empty one.

    What it is parsed into is kept on disk for the next time under the name `kept_as`. Raises `ConfigError` with file,
    line and column for anything that is no plain YAML mapping: aliases and tags included, which a configuration does
    not need and an attacker likes.
    """
    node = _root(text, file, kept_as)
    if node is None:
        node = mapping(1, 1, {})
    if not is_mapping(node):
        raise ConfigError(f"{file}:1:1: must be a mapping of keys to values")
    return Section(file, node)


def plain_yaml(text: str, file: str) -> Any:
    """The value that `text` holds, of any kind, as ordinary data. Raises `ConfigError` as `read_yaml` does."""
    return plain(_root(text, file, None))


def _root(text: str, file: str, kept_as: str | None) -> Node:
    if len(text) > MAX_FILE_BYTES:
        raise ConfigError(f"{file}: larger than {MAX_FILE_BYTES // 2**20} MiB")
    if kept_as is not None:
        return kept_or_parsed(text, file, kept_as)
    from .sections.yaml_syntax import parse

    return parse(text, file)


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
