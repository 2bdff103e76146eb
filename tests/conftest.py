"""No test sees the real home, real keys or a network beyond this machine."""

from __future__ import annotations

import errno
import gc
import ipaddress
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from .forks.child import Forks
from .late import Late

PROFILES = Path(__file__).resolve().parents[1] / "profiles"
USUAL_PORTS = {
    int(port)
    for file in PROFILES.rglob("*.yaml")
    for port in re.findall(r"^base_url: http://127\.0\.0\.1:(\d+)", file.read_text(encoding="utf-8"), re.MULTILINE)
}
"""Where Ollama, vLLM and the like listen on a developer's machine."""
KEY_WORDS = ("_API_KEY", "_TOKEN", "_SECRET", "BEDROCK")


MEMORY, LEAST_FREE = Path("/dev/shm"), 4 << 30  # noqa: S108 - only pytest's own private directories are made there
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > LEAST_FREE:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))  # a history that is written waits for no disk


def bytecode(config: pytest.Config) -> Path | None:
    """Where bytecode that is not wanted beside the sources is kept, for the processes of all runs."""
    cache: pytest.Cache | None = getattr(config, "cache", None)  # missing with `-p no:cacheprovider`
    return cache.mkdir("bytecode") if cache is not None else None


def pytest_xdist_auto_num_workers() -> int:
    """Two workers a core: what tests wait for, processes and servers, leaves a third of each core idle."""
    return min(2 * (os.cpu_count() or 1), 16)


@pytest.hookimpl(hookwrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """The tests are compiled once; to rewrite all their assertions takes longer than a tenth of them takes to run.

    Nothing that is made while they are found is let go, so that looking for what could be is in vain.
    """
    gc.disable()
    yield from _compiled_once(session)
    gc.enable()


def _compiled_once(session: pytest.Session) -> Iterator[None]:
    place = bytecode(session.config) if sys.dont_write_bytecode else None
    if place is None:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", False)
        patch.setattr(sys, "pycache_prefix", str(place))
        yield


class OwnOrder:
    """Every process goes through the files in another order: each file is compiled by one, and found done by others.

    A plugin, as the hooks of this file are not called for directories within directories.
    """

    def __init__(self) -> None:
        self._random = Random(os.environ.get("PYTEST_XDIST_WORKER"))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[None]:
        outcome: Any = yield
        if isinstance(collector, pytest.Directory):
            self._random.shuffle(outcome.get_result().result)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(OwnOrder())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One order in all processes, whichever file each began with.

    Tests with libraries that take seconds to import come first, so that as few processes as possible have some.
    """
    modules = {item.path: item.getparent(pytest.Module).obj for item in items}  # type: ignore[union-attr]
    late = {
        module.__name__ for module in modules.values() if any(isinstance(one, Late) for one in vars(module).values())
    }
    users = {
        path
        for path, module in modules.items()
        if module.__name__ in late or any(getattr(one, "__module__", None) in late for one in vars(module).values())
    }
    items.sort(key=lambda item: (item.path not in users, item.path))


def pytest_collection_finish() -> None:
    """What was made till now stays to the end; the garbage collector need not look through it during every test.

    Nor so often: a test that leaves circles behind leaves few.
    """
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_unconfigure() -> None:
    """What is left ends with the process; to look through it once more takes a second."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def compiled_once(pytestconfig: pytest.Config) -> None:
    """The commands that tests start are compiled once as well."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None) and (place := bytecode(pytestconfig)) is not None:
        os.environ["PYTHONPYCACHEPREFIX"] = str(place)


@pytest.fixture(scope="session", autouse=True)
def commands_built_once() -> Iterator[None]:
    """Commands that run in this process share one tree of commands, which is not built anew for each."""
    import typer.main

    build, built = typer.main.get_command, dict[int, Any]()

    def get_command(app: typer.Typer) -> Any:
        if id(app) not in built:
            built[id(app)] = app, build(app)
        return built[id(app)][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", get_command)
        yield


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Directories that do not exist yet. (`mktemp` looks through all that it made before, for each test.)"""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in count())


@pytest.fixture(scope="session", autouse=True)
def no_keys() -> Iterator[None]:
    """An environment without keys or proxies."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if any(word in name for word in KEY_WORDS) or name.lower().endswith("_proxy"):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def own_home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, without configuration."""
    home = next(homes)
    home.mkdir()
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, f"{home}/{name.lower()}")
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """A connection to anywhere else is an error of the test; the usual local servers are down, whatever runs here."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def checked(self: socket.socket, address: Any) -> Any:
        _check(self, address)
        return connect(self, address)

    def checked_ex(self: socket.socket, address: Any) -> Any:
        _check(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", checked)
        patch.setattr(socket.socket, "connect_ex", checked_ex)
        yield


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """What starts commands of ours as processes without a cold start."""
    base = tmp_path_factory.getbasetemp()
    serving = Forks(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)
    yield serving
    serving.end()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else gets meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def _check(connection: socket.socket, address: Any) -> None:
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    if not ipaddress.ip_address(address[0]).is_loopback:
        raise AssertionError(f"a test tried to reach {address[0]}")
    if address[1] in USUAL_PORTS:
        raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
