"""The program itself: its version, what it runs on, and what other packages bring."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from ....providers.version import VERSION
from ..plugins import plugins
from .observation import Finding, shown_path

PACKAGE = "thinkdial"
ONLY_FOR_US = ("dev",)
"""Extras that no user needs."""

OLDEST_PYTHON = (3, 11)


def program_findings() -> Iterator[Finding]:
    """Version, Python, system, libraries, extras and plugins."""
    section = "program"
    yield Finding(section, "thinkdial", f"{VERSION} in {shown_path(Path(__file__).resolve().parents[3])}")
    python = f"{platform.python_implementation()} {platform.python_version()} ({shown_path(sys.executable)})"
    is_old = sys.version_info[:2] < OLDEST_PYTHON
    yield Finding(section, "Python", python, "problem" if is_old else "ok", "Python 3.11 is needed" if is_old else None)
    yield Finding(section, "system", f"{platform.system()} {platform.release()} {platform.machine()}")
    needed, more = required()
    yield Finding(section, "libraries", ", ".join(f"{name} {found}" for name in needed if (found := _version(name))))
    missing = [name for name in needed if _version(name) is None]
    if missing:
        yield Finding(section, "missing", ", ".join(missing), "problem", "install thinkdial again")
    extras = [f"{name} {_version(name) or '(not installed)'}" for name in more]
    yield Finding(section, "extras", ", ".join(extras))
    for one in plugins():
        what = f"{one.kind} {one.name} of {one.package or 'a package without a name'} {one.version or ''}".rstrip()
        if one.problem is None:
            yield Finding(section, "plugin", what)
        else:
            yield Finding(section, "plugin", f"{what}: cannot be loaded", "problem", "thinkdial plugins list says why")


def required() -> tuple[list[str], list[str]]:
    """The libraries that the installed package says it needs here, and those of its extras."""
    needed, more = list[str](), list[str]()
    try:
        listed = requires(PACKAGE) or []
    except PackageNotFoundError:
        listed = []
    for line in listed:
        requirement, _, marker = line.partition(";")
        name = re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]
        extra = re.search(r"extra == ['\"](?P<name>[\w-]+)", marker)
        if extra is None:
            if not (sys.platform == "win32" and "win32" in marker):
                needed.append(name)
        elif extra["name"] not in ONLY_FOR_US:
            more.append(name)
    return needed, more


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
