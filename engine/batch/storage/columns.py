"""Parquet: results as columns, and columns as rows. pyarrow is imported here alone, and only where it is needed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from importlib import import_module
from typing import Any, BinaryIO

from ....providers.errors import ConfigError
from ...results.csv_columns import BATCH_COLUMNS
from ..output.csv_lines import plain_cells

ROWS_AT_ONCE = 256
"""Rows of a row group that are in memory at a time."""

_WHOLE = (
    "repeat", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens",
    "attempts",
)  # fmt: skip
_NUMBERS = ("first_answer_s", "total_s")
_FLAGS = ("passed",)
_DOLLARS = "cost_usd"
_PLACES = 18
_DIGITS = 38


def arrow() -> Any:
    """pyarrow. Raises `ConfigError` where it is not installed."""
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError:
        raise ConfigError("Parquet needs pyarrow", hint="pip install 'thinkdial[parquet]'") from None


def schema() -> Any:
    """Columns as in CSV; numbers are numbers, the cost is a decimal with 18 places, what is unknown is null."""
    pa = arrow()

    def kind(name: str) -> Any:
        if name in _WHOLE:
            return pa.int64()
        if name in _NUMBERS:
            return pa.float64()
        if name in _FLAGS:
            return pa.bool_()
        return pa.decimal128(_DIGITS, _PLACES) if name == _DOLLARS else pa.string()

    return pa.schema([(name, kind(name)) for name in BATCH_COLUMNS])


def group_of(documents: Iterable[Mapping[str, Any]]) -> Any:
    """A table of so many results."""
    rows = [{name: _value(name, value) for name, value in _cells(one).items()} for one in documents]
    pa = arrow()
    try:
        return pa.Table.from_pylist(rows, schema=schema())
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise ConfigError(f"a result does not fit into Parquet: {' '.join(str(error).split())[:200]}") from None


def parquet_bytes(documents: Iterable[Mapping[str, Any]]) -> bytes:
    """A whole file of so many results, with one row group."""
    made = io.BytesIO()
    arrow().parquet.write_table(group_of(documents), made, compression="zstd")
    return made.getvalue()


def write_parquet(file: BinaryIO, documents: Iterable[Mapping[str, Any]], rows_a_group: int = 4096) -> None:
    """A file of any number of results, a row group in memory at a time."""
    with arrow().parquet.ParquetWriter(file, schema(), compression="zstd") as writer:
        piece: list[Mapping[str, Any]] = []
        for document in documents:
            piece.append(document)
            if len(piece) >= rows_a_group:
                writer.write_table(group_of(piece))
                piece.clear()
        if piece:
            writer.write_table(group_of(piece))


def cells_of_parquet(file: BinaryIO, name: str) -> Iterator[dict[str, str]]:
    """The results of a file of ours as the cells that a CSV would have. Raises `ConfigError` for another file."""
    for record in _records(file, name):
        yield {column: _cell(value) for column, value in record.items()}


def lines_of_parquet(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The rows of any Parquet file as lines of JSON: a field for each column that is not null.

    Times are ISO 8601, decimals are text, binary columns that are UTF-8 are text. Raises `ConfigError`.
    """
    for record in _records(file, name):
        fields = {column: value for column, value in record.items() if value is not None}
        yield json.dumps(fields, ensure_ascii=True, default=_plain).encode() + b"\n"


def _records(file: BinaryIO, name: str) -> Iterator[dict[str, Any]]:
    pa = arrow()
    try:
        found = pa.parquet.ParquetFile(file)
        for batch in found.iter_batches(batch_size=ROWS_AT_ONCE):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ConfigError(f"{name} cannot be read as Parquet: {' '.join(str(error).split())[:200]}") from None


def _cells(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values of a result by column: of a document, or of one that is cells already."""
    return plain_cells(one) if "schema" in one else one


def _value(name: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    if name == _DOLLARS:
        return round(Decimal(str(value)), _PLACES)
    if name in _WHOLE:
        return _number(value, int)
    if name in _NUMBERS:
        return _number(value, float)
    if name in _FLAGS:
        return value in (True, "true")
    return str(value).encode("utf-8", "replace").decode()  # half a surrogate pair has no place in it


def _number(value: Any, kind: type[int] | type[float]) -> int | float | None:
    try:
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        return None  # a cell that somebody has edited


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
