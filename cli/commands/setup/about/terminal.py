"""What the terminal and the shell are like, for a report."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .....engine.lookups.health.observation import Finding
from .....providers.errors import did_you_mean
from ....framework.variables import PREFIX, variables
from ....output import has_colours, is_terminal, width_aside
from ....views.setup.variable_list import OTHERS

SECTION = "terminal"


def variable_findings(program: Any) -> Iterator[Finding]:
    """Variables that begin like ours and set nothing."""
    known = {one.name for one in variables(program)} | {name for name, _ in OTHERS}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = did_you_mean(name, known)
            yield Finding("configuration", name, f"sets nothing{near}", "note", "thinkdial help variables")


def terminal_findings() -> Iterator[Finding]:
    """Streams, size, colours, characters and the shell."""
    streams = {"stdin": sys.stdin, "stdout": sys.stdout, "stderr": sys.stderr}
    shown = ", ".join(
        f"{name} {'terminal' if is_terminal(stream) else 'no terminal'}" for name, stream in streams.items()
    )
    yield Finding(SECTION, "streams", shown)
    kind = ", ".join(
        f"{name}={os.environ[name]}" for name in ("TERM", "COLORTERM", "NO_COLOR", "TERM_PROGRAM") if name in os.environ
    )
    colours = "colours" if has_colours(sys.stdout) else "no colours"
    yield Finding(SECTION, "kind", f"{kind or 'TERM is not set'}; {width_aside()} columns, {colours}")
    encoding = getattr(sys.stdout, "encoding", None) or "unknown"
    is_utf8 = encoding.lower().replace("-", "") == "utf8"
    language = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "not set"
    yield Finding(
        SECTION,
        "characters",
        f"{encoding}, LANG {language}",
        "ok" if is_utf8 else "note",
        None if is_utf8 else "export PYTHONUTF8=1, or choose a UTF-8 locale",
    )
    yield Finding(SECTION, "shell", Path(os.environ.get("SHELL") or "unknown").name)
