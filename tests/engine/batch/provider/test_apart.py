"""One provider's trouble is not another's; and what a provider has forgotten does not stay open for ever."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.provider.job_store import JobStore
from thinkdial.engine.exchange.files.client import ApiClient, ApiError
from thinkdial.providers.dialect import failure
from thinkdial.providers.schema import HttpRequest

from .conftest import VENDORS, Bench

pytestmark = pytest.mark.slow

Refuse = Callable[..., None]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Requests whose URL holds these words fail like this, so many times."""
    ask, lines = ApiClient.ask, ApiClient.lines
    rules: list[tuple[str, Any, list[int]]] = []

    def check(request: HttpRequest) -> None:
        for words, error, left in rules:
            if words in request.url and left[0] > 0:
                left[0] -= 1
                raise error

    async def asked(self: ApiClient, request: HttpRequest, *, repeatable: bool = True) -> Any:
        check(request)
        return await ask(self, request, repeatable=repeatable)

    async def lined(self: ApiClient, request: HttpRequest) -> AsyncGenerator[bytes]:
        check(request)
        async for line in lines(self, request):
            yield line

    monkeypatch.setattr(ApiClient, "ask", asked)
    monkeypatch.setattr(ApiClient, "lines", lined)

    def arrange(words: str, status: int | None, kind: str, times: int = 1_000, **more: Any) -> None:
        failed = failure(kind, f"{kind} it is", status=status, **more)  # type: ignore[arg-type]
        rules.append((words, ApiError(failed, may_have_worked=status is None), [times]))

    arrange.clear = rules.clear  # type: ignore[attr-defined]
    return arrange


def stages(bench: Bench) -> dict[str, str]:
    return {part["profile"]: part["stage"] for part in bench.job()["parts"]}


@pytest.mark.parametrize(("status", "kind"), [(401, "auth"), (403, "permission"), (402, "quota")])
def test_a_provider_that_refuses_us_does_not_keep_the_others(bench: Bench, refuse: Refuse, status: int, kind: str):
    bench.write_rows(3)
    refuse("/anthropic/", status, kind)
    submitted = bench.submit(profiles="aog")
    assert submitted.code == 2 and f"{kind} it is" in submitted.err and "goes on from here" in submitted.err
    assert stages(bench) == {"a": "uploaded", "o": "created", "g": "created"}
    waited = bench.wait()
    assert waited.code == 2 and "waiting for the others" in waited.err
    assert stages(bench) == {"a": "uploaded", "o": "ended", "g": "ended"}
    collected = bench.collect()
    assert collected.code == 1 and "has not ended" in collected.err and bench.statuses() == {"ok": 6}
    refuse.clear()  # type: ignore[attr-defined]
    assert bench.wait().code == 0 and bench.collect().code == 0 and bench.statuses() == {"ok": 9}
    assert len(bench.simulator.batches) == 3


def test_looks_and_downloads_that_fail_do_not_keep_the_others(bench: Bench, refuse: Refuse):
    bench.write_rows(2)
    bench.submit(profiles="ao")
    refuse("/anthropic/", 401, "auth")
    shown = bench.run("batch", "status")
    assert shown.code == 2 and "anthropic" in shown.out and "auth it is" in shown.err
    assert bench.wait().code == 2
    assert bench.collect().code == 2 and {result["profile"] for result in bench.results()} == {"o"}
    refuse.clear()  # type: ignore[attr-defined]
    assert bench.wait().code == 0
    refuse("/anthropic/v1/messages/batches/", 500, "server", times=1)
    assert bench.collect().code == 2
    assert bench.collect().code == 0 and bench.statuses() == {"ok": 4}


def test_a_provider_that_wants_a_rest_is_left_alone_and_the_others_are_not(bench: Bench, refuse: Refuse):
    bench.write_rows(2)
    bench.submit(profiles="ao")
    refuse("/anthropic/", 429, "rate_limit", retry_after_s=3000.0)
    waited = bench.wait("--timeout", "0.5")
    assert waited.code == 1 and waited.err.count("a: rate_limit it is; trying again") == 1
    assert stages(bench) == {"a": "created", "o": "ended"}


@pytest.mark.parametrize("name", VENDORS)
def test_a_batch_that_the_provider_forgot_can_be_given_up(name: str, bench: Bench, refuse: Refuse):
    bench.write_rows(2)
    bench.submit(profiles=name)
    batch = bench.job()["parts"][0]["batch_id"].removeprefix("batches/")
    refuse(batch, 404, "not_found")
    assert bench.wait().code == 2 and bench.job()["open"]
    ended = bench.run("batch", "cancel")
    assert ended.code == 0 and "is not known to the provider any more" in ended.err and not bench.job()["open"]
    refuse.clear()  # type: ignore[attr-defined]
    assert bench.through(profiles=name).code == 0 and bench.statuses() == {"ok": 2}


