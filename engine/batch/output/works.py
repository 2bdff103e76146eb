"""What lines of output answer, and how each of these works has ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from ..rows.digests import DigestMap, digest_of, framed
from .records import error_kind

KEY_BYTES = 8
_FAILED = 1 << 31
_WORK_BITS = _FAILED - 1

PASSING_KINDS = ("auth", "permission", "quota", "budget", "config", "cancelled")
"""Errors that are not the row's: a bad key, an interruption. Such rows run again without being asked to."""

State = Literal["missing", "done", "failed", "changed"]


class Work(Struct, frozen=True):
    """What one line of output answers: a row, a profile, a think value, and a digest of all that was asked.

    `repeat` is the number of the sample, from 1; None where there is but one, which is the first as well.
    """

    row_id: str
    profile: str
    think: str
    digest: bytes
    repeat: int | None = None
    key: bytes = b""
    """Stands for the row, the profile, the think value and, beyond the first, the sample. It is made of them."""

    def __post_init__(self) -> None:
        terms = _terms(self.profile, self.think, self.repeat or 1)
        force_setattr(self, "key", digest_of(self.row_id, after=terms)[:KEY_BYTES])

    @property
    def token(self) -> str:
        """`key` and the beginning of `digest`, as they stand in a line."""
        return (self.key + self.digest[:KEY_BYTES]).hex()


@lru_cache(maxsize=256)
def _terms(profile: str, think: str, repeat: int) -> bytes:
    """What of a key does not depend on the row."""
    return framed(profile, think) if repeat == 1 else framed(profile, think, str(repeat))


class WorkStates:
    """How works have ended, in a few bytes each.

    `has_old_lines` says whether there are lines that a later one stands for.
    """

    def __init__(self) -> None:
        self._ends = DigestMap()
        self.has_old_lines = False

    def of(self, work: Work) -> State:
        """Whether `work` was done, failed, was done for something else under the same id, or is missing."""
        found = self._ends.get(work.key)
        if found is None:
            return "missing"
        if found & _WORK_BITS != _bits(work.digest):
            return "changed"
        return "failed" if found & _FAILED else "done"

    def stands(self, key: bytes, digest: bytes) -> bool:
        """Whether there is a line, a failure or not, for just this."""
        found = self._ends.get(key)
        return found is not None and found & _WORK_BITS == _bits(digest)

    def has(self, key: bytes, digest: bytes, failed: bool) -> bool:
        """Whether just this was learnt last of the work at `key`."""
        return self._ends.get(key) == _end(digest, failed=failed)

    def learn(self, key: bytes, digest: bytes, failed: bool) -> None:
        """Keep what a line says."""
        if self._ends.set(key, _end(digest, failed=failed)):
            self.has_old_lines = True


def work_of(fields: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Key and digest of the work that a line answers; empty where the line does not say."""
    try:
        token = bytes.fromhex(fields["work"])
    except (KeyError, TypeError, ValueError):
        return b"", b""
    return token[:KEY_BYTES], token[KEY_BYTES:]


def ended(digest: bytes, fields: Mapping[str, Any]) -> tuple[bytes, bool]:
    """The digest of the work that a line answers, empty where it is to run again, and whether it failed."""
    failed = fields["status"] != "ok"
    return b"" if failed and error_kind(fields) in PASSING_KINDS else digest, failed


def _end(digest: bytes, *, failed: bool) -> int:
    bits = int.from_bytes(digest[:4], "big") & _WORK_BITS
    return bits | _FAILED if failed else bits


def _bits(digest: bytes) -> int:
    return int.from_bytes(digest[:4], "big") & _WORK_BITS
