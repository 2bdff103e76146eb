"""What the facts may cite: an address, or a package and its version. Package registries are named nowhere."""

from __future__ import annotations

import re

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
_ADDRESS = re.compile(r"https://[a-z0-9.-]+(?:/\S*)?")
_PACKAGE = re.compile(r"(?:(?:npm|crate) )?@?[a-z0-9][a-z0-9._/-]* \d+(?:\.\d+)+[a-z0-9.+-]*(?: [\w@./*{},-]+)?")


def registries(text: str) -> list[str]:
    """The package registries whose hosts a text names."""
    return _REGISTRY.findall(text)


def is_source(text: str) -> bool:
    """An https address that is no registry's, or `package version`, optionally with a path inside the package."""
    return bool(_PACKAGE.fullmatch(text) or (_ADDRESS.fullmatch(text) and not registries(text)))
