"""The official SDK drives the Message Batches of Anthropic, from creation to results, with every kind of result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from thinkdial.simulator import simulator_in_thread

from ....sdks import anthropic, says

MODEL = "claude-opus-5-5"


def request(custom_id: str, model: str = MODEL, **params: Any) -> dict[str, Any]:
    message = {"role": "user", "content": f"What is {custom_id}?"}
    return {"custom_id": custom_id, "params": {"model": model, "max_tokens": 9000, "messages": [message]} | params}


@pytest.fixture
def claude(simulator) -> Iterator[anthropic.Anthropic]:
    base_url = f"{simulator.base_url}/anthropic"
    with anthropic.Anthropic(api_key="sim-key", base_url=base_url, max_retries=0) as client:
        yield client


def ended(claude, batch):
    for _ in range(5):
        batch = claude.messages.batches.retrieve(batch.id)
        if batch.processing_status == "ended":
            return batch
    raise AssertionError(f"still {batch.processing_status}")


def results(claude, batch) -> dict[str, Any]:
    return {entry.custom_id: entry.result for entry in claude.messages.batches.results(batch.id)}


def test_a_batch_from_requests_to_results(claude, client):
    names = [f"row-{number}" for number in range(12)]
    batch = claude.messages.batches.create(requests=[request(name) for name in names])
    assert batch.processing_status == "in_progress" and batch.results_url is None
    running = claude.messages.batches.retrieve(batch.id)
    counts = running.request_counts
    assert (counts.processing, counts.succeeded, counts.errored) == (12, 0, 0)
    early = client.get(
        f"{claude.base_url}v1/messages/batches/{batch.id}/results",
        headers={"x-api-key": "k", "anthropic-version": "2023-06-01"},
    )
    assert early.status_code == 404 and early.json()["error"]["type"] == "not_found_error"
    done = ended(claude, batch)
    assert (done.request_counts.processing, done.request_counts.succeeded) == (0, 12)
    assert done.ended_at and (done.expires_at - done.created_at).days == 1
    order = [entry.custom_id for entry in claude.messages.batches.results(batch.id)]
    assert sorted(order) == sorted(names) and order != names
    message = results(claude, done)["row-3"].message
    live = claude.messages.create(**request("row-3")["params"])
    assert message.content[-1].text == live.content[-1].text
    assert message.usage.output_tokens == live.usage.output_tokens
    assert message.usage.service_tier == "batch"


def test_invalid_parameters_surface_at_the_end_one_by_one(claude):
    wrong = {
        "loud": request("loud", output_config={"effort": "loud"}),
        "unknown": request("unknown", "claude-opus-9"),
        "streamed": request("streamed", stream=True),
        "none": request("none", max_tokens=0),
        "busy": request("busy", f"{MODEL}@overloaded"),
    }
    batch = claude.messages.batches.create(requests=[request("good"), *wrong.values()])
    done = ended(claude, batch)
    assert (done.request_counts.succeeded, done.request_counts.errored) == (1, 5)
    found = results(claude, done)
    assert found["good"].type == "succeeded"
    kinds = {name: found[name].error.error.type for name in wrong}
    assert kinds == dict.fromkeys(("loud", "streamed", "none"), "invalid_request_error") | {
        "unknown": "not_found_error",
        "busy": "overloaded_error",
    }
    assert found["loud"].error.request_id


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ([], "at least 1 item"),
        ([request("a b")], "should match pattern"),
        ([request("x" * 65)], "should match pattern"),
        ([request("a"), request("a")], "duplicate custom_id"),
        ([{"custom_id": "a"}], "requests.0.params: Field required"),
        ([{"params": {}}], "requests.0.custom_id: Field required"),
    ],
)
def test_refusals_of_the_creation(claude, requests, words):
    with pytest.raises(anthropic.BadRequestError, check=says(words)):
        claude.messages.batches.create(requests=requests)


def test_more_requests_than_a_batch_holds_are_refused(client, simulator):
    """Without the SDK, which takes seconds to look at each of them."""
    body = b'{"requests": [' + b"{}," * 100_000 + b"{}]}"
    headers = {"x-api-key": "k", "anthropic-version": "2023-06-01", "content-type": "application/json"}
    answer = client.post(f"{simulator.base_url}/anthropic/v1/messages/batches", content=body, headers=headers)
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"
    assert "at most 100000 items" in answer.json()["error"]["message"]


def test_keys_versions_and_lowered_limits(claude):
    with pytest.raises(anthropic.AuthenticationError):
        claude.with_options(api_key="wrong-key").messages.batches.list()
    with pytest.raises(anthropic.BadRequestError, check=says("anthropic-version")):
        claude.messages.batches.list(extra_headers={"anthropic-version": "2020-01-01"})
    with simulator_in_thread(batch_rows=2, batch_bytes=1000) as running:
        small = anthropic.Anthropic(api_key="k", base_url=f"{running.base_url}/anthropic", max_retries=0)
        with small:
            with pytest.raises(anthropic.BadRequestError, check=says("at most 2 items")):
                small.messages.batches.create(requests=[request(f"{n}") for n in range(3)])
            with pytest.raises(anthropic.APIStatusError) as large:
                small.messages.batches.create(requests=[request("a", system="x" * 1000)])
    assert large.value.status_code == 413 and large.value.body["error"]["type"] == "request_too_large"


def test_the_version_and_betas_of_the_creation_are_those_of_its_requests(claude):
    version = {"anthropic-version": "2026-10-21"}
    asked = request("a", "claude-haiku-4-5", temperature=0.5)
    old = claude.messages.batches.create(requests=[asked], extra_headers={"anthropic-version": "2023-06-01"})
    new = claude.messages.batches.create(requests=[asked], extra_headers=version)
    assert results(claude, ended(claude, old))["a"].type == "succeeded"
    assert results(claude, ended(claude, new))["a"].type == "errored"


def test_cancelling_keeps_what_is_done(claude):
    batch = claude.messages.batches.create(requests=[request(f"row-{number}") for number in range(10)])
    claude.messages.batches.retrieve(batch.id)
    with pytest.raises(anthropic.BadRequestError, check=says("still processing")):
        claude.messages.batches.delete(batch.id)
    canceling = claude.messages.batches.cancel(batch.id)
    assert canceling.processing_status == "canceling" and canceling.cancel_initiated_at
    assert canceling.request_counts.processing == 10
    done = ended(claude, batch)
    assert (done.request_counts.succeeded, done.request_counts.canceled) == (5, 5)
    kinds = sorted(result.type for result in results(claude, done).values())
    assert kinds == ["canceled"] * 5 + ["succeeded"] * 5
    assert claude.messages.batches.delete(batch.id).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.batches.retrieve(batch.id)


def test_faults(claude):
    asked = [
        request("fine"),
        request("late", f"{MODEL}@row_expired"),
        request("stopped", f"{MODEL}@row_canceled"),
        request("broken", f"{MODEL}@row_errored"),
        request("gone", f"{MODEL}@row_lost"),
    ]
    done = ended(claude, claude.messages.batches.create(requests=asked))
    found = {name: result.type for name, result in results(claude, done).items()}
    assert found == {"fine": "succeeded", "late": "expired", "stopped": "canceled", "broken": "errored"}
    assert sum(done.request_counts.model_dump().values()) == 5

    def with_fault(fault: str, count: int = 4):
        headers = {"x-simulate-fault": fault}
        rows = [request(f"row-{number}") for number in range(count)]
        return claude.messages.batches.create(requests=rows, extra_headers=headers)

    assert ended(claude, with_fault("batch_expired")).request_counts.expired == 2
    assert ended(claude, with_fault("batch_failed")).request_counts.errored == 4
    assert ended(claude, with_fault("row_errored:3")).request_counts.errored == 3
    hung = with_fault("batch_hang")
    assert {claude.messages.batches.retrieve(hung.id).processing_status for _ in range(9)} == {"in_progress"}


def test_listing_by_pages(claude):
    made = [claude.messages.batches.create(requests=[request("a")]).id for _ in range(3)]
    assert [batch.id for batch in claude.messages.batches.list(limit=2)][:3] == made[::-1]
    page = claude.messages.batches.list(limit=1, before_id=made[0])
    assert [batch.id for batch in page.data] == [made[1]] and page.has_more
    with pytest.raises(anthropic.BadRequestError):
        claude.messages.batches.list(limit=1001)
