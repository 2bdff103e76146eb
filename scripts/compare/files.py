"""What commands leave on the disk, as text that can be compared: names, modes, contents, and databases row by row."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct

BESIDE_DATABASES = ("-wal", "-shm", "-journal")
KEPT_PARSED = re.compile(r"\.cache/thinkdial/(parsed/|[\w-]+\.bin$)")
"""What is kept as it was parsed, by each version in a form of its own: no command tells of it."""


class Written(Struct, frozen=True):
    """A file's mode and text, and when it was last written."""

    text: str
    at: int


def written(*places: Path) -> dict[str, Written]:
    """Every file below `places`. Of a database only that it is there: `databases` tells what it holds."""
    found: dict[str, Written] = {}
    for place in places:
        for path in sorted(place.rglob("*")):
            is_told = not KEPT_PARSED.search(path.as_posix()) and not path.name.endswith(BESIDE_DATABASES)
            if is_told and path.is_file():
                name = f"{place.name}/{path.relative_to(place)}"
                status = path.stat()
                is_database = _is_database(path)
                text = f"mode {status.st_mode & 0o777:o}\n{'a database' if is_database else _text(path)}"
                found[name] = Written(text, 0 if is_database else status.st_mtime_ns)
    return found


def databases(*places: Path) -> Iterator[tuple[str, str]]:
    """The rows of every database below `places`, by the name of its file."""
    for place in places:
        for path in sorted(place.rglob("*")):
            if path.is_file() and _is_database(path):
                yield f"{place.name}/{path.relative_to(place)}", "\n".join(_rows(path))


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError:
        with suppress(OSError, EOFError):
            return gzip.decompress(data).decode(errors="backslashreplace")
        return data.hex(" ", 16)


def _rows(path: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as copies:
        for file in path.parent.glob(f"{path.name}*"):
            shutil.copy(file, copies)
        with closing(sqlite3.connect(Path(copies, path.name))) as store:
            yield f"version {store.execute('PRAGMA user_version').fetchone()[0]}"
            tables = store.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
            for kind, name, words in tables:
                yield f"{kind} {name}: {words}"
            for kind, name, _ in tables:
                if kind != "table" or name.startswith("sqlite_"):
                    continue
                cursor = store.execute(f'SELECT * FROM "{name}"')  # noqa: S608 its own names
                columns = [column[0] for column in cursor.description]
                rows = (" ".join(f"{c}={_cell(v)}" for c, v in zip(columns, row, strict=True)) for row in cursor)
                yield from (f"{name}: {row}" for row in rows)


def _cell(value: object) -> str:
    """On one line; what was compressed as it was before."""
    if isinstance(value, bytes):
        try:
            value = zlib.decompress(value).decode(errors="backslashreplace")
        except zlib.error:
            value = value.hex()
    return json.dumps(value, ensure_ascii=False)
