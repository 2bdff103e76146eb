"""The shards of a batch that ran on several machines: what they hold, and one file of them."""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from msgspec import Struct

from ....profiles.disk import PrivateFile, open_private
from ....providers.errors import ConfigError, UsageError
from ....providers.json_values import parse_json, parse_reply
from ..rows.digests import DigestMap
from .lock import lock_file
from .output_file import KEY_BYTES, PASSING_KINDS, State, Work
from .records import end_without_zeros

NAME = re.compile(r"part-(\d{6,})\.jsonl")
ORDER = "order"
"""The file that holds the key of each work, 8 bytes each, in the order of the input."""

LOCK = ".lock"

_FAILED, _PASSING = 1 << 31, 1 << 30
_DIGEST_BITS = _PASSING - 1
_LAST_PLACE = (1 << 32) - 1

Encode = Callable[[Mapping[str, Any]], bytes]
"""A line's document -> how it is written, where that is not how it stands in its shard."""


def shard_path(directory: Path, number: int) -> Path:
    """The file of block `number`."""
    return directory / f"part-{number:06d}.jsonl"


def shard_paths(directory: Path) -> list[Path]:
    """All shards in `directory`, by number. Raises `ConfigError` when it cannot be read."""
    try:
        found = [(int(match[1]), path) for path in directory.iterdir() if (match := NAME.fullmatch(path.name))]
    except OSError as error:
        raise ConfigError(f"{directory} cannot be read: {error.strerror}") from None
    return [path for _, path in sorted(found)]


@contextmanager
def locked(directory: Path) -> Generator[None]:
    """Nobody else writes or merges the shards of `directory` meanwhile. Raises `ConfigError` when somebody does."""
    try:
        file = open_private(directory / LOCK, os.O_RDWR)
    except OSError as error:
        raise ConfigError(f"{directory} cannot be written: {error.strerror}") from None
    try:
        lock_file(file, directory)
        yield
    finally:
        os.close(file)


@dataclass(slots=True)
class Shards:
    """What all shards of a directory hold: which line is each work's, and how that work ended.

    Of two lines for one work an answer goes before a failure of the same question; else the later call counts, by
    `created_at`, and in one shard the later line.
    """

    paths: list[Path]
    batch: str | None = None
    lines: int = 0
    torn: list[Path] = field(default_factory=list[Path])
    _line: DigestMap = field(default_factory=DigestMap)
    _ended: DigestMap = field(default_factory=DigestMap)
    _began: DigestMap = field(default_factory=DigestMap)
    _firsts: list[int] = field(default_factory=list[int])
    """Of each shard the number of its first line among all."""

    @classmethod
    def read(cls, directory: Path, batch: str | None = None) -> Shards:
        """Read every line. Raises `ConfigError` for a file that holds something else, or results of another batch."""
        made = cls(shard_paths(directory), batch)
        for path in made.paths:
            made._firsts.append(made.lines)
            for number, (line, whole) in enumerate(_lines(path), 1):
                if whole:
                    made._take(_document(line, path, number), path)
                    made.lines += 1
                else:
                    made.torn.append(path)
        return made

    def __len__(self) -> int:
        """How many works have a line."""
        return len(self._line)

    def has(self, key: bytes) -> bool:
        """Whether the work of this key has a line."""
        return self._line.get(key) is not None

    def state(self, work: Work) -> State:
        """Whether `work` was done, failed, was done for something else under the same id, or is missing."""
        ended = self._ended.get(work.key)
        if ended is None:
            return "missing"
        if ended & _DIGEST_BITS != _bits(work.digest) or ended & _PASSING:
            return "changed"
        return "failed" if ended & _FAILED else "done"

    def documents(self) -> Iterator[Mapping[str, Any]]:
        """The document of each work, once."""
        for line in self.chosen():
            yield parse_json(line)

    def chosen(self, order: DigestMap | None = None) -> Iterator[bytes]:
        """The line of each work, once; in `order` (work key -> place) if one is given, what has no place at the end."""
        if order is None:
            stays = bytearray(self.lines)
            for _, number in self._line.items():
                stays[number] = 1
            yield from (line for number, _, line in self._numbered() if stays[number])
            return
        begins = array("Q", (begin for _, begin, _ in self._numbered()))
        places = array("Q")
        for key, number in self._line.items():
            place = order.get(key)
            places.append((_LAST_PLACE if place is None else place) << 32 | number)
        opened: tuple[int, BinaryIO] | None = None
        try:
            for place in sorted(places):
                number = place & 0xFFFFFFFF
                shard = bisect_right(self._firsts, number) - 1
                if opened is None or opened[0] != shard:
                    if opened is not None:
                        opened[1].close()
                    opened = shard, self.paths[shard].open("rb")
                opened[1].seek(begins[number])
                yield opened[1].readline()
        finally:
            if opened is not None:
                opened[1].close()

    def _numbered(self) -> Iterator[tuple[int, int, bytes]]:
        """Each whole line with its number among all and its place in its shard."""
        number = 0
        for path in self.paths:
            begin = 0
            for line, whole in _lines(path):
                if whole:
                    yield number, begin, line
                    number += 1
                begin += len(line)

    def _take(self, document: Mapping[str, Any], path: Path) -> None:
        if self.batch is None:
            self.batch = document["batch"]
        if document["batch"] != self.batch:
            raise ConfigError(
                f"{path} holds results of another batch: its input or template was another one",
                hint="choose another directory for -o",
            )
        key, ended = _key(document), _ended(document)
        began = _began(document)
        before = self._ended.get(key)
        if before is not None and not _replaces(ended, began, before, self._began.get(key) or 0):
            return
        self._line.set(key, self.lines)
        self._ended.set(key, ended)
        self._began.set(key, began)


