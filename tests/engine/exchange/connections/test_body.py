"""Bodies that are read as a whole, and no further than a bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from thinkdial.engine.exchange.connections import body as module
from thinkdial.engine.exchange.connections.body import Bound, TooLargeError, read_body, read_error_body
from thinkdial.engine.exchange.connections.errors import ReadError, SlowBodyError
from thinkdial.engine.exchange.files import client as batch_client
from thinkdial.engine.exchange.surroundings import Surroundings
from thinkdial.engine.exchange.transport import Response, Transport, read_transport_error
from thinkdial.providers.schema import HttpRequest

MEBIBYTE = 2**20


async def pieces(*parts: bytes, breaks: Exception | None = None, holds: bool = False) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if breaks is not None:
        raise breaks
    if holds:
        await asyncio.Event().wait()


def test_a_bound_gives_back_what_it_counts_until_there_is_too_much() -> None:
    bound = Bound(MEBIBYTE, "the list")
    assert bound.take(b"x" * MEBIBYTE) == b"x" * MEBIBYTE and bound.take(b"") == b""
    with pytest.raises(TooLargeError, match="the list is larger than 1 MiB"):
        bound.take(b"x")


def test_a_body_is_read_as_a_whole() -> None:
    assert asyncio.run(read_body(pieces(b"ab", b"", b"cd"), MEBIBYTE)) == b"abcd"
    with pytest.raises(TooLargeError, match="the answer is larger than 1 MiB"):
        asyncio.run(read_body(pieces(b"x" * MEBIBYTE, b"x"), MEBIBYTE))
    with pytest.raises(ReadError):
        asyncio.run(read_body(pieces(b"x", breaks=ReadError("reset")), MEBIBYTE))


def test_a_body_that_comes_bit_by_bit_has_its_time() -> None:
    with pytest.raises(SlowBodyError, match=r"the list is not whole after 0\.01 s") as caught:
        asyncio.run(read_body(pieces(b"x", holds=True), MEBIBYTE, "the list", 0.01))
    failed = read_transport_error(caught.value, "https://a.example/v1", 5)
    assert failed.kind == "timeout" and "a.example" in failed.message and "the list" in failed.message


def test_of_an_error_as_much_is_read_as_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ERROR_BODY_S", 0.05)
    monkeypatch.setattr(module, "MAX_ERROR_BODY_BYTES", 3)
    assert asyncio.run(read_error_body(pieces(b"ab"))) == b"ab"
    assert asyncio.run(read_error_body(pieces(b"ab", breaks=ReadError("reset")))) == b"ab"
    assert asyncio.run(read_error_body(pieces(b"ab", holds=True))) == b"ab"
    assert asyncio.run(read_error_body(pieces(b"ab", b"cd", b"ef", holds=True))) == b"abc"


class Giving(Transport):
    """Answers everything with the same pieces."""

    def __init__(self, *parts: bytes) -> None:
        super().__init__()
        self.parts = parts

    @asynccontextmanager
    async def open(self, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        yield Response(200, {}, pieces(*self.parts))


def client_of(*parts: bytes) -> batch_client.ApiClient:
    return batch_client.ApiClient(Surroundings(Giving(*parts)), "openai-chat", None, lambda _: {}, 5.0)


REQUEST = HttpRequest("GET", "https://host.example/batches", (), b"")


def lines_of(*parts: bytes) -> list[bytes]:
    async def go() -> list[bytes]:
        return [line async for line in client_of(*parts).lines(REQUEST)]

    return asyncio.run(go())


def test_the_lines_of_a_file_come_one_by_one_in_whatever_pieces_it_does() -> None:
    data = b'{"a":1}\r\n\n{"b":2}\n{"c":3}'
    for size in (1, 3, 100):
        found = lines_of(*(data[at : at + size] for at in range(0, len(data), size)))
        assert found == [b'{"a":1}', b'{"b":2}', b'{"c":3}'], size


def test_a_line_or_an_answer_of_a_batch_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_client, "MAX_BODY_BYTES", MEBIBYTE)
    with pytest.raises(batch_client.ApiError, match="one line of the stream is larger than 1 MiB") as caught:
        lines_of(b"{}\n", b"x" * MEBIBYTE, b"x")
    assert not caught.value.may_have_worked
    with pytest.raises(batch_client.ApiError, match="the answer is larger than 1 MiB") as caught:
        asyncio.run(client_of(b"x" * MEBIBYTE, b"x").ask(REQUEST))
    assert caught.value.may_have_worked
