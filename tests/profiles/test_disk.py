"""Files of ours: whole or not at all, for their owner alone, through no link, and never more than is wanted."""

from __future__ import annotations

import io
import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from thinkdial.profiles import disk
from thinkdial.profiles.disk import (
    PrivateFile,
    create_private,
    make_private_directory,
    open_private,
    read_bounded,
    read_stream,
    save_private,
    write_private,
)
from thinkdial.providers.errors import ConfigError

UMASKS = [0o000, 0o022, 0o077, 0o277, 0o777]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A directory with a file that may be read and not written, also where the tests are run by a superuser."""
    directory = Path(tempfile.mkdtemp())
    (directory / "kept").write_text("old", encoding="utf-8")
    nobody, us = 65534, os.geteuid()
    if us == 0:
        os.chown(directory, nobody, nobody)
        os.seteuid(nobody)
    try:
        directory.chmod(0o500)
        yield directory
    finally:
        directory.chmod(0o700)
        os.seteuid(us)
        (directory / "kept").unlink()
        directory.rmdir()


@pytest.mark.parametrize("mask", UMASKS)
def test_a_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    with umask(mask):
        write_private(tmp_path / "whole", b"x")
        write_private(tmp_path / "durable", b"x", to_disk=True)
        os.close(create_private(tmp_path / "created"))
        os.close(open_private(tmp_path / "opened", os.O_WRONLY))
        save_private(tmp_path / "a" / "b" / "saved", "x")
        make_private_directory(tmp_path / "c" / "d")
    for name in ("whole", "durable", "created", "opened", "a/b/saved"):
        assert mode(tmp_path / name) == 0o600, name
    for name in ("a", "a/b", "c", "c/d"):
        assert mode(tmp_path / name) == 0o700, name


def test_a_file_that_anybody_could_read_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o644)
    write_private(path, b"new")
    assert mode(path) == 0o600 and path.read_bytes() == b"new"
    path.chmod(0o640)
    with PrivateFile(path, mode=0o640) as file:
        file.write(b"mine")
    assert mode(path) == 0o640 and names(tmp_path) == ["store"]


def test_directories_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    (tmp_path / "link").symlink_to("open")
    make_private_directory(tmp_path / "link" / "new")
    make_private_directory(tmp_path / "open")
    assert (mode(tmp_path / "open"), mode(tmp_path / "open" / "new")) == (0o755, 0o700)
    with pytest.raises(FileExistsError):
        make_private_directory(tmp_path / "open", exist_ok=False)
    with pytest.raises(FileNotFoundError):
        make_private_directory(tmp_path / "no" / "new", parents=False)
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    for blocked in ("file", "file/new", "dangling", "dangling/new", "file/a/b"):
        with pytest.raises(OSError, match=r"exists|Not a directory"):
            make_private_directory(tmp_path / blocked)


@pytest.mark.parametrize("target", ["victim", "nowhere"])
def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path, target: str) -> None:
    victim, path = tmp_path / "victim", tmp_path / "store"
    victim.write_text("untouched", encoding="utf-8")
    path.symlink_to(target)
    write_private(path, b"new")
    assert not path.is_symlink() and path.read_bytes() == b"new" and mode(path) == 0o600
    assert victim.read_text(encoding="utf-8") == "untouched" and names(tmp_path) == ["store", "victim"]


@pytest.mark.parametrize("trap", ["link", "dangling", "file", "directory", "pipe"])
def test_what_lies_in_the_place_of_the_temporary_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    victim, path, taken = tmp_path / "victim", tmp_path / "store", tmp_path / ".store.taken.new"
    victim.write_text("untouched", encoding="utf-8")
    made: dict[str, Callable[[], object]] = {
        "link": lambda: taken.symlink_to(victim),
        "dangling": lambda: taken.symlink_to(tmp_path / "nowhere"),
        "file": lambda: taken.write_text("somebody's", encoding="utf-8"),
        "directory": taken.mkdir,
        "pipe": lambda: os.mkfifo(taken),
    }
    made[trap]()
    tokens = iter(["taken", "taken", "free"])
    monkeypatch.setattr(disk, "_token", lambda: next(tokens))
    write_private(path, b"new")
    assert path.read_bytes() == b"new" and victim.read_text(encoding="utf-8") == "untouched"
    assert names(tmp_path) == sorted([".store.taken.new", "store", "victim"])


def test_a_directory_full_of_traps_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_token", lambda: "taken")
    (tmp_path / ".store.taken.new").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError, match="no name is free"):
        write_private(tmp_path / "store", b"new")
    assert names(tmp_path) == [".store.taken.new"]


def test_created_and_opened_files_follow_no_link(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("untouched", encoding="utf-8")
    for target in (victim, tmp_path / "nowhere"):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        with pytest.raises(FileExistsError):
            create_private(link)
        with pytest.raises(OSError, match="symbolic links"):
            open_private(link, os.O_WRONLY | os.O_APPEND)
    assert victim.read_text(encoding="utf-8") == "untouched" and names(tmp_path) == ["link", "victim"]


def test_an_opened_file_is_gone_on_with_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for word in (b"one", b"two"):
        descriptor = open_private(path, os.O_WRONLY | os.O_APPEND)
        os.write(descriptor, word)
        os.close(descriptor)
    path.chmod(0o640)
    os.close(open_private(path, os.O_RDWR))
    assert path.read_bytes() == b"onetwo" and mode(path) == 0o640


def test_a_directory_in_its_place_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.mkdir()
    with pytest.raises(ConfigError, match=r"store: cannot be written: Is a directory"):
        save_private(path, "new")
    assert names(tmp_path) == ["store"]


def test_a_folder_that_may_not_be_written(read_only: Path) -> None:
    with pytest.raises(ConfigError, match=r"kept: cannot be written: Permission denied"):
        save_private(read_only / "kept", "new")
    with pytest.raises(ConfigError, match=r"deep: cannot be written: Permission denied"):
        save_private(read_only / "more" / "deep", "new")
    assert names(read_only) == ["kept"] and (read_only / "kept").read_text(encoding="utf-8") == "old"


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "store"
    write_private(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        for durable in (False, True):
            with pytest.raises(OSError, match="File too large"):
                write_private(path, b"x" * 1001, to_disk=durable)
        with pytest.raises(OSError, match="File too large"), PrivateFile(path) as file:
            for _ in range(100):
                file.write(b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"old" and names(tmp_path) == ["store"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_step_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    path = tmp_path / "store"
    write_private(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), full)
    with pytest.raises(OSError, match="No space left"):
        write_private(path, b"new", to_disk=True)
    assert path.read_bytes() == b"old" and names(tmp_path) == ["store"]


def test_an_interruption_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "store"
    write_private(path, b"old")
    with pytest.raises(KeyboardInterrupt), PrivateFile(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old" and names(tmp_path) == ["store"]
    left = PrivateFile(path)
    left.file.write(b"never")
    left.discard()
    left.discard()
    assert path.read_bytes() == b"old" and names(tmp_path) == ["store"]


@pytest.mark.parametrize("step", ["write", "close"])
def test_a_kill_in_between_leaves_what_was_there(tmp_path: Path, step: str) -> None:
    path = tmp_path / "store"
    write_private(path, b"old")
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom thinkdial.profiles.disk import PrivateFile\n"
        "made = PrivateFile(Path(sys.argv[1]))\nmade.file.write(b'x' * 100_000)\n"
        "if sys.argv[2] == 'close': made.file.close()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path), step], timeout=60)
    assert ended.returncode == -signal.SIGKILL and path.read_bytes() == b"old"
    (left,) = (found for found in tmp_path.iterdir() if found != path)
    assert mode(left) == 0o600
    write_private(path, b"new")
    assert path.read_bytes() == b"new" and mode(path) == 0o600


def test_long_and_strange_names(tmp_path: Path) -> None:
    for name in ("x" * 255, "ü" * 127, "\udcff", "a b\n", ".hidden"):
        write_private(tmp_path / name, b"x")
    assert len(names(tmp_path)) == 5
    with pytest.raises(OSError, match="File name too long"):
        write_private(tmp_path / ("x" * 256), b"x")
    assert len(names(tmp_path)) == 5


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 2**20)
    assert len(read_bounded(path, 2**20)) == 2**20
    path.write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(OSError, match="larger than 1 MiB"):
        read_bounded(path, 2**20)
    with pytest.raises(OSError, match="larger than 1 MiB"):
        read_bounded(Path("/dev/zero"), 2**20)
    with pytest.raises(OSError, match="larger than 1 MiB"):
        read_stream(io.BytesIO(path.read_bytes()), 2**20)
    assert read_bounded(Path(os.devnull)) == b""
    for missing, words in ((tmp_path, "directory"), (tmp_path / "no", "No such file"), (path / "no", "directory")):
        with pytest.raises(OSError, match=words):
            read_bounded(missing)
