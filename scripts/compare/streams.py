"""Standard streams of a command: pipes, or a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ROWS = 50
PIECE = 65536


@dataclass(slots=True)
class Streams:
    """The command's ends of three streams, and ours of its output: `err` is None where both go to one place."""

    _theirs: Sequence[int]
    _out: int
    _err: int | None
    is_terminal: bool = False
    _read: dict[int, bytearray] = field(default_factory=dict[int, bytearray])

    @property
    def out(self) -> bytes:
        return bytes(self._read.get(self._out, b""))

    @property
    def err(self) -> bytes:
        return bytes(self._read.get(self._err, b"")) if self._err is not None else b""

    @contextmanager
    def theirs(self) -> Iterator[Sequence[int]]:
        """The command's ends, closed on our side once it has begun: so its end is the end of what we read."""
        try:
            yield self._theirs
        finally:
            for descriptor in {*self._theirs}:
                os.close(descriptor)

    def leave_output(self) -> None:
        """Close our end of the output before anything is written to it."""
        os.close(self._out)
        self._out = -1

    def read_some(self, patience_s: float) -> None:
        """Wait for the first of the output."""
        if select.select([self._out], [], [], patience_s)[0]:
            self._add(self._out, os.read(self._out, PIECE))

    def read(self, patience_s: float) -> bool:
        """Read both to their ends, and close them. Whether they have ended in time."""
        until = time.monotonic() + patience_s
        open_ones = {descriptor for descriptor in (self._out, self._err) if descriptor not in (None, -1)}
        while open_ones and (left := until - time.monotonic()) > 0:
            for descriptor in select.select(list(open_ones), [], [], left)[0]:
                piece = b""
                with suppress(OSError):  # so a terminal says that its last holder has gone
                    piece = os.read(descriptor, PIECE)
                self._add(descriptor, piece)
                if not piece:
                    open_ones.remove(descriptor)
        for descriptor in (self._out, self._err):
            if descriptor is not None and descriptor != -1:
                os.close(descriptor)
        return not open_ones

    def _add(self, descriptor: int, piece: bytes) -> None:
        self._read.setdefault(descriptor, bytearray()).extend(piece)


def pipes(given: str) -> Streams:
    """Two pipes, and a pipe in front whose other end has been given all of `given`."""
    front, feeding = os.pipe()
    fcntl.fcntl(feeding, fcntl.F_SETPIPE_SZ, PIECE)
    os.write(feeding, given.encode())
    os.close(feeding)
    out, into = os.pipe()
    err, beside = os.pipe()
    return Streams((front, into, beside), out, err)


def terminal(columns: int, typed: str) -> Streams:
    """A terminal in front and behind, on which `typed` waits to be read; errors go there too if anything is typed."""
    controller, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    os.write(controller, typed.encode())
    if typed:
        return Streams((screen, screen, screen), controller, None, is_terminal=True)
    err, beside = os.pipe()
    return Streams((screen, screen, beside), controller, err, is_terminal=True)
