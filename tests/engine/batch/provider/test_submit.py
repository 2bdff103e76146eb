"""Submission over real HTTP: what is sent, in how many batches, what is left out, and what becomes of lost answers."""

from __future__ import annotations

import json
import stat
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from thinkdial.engine.batch.provider import access
from thinkdial.engine.exchange.files.client import ApiClient, ApiError
from thinkdial.profiles.batch_terms import batch_terms
from thinkdial.providers.dialect import failure
from thinkdial.providers.schema import HttpRequest
from thinkdial.simulator import row_digest

from .conftest import KEY, VENDORS, Bench

pytestmark = pytest.mark.slow

ENDPOINTS = {
    "a": "/v1/messages",
    "o": "/v1/responses",
    "g": "/v1beta/models/gemini-4-argon:generateContent",
    "m": "/v1/chat/completions",
    "x": "/v1/responses",
    "q": "/v1/chat/completions",
}
LIVE_ONLY = ("stream", "stream_options")


def test_every_vendor_from_rows_to_results(bench: Bench):
    bench.write_rows(5)
    ended = bench.through("-t", "low", profiles="aogmxq")
    assert ended.code == 0, ended.err
    results = bench.results()
    assert Counter(result["profile"] for result in results) == dict.fromkeys("aogmxq", 5)
    assert Counter((result["profile"], result["row_id"]) for result in results).most_common(1)[0][1] == 1
    for result in results:
        assert result["status"] == "ok" and result["answer"] and result["row"] == {"number": int(result["row_id"][1:])}
        assert result["latency"]["total_s"] is None and result["attempts"] == 1 and result["cost"]["usd"]
        assert result["think"]["requested"] == "low" and result["model_reported"]
        assert result["cost"]["source"] == ("provider" if result["profile"] == "x" else "table")
    assert max(Counter(row.digest for row in bench.simulator.rows).values()) == 1
    summary = bench.directory / "summary.json"
    assert bench.through("-t", "low", "--summary", summary, profiles="aogmxq").code == 0
    assert sum(group["results"] for group in json.loads(summary.read_text())["groups"]) == 30
    assert "about 50 % of the usual price; results may take up to 24 h" in ended.err


def test_results_cost_what_batches_cost(bench: Bench):
    bench.write_rows(1)
    bench.through(profiles="aogmq")
    cheap = {result["profile"]: result for result in bench.results()}
    bench.output.unlink()
    names = [part for name in "aogmq" for part in ("-p", name)]
    assert bench.run("batch", bench.rows, *names, "-o", bench.output, "--config", bench.config).code == 0
    for live in bench.results():
        price = {name: Decimal(one["cost"]["usd"]) for name, one in (("live", live), ("batch", cheap[live["profile"]]))}
        same = live["usage"] == cheap[live["profile"]]["usage"]
        assert not same or price["batch"] * 2 == price["live"], live["profile"]
        assert price["batch"] < price["live"], live["profile"]


def test_a_row_asks_what_the_live_request_asks(bench: Bench):
    bench.write_rows(1, system="be brief", max_output=4000)
    names = [part for name in VENDORS for part in ("-p", name)]
    live_output = bench.directory / "live.jsonl"
    bench.run("batch", bench.rows, *names, "-t", "low", "-o", live_output, "--config", bench.config)
    live = {entry.path.split("/")[1]: entry.body for entry in bench.simulator.requests if entry.method == "POST"}
    assert bench.through("-t", "low", profiles="aogmxq").code == 0
    sent = {row.vendor: row.digest for row in bench.simulator.rows}
    assert len(live) == len(sent) == len(VENDORS)
    for name, (provider, where, _) in VENDORS.items():
        body = {key: value for key, value in live[where.split("/")[1]].items() if key not in LIVE_ONLY}
        assert sent[provider] == row_digest(ENDPOINTS[name], body), provider


