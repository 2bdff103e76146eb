"""Addresses that are fetched: never one inside the network, whatever leads there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from thinkdial.engine.exchange.connections import download as module
from thinkdial.engine.exchange.connections.download import download, is_public
from thinkdial.providers.errors import UsageError

from ...cases import each


@each(
    "number",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.1.2.3", "100.64.0.1", "224.0.0.1",
     "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::", "nonsense"],
)  # fmt: skip
def test_addresses_inside_are_refused(number: str) -> None:
    assert not is_public(number)
    with pytest.raises(UsageError, match="no public address"):
        download("http://somewhere.test/a.png", 100, resolve=lambda _host, _port: ["93.184.216.34", number])


def test_public_addresses_are_public() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:4700::1111")


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://a.test/x", "http://", "gopher://a.test"])
def test_other_schemes_are_refused(address: str) -> None:
    with pytest.raises(UsageError):
        download(address, 100)


class Files(BaseHTTPRequestHandler):
    """Answers by the path; no real address is asked."""

    def do_GET(self) -> None:
        if self.path == "/inside":
            self.send_response(302)
            self.send_header("location", "http://127.0.0.1:1/secret")
            self.end_headers()
            return
        if self.path == "/round":
            self.send_response(302)
            self.send_header("location", "/round")
            self.end_headers()
            return
        self.send_response(200 if self.path != "/gone" else 404)
        self.end_headers()
        self.wfile.write(b"x" * 5000)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    real = module.is_public
    monkeypatch.setattr(module, "is_public", lambda number: number == "127.0.0.9" or real(number))
    opened = module.socket.create_connection
    monkeypatch.setattr(
        module.socket, "create_connection", lambda _where, timeout: opened(("127.0.0.1", server.server_port), timeout)
    )
    yield "http://site.test"
    server.shutdown()
    server.server_close()
    thread.join()


def looked_up(host: str, _port: int) -> list[str]:
    return ["127.0.0.9"] if host == "site.test" else [host]


def test_a_file_is_fetched_and_bounded(site: str) -> None:
    assert download(f"{site}/a.png", 6000, resolve=looked_up) == b"x" * 5000
    with pytest.raises(UsageError, match="larger than"):
        download(f"{site}/a.png", 4000, resolve=looked_up)
    with pytest.raises(UsageError, match="HTTP 404"):
        download(f"{site}/gone", 6000, resolve=looked_up)


def test_a_redirect_is_checked_like_the_first_address(site: str) -> None:
    with pytest.raises(UsageError, match=r"leads to 127\.0\.0\.1, which is no public address"):
        download(f"{site}/inside", 6000, resolve=looked_up)
    with pytest.raises(UsageError, match="redirects"):
        download(f"{site}/round", 6000, resolve=looked_up)
