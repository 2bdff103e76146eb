"""Whether results belong to an input that lies somewhere else by now: a batch is known by its rows, not by its path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from ...providers.errors import ThinkdialError
from .caller import RowCaller, caller_maker
from .rows.rows import Row
from .rows.source import open_source, rows_of

if TYPE_CHECKING:
    from ...profiles.config import Config
    from .options import BatchOptions
    from .output.works import State, Work

MOST_ROWS = 10_000
"""How many rows are looked at. Those that were asked first come first."""


def holds_rows(options: BatchOptions, config: Config, names: Sequence[str], state: Callable[[Work], State]) -> bool:
    """Whether `state` knows a result of a row of this input, asked as it would be asked now.

    The input is read once more for it, so that of a stream it is not known.
    """
    callers: dict[str, RowCaller | None] = {}
    make = caller_maker(config, options.calls, "", system=options.system)

    def caller(name: str) -> RowCaller | None:
        if name not in callers:
            try:
                callers[name] = make(name)
            except ThinkdialError:
                callers[name] = None
        return callers[name]

    if options.source_name == "-":
        return False
    try:
        with open_source(options.source) as source:
            if source.is_live:
                return False
            for row in islice(rows_of(source, options, config), MOST_ROWS):
                if not isinstance(row, Row):
                    continue
                for name in row.profiles or names:
                    found = caller(name)
                    if found is not None and any(state(work) in ("done", "failed") for _, work in found.works(row)):
                        return True
    except ThinkdialError:
        return False
    return False
