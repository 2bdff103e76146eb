"""What our modules are parsed into, and what the facts may cite: an address, or a package and its version.

Package registries are named nowhere.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("pypi", "python", "org"), ("python" + "hosted", "org"), ("anaconda", "org"),
        ("npmjs", "com"), ("npmjs", "org"), ("yarnpkg", "com"), ("unpkg", "com"), ("jsdelivr", "net"),
        ("crates", "io"), ("docs", "rs"), ("rubygems", "org"), ("proxy", "golang", "org"), ("pkg", "go", "dev"),
        ("deb", "debian", "org"), ("security", "debian", "org"), ("archive", "ubuntu", "com"),
        ("docker", "io"), ("docker", "com"), ("ghcr", "io"), ("quay", "io"),
    )
)  # fmt: skip
"""Hosts that serve packages, put together from parts so that this file names none."""

_REGISTRY = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, REGISTRIES))})(?![\w-])", re.IGNORECASE)
_IMPORT = re.compile(r"^[ \t]*(?:import [^\n]+|from [.\w]+ import (?:\([^)]*\)|[^\n(]+))", re.MULTILINE)
_ADDRESS = re.compile(r"https://[a-z0-9.-]+(?:/\S*)?")
_PACKAGE = re.compile(r"(?:(?:npm|crate) )?@?[a-z0-9][a-z0-9._/-]* \d+(?:\.\d+)+[a-z0-9.+-]*(?: [\w@./*{},-]+)?")


def registries(text: str) -> list[str]:
    """The package registries whose hosts a text names."""
    lowered = text.lower()
    return _REGISTRY.findall(text) if any(host in lowered for host in REGISTRIES) else []


def is_source(text: str) -> bool:
    """An https address that is no registry's, or `package version`, optionally with a path inside the package."""
    return bool(_PACKAGE.fullmatch(text) or (_ADDRESS.fullmatch(text) and not registries(text)))


@cache
def tree(path: Path) -> ast.Module:
    """What a module of ours is parsed into, once for all that look at it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """The import statements anywhere in a module: lines that begin like one. Whole modules take seconds to parse."""
    return tuple(_imports(path.read_text(encoding="utf-8")))


def _imports(text: str) -> Iterator[ast.Import | ast.ImportFrom]:
    for found in _IMPORT.finditer(text):
        try:
            (node,) = ast.parse(found[0].strip()).body
        except SyntaxError:
            continue  # words of a text
        assert isinstance(node, ast.Import | ast.ImportFrom)
        yield node
