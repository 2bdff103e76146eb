"""Outputs of shards, held against what was asked, and joined: one line for each work, and what is missing, in words.

Memory is some 200 bytes for each result; lines are read twice and never kept.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any, cast

from msgspec import Struct

from ....providers.errors import ConfigError, UsageError
from ..output.records import Record, error_kind
from ..output.works import KEY_BYTES, PASSING_KINDS
from ..rows.digests import DigestMap
from ..storage.lines import checked_token, document_of
from .manifest import DIGEST_BYTES, ShardManifest, order_in
from .pieces import ShardOutput
from .shard import Shard

_FAILED, _PASSING = 1 << 31, 1 << 30
_DIGEST_BITS = _PASSING - 1
_LAST_PLACE = (1 << 32) - 1


class Gap(Struct, frozen=True):
    """Results that are missing, why, and how to go on. `results` is None where their number cannot be known.

    `rows` are those that no part was asked for.
    """

    results: int | None
    why: str
    shard: Shard | None = None
    rows: int | None = None


class Joined(Struct, frozen=True):
    """What was joined. `doubled` lines are those that another one stands for, `strays` answer what nobody asks now.

    `expected` are the results that are asked for, of shards that are not here as well; None where their number is not
    known. Of these the `missing` ones are not here, at least so many where `expected` is None, and None where nobody
    knows what was asked.
    """

    results: int
    pieces: int
    expected: int | None
    missing: int | None
    doubled: int
    strays: int
    torn: tuple[str, ...]
    gaps: tuple[Gap, ...]

    @property
    def is_whole(self) -> bool:
        return not self.gaps

    @property
    def written(self) -> int:
        """How many results are here that are asked for, as far as that is known."""
        return self.results if self.expected is None else self.expected - (self.missing or 0)


class ShardJoin:
    """Reads pieces once, knows what is missing, and gives the lines. Raises `ConfigError` for what does not belong."""

    def __init__(self, pieces: Sequence[ShardOutput], row_keys: Iterable[tuple[int, bytes]] | None = None) -> None:
        """`row_keys` are line and key of each row of the input, where that is at hand."""
        if not pieces:
            raise UsageError("there is nothing to merge")
        self.pieces = pieces
        self._check_manifests()
        self._expected, self._digests, self._rows = DigestMap(), DigestMap(), DigestMap()
        self._line, self._ended, self._began = DigestMap(), DigestMap(), DigestMap()
        self.torn = list[str]()
        self.lines = 0
        self._read_orders()
        self._read_lines()
        self.gaps = tuple(self._gaps(row_keys))

    @property
    def joined(self) -> Joined:
        """What was found."""
        knows = any(one.manifest is not None and one.manifest.read for one in self.pieces)
        missing = sum(gap.results or 0 for gap in self.gaps)
        elsewhere = sum(gap.results or 0 for gap in self.gaps if gap.rows is not None)
        is_counted = knows and all(gap.results is not None for gap in self.gaps)
        return Joined(
            results=len(self._line),
            pieces=len(self.pieces),
            expected=len(self._expected) + elsewhere if is_counted else None,
            missing=missing if knows or self.gaps else None,
            doubled=self.lines - len(self._line),
            strays=self._strays() if knows else 0,
            torn=tuple(self.torn),
            gaps=self.gaps,
        )

    @property
    def is_json(self) -> bool:
        """Whether all lines are JSON, and not cells."""
        return all(one.form == "jsonl" for one in self.pieces)

    def records(self) -> Iterator[tuple[int, ShardOutput, Record]]:
        """The line of each work, once, with its place in the input; what has none comes in the end."""
        for piece, record in self._chosen():
            place = self._expected.get(checked_token(record.fields, piece.words)[:KEY_BYTES])
            yield _LAST_PLACE if place is None else place, piece, record

    def check_order(self) -> None:
        """Raise `UsageError` where the order of the rows is not known."""
        if any(one.manifest is None or not one.manifest.read for one in self.pieces):
            raise UsageError(
                "the order of the rows is not known: a shard has not read its input to the end",
                hint="run what is missing, or leave out --ordered",
            )

    def documents(self) -> Iterator[Mapping[str, Any]]:
        """The document of each work, of cells as far as they tell."""
        return (document_of(record.fields, piece.form) for piece, record in self._chosen())

    def _check_manifests(self) -> None:
        known = [(one, one.manifest) for one in self.pieces if one.manifest is not None]
        without = [one.words for one in self.pieces if one.manifest is None]
        if known and without:
            raise ConfigError(
                f"{without[0]} does not say which shard it is, and {known[0][0].words} does",
                hint="leave it out, or take the file shard.json along with each part",
            )
        if not known:
            return
        first_piece, first = known[0]
        same: tuple[tuple[str, Callable[[ShardManifest], Hashable]], ...] = (
            ("number of shards", lambda one: one.as_shard.of),
            ("batch", lambda one: one.batch),
            ("profiles", lambda one: tuple(sorted(one.asked.profiles))),
            ("think values", lambda one: tuple(sorted(one.asked.think))),
            ("samples of each", lambda one: one.asked.repeat),
        )
        for piece, manifest in known[1:]:
            for what, value in same:
                if value(manifest) != value(first):
                    raise ConfigError(
                        f"{piece.words} and {first_piece.words} are of two batches: their {what} differ"
                        f" ({_said(value(manifest))}, {_said(value(first))})",
                        hint="merge the parts of one batch",
                    )
        inputs = [(piece, one.input) for piece, one in known if one.input is not None]
        for piece, found in inputs[1:]:
            if found != inputs[0][1]:
                before = inputs[0][1]
                raise ConfigError(
                    f"{piece.words} and {inputs[0][0].words} have read two inputs: {_rows(found)}, {_rows(before)}",
                    hint="run the shards again over one input: what is done is not asked again",
                )

    def _read_orders(self) -> None:
        """What is asked, in the order of the input."""

        def entries(piece: ShardOutput) -> Iterator[tuple[int, bytes, bytes, bytes]]:
            return ((one.line, one.key, one.digest, one.row) for one in order_in(piece.keep))

        read = [one for one in self.pieces if one.manifest is not None and one.manifest.read]
        for line, key, digest, row in heapq.merge(*map(entries, read)):
            self._rows.set(row, line)
            if any(key) and self._expected.get(key) is None:
                self._expected.set(key, len(self._expected))
                self._digests.set(key, _bits(digest))

    def _read_lines(self) -> None:
        batch: str | None = None
        for piece in self.pieces:
            with closing(piece.records()) as records:
                for number, (words, record) in enumerate(records, 1):
                    if not record.whole:
                        if record.data.strip(b"\0"):  # and no page that a power failure has left
                            self.torn.append(words)
                        continue
                    token = checked_token(record.fields, f"{words}:{number}")
                    if batch is None:
                        batch = str(record.fields["batch"])
                    if record.fields["batch"] != batch:
                        raise ConfigError(
                            f"{words} holds results of another batch", hint="merge the parts of one batch"
                        )
                    self._take(token, record.fields, words)
                    self.lines += 1

    def _take(self, token: bytes, fields: Mapping[str, Any], words: str) -> None:
        key, ended, began = token[:KEY_BYTES], _ended(token, fields), _began(fields, words)
        before = self._ended.get(key)
        if before is not None:
            # An answer to what is asked now goes before one to what was asked once, and before a failure.
            wanted = self._digests.get(key)
            ranks = [(one & _DIGEST_BITS == wanted, not one & _FAILED, at) for one, at in (
                (ended, began), (before, self._began.get(key) or 0),
            )]  # fmt: skip
            if wanted is None and ended & _DIGEST_BITS != before & _DIGEST_BITS:
                ranks = [(True, True, rank[2]) for rank in ranks]
            if ranks[0] < ranks[1]:
                return
        self._line.set(key, self.lines)
        self._ended.set(key, ended)
        self._began.set(key, began)

    def _chosen(self) -> Iterator[tuple[ShardOutput, Record]]:
        stays = bytearray(self.lines)
        for _, number in self._line.items():
            stays[number] = 1
        number = 0
        for piece in self.pieces:
            for _, record in piece.records():
                if record.whole:
                    if stays[number]:
                        yield piece, record
                    number += 1

    def _strays(self) -> int:
        return sum(self._expected.get(key) is None for key, _ in self._line.items())

    def _gaps(self, row_keys: Iterable[tuple[int, bytes]] | None) -> Iterator[Gap]:
        manifests = [one.manifest for one in self.pieces if one.manifest is not None]
        for piece in self.pieces:
            if lost := piece.lost_parts():
                yield Gap(None, f"{piece.words}: {len(lost):,} parts are gone or cut, such as {lost[0]}", _shard(piece))
            if piece.manifest is not None and not piece.manifest.read:
                why = f"{piece.words}: the shard has not read its input to the end"
                yield Gap(None, why, _shard(piece))
        yield from self._unanswered()
        if not manifests:
            if row_keys is not None:
                raise UsageError("--input needs parts that say which shards they are", hint="those that --shard wrote")
            return
        of, present = manifests[0].as_shard.of, {one.as_shard.number for one in manifests}
        absent = [number for number in range(1, of + 1) if number not in present]
        if row_keys is not None:
            yield from self._not_asked(row_keys, of, present)
        elif absent:
            counted = next((one.input for one in manifests if one.input is not None), None)
            known = all(one.read for one in manifests) and counted is not None
            rows_here = {one.shard: one.rows or 0 for one in manifests}
            rows = counted.rows - sum(rows_here.values()) if known and counted is not None else None
            per_row = _works_a_row(manifests)
            results = None if rows is None or per_row is None else rows * per_row
            yield Gap(results, f"{_numbers(absent, of)} not among the parts", Shard(absent[0], of), rows)

    def _unanswered(self) -> Iterator[Gap]:
        """Works of the shards that are here, and have no answer to what is asked now."""
        why = Counter[tuple[str, int]]()
        first: dict[tuple[str, int], Shard | None] = {}
        owners = [one for one in self.pieces if one.manifest is not None and one.manifest.read]
        for number, piece in enumerate(owners):
            seen = DigestMap()
            for one in order_in(piece.keep):
                if not one.is_work or seen.get(one.key) is not None:
                    continue
                seen.set(one.key, 1)
                ended = self._ended.get(one.key)
                if ended is None:
                    reason = "have no line"
                elif ended & _DIGEST_BITS != _bits(one.digest):
                    reason = "answer what the row asked before it was changed"
                elif ended & _PASSING:
                    reason = "ended by a key, a budget or an interruption, and are asked again"
                else:
                    continue
                why[reason, number] += 1
                first.setdefault((reason, number), _shard(piece))
        for (reason, number), count in sorted(why.items()):
            yield Gap(count, f"{owners[number].words}: {count:,} results {reason}", first[reason, number])

    def _not_asked(self, row_keys: Iterable[tuple[int, bytes]], of: int, present: set[int]) -> Iterator[Gap]:
        """Rows of the input that no part was asked for."""
        absent, later = Counter[int](), Counter[int]()
        lines: dict[int, int] = {}
        for line, key in row_keys:
            if self._rows.get(key) is not None:
                continue
            number = int.from_bytes(key, "big") % of + 1
            (later if number in present else absent)[number] += 1
            lines.setdefault(number, line)
        manifests = [one.manifest for one in self.pieces if one.manifest is not None]
        per_row = _works_a_row(manifests)
        for number, rows in sorted(absent.items()):
            results = None if per_row is None else rows * per_row
            yield Gap(results, f"shard {number}/{of} is not among the parts", Shard(number, of), rows)
        for number, rows in sorted(later.items()):
            why = f"shard {number}/{of}: {rows:,} rows of the input were not there when it ran (line {lines[number]:,})"
            yield Gap(None if per_row is None else rows * per_row, why, Shard(number, of), rows)


def _works_a_row(manifests: Sequence[ShardManifest]) -> int | None:
    """How many results each row has; None where rows differ, or it cannot be known."""
    found = {(one.expected or 0) / one.rows for one in manifests if one.read and one.rows}
    value = found.pop() if len(found) == 1 else 0.5
    return int(value) if value == int(value) else None


def _shard(piece: ShardOutput) -> Shard | None:
    return None if piece.manifest is None else piece.manifest.as_shard


def _numbers(numbers: Sequence[int], of: int) -> str:
    said = ", ".join(map(str, numbers[:8])) + (f" and {len(numbers) - 8:,} more" if len(numbers) > 8 else "")
    return f"shard {said} of {of} is" if len(numbers) == 1 else f"shards {said} of {of} are"


def _said(value: object) -> str:
    words = ", ".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else str(value)
    return words or "the configured ones"


def _rows(found: Any) -> str:
    return f"{found.rows:,} rows (sum {found.fingerprint[:8]})"


def _began(fields: Mapping[str, Any], words: str) -> int:
    try:
        return int(datetime.fromisoformat(fields["created_at"]).timestamp()) & 0xFFFFFFFF
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise ConfigError(f"{words}: holds what is no line of a batch's output") from None


def _ended(token: bytes, fields: Mapping[str, Any]) -> int:
    """The digest of what was asked, whether it failed, and whether with something that is not the row's fault."""
    ended = _bits(token[KEY_BYTES:])
    if fields["status"] != "ok":
        ended |= _FAILED
        if error_kind(fields) in PASSING_KINDS:
            ended |= _PASSING
    return ended


def _bits(digest: bytes) -> int:
    return int.from_bytes(digest[:DIGEST_BYTES], "big") & _DIGEST_BITS
