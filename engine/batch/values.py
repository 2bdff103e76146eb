"""A batch as values, for a program: rows that it makes, results that it takes, and what became of them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from ...providers.errors import Failure, ThinkdialError, UsageError
from ..results.result import Result
from .end import BatchEnd, BatchOutcome
from .output.group_summary import BatchSummary
from .progress import Running
from .rows.rows import BadRow, Row
from .storage.address import is_address

if TYPE_CHECKING:
    from ..runs.forecasts import Note
    from .options import BatchOptions, Source

Rows = str | Path | Iterable[str | Mapping[str, Any]]
"""A file of rows (JSONL, CSV or lines), or the rows: prompts, and mappings with the fields of a JSONL row."""


class RowResult(Result, Struct, frozen=True, kw_only=True):
    """A result, and the row that it answers: its id, and those of its fields that mean nothing to us."""

    row_id: str
    row: Mapping[str, Any]


OnResult = Callable[[RowResult], None]


class BatchRun(Struct, frozen=True):
    """What became of a batch.

    `results` are in the order of the rows, and for each row in that of profiles and think values. With an `output`
    they are there, and here are only those that could not be written to it, which `output_problem` says.

    `summary` counts all that the output holds, also from earlier runs; `rows` and `bad_rows` are those of this one.
    `outcome` is how it went as a whole, `finished` whether nothing is left to do: `written` results of the `expected`
    ones are there, and `missing` are not (`Ended` says when they are None). `cost_limit` is what a budget said
    that has stopped it; `given_up` has the profiles that cannot be called, or no longer, and why.
    """

    outcome: BatchOutcome
    finished: bool
    expected: int | None
    written: int
    missing: int | None
    rows: int
    bad_rows: tuple[BadRow, ...]
    results: tuple[RowResult, ...]
    summary: BatchSummary
    output: Path | None = None
    output_problem: ThinkdialError | None = None
    cost_limit: Failure | None = None
    given_up: Mapping[str, Failure] = field(default_factory=dict[str, Failure])


def row_source(rows: Rows) -> tuple[Source, str | None]:
    """Where rows are read from, and in which form they are, where that is known. Raises `UsageError`."""
    if isinstance(rows, str | Path):
        return str(rows) if is_address(str(rows)) else Path(rows), None
    if isinstance(rows, bytes | Mapping) or not isinstance(rows, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance] not all callers are checked
        raise UsageError("rows are the path of a file, or several rows", hint="put a single one into a list")
    return RowLines(rows), "jsonl"


class RowLines:
    """Rows of a program as lines of JSON. `problems` has, by its number, why a row is none."""

    def __init__(self, rows: Iterable[str | Mapping[str, Any]]) -> None:
        self._rows = rows
        self.problems: dict[int, str] = {}

    def __iter__(self) -> Iterator[bytes]:
        for number, row in enumerate(self._rows, 1):
            try:
                line = json.dumps(dict(row) if isinstance(row, Mapping) else row, allow_nan=False)
            except (TypeError, ValueError, RecursionError) as error:
                self.problems[number] = f"holds what JSON does not know: {error}"
                line = "null"
            yield line.encode() + b"\n"


class ValueWatcher:
    """Hears of a batch, and makes values of it (a `BatchWatcher` and a `Listener`)."""

    def __init__(self, options: BatchOptions, names: Sequence[str], note: Note, on_result: OnResult | None) -> None:
        self._options, self._note, self._on_result = options, note, on_result
        self._places = {name: place for place, name in reversed(list(enumerate(names)))}
        self._thinks = {str(think): place for place, think in enumerate(options.calls.sweep)}
        self._results: list[tuple[tuple[int, int, int, int], RowResult]] = []
        self._bad_rows: list[BadRow] = []

    def result(self, result: Result, row: Row, *, is_written: bool) -> None:
        made = _of_row(result, row)
        if self._options.output_name is None or not is_written:
            self._results.append((self._place(row, made), made))
        if self._on_result is not None:
            self._on_result(made)

    def bad_row(self, bad: BadRow) -> None:
        source = self._options.source
        why = source.problems.get(bad.line) if isinstance(source, RowLines) else None
        self._bad_rows.append(bad if why is None else replace(bad, problem=f"line {bad.line}: {why}"))

    def trouble(self, words: str) -> None:
        self._note(words)

    @contextmanager
    def watching(self, batch: Running) -> Generator[None]:
        yield

    def info(self, words: str, *, important: bool = False) -> None:
        self._note(words)

    def note(self, words: str, *, important: bool = False) -> None:
        self._note(words)

    def interrupted(self) -> None:
        pass

    def lost(self, lines: Sequence[bytes]) -> None:
        """They are among the results."""

    def batch_run(self, end: BatchEnd) -> BatchRun:
        """What became of it."""
        ended = end.ended
        return BatchRun(
            outcome=end.outcome,
            finished=ended.finished,
            expected=ended.expected,
            written=ended.written,
            missing=ended.missing,
            rows=ended.rows,
            bad_rows=tuple(self._bad_rows),
            results=tuple(result for _, result in sorted(self._results, key=lambda entry: entry[0])),
            summary=end.tally.summary(),
            output=self._options.output,
            output_problem=ended.output_problem,
            cost_limit=ended.budget,
            given_up=dict(ended.broken),
        )

    def _place(self, row: Row, result: RowResult) -> tuple[int, int, int, int]:
        """Where `result` belongs: by its row, then by its profile, its think value and its number among samples."""
        think = result.think.requested
        names = (f"{result.profile}@{think}", result.profile)
        places = {name: place for place, name in reversed(list(enumerate(row.profiles)))} or self._places
        profile = min((places[name] for name in names if name in places), default=len(places))
        return row.number, profile, self._thinks.get(think, len(self._thinks)), result.repeat or 1


def _of_row(result: Result, row: Row) -> RowResult:
    values = asdict(result)
    return RowResult(**values, row_id=row.id, row=dict(row.extra))