def test_think_values_and_rows_of_their_own(bench: Bench):
    bench.rows.write_text('{"id":"1","prompt":"x"}\n{"id":"2","prompt":"y","think":"high","profile":"a"}\n')
    assert bench.submit("-t", "low,high", "--wait", "--poll", "0.01", profiles="ao").code == 0
    found = {(one["row_id"], one["profile"], one["think"]["requested"]) for one in bench.results()}
    assert found == {("1", name, think) for name in "ao" for think in ("low", "high")} | {("2", "a", "high")}
    assert [batch.rows for batch in bench.simulator.batches] == [3, 2]


def test_nothing_is_submitted_twice(bench: Bench):
    bench.write_rows(4)
    first = bench.submit()
    assert first.code == 0 and len(first.out.strip()) == 8
    again = bench.submit()
    assert again.code == 0 and again.out == first.out and "nothing to submit" in again.err
    bench.write_rows(6)
    more = bench.submit()
    assert len(more.out.splitlines()) == 2 and [batch.rows for batch in bench.simulator.batches] == [4, 2]
    assert bench.through().code == 0
    assert len(bench.results()) == 6 and bench.statuses() == {"ok": 6}
    assert "nothing to submit" in bench.through().err and len(bench.simulator.batches) == 2


def test_what_a_live_run_has_done_is_left_out(bench: Bench):
    bench.write_rows(2)
    bench.run("batch", bench.rows, "-p", "a", "-o", bench.output, "--config", bench.config)
    bench.write_rows(5)
    assert bench.through().code == 0
    assert [batch.rows for batch in bench.simulator.batches] == [3] and len(bench.results()) == 5
    changed = json.loads(bench.rows.read_text().splitlines()[0]) | {"prompt": "another question"}
    bench.rows.write_text(json.dumps(changed) + "\n")
    assert bench.through().code == 0 and bench.simulator.batches[-1].rows == 1


