"""What was worked out before, kept in the user's cache: what it was made of, a checksum, and the result."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from zlib import crc32

from ..disk import cache_place, make_private_directory, read_own, write_private

CHECKSUM_BYTES = 4
MOST_BYTES = 8 * 1024 * 1024


def kept_directory() -> Path:
    """Where it is kept. It may be emptied at any time."""
    return cache_place() / "parsed"


def kept(name: str, mark: bytes) -> bytes | None:
    """The result that is kept under `name`, if it is whole, this user's, and was made of what `mark` says."""
    with suppress(OSError):
        content = read_own(kept_directory() / name, MOST_BYTES)
        result = content[len(mark) + CHECKSUM_BYTES :]
        if content.startswith(mark + _checksum(result)):
            return result
    return None


def keep(name: str, mark: bytes, result: bytes) -> None:
    """Keep it where that can be done, in place of what was kept under `name`; else it is worked out again."""
    with suppress(OSError):
        make_private_directory(kept_directory())
        write_private(kept_directory() / name, mark + _checksum(result) + result)


def _checksum(result: bytes) -> bytes:
    return crc32(result).to_bytes(CHECKSUM_BYTES)
