"""What lies beside the results of a shard: which shard of what it is, and in which order its works were asked for.

`shard.json` is a `ShardManifest`, `order` has 24 bytes for each work of the shard in the order of the input: its key
(8), the beginning of the digest of all that was asked (4), the number of its line (4), and the key of its row (8).
A line that is no row has zeros for the first two.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

from ....profiles.disk import read_bounded, real_path, write_private
from ....providers.errors import ConfigError
from ..output.works import KEY_BYTES
from ..storage.memory import PartName
from .shard import Shard

if TYPE_CHECKING:
    from ..options import BatchOptions

SCHEMA = "thinkdial.shard/1"
MANIFEST, ORDER = "shard.json", "order"
DIGEST_BYTES = 4
RECORD = struct.Struct(f">{KEY_BYTES}s{DIGEST_BYTES}sI{KEY_BYTES}s")
NO_WORK = bytes(KEY_BYTES)
_MOST_BYTES = 64 * 1024 * 1024


class AskedOfRows(Struct, frozen=True):
    """What is asked of each row: of whom, with which think values, and how often. `template`: a digest of it."""

    profiles: tuple[str, ...]
    think: tuple[str, ...]
    repeat: int = 1
    template: str = ""


class InputCount(Struct, frozen=True):
    """The rows of the whole input, and a sum over them that no order changes."""

    rows: int
    bad_rows: int
    fingerprint: str


class ShardManifest(Struct, frozen=True, kw_only=True):
    """Which shard an output holds. `read`: the input was read to its end, so that `order` has all works of the shard.

    `expected` are its works, `rows` and `bad_rows` its lines of input; null as long as it is not read. `whole` says
    whether its last run left nothing to do.
    """

    schema: str = SCHEMA
    shard: str
    source: str
    batch: str
    asked: AskedOfRows
    read: bool = False
    whole: bool = False
    rows: int | None = None
    bad_rows: int | None = None
    expected: int | None = None
    input: InputCount | None = None
    parts: tuple[PartName, ...] | None = None

    @property
    def as_shard(self) -> Shard:
        number, of = self.shard.split("/")
        return Shard(int(number), int(of))


class Keep(Protocol):
    """Where the two files of a shard lie; `words` is how its output is called."""

    words: str

    def read(self, name: str) -> bytes | None: ...

    def write(self, name: str, data: bytes) -> None: ...


class FileKeep:
    """Beside the file of the results, with its name in front. Raises `ConfigError`."""

    def __init__(self, path: Path) -> None:
        self._path, self.words = real_path(path), str(path)

    def read(self, name: str) -> bytes | None:
        try:
            return read_bounded(self._beside(name), _MOST_BYTES * 64)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigError(f"{self._beside(name)} cannot be read: {error.strerror}") from None

    def write(self, name: str, data: bytes) -> None:
        try:
            write_private(self._beside(name), data, to_disk=True)
        except OSError as error:
            raise ConfigError(f"{self._beside(name)} cannot be written: {error.strerror}") from None

    def _beside(self, name: str) -> Path:
        return self._path.with_name(f"{self._path.name}.{name}")


def manifest_in(keep: Keep) -> ShardManifest | None:
    """What `keep` says of the shard; None where there is nothing. Raises `ConfigError` for what is no manifest."""
    data = keep.read(MANIFEST)
    if data is None:
        return None
    try:
        found = msgspec.json.decode(data, type=ShardManifest)
        shard = found.as_shard
        if found.schema != SCHEMA or not 1 <= shard.number <= shard.of:
            raise ValueError(found.schema)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ConfigError(
            f"{keep.words}: the file {MANIFEST} beside it is no manifest of a shard",
            hint="take the one that the batch has written, or choose another output",
        ) from None
    return found


class OrderEntry(Struct, frozen=True):
    """One work of a shard, or a line of its input that is no row."""

    key: bytes
    digest: bytes
    line: int
    row: bytes

    @property
    def is_work(self) -> bool:
        return self.key != NO_WORK


def order_in(keep: Keep) -> Iterator[OrderEntry]:
    """The works of a shard in the order of the input. Raises `ConfigError` where they are cut or not there."""
    data = keep.read(ORDER)
    if data is None or len(data) % RECORD.size:
        raise ConfigError(
            f"{keep.words}: the file {ORDER} beside it is {'missing' if data is None else 'cut'}",
            hint="run the shard again, which writes it",
        )
    return (OrderEntry(*fields) for fields in RECORD.iter_unpack(data))


def asked_in(options: BatchOptions, names: Sequence[str]) -> AskedOfRows:
    """What a batch asks of each row, for profiles `names`."""
    from ..rows.digests import digest_of

    variables = (f"{name}={value}" for name, value in options.variables)
    template = "" if options.template is None else digest_of(options.template, *variables).hex()[:16]
    return AskedOfRows(tuple(names), tuple(map(str, options.calls.sweep)), options.calls.repeat, template)


def manifest_bytes(manifest: ShardManifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
