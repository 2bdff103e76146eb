"""One process at a time for one file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ....providers.errors import ConfigError

_BEYOND = 1 << 40
"""Where the locked byte lies on Windows, whose locks keep others from reading what they cover."""


class FileInUseError(ConfigError):
    """Another process has the file."""


def lock_file(file: int, path: Path) -> None:
    """Lock the open descriptor `file` until it is closed. Raises `FileInUseError` when another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _BEYOND, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise FileInUseError(
            f"{path} is being written by another run", hint="wait for it, or choose another file for -o"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be locked: {error.strerror}") from None
