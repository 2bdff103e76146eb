"""What every process that a test starts imports first: it connects to nothing but this machine, or makes no socket."""

import os
import socket
from typing import Any

if os.environ.get("TEST_NO_SOCKETS"):

    class Refused(socket.socket):
        def __init__(self, *_: Any, **__: Any) -> None:
            raise AssertionError("a socket was made")

    socket.socket = Refused  # type: ignore[misc]
else:
    connect = socket.socket.connect

    def checked(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    socket.socket.connect = checked  # type: ignore[method-assign]
