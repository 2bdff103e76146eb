"""The program itself: its version, what it runs on, and what other packages bring."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ....providers.version import VERSION
from ..plugins import plugins
from .observation import Finding, shown_path

NEEDED = (
    "typer", "rich", "httpx2", "httpcore2", "aiohttp", "h11", "pyyaml", "ruamel.yaml", "jinja2", "markdown-it-py",
    "jsonschema", "regex", "platformdirs", "orjson", "msgspec", "prompt-toolkit", "genai-prices",
)  # fmt: skip
EXTRAS = ("keyring", "botocore", "ray", "textual")
"""Packages of extras, which may be missing."""

OLDEST_PYTHON = (3, 11)


def program_findings() -> Iterator[Finding]:
    """Version, Python, system, libraries, extras and plugins."""
    section = "program"
    yield Finding(section, "thinkdial", f"{VERSION} in {shown_path(Path(__file__).resolve().parents[3])}")
    python = f"{platform.python_implementation()} {platform.python_version()} ({shown_path(sys.executable)})"
    is_old = sys.version_info[:2] < OLDEST_PYTHON
    yield Finding(section, "Python", python, "problem" if is_old else "ok", "Python 3.11 is needed" if is_old else None)
    yield Finding(section, "system", f"{platform.system()} {platform.release()} {platform.machine()}")
    yield Finding(section, "libraries", ", ".join(f"{name} {found}" for name in NEEDED if (found := _version(name))))
    missing = [name for name in NEEDED if _version(name) is None]
    if missing:
        yield Finding(section, "missing", ", ".join(missing), "problem", "install thinkdial again")
    extras = [f"{name} {_version(name) or '(not installed)'}" for name in EXTRAS]
    yield Finding(section, "extras", ", ".join(extras))
    for one in plugins():
        what = f"{one.kind} {one.name} of {one.package or 'a package without a name'} {one.version or ''}".rstrip()
        if one.problem is None:
            yield Finding(section, "plugin", what)
        else:
            yield Finding(section, "plugin", f"{what}: cannot be loaded", "problem", "thinkdial plugins list says why")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
