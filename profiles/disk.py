"""Files of ours on disk: written whole or not at all and for their owner alone, read up to a bound."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Protocol

from ..providers.errors import ConfigError

OWNER_FILE, OWNER_DIRECTORY = 0o600, 0o700
_ROOTS = (
    ("APPDATA", "LOCALAPPDATA", "USERPROFILE")
    if os.name == "nt"
    else ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
)
"""The variables that say where a user's files lie."""
SMALL_BYTES = 8 * 1024 * 1024
"""More than any file of settings or names should hold."""

_KEPT_NAME = 40
_ATTEMPTS = 100
_AS_NAMED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""No link is followed, and on Windows no line break is translated."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class PrivateFile:
    """A file that takes its place as a whole when it is committed; until then what was there stays there.

    It is written beside its place under a name that nobody else has. A link in its place is replaced, not followed.
    As a context it is committed at the end and discarded by an exception. `to_disk` waits for the disk, so that a
    power failure does not lose it. Everything raises `OSError`.
    """

    def __init__(self, path: Path, *, mode: int = OWNER_FILE, to_disk: bool = False) -> None:
        self._path, self._to_disk = path, to_disk
        descriptor, self._temporary = _made_beside(path, mode)
        self.file: BinaryIO = os.fdopen(descriptor, "wb")

    def __enter__(self) -> BinaryIO:
        return self.file

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.commit()
        else:
            self.discard()

    def commit(self) -> None:
        """Put it in its place."""
        try:
            self.file.flush()
            if self._to_disk:
                os.fsync(self.file.fileno())
            self.file.close()
            self._temporary.replace(self._path)
        except BaseException:
            self.discard()
            raise
        if self._to_disk:
            _names_to_disk(self._path.parent)

    def discard(self) -> None:
        """Leave nothing of it, unless it has been committed."""
        with suppress(OSError):
            self.file.close()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)


def config_place() -> Path:
    """Where the user's configuration belongs on this system."""
    return _place("config", *map(os.environ.get, _ROOTS))


def data_place() -> Path:
    """Where files of ours lie that are to stay."""
    return _place("data", *map(os.environ.get, _ROOTS))


def cache_place() -> Path:
    """Where files of ours lie that may be deleted at any time."""
    return _place("cache", *map(os.environ.get, _ROOTS))


@cache
def _place(kind: Literal["config", "data", "cache"], *_: str | None) -> Path:
    """Found once for each environment: it is asked for with every price, model and text."""
    from platformdirs import PlatformDirs

    places = PlatformDirs("thinkdial", appauthor=False)
    return {"config": places.user_config_path, "data": places.user_data_path, "cache": places.user_cache_path}[kind]


def write_private(path: Path, data: bytes, *, to_disk: bool = False) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises `OSError`."""
    with PrivateFile(path, to_disk=to_disk) as file:
        file.write(data)


def save_private(path: Path, text: str) -> None:
    """The same, with the directories that it needs. Raises `ConfigError`."""
    try:
        make_private_directory(path.parent)
        write_private(path, text.encode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def create_private(path: Path, flags: int = os.O_WRONLY) -> int:
    """A descriptor of a new file that only its owner may read, whatever the umask. Raises `OSError`."""
    return _created(path, flags, OWNER_FILE)


def open_private(path: Path, flags: int, mode: int = OWNER_FILE) -> int:
    """The same for a file that may be there: that keeps its mode, and must be no link. Raises `OSError`."""
    try:
        return _created(path, flags, mode)
    except FileExistsError:
        return os.open(path, flags | os.O_CREAT | _AS_NAMED, mode)


def make_private_directory(path: Path, *, exist_ok: bool = True, parents: bool = True) -> None:
    """Make `path`, and what is missing above it, for their owner alone; what is there stays as it is.

    Raises `OSError`.
    """
    if exist_ok and path.is_dir():
        return
    try:
        path.mkdir(OWNER_DIRECTORY)
    except FileNotFoundError:
        if not parents or path.parent == path:
            raise
        make_private_directory(path.parent)
        make_private_directory(path, exist_ok=exist_ok, parents=False)
        return
    except FileExistsError:  # another process was faster
        if not exist_ok or not path.is_dir():
            raise
        return
    path.chmod(OWNER_DIRECTORY)  # the umask may have taken away even what its owner needs


def is_device(path: Path) -> bool:
    """Whether `path` is something that cannot be read again: a device, a pipe, a directory."""
    return path.exists() and not path.is_file()


def read_bounded(path: Path, most_bytes: int = SMALL_BYTES) -> bytes:
    """All of a file, which may be a pipe or a device. Raises `OSError`, also for more than `most_bytes`."""
    with path.open("rb") as file:
        return read_stream(file, most_bytes)


def read_own(path: Path, most_bytes: int = SMALL_BYTES) -> bytes:
    """All of a file that the user of this process has put there, and no link. Raises `OSError` where it is none."""
    descriptor = os.open(path, os.O_RDONLY | _AS_NAMED)
    try:
        about, user = os.fstat(descriptor), getattr(os, "geteuid", None)
        if about.st_size > most_bytes or (user is not None and about.st_uid != user()):
            raise PermissionError(errno.EPERM, "not a file of ours", str(path))
        return os.read(descriptor, about.st_size)
    finally:
        os.close(descriptor)


def real_path(path: Path) -> Path:
    """Where `path` leads; where links lead round in a loop, the path itself: opening it says so, as an `OSError`."""
    return Path(os.path.realpath(path))


def is_own(path: Path) -> bool:
    """Whether `path`, and what a link there leads to, belongs to the user of this process.

    Yes where the system knows no owners. Raises nothing: what cannot be looked at is nobody's.
    """
    user = getattr(os, "geteuid", None)
    try:
        return user is None or path.lstat().st_uid == path.stat().st_uid == user()
    except OSError:
        return False


def is_same(one: Path, other: Path) -> bool:
    """Whether both lead to one file; not where a path leads nowhere, or round in a loop."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def read_stream(stream: _Readable, most_bytes: int) -> bytes:
    """All that comes from `stream`. Raises `OSError` for more than `most_bytes`."""
    data = stream.read(most_bytes + 1)
    if len(data) > most_bytes:
        most = f"{most_bytes // 2**20} MiB" if most_bytes >= 2**20 else f"{most_bytes // 1024} KiB"
        raise OSError(errno.EFBIG, f"larger than {most}")
    return data


def _made_beside(path: Path, mode: int) -> tuple[int, Path]:
    """A new file in the directory of `path`: in another one it could not take its place at once."""
    for _ in range(_ATTEMPTS):
        temporary = path.with_name(f".{path.name[:_KEPT_NAME]}.{_token()}.new")
        with suppress(FileExistsError):
            return _created(temporary, os.O_WRONLY, mode), temporary
    raise FileExistsError(errno.EEXIST, "no name is free beside it", str(path))


def _token() -> str:
    return os.urandom(8).hex()


def _created(path: Path, flags: int, mode: int) -> int:
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL | _AS_NAMED, mode)
    try:
        if hasattr(os, "fchmod"):  # Windows has it since Python 3.13
            os.fchmod(descriptor, mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _names_to_disk(directory: Path) -> None:
    """Have the names in `directory` on the disk, where the system knows such a thing."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
