"""`thinkdial prices`: what is shown, what is fetched, and that a bad download changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from thinkdial.engine.costs.prices import price_table

from ....engine.costs.prices.conftest import plain, shortened
from ...conftest import Ended, Process

Cli = Callable[..., Ended]


@dataclass
class Publisher:
    url: str
    body: bytes = b""
    status: int = 200
    asked: int = 0


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """A server that publishes whatever a test puts into `body`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked += 1
            self.send_response(told.status)
            if told.status == 302:
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Publisher(f"http://127.0.0.1:{server.server_port}/data.json")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    price_table.forget()
    yield told
    price_table.forget()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def whole_table() -> Any:
    from genai_prices.data_snapshot import get_snapshot

    return plain(get_snapshot().providers)


@pytest.fixture(scope="module")
def table(whole_table: Any) -> Any:
    """One with fewer models, quicker to fetch, check and read again and again."""
    return shortened(whole_table, "openai")


def with_price(table: Any, usd: float) -> bytes:
    changed = json.loads(json.dumps(table))
    entry = next(one for one in changed if one["id"] == "openai")
    listed = next(one for one in entry["models"] if one["id"] == "gpt-6-sol")
    listed["prices"], listed["price_variants"] = {"input_mtok": usd, "output_mtok": 9}, None
    return json.dumps(changed).encode()


def test_a_price_list_at_eighty_columns(cli: Cli) -> None:
    shown = cli("prices", "show", "claude-haiku-5-5")
    assert shown.code == 0
    assert shown.out.startswith("claude-haiku-5-5  anthropic\n")
    assert "standard  ≤ 100,000    0.1    0.01   0.125     0.2     0.5" in shown.out
    assert "          > 100,000    0.5    0.05   0.625       1     2.5" in shown.out
    assert "batch     ≤ 100,000   0.05   0.005  0.0625     0.1    0.25" in shown.out
    assert "as installed" in shown.out and "inference_geo" in shown.out
    assert all(len(line) <= 80 for line in shown.out.splitlines())
    assert "thinkdial prices show" in shown.err  # where else it is priced


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize(
    "model", ["openai/gpt-6-sol", "google/gemini-4-argon", "deepseek/deepseek-flash", "perplexity/sonar-deep-research"]
)
def test_every_kind_of_list_fits(cli: Cli, monkeypatch: pytest.MonkeyPatch, width: int, model: str) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = cli("prices", "show", model)
    assert shown.code == 0
    assert all(len(line) <= width for line in shown.out.splitlines())
    assert "…" not in shown.out


def test_the_document(cli: Cli) -> None:
    document = cli("prices", "show", "openai/gpt-6-sol", "--json").json
    assert document["schema"] == "thinkdial.prices/1"
    assert (document["provider"], document["listed_as"]) == ("openai", "openai/gpt-6-sol")
    long = next(row for row in document["table"] if row["tier"] == "standard" and row["above_tokens"] == 272_000)
    assert (long["input"], long["output"], long["cached_input"], long["cache_write_1h"]) == ("4", "15", "0.4", "10.0")
    assert document["own"] == [] and document["table_fetched_at"] is None
    assert document["uplifts"][0]["factor"] == "1.1"
    assert all(one["sources"] and one["checked_on"] for one in document["corrections"])


OWN = """
profiles:
  mine: {provider: openai, model: gpt-6-sol, price: {input: 9, output: 9, reasoning: 12}}
  plain: {provider: openai, model: gpt-6-luna}
  house: {provider: openai-compatible, base_url: 'http://127.0.0.1:1/v1', model: house-model}
prices:
  openai/gpt-6*: {input: 1, output: 2, batch: 0.5}
  openai-compatible/house-*: {input: 0.5, output: 1}
"""


