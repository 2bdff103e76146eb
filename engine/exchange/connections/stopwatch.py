"""The moments of one request on its connection, taken by the transport where they happen."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

Clock = Callable[[], float]

CONNECT_TIMEOUT_S = 10.0

LEAST_AGE_S = 0.008
"""The system counts in steps of up to 4 ms: what it calls younger than two of them may have come just now."""

HALF_A_STEP_S = 0.002
"""Of that count."""

_SEGMENT_AGE = struct.Struct("=I")
_SEGMENT_AGE_AT = 52
"""Where `tcpi_last_data_recv`, in milliseconds, stands in `struct tcp_info` of linux/tcp.h."""


class Stopwatch(Struct):
    """`connecting`: when a connection began to be made, None where one was open. `left`: when bytes could leave.

    `arrived`: when what has been read last came to this machine, which may be before anybody had time to read it.
    """

    connecting: float | None = None
    left: float | None = None
    arrived: float | None = None

    @property
    def connect_s(self) -> float | None:
        """Seconds from the first look-up of the name to the connection that can be used, TLS included."""
        if self.connecting is None or self.left is None:
            return None
        return self.left - self.connecting

    def note_arrival(self, at: float | None) -> None:
        """What was read last came `at`.

        Nothing comes before it was asked for: where the count says so, it came within a step, whose middle is taken.
        """
        if at is not None and self.left is not None and at < self.left:
            at = self.left + HALF_A_STEP_S
        self.arrived = at


class ArrivalClock:
    """Says when bytes that are being read now have come: a busy process reads them later, which is not the sender's.

    Linux remembers it for each TCP connection; elsewhere, and with a `clock` that is not the real one, it is now.
    """

    __slots__ = ("_clock", "_sock")

    def __init__(self, clock: Clock, sock: Any) -> None:
        self._clock = clock
        self._sock = sock if clock is time.monotonic and hasattr(socket, "TCP_INFO") else None

    def __call__(self) -> float:
        now = self._clock()
        if self._sock is None:
            return now
        try:
            info = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SEGMENT_AGE_AT + _SEGMENT_AGE.size)
            age_s = _SEGMENT_AGE.unpack_from(info, _SEGMENT_AGE_AT)[0] / 1000
        except (OSError, struct.error):  # no TCP, or a system that only looks like Linux
            self._sock = None
            return now
        return now - age_s if age_s >= LEAST_AGE_S else now


def connect_timeout_s(idle_timeout_s: float) -> float:
    """How long a connection may take to be made, TLS included."""
    return min(CONNECT_TIMEOUT_S, idle_timeout_s)
