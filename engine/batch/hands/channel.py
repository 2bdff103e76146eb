"""Frames over a socket: four bytes of length, then that many. Both ends are processes of ours on this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

HEAD_BYTES = 4
MOST_BYTES = 2**31


class FrameSocket(asyncio.Protocol):
    """One end. `heard` gets each frame, `ended` is called once when the other end is gone."""

    def __init__(self, heard: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._heard, self._ended = heard, ended
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended()

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        at = 0
        while len(received) - at >= HEAD_BYTES:
            size = int.from_bytes(received[at : at + HEAD_BYTES], "big")
            end = at + HEAD_BYTES + size
            if len(received) < end:
                break
            frame = bytes(received[at + HEAD_BYTES : end])
            at = end
            self._heard(frame)
        if at:
            del received[:at]

    def send(self, frame: bytes) -> None:
        """Hand a frame over. Nothing happens where the other end is gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.writelines((len(frame).to_bytes(HEAD_BYTES, "big"), frame))

    def close(self) -> None:
        """End it, once what was handed over has left."""
        if self._transport is not None:
            self._transport.close()


async def opened_channel(sock: socket.socket, heard: Callable[[bytes], None], ended: Callable[[], None]) -> FrameSocket:
    """The end of a connected socket."""
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    _, channel = await loop.create_connection(lambda: FrameSocket(heard, ended), sock=sock)
    return channel
