"""The list of stored runs: laid out for a terminal, and every cell in full for what is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....engine.history.search.run_rows import RunRow
from ....providers.untrusted import one_line
from ..grid import Column, cells
from ..name_list import UNFOLDED, NameList
from ..numbers import seconds
from .run_words import cost_words, first_names, status_words, think_words_of, when_words

if TYPE_CHECKING:
    from rich.console import RenderableType


def history_view(rows: Sequence[RunRow], width: int) -> RenderableType:
    """Return the rows as they come, for `width` columns."""
    if width >= UNFOLDED:
        return _whole(rows)
    from .run_table import run_table

    return run_table(rows, width)


def _whole(rows: Sequence[RunRow]) -> NameList:
    """Every cell in full, for what is no terminal."""
    columns = {
        "run": [str(row.number) for row in rows],
        "when (UTC)": list(map(when_words, rows)),
        "command": [one_line(row.command, 12) for row in rows],
        "prompt": [one_line(row.prompt) for row in rows],
        "profiles": [first_names(row.profiles, whole=True) for row in rows],
        "think": [think_words_of(row, whole=True) for row in rows],
        "status": [status_words(row).plain for row in rows],
        "cost": [cost_words(row).plain for row in rows],
        "time": [seconds(row.total_s) for row in rows],
    }
    return NameList([Column(head, "left", cells(texts)) for head, texts in columns.items()])