@pytest.fixture
def terms_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Other limits for all providers."""

    def change(**limits: Any) -> None:
        changed = {name: replace(terms, **limits) for name, terms in batch_terms().items()}
        monkeypatch.setattr(access, "batch_terms", lambda: changed)

    return change


@pytest.mark.parametrize("name", VENDORS)
def test_a_batch_holds_no_more_rows_than_its_provider_takes(
    name: str, bench_for: Callable[..., Bench], terms_with: Callable[..., None]
):
    terms_with(most_rows=4)
    bench = bench_for(batch_rows=4)
    bench.write_rows(10)
    assert bench.through(profiles=name).code == 0
    assert [batch.rows for batch in bench.simulator.batches] == [4, 4, 2]
    assert bench.statuses() == {"ok": 10}


def test_a_batch_holds_no_more_bytes_than_its_provider_takes(
    bench_for: Callable[..., Bench], terms_with: Callable[..., None]
):
    terms_with(most_bytes=2000)
    bench = bench_for(batch_bytes=2100)
    bench.write_rows(12)
    with bench.rows.open("a") as rows:
        rows.write(json.dumps({"id": "huge", "prompt": "x" * 3000}) + "\n")
    assert bench.through(profiles="ao").code == 1
    assert all(batch.rows < 12 for batch in bench.simulator.batches)
    assert bench.statuses() == {"ok": 24, "error": 2}
    refused = [result for result in bench.results() if result["row_id"] == "huge"]
    assert {result["error"]["kind"] for result in refused} == {"invalid_request"}
    assert {result["attempts"] for result in refused} == {0}


def test_bad_rows_are_reported_and_the_others_go_on(bench: Bench):
    bench.rows.write_text('{"prompt":"x"}\nnonsense\n{"prompt":"y","profile":"zz"}\n')
    ended = bench.through("--input-format", "jsonl")
    assert ended.code == 1 and "line 2: is not JSON" in ended.err and "line 3:" in ended.err
    assert bench.statuses() == {"ok": 1}


def test_what_cannot_go_through_batches_is_said_before_anything_is_sent(bench: Bench, config_with: Callable[..., Path]):
    bench.write_rows(1)
    without_file = bench.run("batch", bench.rows, "-p", "a", "--via", "provider", "--config", bench.config)
    assert without_file.code == 2 and "needs -o FILE" in without_file.err
    assert bench.run("batch", bench.rows, "-p", "a", "--via", "pigeon", "-o", bench.output).code == 2
    for option in (("--ordered",), ("--concurrency", "3"), ("--summary", bench.directory / "s.json")):
        assert bench.submit(*option).code == 2
    url = bench.simulator.base_url
    entries = {
        "local": f"{{provider: openai-compatible, base_url: '{url}/compatible/v1', model: m}}",
        "new": f"{{provider: xai, base_url: '{url}/xai/v1', model: grok-4.6, api_key_env: SIM_KEY}}",
        "chat": f"{{provider: mistral, base_url: '{url}', model: m, dialect: openai-responses, api_key_env: SIM_KEY}}",
        "fast": f"{{provider: anthropic, base_url: '{url}/anthropic', model: claude-opus-5-5, api_key_env: SIM_KEY, "
        "params: {speed: fast}}",
    }
    more = "".join(f"  {name}: {entry}\n" for name, entry in entries.items())
    config = config_with(url, extra=more)
    words = {"local": "no batch API", "new": "does not take grok-4.6", "chat": "do not take openai-responses"}
    for name, told in words.items():
        ended = bench.run(
            "batch", bench.rows, "-p", "a", "-p", name, "--via", "provider", "-o", bench.output, "--config", config
        )
        assert ended.code == 2 and told in ended.err, name
    fast = bench.run("batch", bench.rows, "-p", "fast", "--via", "provider", "-o", bench.output, "--config", config)
    assert fast.code == 2 and "params.speed is not taken in batches" in fast.err
    assert not bench.simulator.requests


def test_a_cost_limit_is_held_against_the_expected_cost(bench: Bench, own_home: Path):
    bench.write_rows(50)
    ended = bench.submit("--max-cost", "0.001")
    assert ended.code == 4 and "50 rows are expected to cost" in ended.err and "cannot be cut" in ended.err
    assert not bench.simulator.requests and not json.loads(bench.run("batch", "list", "--json").out)["jobs"]
    enough = bench.submit("--max-cost", "100")
    assert enough.code == 0 and "cannot be cut" in enough.err and len(bench.simulator.batches) == 1


def test_an_unpriced_model_is_refused_under_a_limit(bench: Bench, config_with: Callable[..., Path]):
    bench.write_rows(1)
    url = bench.simulator.base_url
    model = f"  odd: {{provider: anthropic, base_url: '{url}/anthropic', model: claude-odd-9, api_key_env: SIM_KEY}}\n"
    chosen = ("-p", "odd", "--via", "provider", "-o", bench.output, "--config", config_with(url, extra=model))
    refused = bench.run("batch", bench.rows, *chosen, "--max-cost", "1")
    assert refused.code == 4 and "not known" in refused.err and not bench.simulator.requests
    assert bench.run("batch", bench.rows, *chosen, "--max-cost", "1", "--allow-unpriced").code == 0


def test_what_is_kept_is_private_and_holds_no_key(bench: Bench, own_home: Path):
    bench.write_rows(3)
    assert bench.through(profiles="ao").code == 0
    files = [path for path in own_home.rglob("batches/*/*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and KEY.encode() not in path.read_bytes(), path
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700
    assert not [path for path in files if path.suffix == ".sent"]


def test_a_batch_that_is_not_taken_leaves_its_rows_to_the_next_run(bench_for: Callable[..., Bench]):
    bench = bench_for(batch_rows=3)
    bench.write_rows(5)
    ended = bench.submit()
    assert ended.code == 3 and "was not taken" in ended.err and "at most 3" in ended.err
    assert bench.job()["parts"][0]["stage"] == "dropped" and not bench.job()["open"]
    bench.write_rows(2)
    assert bench.through().code == 0 and bench.statuses() == {"ok": 2}


def test_a_wrong_key_is_said_and_the_rows_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.write_rows(2)
    bench.submit()
    monkeypatch.setenv("SIM_KEY", "wrong-key")
    ended = bench.wait()
    assert ended.code == 2 and "wrong-key" not in ended.err
    monkeypatch.setenv("SIM_KEY", KEY)
    assert bench.wait().code == 0 and bench.collect().code == 0 and bench.statuses() == {"ok": 2}


CREATES = ("/batches", "/batch/jobs", ":batchGenerateContent")


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[str]]:
    """The first creation breaks: before it is sent, or after the provider has answered."""

    def arrange(arrives: bool) -> list[str]:
        lost: list[str] = []
        ask = ApiClient.ask

        async def broken(self: ApiClient, request: HttpRequest, *, repeatable: bool = True) -> Any:
            if request.method == "POST" and request.url.endswith(CREATES) and not lost:
                lost.append(request.url)
                if arrives:
                    await ask(self, request, repeatable=repeatable)
                raise ApiError(failure("connection", "the connection broke"), may_have_worked=True)
            return await ask(self, request, repeatable=repeatable)

        monkeypatch.setattr(ApiClient, "ask", broken)
        return lost

    return arrange


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("name", VENDORS)
def test_a_creation_without_an_answer_is_looked_for(
    name: str, arrives: bool, bench: Bench, lose: Callable[[bool], list[str]]
):
    lost = lose(arrives)
    bench.write_rows(3)
    ended = bench.through(profiles=name)
    assert lost and ended.code == 0, ended.err
    told = "was created without an answer" if arrives else "is not in the provider's list: it is created now"
    assert told in ended.err
    assert len(bench.simulator.batches) == 1 and len(bench.simulator.rows) == 3
    assert bench.statuses() == {"ok": 3}


def test_somebody_elses_batch_is_not_taken_for_ours(bench: Bench, lose: Callable[[bool], list[str]]):
    """Anthropic's batches have no name: one of the same size at the same time is a guess that its rows refute."""
    message = {"model": "claude-opus-5-5", "max_tokens": 2000, "messages": [{"role": "user", "content": "other"}]}
    theirs = httpx2.post(
        f"{bench.simulator.base_url}/anthropic/v1/messages/batches",
        json={"requests": [{"custom_id": f"theirs-{n}", "params": message} for n in range(3)]},
        headers={"x-api-key": "k", "anthropic-version": "2023-06-01"},
    ).json()
    lose(False)
    bench.write_rows(3)
    ended = bench.through()
    assert ended.code == 0 and f"{theirs['id']} is not thinkdial-" in ended.err, ended.err
    assert [batch.rows for batch in bench.simulator.batches] == [3, 3]
    assert bench.statuses() == {"ok": 3} and bench.job()["parts"][0]["rejected"] == [theirs["id"]]


