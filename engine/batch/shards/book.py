"""The book of one shard: which it is, told before its first call, and in which order its works were asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from ....providers.errors import ConfigError
from ...results.result import Result
from ..known_rows import holds_rows
from ..listener import Watcher
from ..output.works import Work
from ..rows.rows import BadRow, Row
from ..rows.source import Census, OpenSource
from ..storage.memory import OutputMemory, PartName
from .manifest import (
    DIGEST_BYTES,
    MANIFEST,
    NO_WORK,
    ORDER,
    RECORD,
    InputCount,
    Keep,
    ShardManifest,
    asked_in,
    manifest_bytes,
    manifest_in,
)
from .shard import Shard

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ..options import BatchOptions

_LAST_LINE = (1 << 32) - 1
WHOLE_INPUT = Shard(1, 1)


class ShardBook:
    """Keeps the manifest and the order of one shard while it runs (a `WorksBook`)."""

    def __init__(self, keep: Keep, manifest: ShardManifest, census: Census) -> None:
        self._keep, self._manifest, self._census = keep, manifest, census
        self._records = bytearray()
        self._rows = self._bad_rows = self._works = 0

    @classmethod
    def opened(
        cls, keep: Keep, manifest: ShardManifest, census: Census, *, has_results: bool, is_same: Callable[[], bool]
    ) -> ShardBook:
        """Hold the shard against what is there already, then say whose the output is. Raises `ConfigError`."""
        before = manifest_in(keep)
        if before is None and has_results:
            raise ConfigError(
                f"{keep.words} holds results, and no word of which shard they are", hint="choose another file for -o"
            )
        if before is not None:
            _check_same(keep.words, before, manifest, is_same)
            manifest = replace(before, source=manifest.source)
        if before is None:
            keep.write(MANIFEST, manifest_bytes(manifest))
        return cls(keep, manifest, census)

    def asked(self, row: Row, works: Sequence[Work]) -> None:
        self._rows += 1
        self._works += len(works)
        for work in works:
            self._put(work.key, work.digest[:DIGEST_BYTES], row.line, row.key)

    def refused(self, bad: BadRow) -> None:
        self._bad_rows += 1
        self._put(NO_WORK, bytes(DIGEST_BYTES), bad.line, bad.key)

    def close(self, *, batch: str, read: bool, whole: bool, parts: tuple[PartName, ...] | None = None) -> None:
        """Write down how it ended; the order only where the input was read to its end. Raises `ConfigError`."""
        if not read:
            self._keep.write(MANIFEST, manifest_bytes(replace(self._manifest, batch=batch, whole=False, parts=parts)))
            return
        census = self._census
        self._keep.write(ORDER, bytes(self._records))
        self._manifest = replace(
            self._manifest,
            batch=batch,
            read=True,
            whole=whole,
            rows=self._rows,
            bad_rows=self._bad_rows,
            expected=self._works,
            input=InputCount(census.rows, census.bad_rows, census.fingerprint),
            parts=parts,
        )
        self._keep.write(MANIFEST, manifest_bytes(self._manifest))

    def _put(self, key: bytes, digest: bytes, line: int, row: bytes) -> None:
        self._records += RECORD.pack(key, digest, min(line, _LAST_LINE), row)


def _check_same(words: str, before: ShardManifest, now: ShardManifest, is_same: Callable[[], bool]) -> None:
    """Raise `ConfigError` where an output is another shard's, or was asked for something else."""
    hint = "choose another file for -o, or say what was said before"
    if before.shard != now.shard:
        raise ConfigError(f"{words} holds shard {before.shard}, not {now.shard}", hint=hint)
    for what, then, said in (
        ("profiles", before.asked.profiles, now.asked.profiles),
        ("think values", before.asked.think, now.asked.think),
        ("samples of each", (str(before.asked.repeat),), (str(now.asked.repeat),)),
    ):
        if sorted(then) != sorted(said):
            told, asked = ", ".join(then) or "the configured ones", ", ".join(said) or "the configured ones"
            raise ConfigError(f"{words} was made for other {what}: {told}, and not {asked}", hint=hint)
    if before.asked.template != now.asked.template:
        raise ConfigError(f"{words} was made with another template", hint=hint)
    if not is_same():
        raise ConfigError(f"{words} is a shard of another input: none of its rows is in this one", hint=hint)


class BookedWatcher:
    """Writes down which lines are no rows, and passes everything on (a `Watcher`)."""

    def __init__(self, book: ShardBook, watcher: Watcher) -> None:
        self._book, self._watcher = book, watcher

    def bad_row(self, bad: BadRow) -> None:
        self._book.refused(bad)
        self._watcher.bad_row(bad)

    def result(self, result: Result, row: Row, *, is_written: bool) -> None:
        self._watcher.result(result, row, is_written=is_written)

    def trouble(self, words: str) -> None:
        self._watcher.trouble(words)


class InputOfShard(Protocol):
    """The input that a shard is taken of."""

    @property
    def source(self) -> OpenSource: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def census(self) -> Census: ...


def shard_book(
    keep: Keep,
    options: BatchOptions,
    config: Config,
    given: InputOfShard,
    memory: OutputMemory,
    *,
    always: bool = False,
) -> ShardBook | None:
    """The book of what goes to `memory`; None where that is no shard, and no book has to be kept `always`.

    Raises `ConfigError` where the output is another shard's, or was asked for something else.
    """
    if options.shard is None and not always:
        if (before := manifest_in(keep)) is not None:
            raise ConfigError(
                f"{keep.words} holds shard {before.shard} of {before.source}", hint="choose another file for -o"
            )
        return None
    manifest = ShardManifest(
        shard=str(options.shard or WHOLE_INPUT),
        source=options.source_words,
        batch=memory.batch,
        asked=asked_in(options, given.names),
    )
    looks = memory.resumed > 0 and not given.source.is_live
    is_same = partial(holds_rows, options, config, given.names, memory.state) if looks else _cannot_tell
    return ShardBook.opened(keep, manifest, given.census, has_results=memory.resumed > 0, is_same=is_same)


def _cannot_tell() -> bool:
    return True
