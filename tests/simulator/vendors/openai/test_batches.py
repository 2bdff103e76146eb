"""The official SDK drives files and batches of OpenAI: every state, both files, every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from thinkdial.simulator import simulator_in_thread

from ....sdks import openai, says

MODEL = "gpt-6-sol"
ENDED = {"completed", "failed", "expired", "cancelled"}


def line(custom_id: str, model: str = MODEL, *, url: str = "/v1/responses", **body: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"input": f"What is {custom_id}?"}
    if url != "/v1/responses":
        asked = {"messages": [{"role": "user", "content": f"What is {custom_id}?"}]}
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": {"model": model, **asked, **body}}


def jsonl(*lines: Any) -> bytes:
    return b"".join((entry if isinstance(entry, bytes) else json.dumps(entry).encode()) + b"\n" for entry in lines)


@pytest.fixture
def sdk(simulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="sim-key", base_url=f"{simulator.base_url}/openai/v1", max_retries=0) as client:
        yield client


@pytest.fixture
def submit(sdk) -> Callable[..., Any]:
    def submitted(*lines: Any, endpoint: str = "/v1/responses", headers: dict[str, str] | None = None) -> Any:
        file = sdk.files.create(file=("rows.jsonl", jsonl(*lines)), purpose="batch")
        return sdk.batches.create(
            input_file_id=file.id, endpoint=endpoint, completion_window="24h", metadata={"run": "7"},
            extra_headers=headers or {},
        )  # fmt: skip

    return submitted


@pytest.fixture
def ended(sdk) -> Callable[[Any], Any]:
    def wait(batch: Any) -> Any:
        for _ in range(5):
            batch = sdk.batches.retrieve(batch.id)
            if batch.status in ENDED:
                return batch
        raise AssertionError(f"still {batch.status}")

    return wait


def results(sdk, file_id: str | None) -> dict[str, Any]:
    if file_id is None:
        return {}
    lines = [json.loads(text) for text in sdk.files.content(file_id).text.splitlines()]
    return {entry["custom_id"]: entry for entry in lines}


def test_a_batch_from_file_to_results(sdk, submit, ended):
    names = [f"row-{number}" for number in range(12)]
    batch = submit(*(line(name) for name in names))
    assert batch.status == "validating" and batch.request_counts.total == 0 and batch.output_file_id is None
    running = sdk.batches.retrieve(batch.id)
    assert running.status == "in_progress"
    assert (running.request_counts.total, running.request_counts.completed) == (12, 6)
    done = ended(batch)
    assert done.status == "completed" and done.error_file_id is None and done.metadata == {"run": "7"}
    assert (done.request_counts.completed, done.request_counts.failed) == (12, 0)
    found = results(sdk, done.output_file_id)
    assert set(found) == set(names) and list(found) != names
    live = sdk.responses.create(model=MODEL, input="What is row-3?")
    body = found["row-3"]["response"]["body"]
    assert found["row-3"]["response"]["status_code"] == 200 and found["row-3"]["error"] is None
    assert body["usage"]["output_tokens"] == live.usage.output_tokens
    assert body["output"][-1]["content"][0]["text"] == live.output_text
    assert done.usage.output_tokens == sum(
        entry["response"]["body"]["usage"]["output_tokens"] for entry in found.values()
    )


def test_rows_that_are_refused_live_are_in_the_error_file(sdk, submit, ended):
    chat = "/v1/chat/completions"
    batch = ended(submit(line("good", url=chat), line("bad", url=chat, reasoning_effort="loud"), endpoint=chat))
    assert batch.status == "completed"
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 1)
    assert set(results(sdk, batch.output_file_id)) == {"good"}
    refused = results(sdk, batch.error_file_id)["bad"]["response"]
    assert refused["status_code"] == 400
    with pytest.raises(openai.BadRequestError) as live:
        sdk.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "x"}], reasoning_effort="loud")
    assert refused["body"]["error"]["message"] == live.value.body["message"]


def test_only_refused_rows_make_no_output_file(sdk, submit, ended):
    batch = ended(submit(line("a", stream=True), line("b", f"{MODEL}@server_error")))
    assert batch.output_file_id is None
    found = results(sdk, batch.error_file_id)
    assert {name: entry["response"]["status_code"] for name, entry in found.items()} == {"a": 400, "b": 500}


@pytest.mark.parametrize(
    ("lines", "code", "number"),
    [
        ([line("a"), line("a")], "duplicate_custom_id", 2),
        ([line("a"), b"{"], "invalid_json_line", 2),
        ([line("a"), line("b", "gpt-5.5")], "mismatched_model", 2),
        ([line("a", "gpt-9")], "model_not_found", 1),
        ([line("a", url="/v1/chat/completions")], "invalid_url", 1),
        ([line("a") | {"method": "GET"}], "invalid_method", 1),
        ([line("a") | {"custom_id": ""}], "missing_required_parameter", 1),
        ([line("a") | {"body": None}], "missing_required_parameter", 1),
        ([b""], "empty_file", None),
    ],
)
def test_a_file_that_is_not_in_order_fails_the_batch_later(sdk, submit, ended, lines, code, number):
    batch = submit(*lines)
    assert batch.status == "validating" and batch.errors is None
    failed = ended(batch)
    assert failed.status == "failed" and failed.failed_at and failed.output_file_id is None
    assert (failed.errors.data[0].code, failed.errors.data[0].line) == (code, number)


def test_limits_of_rows_and_bytes():
    with simulator_in_thread(batch_rows=3, batch_bytes=2000) as running:
        sdk = openai.OpenAI(api_key="k", base_url=f"{running.base_url}/openai/v1", max_retries=0)
        with sdk:
            file = sdk.files.create(file=("r.jsonl", jsonl(*(line(f"{n}") for n in range(4)))), purpose="batch")
            batch = sdk.batches.create(input_file_id=file.id, endpoint="/v1/responses", completion_window="24h")
            failed = sdk.batches.retrieve(batch.id)
            assert failed.errors.data[0].code == "too_many_tasks"
            with pytest.raises(openai.APIStatusError) as large:
                sdk.files.create(file=("r.jsonl", b"x" * 2001), purpose="batch")
            assert large.value.status_code == 413


def test_more_than_fifty_thousand_rows(sdk, ended):
    lines = jsonl(line("x")) * 50_001
    file = sdk.files.create(file=("rows.jsonl", lines), purpose="batch")
    batch = sdk.batches.create(input_file_id=file.id, endpoint="/v1/responses", completion_window="24h")
    assert ended(batch).errors.data[0].code == "too_many_tasks"


def test_cancelling_keeps_what_is_done_and_loses_some_lines(sdk, submit, ended):
    names = [f"row-{number}" for number in range(40)]
    batch = submit(*(line(name) for name in names))
    assert sdk.batches.retrieve(batch.id).status == "in_progress"
    assert sdk.batches.cancel(batch.id).status == "cancelling"
    done = ended(batch)
    assert done.status == "cancelled" and done.cancelled_at and done.request_counts.completed == 20
    kept, stopped = results(sdk, done.output_file_id), results(sdk, done.error_file_id)
    assert len(kept) == 20 and 0 < len(stopped) < 20 and not set(kept) & set(stopped)
    assert {entry["error"]["code"] for entry in stopped.values()} == {"batch_cancelled"}
    with pytest.raises(openai.ConflictError):
        sdk.batches.cancel(batch.id)


def test_whole_batch_faults(sdk, submit, ended):
    half = ended(submit(line("a", f"{MODEL}@batch_expired"), line("b"), line("c"), line("d")))
    assert half.status == "expired" and half.expired_at
    assert len(results(sdk, half.output_file_id)) == 2
    late = results(sdk, half.error_file_id)
    assert [entry["error"]["code"] for entry in late.values()] == ["batch_expired"] * 2
    failed = ended(submit(line("a"), headers={"x-simulate-fault": "batch_failed"}))
    assert failed.status == "failed" and failed.errors.data and failed.error_file_id is None
    hung = submit(line("a", f"{MODEL}@batch_hang"))
    assert {sdk.batches.retrieve(hung.id).status for _ in range(10)} == {"in_progress"}
    sdk.batches.cancel(hung.id)
    assert ended(hung).status == "cancelled"


def test_row_faults(sdk, submit, ended):
    batch = ended(submit(line("fine"), line("gone", f"{MODEL}@row_lost"), line("broken", f"{MODEL}@row_errored")))
    assert batch.status == "completed"
    counts = batch.request_counts
    assert (counts.total, counts.completed, counts.failed) == (3, 1, 1)
    assert set(results(sdk, batch.output_file_id)) == {"fine"}
    assert results(sdk, batch.error_file_id)["broken"]["response"]["status_code"] == 500
    late = ended(submit(line("fine"), line("late", f"{MODEL}@row_expired")))
    assert late.status == "expired" and set(results(sdk, late.error_file_id)) == {"late"}
    stopped = ended(submit(line("fine"), line("stopped", f"{MODEL}@row_canceled")))
    assert stopped.status == "cancelled" and set(results(sdk, stopped.output_file_id)) == {"fine"}


def test_the_creation_that_is_refused_creates_nothing(sdk, simulator):
    file = sdk.files.create(file=("rows.jsonl", jsonl(line("a"))), purpose="batch")
    before = len(simulator.batches)
    for fault, error in (("rate_limit", openai.RateLimitError), ("server_error", openai.InternalServerError)):
        with pytest.raises(error):
            sdk.batches.create(
                input_file_id=file.id, endpoint="/v1/responses", completion_window="24h",
                extra_headers={"x-simulate-fault": fault},
            )  # fmt: skip
    assert len(simulator.batches) == before
    with pytest.raises(openai.APIConnectionError):
        sdk.batches.create(
            input_file_id=file.id, endpoint="/v1/responses", completion_window="24h", metadata={"run": "cut"},
            extra_headers={"x-simulate-fault": "disconnect"},
        )  # fmt: skip
    assert len(simulator.batches) == before + 1
    assert next(iter(sdk.batches.list(limit=1))).metadata == {"run": "cut"}


def test_refusals_of_the_creation(sdk):
    file = sdk.files.create(file=("rows.jsonl", jsonl(line("a"))), purpose="batch")

    def create(**changes: Any) -> None:
        given: dict[str, Any] = {
            "input_file_id": file.id,
            "endpoint": "/v1/responses",
            "completion_window": "24h",
        }
        sdk.batches.create(**(given | changes))

    with pytest.raises(openai.NotFoundError, check=says("No such File")):
        create(input_file_id="file-none")
    for wrong in ({"endpoint": "/v1/rerank"}, {"completion_window": "7d"}, {"metadata": {"a": "x" * 600}}):
        with pytest.raises(openai.BadRequestError):
            create(**wrong)
    other = sdk.files.create(file=("rows.jsonl", jsonl(line("a"))), purpose="user_data")
    with pytest.raises(openai.BadRequestError, check=says("purpose")):
        create(input_file_id=other.id)
    with pytest.raises(openai.BadRequestError, check=says("purpose")):
        sdk.files.create(file=("rows.jsonl", b"x"), purpose="nonsense")
    with pytest.raises(openai.AuthenticationError):
        sdk.with_options(api_key="wrong-key").batches.list()
    with pytest.raises(openai.NotFoundError):
        sdk.batches.retrieve("batch_none")


def test_listing_by_pages_and_files_to_the_end(sdk, submit):
    made = [submit(line(f"page-{number}")).id for number in range(3)]
    listed = [batch.id for batch in sdk.batches.list(limit=2)]
    assert listed[:3] == made[::-1]
    file = sdk.files.create(
        file=("rows.jsonl", b"abc"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    shown = sdk.files.retrieve(file.id)
    assert (shown.bytes, shown.filename, shown.expires_at - shown.created_at) == (3, "rows.jsonl", 3600)
    assert sdk.files.content(file.id).read() == b"abc"
    assert file.id in {item.id for item in sdk.files.list(purpose="batch")}
    assert sdk.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.files.content(file.id)