def test_an_upload_that_breaks_is_repeated(bench_for: Callable[..., Bench]):
    bench = bench_for(headers="disconnect:1")
    bench.write_rows(2)
    assert bench.through(profiles="o").code == 0 and bench.statuses() == {"ok": 2}
    uploads = [entry for entry in bench.simulator.requests if entry.path.endswith("/files")]
    assert len(uploads) == 2 and len(bench.simulator.batches) == 1


def test_a_busy_provider_is_waited_for(bench_for: Callable[..., Bench]):
    bench = bench_for(headers="rate_limit:2")
    bench.write_rows(2)
    assert bench.through().code == 0 and bench.statuses() == {"ok": 2} and len(bench.simulator.batches) == 1


def test_declared_tools_go_through_batches_and_their_calls_are_shown_and_not_run(bench: Bench):
    bench.rows.write_text('{"id":"1","prompt":"use weather"}\n{"id":"2","prompt":"hello"}\n')
    tool = bench.directory / "weather.json"
    tool.write_text('{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}')
    refused = bench.submit("--run-tools", "allow:weather")
    assert refused.code == 2 and not bench.simulator.requests, refused.err
    assert bench.through("--tool", tool, profiles="aog").code == 0
    for result in bench.results():
        called = [call["name"] for call in result["tool_calls"]]
        assert called == (["weather"] if result["row_id"] == "1" else []), result["profile"]
        assert result["tool_runs"] == [] and result["tools"]["declared"][0]["name"] == "weather"
