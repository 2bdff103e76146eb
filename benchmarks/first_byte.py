"""Runs `thinkdial` and writes which modules were imported when the first byte of a request left, and at the end.

Arguments: the file to write, then those of thinkdial.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

seen: dict[str, list[str]] = {}
_send = socket.socket.send


def send(self: socket.socket, data: Any, *flags: int) -> int:
    if self.family == socket.AF_INET and "before" not in seen:
        seen["before"] = sorted(sys.modules)
    return _send(self, data, *flags)


if __name__ == "__main__":
    from thinkdial.cli.main import main

    written = Path(sys.argv[1])
    sys.argv[:] = ["thinkdial", *sys.argv[2:]]
    socket.socket.send = send  # type: ignore[method-assign]
    try:
        main()
    finally:
        seen["after"] = sorted(sys.modules)
        written.write_text(json.dumps(seen), encoding="utf-8")
