"""What shards are joined into: one file of results, which appears when it is whole, or a stream."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ....profiles.disk import PrivateFile
from ....providers.errors import ConfigError
from ....providers.json_values import parse_json
from ..output.csv_lines import HEADS
from ..output.document import json_line
from ..output.records import Record, line_of_cells
from ..rows.entries import entries_of, guess_form, key_of
from ..rows.source import FORMS, open_source
from ..storage.address import Address
from ..storage.lines import PartForm
from ..storage.store import in_words, system_of
from .join import ShardJoin
from .pieces import ShardOutput

Encode = Callable[[Mapping[str, Any]], bytes]
"""A document -> a line of the output."""


def write_joined(
    join: ShardJoin,
    target: Path | Address | BinaryIO,
    form: PartForm,
    encode: Encode | None,
    head: bytes,
    *,
    ordered: bool,
) -> None:
    """Write one line for each work. `encode` makes it of a document; None leaves lines of JSON as they are.

    Raises `ConfigError` where it cannot be written, and where cells would have to become JSON again.
    """
    if form == "jsonl" and not join.is_json:
        raise ConfigError(
            "parts of CSV or Parquet hold less than lines of JSON do", hint="merge them into FILE.csv or FILE.parquet"
        )
    if ordered:
        join.check_order()
    lines = ((place, _line(piece, record, form, encode)) for place, piece, record in join.records())
    with _in_order(lines) if ordered else _as_they_come(lines) as sorted_lines:
        if isinstance(target, Path):
            try:
                with PrivateFile(target, to_disk=True) as file:
                    _write(file, form, head, sorted_lines)
            except OSError as error:
                raise ConfigError(f"{target} cannot be written: {error.strerror or error}") from None
        elif isinstance(target, Address):
            system, path = system_of(target)
            with in_words(str(target), "written"), system.open(path, "wb") as file:
                _write(file, form, head, sorted_lines)
        else:
            _write(target, form, head, sorted_lines)
            target.flush()


def row_keys_of(source: str, form: str | None) -> Iterator[tuple[int, bytes]]:
    """Line and key of each row of an input, whatever it asks. Raises `UsageError` where it cannot be read."""
    with open_source(source) as opened:
        told = opened.form or guess_form(source, opened.beginning())
        if form in FORMS:
            told = "csv" if form == "tsv" else form  # pyright: ignore[reportAssignmentType] one of them
        for line, entry in entries_of(opened.lines(), told, "\t" if form == "tsv" or source.endswith(".tsv") else None):
            yield line, key_of(entry)


def _write(file: BinaryIO, form: PartForm, head: bytes, lines: Iterable[bytes]) -> None:
    if form == "parquet":
        from ..storage.columns import write_parquet

        write_parquet(file, (parse_json(line) for line in lines))
        return
    if head:
        file.write(head)
    file.writelines(lines)


def _line(piece: ShardOutput, record: Record, form: PartForm, encode: Encode | None) -> bytes:
    if piece.form == "jsonl":
        if encode is not None:
            return encode(record.fields)
        return record.data if record.data.endswith(b"\n") else record.data + b"\n"
    if form == "csv":
        cells = {**record.fields, "think_requested": record.fields.get("think_requested", record.fields.get("think"))}
        return line_of_cells([cells.get(name) or "" for name in HEADS[0]])
    return json_line(dict(record.fields))


@contextmanager
def _as_they_come(lines: Iterable[tuple[int, bytes]]) -> Generator[Iterator[bytes]]:
    yield (line for _, line in lines)


@contextmanager
def _in_order(lines: Iterable[tuple[int, bytes]]) -> Generator[Iterator[bytes]]:
    """The same by their places: lines wait on the disk, and 16 bytes of each in memory."""
    with tempfile.TemporaryFile() as file:
        begins, places = array("Q"), array("Q")
        end = 0
        for number, (place, line) in enumerate(lines):
            begins.append(end)
            places.append(place << 32 | number)
            file.write(line)
            end += len(line)
        begins.append(end)

        def read() -> Iterator[bytes]:
            for place in sorted(places):
                number = place & 0xFFFFFFFF
                file.seek(begins[number])
                yield file.read(begins[number + 1] - begins[number])

        yield read()
