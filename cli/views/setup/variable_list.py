"""The variables of the environment that set options, as text."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from ...framework.variables import Variable

OTHERS = (
    ("THINKDIAL_EDITOR", "The editor of config edit and ask -e; else VISUAL, then EDITOR."),
    ("XDG_CONFIG_HOME", "On Linux: the directory above thinkdial/config.yaml; XDG_DATA_HOME that of the history."),
    ("NO_COLOR", "No colours; PAGER, COLUMNS, TERM and the proxy variables mean what they always mean."),
)


def variable_text(found: Iterable[Variable], width: int) -> str:
    """A line or two for each, and the few that set no option."""
    lines = ["What is typed goes before a variable; a flag is set by 1 or true.", ""]
    rows = [(one.name, f"{one.option}: {one.help}") for one in found]
    column = max(len(name) for name, _ in (*rows, *OTHERS)) + 2
    for name, words in (*rows, ("", ""), *OTHERS):
        first, *more = wrap(words, max(20, width - column), break_on_hyphens=False) or [""]
        lines += [f"{name.ljust(column)}{first}".rstrip(), *(" " * column + line for line in more)]
    return "\n".join(lines) + "\n"
