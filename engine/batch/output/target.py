"""Where the lines of a batch go, and in which form they are written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from ....providers.errors import ConfigError, UsageError, did_you_mean
from ....providers.untrusted import harmless_json
from ...results.forms import form_of
from ..storage.memory import Hear
from .csv_lines import HEADS, csv_line, csv_result_line, read_cells
from .document import Encode, json_line, output_line
from .output_file import OUTPUT_FORMS, Form, OutputFile
from .outputs import Pipe
from .records import line_of_cells
from .works import State, Work

HEAD: Mapping[Form, bytes] = {"jsonl": b"", "csv": line_of_cells(HEADS[0])}
"""What comes before the first line."""


class LineTaker(Struct, frozen=True):
    """Gives each line to a program."""

    take: Callable[[bytes], None]

    def add(self, work: Work, line: bytes, *, failed: bool) -> None:
        self.take(line)


def form_for(given: str | None, path: Path | None) -> Form | None:
    """The form of lines: as asked, else as the name of their file tells, else JSONL. None for one that is none."""
    if given is None:
        return form_of(path, OUTPUT_FORMS) or "jsonl"
    return next((form for form in OUTPUT_FORMS if form == given), None)


def output_form(given: str | None, path: Path | None) -> Form:
    """The same for the results of a batch. Raises `UsageError`."""
    form = form_for(given, path)
    if given == "parquet":
        raise UsageError(
            "--format parquet: Parquet cannot be written line by line", hint="name a place: -o DIR.parquet"
        )
    if form is None:
        near = did_you_mean(given or "", OUTPUT_FORMS)
        raise UsageError(
            f"--format {given}: a batch writes jsonl or csv{near}", hint="--summary FILE.html has the totals"
        )
    return form


def output_file(
    path: Path,
    form: Form,
    batch_id: str,
    is_same: Callable[[Callable[[Work], State]], bool] = lambda _: False,
    hear: Hear | None = None,
) -> OutputFile:
    """The file of a batch's results, opened (`OutputFile`). Raises `ConfigError`."""
    return OutputFile(path, form, batch_id, HEADS, read_cells, is_same, hear)


def opened_device(path: Path) -> int:
    """A descriptor of what was named as the output and is no regular file. Raises `ConfigError`."""
    try:
        return os.open(path, os.O_WRONLY)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None


def begun_pipe(descriptor: int, form: Form) -> Pipe:
    """A pipe that has its head. Raises `BrokenPipeError`, and `ConfigError` where it cannot be written."""
    pipe = Pipe(descriptor)
    try:
        pipe.write(HEAD[form])
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ConfigError(f"the output cannot be written: {error.strerror}") from None
    return pipe


def result_encoder(form: Form, *, columns: Sequence[str] = HEADS[0], for_screens: bool = False) -> Encode:
    """What makes a line of a result. `for_screens`: where people may look at it, nothing in it hides or runs.

    `columns` are those of a CSV.
    """
    if form == "csv":
        return partial(csv_result_line, columns)
    return _harmless_result_line if for_screens else output_line


def document_encoder(
    form: Form, *, columns: Sequence[str] = HEADS[0], for_screens: bool = False
) -> Callable[[Mapping[str, Any]], bytes]:
    """What makes a line of a result's document, of which a CSV has `columns`."""
    if form == "csv":
        return lambda document: csv_line(document, columns)
    return _harmless_document_line if for_screens else _document_line


def _harmless_result_line(*result: Any) -> bytes:
    return _harmless(output_line(*result))


def _document_line(document: Mapping[str, Any]) -> bytes:
    return json_line(dict(document))


def _harmless_document_line(document: Mapping[str, Any]) -> bytes:
    return _harmless(json_line(dict(document)))


def _harmless(line: bytes) -> bytes:
    return harmless_json(line.decode()).encode()
