"""Budgets as people meet them: refused before, cut during, counted after."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest

Cli = Callable[..., Any]

WHOLE = {
    "id": "c", "object": "chat.completion", "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 100, "total_tokens": 105},
}  # fmt: skip


class Till:
    """A server whose every answer takes a hundred output tokens, and a count of those that it gave.

    `waits`: after a quarter of a stream it goes on only when the client has gone, or has been silent for long.
    """

    def __init__(self) -> None:
        self.url = ""
        self.answered = 0
        self.waits = False
        self.together = Barrier(8)


@pytest.fixture
def till() -> Iterator[Till]:
    state = Till()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with suppress(BrokenBarrierError):
                state.together.wait(0.2)  # so that many are under way at once
            state.answered += 1
            if asked.get("stream"):
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                for number in range(400):
                    if state.waits and number == 100:
                        self.connection.settimeout(10)
                        with suppress(OSError):
                            self.rfile.read(1)
                    piece = {"choices": [{"index": 0, "delta": {"content": "word " * 40}}]}
                    try:
                        self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
                    except OSError:
                        return  # the client has cut it
                return
            body = json.dumps(WHOLE).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield state
    server.shutdown()
    server.server_close()


def config(path: Path, url: str, count: int, price: str, more: str = "", top: str = "") -> Path:
    entries = [
        f"  p{n}: {{provider: openai-compatible, base_url: '{url}', model: m, price: {price}{more}}}\n"
        for n in range(count)
    ]
    path.write_text("profiles:\n" + "".join(entries) + top, encoding="utf-8")
    return path


def names(count: int) -> list[str]:
    return [option for n in range(count) for option in ("-p", f"p{n}")]


def test_thirty_two_calls_of_ten_cents_never_spend_more_than_a_dollar(cli: Cli, till: Till, tmp_path: Path) -> None:
    path = config(tmp_path / "c.yaml", till.url, 32, "{input: 0, output: 1000}", ", max_output_tokens: 100")
    ended = cli("compare", "x", *names(32), "--config", path, "--max-cost", "1.00", "--no-stream", "--json")
    results = ended.json["results"]
    spent = sum(Decimal(result["cost"]["usd"]) for result in results if result["cost"]["usd"])
    assert spent == Decimal("1.00") and till.answered == 10
    assert ended.code == 4
    refused = [result for result in results if result["error"]]
    assert len(refused) == 22 and {result["error"]["kind"] for result in refused} == {"budget"}
    assert all(result["attempts"] == 0 for result in refused)


def test_too_little_for_any_answer_says_how_much_would_do(cli: Cli, till: Till, tmp_path: Path) -> None:
    path = config(tmp_path / "c.yaml", till.url, 1, "{input: 1, output: 1000}", ", max_output_tokens: 100")
    ended = cli("ask", "x", "-p", "p0", "--config", path, "--max-cost", "0.01")
    assert ended.code == 4 and till.answered == 0
    assert (
        "0.010 USD is all that is left" in ended.err and "with 64 tokens of output it may cost up to 0.06" in ended.err
    )
    assert "Hint: raise the limit" in ended.err


def test_a_monthly_budget_holds_over_runs_and_without_a_history_of_texts(cli: Cli, till: Till, tmp_path: Path) -> None:
    top = "budget: {monthly_usd: 0.25}\n"
    path = config(tmp_path / "c.yaml", till.url, 1, "{input: 0, output: 1000}", ", max_output_tokens: 100", top)
    run = ("ask", "x", "-p", "p0", "--config", path, "--no-stream", "--no-history", "-q")
    assert [cli(*run).code for _ in range(3)] == [0, 0, 4]
    assert till.answered == 2
    assert cli("history", "list", "--json").json["runs"] == []
    spent = cli("spend", "--by", "month", "--json", "--config", path).json
    assert spent["total"]["usd"] == "0.200000"


def test_a_stream_that_costs_too_much_is_cut_and_kept(cli: Cli, till: Till, tmp_path: Path) -> None:
    # About 50 tokens an event at 0.001 USD each: the budget of 0.5 is passed after some ten of 400 events.
    path = config(tmp_path / "c.yaml", till.url, 1, "{input: 0, output: 1000}")
    till.waits = True
    ended = cli("ask", "x", "-p", "p0", "--config", path, "--max-cost", "0.5", "--json")
    result = ended.json["results"][0]
    assert ended.code == 4
    assert result["status"] == "partial" and result["error"]["kind"] == "budget"
    assert result["answer"].startswith("word word") and len(result["answer"]) < 400 * 200
    assert result["cost"]["source"] == "estimated" and Decimal(result["cost"]["usd"]) >= Decimal("0.5")
    assert cli("spend", "--by", "profile", "--json").json["total"]["usd"] == result["cost"]["usd"]


def test_an_unknown_price_is_not_free(cli: Cli, till: Till, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"profiles:\n  p0: {{provider: openai-compatible, base_url: '{till.url}', model: m}}\n")
    run = ("ask", "x", "-p", "p0", "--config", path, "--max-cost", "1", "--no-stream")
    refused = cli(*run)
    assert refused.code == 4 and till.answered == 0
    assert "the price of p0 is not known" in refused.err and "--allow-unpriced" in refused.err
    assert cli(*run, "--allow-unpriced").code == 0 and till.answered == 1


def test_refused_before_anything_is_sent(cli: Cli, till: Till, tmp_path: Path) -> None:
    path = config(tmp_path / "c.yaml", till.url, 3, "{input: 1000000, output: 1}")
    ended = cli("compare", "a longer prompt than that", *names(3), "--config", path, "--max-cost", "0.01")
    assert ended.code == 4 and till.answered == 0 and "--max-cost" in ended.err and ended.out == ""


@pytest.mark.parametrize("wrong", ["much", "-1", "nan", "1e999999999"])
def test_an_amount_that_is_none(cli: Cli, wrong: str, tmp_path: Path) -> None:
    path = config(tmp_path / "c.yaml", "http://127.0.0.1:9", 1, "{input: 1, output: 1}")
    ended = cli("ask", "x", "-p", "p0", "--config", path, f"--max-cost={wrong}")
    assert ended.code == 2 and "is no amount in USD" in ended.err