@pytest.mark.parametrize(
    ("name", "where"), [("a", "/results"), ("o", "/content"), ("g", ":download"), ("x", "/results")]
)
def test_results_that_are_not_kept_any_more_can_be_given_up(name: str, where: str, bench: Bench, refuse: Refuse):
    bench.write_rows(2)
    bench.submit(profiles=name)
    bench.wait()
    refuse(where, 404, "not_found")
    collected = bench.collect()
    assert collected.code == 2 and "batch cancel" in collected.err and bench.job()["open"]
    ended = bench.run("batch", "cancel")
    assert ended.code == 0 and "are not kept any more" in ended.err and not bench.job()["open"]


def test_cancelling_what_has_ended_loses_nothing(bench: Bench):
    bench.write_rows(2)
    bench.submit(profiles="ao")
    bench.wait()
    assert "collect" in bench.run("batch", "cancel").err
    assert bench.collect().code == 0 and bench.statuses() == {"ok": 4}
    assert "nothing left to cancel" in bench.run("batch", "cancel").err


def test_a_batch_that_may_be_somebody_elses_is_not_cancelled(bench: Bench):
    bench.write_rows(2)
    job = bench.submit().out.strip()
    path = next(iter(JobStore().find(job).directory.glob("part-001.json")))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"guessed": True}))
    ended = bench.run("batch", "cancel")
    assert ended.code == 0 and "may be somebody else's" in ended.err
    assert not [entry for entry in bench.simulator.requests if entry.path.endswith("/cancel")]
    assert bench.wait().code == 0 and bench.collect().code == 0 and bench.statuses() == {"ok": 2}


def test_a_creation_that_came_to_nothing_is_cancelled_for_good(
    bench: Bench, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("thinkdial.engine.batch.provider.manager.LOOK_AGAIN_S", 0.01)
    bench.write_rows(2)
    refuse("/anthropic/", None, "connection")
    assert bench.submit("--poll", "0.01").code == 2 and stages(bench) == {"a": "creating"}
    refuse.clear()  # type: ignore[attr-defined]
    ended = bench.run("batch", "cancel")
    assert ended.code == 0 and "nothing to collect" in ended.err and not bench.job()["open"]
    assert not bench.simulator.batches


def test_an_upload_in_steps_begins_anew_where_it_broke(bench: Bench, refuse: Refuse):
    bench.write_rows(2)
    refuse("upload_id=", None, "connection", times=1)
    assert bench.through(profiles="g").code == 0 and bench.statuses() == {"ok": 2}
    starts = [entry for entry in bench.simulator.requests if entry.path.endswith("/upload/v1beta/files")]
    assert len(starts) >= 2 and len(bench.simulator.batches) == 1


def test_results_that_are_counted_and_not_named_are_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.write_rows(2)
    bench.submit(profiles="o")
    bench.wait()
    ask = ApiClient.ask

    async def unnamed(self: ApiClient, request: HttpRequest, *, repeatable: bool = True) -> Any:
        answer = await ask(self, request, repeatable=repeatable)
        answer.document.pop("output_file_id", None)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(ApiClient, "ask", unnamed)
        early = bench.collect()
    assert early.code == 2 and "names no file of them" in early.err and bench.output.read_bytes() == b""
    assert bench.collect().code == 0 and bench.statuses() == {"ok": 2}


def test_an_output_that_was_moved_away_is_not_made_again_empty(bench: Bench, tmp_path: Path):
    bench.write_rows(2)
    bench.through()
    bench.output.rename(tmp_path / "moved.jsonl")
    ended = bench.collect()
    assert ended.code == 2 and "was collected before" in ended.err and not bench.output.exists()


def test_an_output_that_holds_something_else_meanwhile(bench: Bench):
    bench.write_rows(2)
    bench.submit()
    bench.wait()
    bench.output.write_text('{"some": "thing"}\n')
    ended = bench.collect()
    assert ended.code == 2 and "the results stay at the provider" in ended.err
    bench.output.unlink()
    assert bench.collect().code == 0 and bench.statuses() == {"ok": 2}


def test_rows_that_cannot_be_read_any_more(bench: Bench):
    bench.write_rows(3)
    job = bench.submit().out.strip()
    bench.wait()
    path = JobStore().find(job).directory / "part-001.rows"
    whole = path.read_bytes()
    for spoilt in (whole[: len(whole) // 2], b"nonsense", gzip.compress(b"{}\n")):
        path.write_bytes(spoilt)
        ended = bench.collect()
        assert ended.code == 2 and "cannot be read" in ended.err and bench.job()["open"], ended.err
    path.write_bytes(whole)
    assert bench.collect().code == 0 and bench.statuses() == {"ok": 3}