def test_prices_of_ones_own_come_first_and_say_where_they_stand(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    mine = cli("prices", "show", "-p", "mine", "--config", path)
    assert "profiles.mine.price" in mine.out and "own.yaml:3" in "".join(mine.out.split())
    assert mine.out.index("your own price") < mine.out.index("the price table, not used for this model")
    document = cli("prices", "show", "-p", "plain", "--config", path, "--json").json
    assert document["own_source"] == "prices in your configuration"
    assert [(row["tier"], row["input"]) for row in document["own"]] == [("standard", "1"), ("batch", "0.5")]
    house = cli("prices", "show", "-p", "house", "--config", path)
    assert "your own price" in house.out and "the price table" not in house.out


@pytest.mark.parametrize("arguments", [("no-such-model",), ("openai/no-such-model",), ()])
def test_an_unknown_model_is_an_error_that_says_what_to_write(cli: Cli, arguments: tuple[str, ...]) -> None:
    shown = cli("prices", "show", *arguments)
    assert shown.code == 2 and shown.out == ""
    assert ("prices: {provider/model:" in shown.err) == bool(arguments)


def test_an_update_is_used_from_then_on_and_says_so(cli: Cli, publisher: Publisher, whole_table: Any) -> None:
    publisher.body = with_price(whole_table, 1.75)
    done = cli("prices", "update", "--url", publisher.url)
    assert done.code == 0
    assert "before: genai-prices" in done.out and f"from {publisher.url}" in done.out
    shown = cli("prices", "show", "openai/gpt-6-sol")
    assert "1.75" in shown.out and "updated 20" in " ".join(shown.out.split())
    assert cli("prices", "show", "openai/gpt-6-sol", "--json").json["table_fetched_at"]
    again = cli("prices", "update", "--url", publisher.url, "--json").json
    assert again["before"].startswith("updated 20") and again["after"].startswith("updated 20")
    assert publisher.asked == 2  # showing fetched nothing


def test_another_process_prices_by_it(process: Process, publisher: Publisher, table: Any) -> None:
    publisher.body = with_price(table, 1.75)
    assert process("prices", "update", "--url", publisher.url).code == 0
    document = process("prices", "show", "openai/gpt-6-sol", "--json", env={"TEST_NO_SOCKETS": "1"}).json
    assert document["table"][0]["input"] == "1.75"


def test_a_bad_download_leaves_the_old_prices(cli: Cli, publisher: Publisher, table: Any) -> None:
    publisher.body = with_price(table, 1.75)
    assert cli("prices", "update", "--url", publisher.url).code == 0
    for body, status in (
        (b"", 200), (b"<html>", 200), (b"[]", 200), (b"x", 500), (b"", 302), (b'[{"id": "openai"}]', 200),
    ):  # fmt: skip
        publisher.body, publisher.status = body, status
        failed = cli("prices", "update", "--url", publisher.url)
        assert failed.code == 2 and failed.out == "" and failed.err.startswith("Error: "), (body, status)
        assert "Traceback" not in failed.err, (body, status)
        document = cli("prices", "show", "openai/gpt-6-sol", "--json").json
        assert document["table"][0]["input"] == "1.75", (body, status)


def test_a_download_without_end_is_stopped(cli: Cli, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_table, "MAX_BYTES", 2**20)
    publisher.body = b" " * (2 * 2**20)
    failed = cli("prices", "update", "--url", publisher.url)
    assert failed.code == 2 and "larger than 1 MiB" in failed.err


def test_offline_is_said_plainly(cli: Cli, closed_port: int) -> None:
    failed = cli("prices", "update", "--url", f"http://127.0.0.1:{closed_port}/data.json")
    assert failed.code == 2
    assert "the price data cannot be fetched" in failed.err and "stay in use" in failed.err


@pytest.mark.parametrize("url", ["http://prices.test/data.json", "file:///etc/passwd", "nonsense"])
def test_only_https_or_this_machine(cli: Cli, url: str) -> None:
    failed = cli("prices", "update", "--url", url)
    assert failed.code == 2 and "https only" in failed.err


def test_the_address_keeps_no_secret(cli: Cli, publisher: Publisher, table: Any) -> None:
    publisher.body = with_price(table, 1.75)
    done = cli("prices", "update", "--url", publisher.url.replace("://", "://me:SECRET@") + "?token=SECRET")
    assert done.code == 0 and "SECRET" not in done.everything
    assert "SECRET" not in price_table.cache_file().read_text()
