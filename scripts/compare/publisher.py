"""A server of the files that are the same for both versions."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

PUBLISHED = Path(__file__).parent / "inside" / "published.py"


@contextmanager
def publisher(directory: Path, python: str) -> Iterator[str]:
    """The address at which `prices.json` is served, the price table that `python` has."""
    table = subprocess.run([python, str(PUBLISHED)], check=True, capture_output=True).stdout
    directory.mkdir(exist_ok=True)
    (directory / "prices.json").write_bytes(table)

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(directory))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
