"""A loopback server in a process of its own: OpenAI-compatible answers, at once or after a while.

The first part of the path is the wait in milliseconds: `http://127.0.0.1:PORT/500/v1/chat/completions`. A stream has
four words, or as many events as the second part says, `/0/50/v1/...`; with `/500/clock/v1/...` its first word and
its last are the seconds from the whole request to the word, by this server's clock. A request that does not ask
for a stream gets one body of 2 KB, or of few bytes where the second part is `short`.

`/0/whole/DIALECT/WORDS/...` is a stream in the shape of any dialect, as fast as it is taken; with `paced` in its place
each event comes by itself, and its word is the time at which it was sent, by the clock that all processes share.

Run by itself it prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import cast

from streams import STREAMS, WORD, chat_stream

WORDS_IN_ANSWER = 4
BODY_BYTES, SHORT_BODY_BYTES = 2048, 400
EVENTS_PER_WRITE = 5
"""Of a long stream: it arrives in pieces, as from a model that thinks."""

PACE_S = 0.005
"""Between two events of a paced stream."""

CLOCK_GAP_S = 0.1
"""Between the two words of the server's clock."""


@contextmanager
def loopback_server() -> Iterator[str]:
    """The base URL of a running server, without a path."""
    child = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(child.stdout.readline())}"
    finally:
        child.stdin.close()
        child.wait(timeout=10)
        child.stdout.close()


class Answering(asyncio.Protocol):
    """Just enough HTTP/1.1 for a client that waits for its answer: a head, a body of the announced length."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no instance of it

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        self._received = b""
        came = time.monotonic()
        steps = head.split(b" ", 2)[1].split(b"/")
        if steps[2] == b"clock":
            asyncio.get_running_loop().call_later(int(steps[1]) / 1000, self._tell_time, came, False)
            return
        if steps[2] in (b"whole", b"paced"):
            self._stream(stream_of_words(steps[3].decode(), int(steps[4])), is_paced=steps[2] == b"paced")
            return
        streams = b'"stream":true' in body or b'"stream": true' in body
        answer = (
            _stream(int(steps[2]) if steps[2].isdigit() else 0)
            if streams
            else (_body(SHORT_BODY_BYTES if steps[2] == b"short" else BODY_BYTES),)
        )
        if wait_ms := int(steps[1] or 0):
            asyncio.get_running_loop().call_later(wait_ms / 1000, self._reply, answer, 0)
        else:
            self._reply(answer, 0)

    def _tell_time(self, came: float, is_last: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        head = b"" if is_last else _head("text/event-stream", "connection: close")
        delta = {"content": f"{time.monotonic() - came:.6f} "}
        choice = {"index": 0, "delta": delta, "finish_reason": "stop" if is_last else None}
        event = {"id": "c", "model": "example-1", "choices": [choice]}
        end = b"data: [DONE]\n\n" if is_last else b""
        self._transport.write(head + b"data: " + json.dumps(event).encode() + b"\n\n" + end)
        if is_last:
            self._transport.close()
        else:
            asyncio.get_running_loop().call_later(CLOCK_GAP_S, self._tell_time, came, True)

    def _stream(self, stream: bytes, *, is_paced: bool) -> None:
        head = _head("text/event-stream", f"content-length: {len(stream)}")
        if not is_paced:
            self._write(head + stream)
            return
        self._write(_head("text/event-stream", "connection: close"))
        events = [event + b"\n\n" for event in stream.split(b"\n\n") if event]
        asyncio.get_running_loop().call_later(PACE_S, self._next_event, events, 0)

    def _next_event(self, events: list[bytes], number: int) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(events[number].replace(WORD.encode(), f" {time.monotonic():.6f}".encode()))
        if number + 1 < len(events):
            asyncio.get_running_loop().call_later(PACE_S, self._next_event, events, number + 1)
        else:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _reply(self, answer: tuple[bytes, ...], number: int) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(answer[number])
        if number + 1 < len(answer):
            asyncio.get_running_loop().call_soon(self._reply, answer, number + 1)


@cache
def stream_of_words(dialect: str, words: int) -> bytes:
    return STREAMS[dialect](words)


def _content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


@cache
def _body(size: int) -> bytes:
    """One whole answer of about `size` bytes."""
    document = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "example-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 20,
            "completion_tokens": 300,
            "total_tokens": 320,
            "completion_tokens_details": {"reasoning_tokens": 50},
        },
    }
    choice = document["choices"][0]  # type: ignore[index]
    choice["message"]["content"] = "reasonable " * ((size - len(json.dumps(document))) // 11)  # type: ignore[index]
    body = json.dumps(document).encode()
    return _head("application/json", f"content-length: {len(body)}") + body


@cache
def _stream(events: int) -> tuple[bytes, ...]:
    """A stream as one piece of known length, or of so many events, each a chunk of its own, in several writes."""
    if not events:
        body = chat_stream(WORDS_IN_ANSWER)
        return (_head("text/event-stream", f"content-length: {len(body)}") + body,)
    parts = [part + b"\n\n" for part in chat_stream(events).split(b"\n\n") if part]
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts]
    writes = [b"".join(chunks[at : at + EVENTS_PER_WRITE]) for at in range(0, len(chunks), EVENTS_PER_WRITE)]
    writes[0] = _head("text/event-stream", "transfer-encoding: chunked") + writes[0]
    writes[-1] += b"0\r\n\r\n"
    return tuple(writes)


def _head(content_type: str, framing: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n{framing}\r\nx-request-id: req-1\r\n\r\n".encode()


async def serve() -> None:
    """Serve until standard input ends, however the parent ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())
