"""The lines of an input as the fields of rows, whatever form they are written in."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, BinaryIO, Literal, cast

from ....providers.errors import UsageError
from ...results.forms import form_of
from .conversations import UnusableError
from .digests import digest_of
from .json_text import exact_value, ordinary_value

Form = Literal["jsonl", "csv", "lines"]
_READ_AS: Mapping[str, Form] = {
    "json": "jsonl", "jsonl": "jsonl", "csv": "csv", "tsv": "csv", "text": "lines", "lines": "lines",
}  # fmt: skip

MAX_ROW_BYTES = 64 * 1024 * 1024
RESERVED = (
    "id", "row_id", "prompt", "messages", "session", "system", "think", "profile", "max_output", "expect", "escalate",
    "schema", "attach", "tools", "tool_choice",
)  # fmt: skip
KEY_BYTES = 8
_SEPARATOR = re.compile(r"sep=(.)\s*")


def guess_form(name: str, beginning: bytes) -> Form:
    """How the input is written: by the file's suffix, else by its first character."""
    said = form_of(name, _READ_AS)
    if said is not None:
        return _READ_AS[said]
    return "jsonl" if beginning.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" else "lines"


def entries_of(
    lines: Iterable[bytes], form: Form, delimiter: str | None = None
) -> Iterator[tuple[int, dict[str, Any] | UnusableError]]:
    """The fields of each row with the number of its line, or why they cannot be read. Raises as `read_rows`."""
    return _csv_entries(lines, delimiter) if form == "csv" else _line_entries(lines, form)


def key_of(entry: Mapping[str, Any] | UnusableError) -> bytes:
    """8 bytes for a row: of its id, else of all its fields in any order; of a line that is no row, of what is wrong."""
    if isinstance(entry, UnusableError):
        return _short_digest("bad", str(entry))
    given = entry.get("id", entry.get("row_id"))
    if given is not None and not isinstance(given, bool) and isinstance(given, str | int | float) and given != "":
        return _short_digest("id", str(given))
    return _short_digest("row", json.dumps(entry, sort_keys=True))


def _short_digest(*parts: str) -> bytes:
    return digest_of(*parts)[:KEY_BYTES]


def bounded_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of `stream`; of one that is too long the beginning, which is too long as well."""
    while line := stream.readline(MAX_ROW_BYTES + 1):
        yield line
        while len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MAX_ROW_BYTES + 1)
            if len(line) <= MAX_ROW_BYTES:
                break


def _line_entries(lines: Iterable[bytes], form: Form) -> Iterator[tuple[int, dict[str, Any] | UnusableError]]:
    for line, data in enumerate(lines, 1):
        if line == 1:
            data = data.removeprefix(b"\xef\xbb\xbf")
        data = data.strip(b"\r\n")
        if not data or data.isspace():
            continue
        try:
            yield line, _entry(data, form)
        except UnusableError as error:
            yield line, error


def _entry(data: bytes, form: Form) -> dict[str, Any]:
    if len(data) > MAX_ROW_BYTES:
        raise UnusableError(f"the row is larger than {MAX_ROW_BYTES // 2**20} MiB")
    value = ordinary_value(data) if form == "jsonl" else None
    if value is None:
        try:
            written = data.decode()
        except UnicodeDecodeError as error:
            raise UnusableError(f"is not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x})") from None
        if form == "lines":
            return {"prompt": written}
        try:
            value = exact_value(written)
        except ValueError as error:
            raise UnusableError(f"is not JSON: {error}") from None
    if isinstance(value, str):
        return {"prompt": value}
    if not isinstance(value, dict):
        raise UnusableError("a row is a JSON object, or a string")
    return cast("dict[str, Any]", value)


def _delimiter_of(header: str) -> str:
    outside = "".join(header.split('"')[::2])
    return max(",;\t", key=outside.count)


def _csv_entries(lines: Iterable[bytes], delimiter: str | None) -> Iterator[tuple[int, dict[str, Any] | UnusableError]]:
    def decoded() -> Iterator[str]:
        for index, data in enumerate(lines):
            # Bytes that are no text become lone surrogates, so that the one row that holds them can be named.
            yield (data.removeprefix(b"\xef\xbb\xbf") if index == 0 else data).decode("utf-8", "surrogateescape")

    csv.field_size_limit(MAX_ROW_BYTES)
    texts = decoded()
    first = next(texts, "")
    skipped = 0
    if said := _SEPARATOR.fullmatch(first):  # Excel's own line, for itself
        delimiter, first, skipped = said[1], next(texts, ""), 1
    reader = csv.reader(chain((first,), texts), delimiter=delimiter or _delimiter_of(first), strict=True)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise UsageError(f"line 1: the CSV header cannot be read: {error}") from None
    if header is None:
        return
    header = [name.strip() for name in header]
    if any(_is_no_text(name) for name in header):
        raise UsageError("line 1: the CSV header is not UTF-8 text", hint="save the file as CSV UTF-8")
    if len(set(header)) < len(header) or not all(header):
        raise UsageError("line 1: the CSV header has an empty or a repeated column name", hint=", ".join(header))
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader, None)
        except csv.Error as error:
            words = "a quote is opened and never closed" if "unexpected end" in str(error) else str(error)
            yield line, UnusableError(f"is not CSV: {words}")
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            yield line, UnusableError(f"has {len(cells)} cells; the header has {len(header)}")
            continue
        if any(_is_no_text(cell) for cell in cells):
            yield line, UnusableError("is not UTF-8 text")
            continue
        entry: dict[str, Any] = dict(zip(header, cells, strict=True))
        for name in {*RESERVED} - {"prompt", "messages"}:
            if name in entry and not entry[name].strip():
                del entry[name]  # an empty cell says nothing
        try:
            for name in ("messages", "session", "expect", "attach", "tools"):
                if name in entry:
                    entry[name] = _cell_json(name, entry[name])
        except UnusableError as error:
            yield line, error
            continue
        yield line, entry


def _is_no_text(cell: str) -> bool:
    """Whether it holds bytes that were no UTF-8."""
    return not cell.isascii() and any("\udc80" <= character <= "\udcff" for character in cell)


def _cell_json(name: str, cell: str) -> Any:
    if name == "attach" and not cell.lstrip().startswith("["):
        return cell.strip()
    if name in ("expect", "session") and not cell.lstrip().startswith(("{", '"')):
        return cell  # the plain cell is the exact answer, or the name of a file
    try:
        return exact_value(cell)
    except ValueError as error:
        raise UnusableError(f"{name} is not JSON: {error}") from None