class Merged(Struct, frozen=True):
    """What became of the shards. `left_out` are lines that another one stands for.

    `missing` is None, not known, where no run has read the input to its end.
    """

    results: int
    shards: int
    left_out: int
    torn: tuple[Path, ...]
    missing: Missing | None = None


def merge(
    directory: Path,
    target: Path | BinaryIO,
    *,
    ordered: bool = False,
    encode: Encode | None = None,
    head: bytes = b"",
) -> Merged:
    """Write one line for each work of the shards in `directory`: to a stream, or to a file that appears when whole.

    Raises `ConfigError` for shards that cannot be joined, `UsageError` for none, or when their order is not known.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory", hint="it is the one that -o named with --engine ray")
    with locked(directory):
        shards = Shards.read(directory)
        if not shards.paths:
            raise UsageError(f"{directory} holds no shards (part-000000.jsonl)")
        order = read_order(directory) if ordered else None
        missing = count_missing(directory, shards)
        lines = shards.chosen(order)
        if encode is not None:
            lines = (encode(parse_json(line)) for line in lines)
        lines = chain((head,) if head else (), lines)
        if isinstance(target, Path):
            _write_whole(target, lines)
        else:
            target.writelines(lines)
            target.flush()
    return Merged(len(shards), len(shards.paths), shards.lines - len(shards), tuple(shards.torn), missing)


def read_order(directory: Path) -> DigestMap:
    """Work key -> place in the input. Raises `UsageError` when no run has read the input to its end."""
    order = DigestMap()
    try:
        with (directory / ORDER).open("rb") as file:
            while len(key := file.read(KEY_BYTES)) == KEY_BYTES:
                if order.get(key) is None:
                    order.set(key, len(order))
    except OSError:
        raise UsageError(
            f"the order of the rows is not known: {directory / ORDER} cannot be read",
            hint="run the batch again, which writes it, or leave out --ordered",
        ) from None
    return order


class Missing(Struct, frozen=True):
    """How many results a batch is to have, and how many of them are in no shard."""

    expected: int
    missing: int

    @property
    def words(self) -> str:
        return f"{self.missing:,} of {self.expected:,} results are missing"


def count_missing(directory: Path, shards: Shards) -> Missing | None:
    """What of the input has no line; None where no run has read the input to its end."""
    try:
        order = read_order(directory)
    except UsageError:
        return None
    return Missing(len(order), sum(not shards.has(key) for key, _ in order.items()))


class OrderWriter:
    """Takes down the order of the works; `commit` puts it in place of an earlier one, when all have been read.

    What has not been committed when it is left is forgotten, and the earlier one stays.
    """

    def __init__(self, directory: Path) -> None:
        self._made = PrivateFile(directory / ORDER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._made.discard()

    def add(self, work: Work) -> None:
        self._made.file.write(work.key)

    def commit(self) -> None:
        self._made.commit()


def _write_whole(path: Path, lines: Iterable[bytes]) -> None:
    try:
        with PrivateFile(path, to_disk=True) as file:
            file.writelines(lines)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None


def _lines(path: Path) -> Iterator[tuple[bytes, bool]]:
    """The lines of a shard; the last one is not whole when a crash has cut it."""
    try:
        with path.open("rb") as file:
            left = end_without_zeros(file)
            file.seek(0)
            for line in file:
                line, left = line[:left], left - len(line)
                if line:
                    yield line, line.endswith(b"\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None


def _document(line: bytes, path: Path, number: int) -> Mapping[str, Any]:
    try:
        document = parse_reply(line)
        bytes.fromhex(document["work"])
        _began(document)
        if isinstance(document["batch"], str) and isinstance(document["status"], str):
            return document
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        pass
    raise ConfigError(f"{path}:{number}: is not a line of a batch's output", hint="choose another directory")


def _began(document: Mapping[str, Any]) -> int:
    """When the call began, in whole seconds of Unix time."""
    return int(datetime.fromisoformat(document["created_at"]).timestamp()) & 0xFFFFFFFF


def _key(document: Mapping[str, Any]) -> bytes:
    return bytes.fromhex(document["work"])[:KEY_BYTES]


def _ended(document: Mapping[str, Any]) -> int:
    """The digest of what was asked, whether it failed, and whether with something that is not the row's fault."""
    ended = _bits(bytes.fromhex(document["work"])[KEY_BYTES:])
    if document["status"] != "ok":
        ended |= _FAILED
    error = document.get("error")
    if isinstance(error, dict) and cast("dict[str, Any]", error).get("kind") in PASSING_KINDS:
        ended |= _PASSING
    return ended


def _bits(digest: bytes) -> int:
    return int.from_bytes(digest[:4], "big") & _DIGEST_BITS


def _replaces(ended: int, began: int, before: int, began_before: int) -> bool:
    same_question = ended & _DIGEST_BITS == before & _DIGEST_BITS
    if same_question and (ended ^ before) & _FAILED:
        return not ended & _FAILED
    return began >= began_before
