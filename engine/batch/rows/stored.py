"""Inputs that are no plain file of this machine: compressed, Parquet, or in an object store. Read a piece at a time."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from importlib import import_module
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....providers.errors import ConfigError, UsageError
from ..storage.address import Address, is_address, place_of
from .entries import Form, guess_form

if TYPE_CHECKING:
    from ..options import Source

PARQUET = ".parquet"
PACKED = (".gz", ".zst")
_BUFFER_BYTES = 1024 * 1024


class Stored:
    """An open input: `file` is unpacked text, or `lines` are its rows as JSON. `name` is what complaints call it."""

    def __init__(self, name: str, raw: Any, size: int | None, stack: ExitStack, status: os.stat_result | None) -> None:
        self.name, self.status = name, status
        self._raw, self._size, self._stack = raw, size, stack
        self.file: BufferedReader | None = None
        self.lines: Iterable[bytes] | None = None
        self.form: Form | None = None

    def take(self, stack: ExitStack) -> None:
        """Close what is in `stack` when it is closed."""
        self._stack = stack

    def close(self) -> None:
        self._stack.close()

    def share(self) -> float | None:
        """The share of it that has been read; of Parquet not known, whose pieces are read in no order."""
        if not self._size or self.lines is not None:
            return None
        return min(1.0, self._raw.tell() / self._size) or None

    def guarded(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """`lines`. Raises `ConfigError` for what cannot be read on, with how much was."""
        read = 0
        try:
            for line in lines:
                yield line
                read += 1
        except ConfigError:
            raise
        except (OSError, EOFError, zlib.error) as error:
            raise self._cut(read, str(error)) from None
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in _LIBRARIES:
                raise
            raise self._cut(read, str(error)) from None

    def _cut(self, lines: int, words: str) -> ConfigError:
        return ConfigError(f"{self.name} cannot be read on after line {lines:,}: {' '.join(words.split())[:200]}")


_LIBRARIES = ("zstandard", "compression", "botocore", "aiohttp", "s3fs", "gcsfs", "adlfs", "azure", "google")


def stored_input(source: Source) -> Stored | None:
    """`source`, open, where it is no plain file; None where it is. Raises `UsageError` and `ConfigError`."""
    if not isinstance(source, str | Path):
        return None
    name = str(source)
    place = place_of(name) if is_address(name) else Path(source)
    ending = (place.name if isinstance(place, Address) else place.suffix).lower()
    if isinstance(place, Path) and (ending not in (PARQUET, *PACKED) or place.is_dir()):
        return None
    with ExitStack() as stack:
        raw, size, status = _raw(place)
        stack.callback(raw.close)
        made = Stored(str(place), raw, size, stack, status)
        if ending.endswith(PARQUET):
            from ..storage.columns import lines_of_parquet

            made.lines, made.form = lines_of_parquet(raw, made.name), "jsonl"
        else:
            made.file = io.BufferedReader(_unpacked(raw, ending, made.name), _BUFFER_BYTES)
            if ending.endswith(PACKED):
                made.form = _form_within(place, made)
        made.take(stack.pop_all())
        return made


def _raw(place: Path | Address) -> tuple[Any, int | None, os.stat_result | None]:
    if isinstance(place, Address):
        from ..storage.store import in_words, system_of

        system, path = system_of(place)
        with in_words(str(place), "read"):
            file = system.open(path, "rb")
            return file, int(file.size), None
    try:
        file = place.open("rb")
    except OSError as error:
        raise UsageError(f"{place} cannot be read: {error.strerror}") from None
    status = os.fstat(file.fileno())
    return file, status.st_size, status


def _unpacked(raw: Any, ending: str, name: str) -> Any:
    if ending.endswith(".gz"):
        return import_module("gzip").GzipFile(fileobj=raw, mode="rb")
    if not ending.endswith(".zst"):
        return raw
    for library, opened in _ZSTD:
        try:
            return opened(import_module(library), raw)
        except ImportError:
            continue
    raise ConfigError(f"{name} is compressed with Zstandard", hint="pip install zstandard, or Python 3.14")


_ZSTD: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("compression.zstd", lambda module, raw: module.ZstdFile(raw)),
    ("zstandard", lambda module, raw: module.ZstdDecompressor().stream_reader(raw, read_across_frames=True)),
)


def _form_within(place: Path | Address, made: Stored) -> Form:
    """The form of what is packed: by the name without its last ending, else by how it begins."""
    name = place.name.rpartition(".")[0]
    try:
        begun = b"" if made.file is None else made.file.peek(4096)[:4096]
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{made.name} cannot be unpacked: {error}") from None
    return guess_form(name, begun)
