"""The batch jobs of Mistral over raw HTTP, and the live endpoint that their rows go through."""

from __future__ import annotations

from typing import Any

import pytest

from thinkdial.simulator import simulator_in_thread

from ..chat_batches import CHAT, QUESTION, Ask, asker, lines, results, row

MISTRAL = "mistral-medium-latest"


@pytest.fixture
def mistral(client, simulator) -> Ask:
    return asker(client, f"{simulator.base_url}/mistral/v1")


def job(mistral: Ask, **changes: Any) -> dict[str, Any]:
    answer = mistral("POST", "/batch/jobs", json={"endpoint": CHAT, "model": MISTRAL} | changes)
    assert answer.status_code == 200, answer.text
    return answer.json()


def finished(mistral: Ask, made: dict[str, Any]) -> dict[str, Any]:
    for _ in range(4):
        made = mistral("GET", f"/batch/jobs/{made['id']}").json()
        if made["status"] not in ("QUEUED", "RUNNING", "CANCELLATION_REQUESTED"):
            return made
    raise AssertionError(made["status"])


def test_a_mistral_job_by_file(mistral):
    file = mistral("POST", "/files", **lines(row("a"), row("b", reasoning_effort="high"), row("c", n="x", wrong=1)))
    assert file.json()["sample_type"] == "batch_request"
    made = job(mistral, input_files=[file.json()["id"]], metadata={"run": "7"}, timeout_hours=48)
    assert made["status"] == "QUEUED" and made["metadata"] == {"run": "7"} and made["total_requests"] == 3
    assert mistral("GET", f"/batch/jobs/{made['id']}").json()["status"] == "RUNNING"
    done = finished(mistral, made)
    # The job succeeded all the same.
    assert done["status"] == "SUCCESS" and (done["succeeded_requests"], done["failed_requests"]) == (2, 1)
    good, bad = results(mistral, done["output_file"]), results(mistral, done["error_file"])
    assert set(good) == {"a", "b"} and set(bad) == {"c"}
    assert bad["c"]["response"]["status_code"] == 422
    content = good["b"]["response"]["body"]["choices"][0]["message"]["content"]
    assert [chunk["type"] for chunk in content] == ["thinking", "text"] and content[0]["thinking"][0]["text"]
    assert isinstance(good["a"]["response"]["body"]["choices"][0]["message"]["content"], str)
    live = mistral("POST", "/chat/completions", json={"model": MISTRAL, **row("a")["body"]}).json()
    assert good["a"]["response"]["body"]["usage"] == live["usage"]


def test_a_mistral_job_inline(mistral):
    made = job(mistral, requests=[row("a", model="some-other-model"), row("b", stream=True)])
    done = finished(mistral, made)
    assert done["output_file"] is None
    found = {entry["custom_id"]: entry["response"]["status_code"] for entry in done["outputs"]}
    assert found == {"a": 200, "b": 400}
    listed = mistral("GET", "/batch/jobs?page_size=1").json()
    assert listed["data"][0]["id"] == made["id"] and listed["total"] >= 1 and len(listed["data"]) == 1


def test_mistral_states(mistral):
    rows = [row(f"row-{number}") for number in range(10)]
    made = job(mistral, requests=rows)
    finished_half = mistral("GET", f"/batch/jobs/{made['id']}").json()
    assert finished_half["completed_requests"] == 5
    assert mistral("POST", f"/batch/jobs/{made['id']}/cancel").json()["status"] == "CANCELLATION_REQUESTED"
    done = finished(mistral, made)
    assert done["status"] == "CANCELLED" and len(done["outputs"]) == 5
    late = finished(mistral, job(mistral, model=f"{MISTRAL}@batch_expired", requests=rows))
    assert late["status"] == "TIMEOUT_EXCEEDED" and late["succeeded_requests"] == 5
    failed = finished(mistral, job(mistral, model=f"{MISTRAL}@batch_failed", requests=rows))
    assert failed["status"] == "FAILED" and failed["errors"] and failed["outputs"] == []
    lost = finished(mistral, job(mistral, model=f"{MISTRAL}@row_lost:4", requests=rows))
    assert lost["status"] == "SUCCESS" and len(lost["outputs"]) == 6


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"endpoint": "/v1/rerank"}, 400),
        ({"model": "mistral-gone"}, 400),
        ({"model": None}, 422),
        ({"requests": []}, 400),
        ({"requests": [row("a"), row("a")]}, 400),
        ({"requests": [{"custom_id": "a"}]}, 400),
        ({"requests": [row("")] * 10_000}, 400),
        ({"timeout_hours": 169}, 400),
        ({"input_files": ["none"], "requests": None}, 404),
    ],
)
def test_refusals_of_a_mistral_job(mistral, changes, status):
    body = {"endpoint": CHAT, "model": MISTRAL, "requests": [row("a")]} | changes
    answer = mistral("POST", "/batch/jobs", json=body)
    assert answer.status_code == status, answer.text
    if status == 400:
        assert answer.json()["object"] == "error" and answer.json()["raw_status_code"] == 400
    assert mistral("GET", "/batch/jobs/none").status_code == 404
    assert mistral("GET", "/batch/jobs", headers={"authorization": "Bearer wrong-key"}).status_code == 401


def test_mistral_live(mistral, frames):
    body = {"model": "mistral-large-4", "messages": QUESTION}
    whole = mistral("POST", "/chat/completions", json=body).json()
    parts = [
        chunk["choices"][0]["delta"]
        for chunk in frames(mistral("POST", "/chat/completions", json=body | {"stream": True}))
        if chunk["choices"]
    ]
    thought = "".join(
        part["content"][0]["thinking"][0]["text"] for part in parts if isinstance(part.get("content"), list)
    )
    said = "".join(part["content"] for part in parts if isinstance(part.get("content"), str))
    content = whole["choices"][0]["message"]["content"]
    assert thought == content[0]["thinking"][0]["text"] and said == content[1]["text"]
    refused = mistral("POST", "/chat/completions", json=body | {"reasoning_effort": "max"})
    assert refused.status_code == 400 and "supported values: ['low', 'medium', 'high']" in refused.json()["message"]
    busy = mistral("POST", "/chat/completions", json=body | {"model": "mistral-large-4@overloaded"})
    assert busy.status_code == 429 and busy.json()["code"] == "3505"


def test_lowered_limits(client):
    with simulator_in_thread(batch_rows=2, batch_bytes=100) as running:
        mistral = asker(client, f"{running.base_url}/mistral/v1")
        body = {"endpoint": CHAT, "model": MISTRAL, "requests": [row(f"{number}") for number in range(3)]}
        assert "at most 2" in mistral("POST", "/batch/jobs", json=body).json()["message"]
        assert mistral("POST", "/files", **lines(row("x" * 200))).status_code == 413
