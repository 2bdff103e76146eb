"""Simulated is never real, and nothing is taken for simulated because it says so."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from thinkdial.engine.targets import simulated
from thinkdial.engine.targets.simulated import answer_of, is_simulated, own_mark
from thinkdial.profiles.profile import Profile
from thinkdial.simulator import Simulator, simulator_in_thread

from ...cases import each


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulator_in_thread() as running:
        yield running


@contextmanager
def saying(answer: Any) -> Iterator[str]:
    """A server on loopback that answers every GET with what `answer` makes of the challenge; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answer(parse_qs(urlsplit(self.path).query)["challenge"][0])
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


def marked(mark: str | None) -> Profile:
    return Profile("p", "openai", "m", simulated=mark)


def test_the_mark_and_the_proof_together_are_believed(simulator: Simulator) -> None:
    assert is_simulated(marked(simulator.mark), f"{simulator.base_url}/openai/v1")
    assert simulator.requests == (), "asking for the proof is no request of a vendor"


def test_neither_is_believed_alone(simulator: Simulator) -> None:
    url = f"{simulator.base_url}/openai/v1"
    assert not is_simulated(marked(None), url), "it runs there, and the configuration does not say so"
    assert not is_simulated(marked("f" * 32), url), "another simulator's mark"


@each(
    "answer",
    [
        lambda _: b'{"simulator": "thinkdial"}',
        lambda _: b'{"simulator": "thinkdial", "proof": ""}',
        lambda challenge: json.dumps({"simulator": "thinkdial", "proof": challenge}).encode(),
        lambda challenge: json.dumps({"proof": answer_of("guess", challenge)}).encode(),
        lambda _: b"<html>",
        lambda _: b"[" * 5000,
        lambda _: b'{"proof": "\xc3\xa9"}',
    ],
)
def test_a_proxy_that_says_it_is_one_hides_nothing(answer: Any) -> None:
    with saying(answer) as url:
        assert not is_simulated(marked("a" * 32), url)


def test_one_that_knows_the_mark_has_proved_it() -> None:
    with saying(lambda challenge: json.dumps({"proof": answer_of("a" * 32, challenge)}).encode()) as url:
        assert is_simulated(marked("a" * 32), url)


@pytest.mark.parametrize(
    "url", ["https://api.openai.com/v1", "http://10.0.0.1:8099/v1", "http://[::2]:1/v1", "nonsense"]
)
def test_what_is_not_on_loopback_is_not_even_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "_asked", lambda *_: pytest.fail("asked"))
    assert not is_simulated(marked("a" * 32), url)


def test_a_proof_is_believed_for_a_while_only(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{simulator.base_url}/openai/v1"
    assert is_simulated(marked(simulator.mark), url)
    monkeypatch.setattr(simulated, "_asked", lambda *_: None)
    assert is_simulated(marked(simulator.mark), url)
    later = simulated.time.monotonic() + simulated.HOLDS_S + 1
    monkeypatch.setattr(simulated.time, "monotonic", lambda: later)
    assert not is_simulated(marked(simulator.mark), url)


def test_nobody_listens(closed_port: int) -> None:
    assert not is_simulated(marked("a" * 32), f"http://127.0.0.1:{closed_port}/v1")


def test_a_users_simulators_share_one_mark(tmp_path: Path) -> None:
    path = tmp_path / "data" / "mark"
    mark = own_mark(path)
    assert own_mark(path) == mark and len(mark) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("x")
    assert own_mark(path) not in (mark, "x")
