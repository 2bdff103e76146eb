"""Names are looked up beside everything else: nobody waits for a resolver that does not answer."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from thinkdial.engine.exchange.connections.errors import ConnectError, ConnectTimedOutError
from thinkdial.engine.exchange.connections.names import NameTable, addresses_within
from thinkdial.engine.exchange.connections.pool import Pool
from thinkdial.engine.exchange.connections.sockets import is_number

real = socket.getaddrinfo


def resolved_by(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str, int], Any]) -> None:
    """Have the system's resolver answer so for names."""

    def getaddrinfo(host: str, port: int, *rest: Any, **flags: Any) -> Any:
        return real(host, port, *rest, **flags) if flags.get("flags") else answer(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def at(port: int, *numbers: str) -> list[Any]:
    return [entry for number in numbers for entry in real(number, port, type=socket.SOCK_STREAM)]


def test_what_is_a_number() -> None:
    assert all(map(is_number, ("127.0.0.1", "::1")))
    assert not any(map(is_number, ("localhost", "a.example", "a..b", "x" * 300, "ä.example", "")))


def test_a_name_is_looked_up_once_for_all_who_ask_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    go_on = threading.Event()

    def answer(host: str, port: int) -> Any:
        asked.append(host)
        go_on.wait()
        return at(port, "127.0.0.1")

    resolved_by(monkeypatch, answer)

    async def go() -> None:
        names = NameTable()
        waiting = [asyncio.create_task(names.addresses("a.example", 80)) for _ in range(9)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        go_on.set()
        found = await asyncio.gather(*waiting[1:])
        assert asked == ["a.example"] and all(one == found[0] for one in found)
        await names.addresses("a.example", 80)
        assert asked == ["a.example"] * 2, "what was found is not kept"

    asyncio.run(go())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_an_address_that_leads_nowhere_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch, closed_port: int, loop: str
) -> None:
    async def go() -> None:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        resolved_by(monkeypatch, lambda host, _: [*at(closed_port, "::1", "127.0.0.1"), *at(port, "127.0.0.1")])
        (await Pool(lambda: 0.0).connect(("a.example", port, False), None, 5)).close()
        server.close()

    made = asyncio.new_event_loop if loop == "asyncio" else pytest.importorskip("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=made) as runner:
        runner.run(go())


@pytest.mark.parametrize("answer", [[], socket.gaierror(-2, "not known"), UnicodeError("label too long")])
def test_a_name_without_an_address_is_told(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    def answered(host: str, port: int) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    resolved_by(monkeypatch, answered)
    with pytest.raises(ConnectError):
        asyncio.run(Pool(lambda: 0.0).connect(("a.example", 80, False), None, 5))


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_process_ends_although_its_resolver_does_not_answer(loop: str) -> None:
    code = f"""
import asyncio, socket, threading
from thinkdial.engine.exchange.connections.names import NameTable, addresses_within
socket.getaddrinfo = lambda *_, **__: threading.Event().wait()
async def go():
    async with asyncio.timeout(0.01):
        await NameTable().addresses("a.example", 80)
try:
    asyncio.Runner(loop_factory=__import__({loop!r}).new_event_loop).run(go())
except TimeoutError:
    print("on")
"""
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("on\n", "")


def test_a_look_up_counts_as_a_part_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    resolved_by(monkeypatch, lambda host, port: go_on.wait() and [])
    with pytest.raises(ConnectTimedOutError):
        asyncio.run(Pool(lambda: 0.0).connect(("a.example", 80, False), None, 0.01))
    go_on.set()


def test_who_waits_without_a_loop_waits_as_long_as_he_says(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    resolved_by(monkeypatch, lambda host, port: go_on.wait() and [])
    with pytest.raises(TimeoutError, match=r"a\.example was not found"):
        addresses_within("a.example", 80, 0.01)
    go_on.set()
    resolved_by(monkeypatch, lambda host, port: at(port, "127.0.0.1"))
    assert addresses_within("a.example", 80, 5) == at(80, "127.0.0.1")


def test_what_goes_wrong_is_told_to_who_waits_without_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(host: str, port: int) -> Any:
        raise UnicodeError("label too long")

    resolved_by(monkeypatch, fails)
    with pytest.raises(UnicodeError):
        addresses_within("a.example", 80, 5)


def test_names_below_localhost_are_this_machine_for_every_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved_by(monkeypatch, lambda host, port: at(port, "127.0.0.1" if host == "localhost" else "192.0.2.1"))
    assert addresses_within("sim.localhost", 80, 5) == at(80, "127.0.0.1")
    assert addresses_within("notlocalhost", 80, 5) == at(80, "192.0.2.1")
