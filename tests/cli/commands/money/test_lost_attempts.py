"""An attempt that is cut before any text may be billed: the result, the sums and the budgets know of it alike."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

Cli = Callable[..., Any]

ANSWER = {
    "id": "c", "object": "chat.completion.chunk", "model": "m",
    "choices": [{"index": 0, "delta": {"content": "yes"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 100, "total_tokens": 105},
}  # fmt: skip


@pytest.fixture
def cutter() -> Iterator[Any]:
    """A server that cuts the first request of each kind after its headers, and answers the next for 0.1 USD.

    `second` is set when it has a second one; a prompt with `hold` in it waits for `go_on` then.
    """

    asked: list[str] = []
    second, go_on = Event(), Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            prompt = json.loads(self.rfile.read(int(self.headers["content-length"])))["messages"][-1]["content"]
            asked.append(prompt)
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            if asked.count(prompt) > 1:
                second.set()
                if "hold" in prompt:
                    go_on.wait(60)
                    return
                self.wfile.write(f"data: {json.dumps(ANSWER)}\n\ndata: [DONE]\n\n".encode())

        def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.second, server.go_on = asked, second, go_on  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def config(path: Path, server: Any, top: str = "", price: str = "{input: 0, output: 1000}") -> Path:
    url = f"http://127.0.0.1:{server.server_port}/v1"
    priced = f", price: {price}" if price else ""
    entry = f"{{provider: openai-compatible, base_url: '{url}', model: m{priced}, max_output_tokens: 200}}"
    path.write_text(f"profiles:\n  p: {entry}\n{top}", encoding="utf-8")
    return path


def test_result_sums_and_budget_count_it(cli: Cli, cutter: Any, tmp_path: Path) -> None:
    path = config(tmp_path / "c.yaml", cutter, "budget: {daily_usd: 0.55}\n")
    ended = cli("ask", "x", "-p", "p", "--config", path, "--max-cost", "0.5", "--json")
    cost, summary = ended.json["results"][0]["cost"], ended.json["summary"]
    assert ended.code == 0 and cutter.asked == ["x", "x"]
    assert (cost["usd"], cost["lost_attempts"]) == ("0.100000", 1)
    assert Decimal(cost["lost_usd"]) == Decimal("0.2")  # 200 tokens of output had been granted to it
    assert (summary["usd"], summary["usd_unknown"]) == ("0.100000", 1)
    total = cli("spend", "--json", "--config", path).json
    spent = total["total"]
    assert (spent["usd"], spent["estimated_usd"]) == ("0.300000", "0.200000")
    assert (spent["results"], spent["estimated"], spent["unpriced"]) == (1, 1, 0)
    assert [state["spent_usd"] for state in total["budgets"]] == ["0.300000"]
    (row,) = cli("history", "list", "--json").json["runs"]
    assert (row["usd"], row["usd_unknown"]) == ("0.100000", 1)
    shown = cli("history", "show", "last", "--json").json
    assert shown["results"][0]["cost"] == cost and shown["summary"]["usd_unknown"] == 1
    # 0.25 of the day are left: enough for a call, and not for one beside a lost one.
    again = cli("ask", "y", "-p", "p", "--config", path, "--json")
    assert again.code != 0 and "not_retried" in [one["code"] for one in again.json["results"][0]["warnings"]]


def test_the_run_s_own_limit_counts_it(cli: Cli, cutter: Any, tmp_path: Path) -> None:
    path = config(tmp_path / "c.yaml", cutter)
    ended = cli("ask", "x", "-p", "p", "--config", path, "--max-cost", "0.205", "--json")
    assert cutter.asked == ["x"] and ended.json["results"][0]["attempts"] == 1  # 0.2 may be gone


def test_a_batch_counts_it_as_a_run_does(cli: Cli, cutter: Any, tmp_path: Path) -> None:
    path, rows, out = config(tmp_path / "c.yaml", cutter), tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows.write_text('{"prompt": "a"}\n{"prompt": "b"}\n', encoding="utf-8")
    run = ("batch", rows, "-p", "p", "--config", path, "-o", out, "--concurrency", "1", "--max-cost", "9")
    ended = cli(*run, "--summary", tmp_path / "sum.json")
    assert ended.code == 0, ended.err
    written = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(one["cost"]["lost_attempts"], one["cost"]["usd"]) for one in written] == [(1, "0.100000")] * 2
    for _ in range(2):  # the second time there is nothing left to do: all is read from the file
        document = json.loads((tmp_path / "sum.json").read_text(encoding="utf-8"))
        assert (document["usd"], document["usd_unknown"]) == ("0.200000", 2)
        assert cli(*run, "--summary", tmp_path / "sum.json").code == 0
    spent = cli("spend", "--json", "--config", path).json["total"]
    lost = sum(Decimal(one["cost"]["lost_usd"]) for one in written)
    assert Decimal(spent["estimated_usd"]) == lost and Decimal(spent["usd"]) == Decimal("0.2") + lost


def test_without_a_price_it_is_unknown(cli: Cli, cutter: Any, tmp_path: Path) -> None:
    path = config(tmp_path / "c.yaml", cutter, price="")
    ended = cli("ask", "x", "-p", "p", "--config", path, "--json")
    cost = ended.json["results"][0]["cost"]
    assert (cost["usd"], cost["lost_attempts"], cost["lost_usd"]) == (None, 1, None)
    assert ended.json["summary"]["usd_unknown"] == 1
    spent = cli("spend", "--json", "--config", path).json["total"]
    assert (spent["usd"], spent["unpriced"], spent["estimated"]) == (None, 1, 0)


def test_a_process_killed_in_its_second_attempt_has_both_on_the_books(cutter: Any, tmp_path: Path) -> None:
    path = config(tmp_path / "c.yaml", cutter)
    command = [sys.executable, "-m", "thinkdial.cli", "ask", "hold the second", "-p", "p", "--config", str(path)]
    started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert cutter.second.wait(30)
        started.kill()
    finally:
        started.kill()
        started.communicate()
        cutter.go_on.set()
    assert cutter.asked == ["hold the second"] * 2
    told = subprocess.run(
        [sys.executable, "-m", "thinkdial.cli", "spend", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    total = json.loads(told.stdout)["total"]
    assert (total["results"], total["estimated"], total["unpriced"]) == (2, 2, 0)
    assert total["usd"] == total["estimated_usd"] and Decimal(total["usd"]) > 0
