"""What a file of results holds, in whichever form: its lines, and what each of them answers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal

from ....providers.errors import ConfigError, UsageError, did_you_mean
from ....providers.json_values import parse_json
from ...results.forms import form_of
from ..output.csv_lines import HEADS, csv_line, read_cells
from ..output.records import Record, csv_records, json_records, line_of_cells
from ..output.works import KEY_BYTES
from .address import Address

PartForm = Literal["jsonl", "csv", "parquet"]
PART_FORMS: tuple[PartForm, ...] = ("jsonl", "csv", "parquet")
_BUFFER_BYTES = 1024 * 1024
_LONGEST_HEAD = 64 * 1024


def parts_form(given: str | None, target: object) -> PartForm | None:
    """The form of the parts that an output consists of; None where it is one file, or nothing that remembers.

    Raises `UsageError` for a form that no part has.
    """
    name = target.name if isinstance(target, Address | Path) else None
    said = given or form_of(name, PART_FORMS)
    if isinstance(target, Path):
        return "parquet" if said == "parquet" else None
    if not isinstance(target, Address):
        return None
    wanted = said or "jsonl"
    form: PartForm | None = next((form for form in PART_FORMS if form == wanted), None)
    if form is None:
        raise UsageError(f"--format {given}: parts are {', '.join(PART_FORMS)}{did_you_mean(given or '', PART_FORMS)}")
    return form


def records_of(file: BinaryIO, form: PartForm, name: str) -> Iterator[Record]:
    """The lines of an open file of results; the last may not be whole. Raises `ConfigError` for another file."""
    if form == "parquet":
        from .columns import cells_of_parquet

        for number, cells in enumerate(cells_of_parquet(file, name), 1):
            yield Record(b"", number, cells, whole=True)
        return
    reader = io.BufferedReader(file, _BUFFER_BYTES)  # pyright: ignore[reportArgumentType] whatever reads is good
    try:
        if form == "jsonl":
            yield from json_records(reader, (), name)
        else:
            yield from csv_records(reader, _columns_in(reader.peek(_LONGEST_HEAD)[:_LONGEST_HEAD]), name)
    finally:
        if not reader.closed:
            reader.detach()  # whoever has opened the file closes it


def document_of(fields: Mapping[str, Any], form: PartForm) -> Mapping[str, Any]:
    """The document of a line, of cells as far as they tell."""
    return fields if form == "jsonl" else read_cells(fields)


def token_of(fields: Mapping[str, Any]) -> bytes:
    """Key and digest of the work that a line answers; empty where it is no line of a batch's output."""
    try:
        token = bytes.fromhex(fields["work"])
    except (KeyError, TypeError, ValueError):
        return b""
    is_ours = isinstance(fields.get("batch"), str) and isinstance(fields.get("status"), str)
    return token if is_ours and len(token) > KEY_BYTES else b""


def checked_token(fields: Mapping[str, Any], name: str) -> bytes:
    """The same. Raises `ConfigError` where it is none."""
    token = token_of(fields)
    if not token:
        raise ConfigError(f"{name}: holds what is no line of a batch's output", hint="choose another place")
    return token


def part_bytes(lines: Sequence[bytes], form: PartForm) -> bytes:
    """A whole file of so many lines of JSON."""
    if form == "jsonl":
        return b"".join(lines)
    documents: Iterable[Mapping[str, Any]] = (parse_json(line) for line in lines)
    if form == "csv":
        return line_of_cells(HEADS[0]) + b"".join(csv_line(one) for one in documents)
    from .columns import parquet_bytes

    return parquet_bytes(documents)


def _columns_in(begun: bytes) -> Sequence[str]:
    """The columns that a CSV file begins with, the present ones where it begins with none of ours."""
    with suppress(csv.Error):
        found = tuple(next(csv.reader([begun.partition(b"\n")[0].decode("utf-8", "replace")]), ()))
        if found in HEADS:
            return found
    return HEADS[0]
