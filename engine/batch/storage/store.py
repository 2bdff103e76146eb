"""Folders of immutable parts: in this file system, or wherever fsspec reaches. Every error is a `ConfigError` in words.

Credentials are found by the libraries of the stores (environment, profiles, metadata services), never looked at here.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar, cast

from ....profiles.disk import create_private, make_private_directory, real_path, write_private
from ....providers.errors import ConfigError
from .address import Address, without_secret

T = TypeVar("T")

_LIBRARY_OF = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs",
}  # fmt: skip
"""The library that fsspec needs for a scheme (https://filesystem-spec.readthedocs.io/en/latest/api.html)."""

_SIGNED = re.compile(r"(?i)((?:signature|credential|token|key|secret|password|sig)[\w-]*[=:]\s*)[^\s&,;'\"<]+")
_LONGEST_WORDS = 300
_BLOCK_BYTES = 8 * 1024 * 1024


class PartStore(Protocol):
    """A folder of files that are written once, or replaced as a whole."""

    words: str

    def names(self) -> list[str]:
        """The files in it, in their order."""
        ...

    def read(self, name: str) -> bytes | None:
        """All of a file; None where there is none."""
        ...

    def open(self, name: str) -> BinaryIO: ...

    def size(self, name: str) -> int: ...

    def create(self, name: str, data: bytes) -> bool:
        """Write a file that is there whole or not at all; False, and nothing is written, where it is there already."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """The same, in place of what may be there."""
        ...

    def delete(self, name: str) -> None: ...


class LocalStore:
    """A folder of this file system, made when something is written."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.words = real_path(folder), str(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ConfigError(
                f"{folder} is a file, and a batch writes a folder of parts by that name",
                hint="choose another name for -o",
            )

    def names(self) -> list[str]:
        try:
            return sorted(path.name for path in self.folder.iterdir() if path.is_file())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._failed("read", error) from None

    def read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed("read", error) from None

    def open(self, name: str) -> BinaryIO:
        try:
            return (self.folder / name).open("rb")
        except OSError as error:
            raise self._failed("read", error) from None

    def size(self, name: str) -> int:
        return (self.folder / name).stat().st_size

    def create(self, name: str, data: bytes) -> bool:
        self.make()
        unfinished = self.folder / f".{name}.{os.getpid()}"
        try:
            with suppress(FileNotFoundError):
                unfinished.unlink()
            with os.fdopen(create_private(unfinished), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(unfinished, self.folder / name)  # it fails where the name is taken, as a rename would not
            except FileExistsError:
                return False
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
                    raise
                if (self.folder / name).exists():
                    return False
                unfinished.replace(self.folder / name)
            return True
        except OSError as error:
            raise self._failed("written", error) from None
        finally:
            with suppress(OSError):
                unfinished.unlink()

    def put(self, name: str, data: bytes) -> None:
        self.make()
        try:
            write_private(self.folder / name, data, to_disk=True)
        except OSError as error:
            raise self._failed("written", error) from None

    def delete(self, name: str) -> None:
        with suppress(OSError):
            (self.folder / name).unlink()

    def make(self) -> None:
        """Make the folder. Raises `ConfigError`."""
        try:
            make_private_directory(self.folder, parents=False)
        except OSError as error:
            raise self._failed("written", error) from None

    def _failed(self, what: str, error: OSError) -> ConfigError:
        return ConfigError(f"{self.words} cannot be {what}: {error.strerror or error}")


class RemoteStore:
    """A prefix in an object store. A file is created only where none has its name, if the store can tell."""

    def __init__(self, address: Address) -> None:
        self.words = str(address)
        self._system, self._path = system_of(address)
        self._path = self._path.rstrip("/")

    def names(self) -> list[str]:
        def listed() -> list[str]:
            self._system.invalidate_cache()
            try:
                found = self._system.ls(self._path, detail=True)
            except FileNotFoundError:
                return []
            names = (str(one["name"]).rstrip("/") for one in found if one.get("type") != "directory")
            return sorted(name.rpartition("/")[2] for name in names if name != self._path)

        return self._guarded("read", listed)

    def read(self, name: str) -> bytes | None:
        def all_of() -> bytes | None:
            try:
                return cast("bytes", self._system.cat_file(self._at(name)))
            except FileNotFoundError:
                return None

        return self._guarded("read", all_of)

    def open(self, name: str) -> BinaryIO:
        return self._guarded("read", lambda: self._system.open(self._at(name), "rb", block_size=_BLOCK_BYTES))

    def size(self, name: str) -> int:
        return self._guarded("read", lambda: int(self._system.size(self._at(name)) or 0))

    def create(self, name: str, data: bytes) -> bool:
        def made() -> bool:
            try:
                self._system.pipe_file(self._at(name), data, mode="create")
            except FileExistsError:
                # Our own, where the answer to a first attempt was lost on its way.
                return self._system.cat_file(self._at(name)) == data
            except OSError as error:
                if not _is_taken(error):
                    raise
                return self._system.cat_file(self._at(name)) == data
            return True

        return self._guarded("written", made)

    def put(self, name: str, data: bytes) -> None:
        self._guarded("written", lambda: self._system.pipe_file(self._at(name), data))

    def delete(self, name: str) -> None:
        with suppress(ConfigError):
            self._guarded("written", lambda: self._system.rm_file(self._at(name)))

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"

    def _guarded(self, what: str, act: Callable[[], T]) -> T:
        with in_words(self.words, what):
            return act()


def below(address: Address) -> list[Address]:
    """The folders right below `address`, which is a pattern where a `*` is in it. Raises `ConfigError`."""
    system, path = system_of(address)
    with in_words(str(address), "read"):
        try:
            if "*" in path:
                found = [name for name in system.glob(path) if system.isdir(name)]
            else:
                listed = system.ls(path, detail=True)
                found = [one["name"] for one in listed if one.get("type") == "directory"]
        except FileNotFoundError:
            return []
        prefix = address.text.partition("://")[0]
        return [Address(f"{prefix}://{str(name).strip('/')}") for name in sorted(found)]


@contextmanager
def in_words(name: str, what: str) -> Generator[None]:
    """Make a `ConfigError` of whatever the library of a store raises, without what may be secret in its message."""
    try:
        yield
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(
            f"{name} cannot be {what}: {_words_of(error)}",
            hint="credentials and addresses are those that the store's own library finds (environment, profile, role)",
        ) from None


def system_of(address: Address) -> tuple[Any, str]:
    """The file system of an address, and the path in it. Raises `ConfigError`, by name where a library is missing."""
    fsspec = _fsspec(address)
    needed = _LIBRARY_OF.get(address.scheme)
    try:
        # Listings that are kept would hide what another writer has done meanwhile.
        system, path = fsspec.url_to_fs(address.text, use_listings_cache=False, skip_instance_cache=True)
    except (ImportError, ValueError) as error:
        if isinstance(error, ImportError) or needed is None:
            install = f"pip install {needed}" if needed else "install what fsspec needs for it"
            raise ConfigError(f"{address}: fsspec cannot reach {address.scheme}://", hint=install) from None
        raise ConfigError(f"{address} is no address: {_words_of(error)}") from None
    except Exception as error:
        raise ConfigError(f"{address} cannot be reached: {_words_of(error)}") from None
    return system, str(path)


def _fsspec(address: Address) -> Any:
    try:
        return import_module("fsspec.core")
    except ImportError:
        raise ConfigError(
            f"{address} lies in an object store, for which fsspec is missing",
            hint="pip install 'thinkdial[storage]'"
            + (f" {_LIBRARY_OF[address.scheme]}" if address.scheme in _LIBRARY_OF else ""),
        ) from None


def _is_taken(error: OSError) -> bool:
    """Whether a store refuses to create what is there: 412 of S3 and Google, 409 of Azure and of two at once."""
    words = str(error)
    return "PreconditionFailed" in words or "ConditionalRequestConflict" in words or "BlobAlreadyExists" in words


def _words_of(error: Exception) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    if not isinstance(error, OSError) and type(error).__name__ not in words:
        words = f"{type(error).__name__}: {words}"
    return without_secret(_SIGNED.sub(r"\1***", words))[:_LONGEST_WORDS]
