"""The lines of a batch's output file, read back: what each answers, where it ends, and whether it is whole."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import orjson
from msgspec import Struct

from ....providers.errors import ConfigError
from ....providers.json_values import obj, parse_reply

if TYPE_CHECKING:
    from ..storage.plain_line import PlainLine

SCHEMA = "thinkdial.result/1"
BEGINNING = b'{"schema":"thinkdial.result/1",'
_LONGEST_CELL = 2**31 - 1
_ZEROS_AT_ONCE = 64 * 1024


class Record(Struct, frozen=True):
    """One line, or of a CSV file one record, and where it ends in the file. What a crash has cut is not `whole`.

    `plain` is a line of JSON that is one, whose document (`fields`) is read when somebody asks for it.
    """

    data: bytes
    end: int
    given: Mapping[str, Any] | None
    whole: bool
    plain: PlainLine | None = None

    @property
    def fields(self) -> Mapping[str, Any]:
        """The document of the line, of CSV the cells by the name of their column."""
        return obj(parsed_line(self.data)) if self.given is None else self.given

    @property
    def head(self) -> Mapping[str, Any]:
        """Those of the `fields` that say which work it answers, of which batch, and how that ended, or all of them."""
        plain = self.plain
        if plain is None:
            return self.fields
        return {"work": plain.work, "batch": plain.batch, "status": plain.status, "error": None}


def json_records(file: BinaryIO, _: Sequence[str], path: Path | str) -> Iterator[Record]:
    """The lines of a JSONL file from where it stands.

    Raises `ConfigError` for one that is no JSON, unless it is the end that was cut.
    """
    from ..storage.plain_line import plain_line  # which only an output with lines needs

    end = file.tell()
    for number, line in enumerate(file, 1):
        end += len(line)
        if line.endswith(b"\n") and (plain := plain_line(line)) is not None:
            yield Record(line, end, None, True, plain)
            continue
        if not line.endswith(b"\n") and not _is_result(line):
            yield Record(line, end, {}, whole=False)
            return
        try:
            yield Record(line, end, obj(parsed_line(line)), whole=True)
        except ValueError:
            raise ConfigError(
                f"{path}:{number}: is not a line of a batch's output", hint="choose another file for -o"
            ) from None


def parsed_line(line: bytes) -> Any:
    """The document of a line. How deep it is nobody asks: nothing goes down into what a line holds."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return parse_reply(line)


def error_kind(fields: Mapping[str, Any]) -> str | None:
    """With what kind of error a result ended, by its document or by its cells."""
    error = fields.get("error")
    kind = cast("dict[str, Any]", error).get("kind") if isinstance(error, dict) else fields.get("error_kind")
    return kind if isinstance(kind, str) else None


def csv_records(file: BinaryIO, columns: Sequence[str], path: Path | str) -> Iterator[Record]:
    """The same of a CSV file, each record with the bytes that it takes: a cell may hold line breaks."""
    csv.field_size_limit(_LONGEST_CELL)
    taken: list[bytes] = []

    def lines() -> Iterator[str]:
        while line := file.readline():
            taken.append(line)
            yield line.decode("utf-8", "replace")

    reader = csv.reader(lines(), strict=True)
    end = file.tell()
    header = list(columns) if end else None
    while True:
        taken.clear()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            data = b"".join(taken)
            if not _is_at_end(file):
                raise _damaged(path, end, str(error)) from None
            yield Record(data, end + len(data), {}, whole=False)  # a quote is still open where the file ends
            return
        if cells is None:
            return
        data = b"".join(taken)
        whole = data.endswith(b"\n")
        end += len(data)
        if header is None and whole:
            header = cells
            if tuple(cells) != tuple(columns):
                raise ConfigError(f"{path}:1: has other columns than this batch", hint="choose another file for -o")
            continue
        if not whole or header is None:
            yield Record(data, end, {}, whole=False)
            return
        if len(cells) != len(header):
            raise _damaged(path, end - len(data), f"{len(cells)} cells instead of {len(header)}")
        yield Record(data, end, dict(zip(header, cells, strict=True)), whole=True)


def _is_at_end(file: BinaryIO) -> bool:
    return not file.read(1)


def _damaged(path: Path | str, place: int, words: str) -> ConfigError:
    return ConfigError(
        f"{path}: what begins at byte {place:,} is no line of a batch's output: {words}",
        hint="repair the line or remove it, or choose another file for -o",
    )


def line_of_cells(cells: Sequence[str]) -> bytes:
    """A line of CSV (RFC 4180)."""
    return line_of_quoted(map(quoted, cells))


def line_of_quoted(cells: Iterable[str]) -> bytes:
    """The same of cells that are `quoted`."""
    return f"{','.join(cells)}\n".encode("utf-8", "replace")


def quoted(cell: str) -> str:
    """A cell as it stands in a line. `csv.writer` would look at each character of a long answer by itself."""
    if '"' in cell or "," in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _is_result(line: bytes) -> bool:
    try:
        return obj(parse_reply(line)).get("schema") == SCHEMA
    except ValueError:
        return False


def end_without_zeros(file: BinaryIO) -> int:
    """Where the content of a file ends, but for the zero bytes that a power failure leaves of pages not yet written."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        begin = max(0, end - _ZEROS_AT_ONCE)
        file.seek(begin)
        data = file.read(end - begin).rstrip(b"\0")
        if data:
            return begin + len(data)
        end = begin
    return 0
