"""The batch endpoints of Mistral and Groq over raw HTTP, and the live endpoints that their rows go through."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from thinkdial.simulator import simulator_in_thread

KEY = {"authorization": "Bearer sim-key"}
CHAT = "/v1/chat/completions"
MISTRAL, GROQ = "mistral-medium-latest", "openai/gpt-oss-120b"
QUESTION = [{"role": "user", "content": "How many times does the letter r occur in strawberry?"}]

Ask = Callable[..., httpx2.Response]


def asker(client: httpx2.Client, base: str) -> Ask:
    def ask(method: str, path: str, **given: Any) -> httpx2.Response:
        return client.request(method, base + path, headers=KEY | given.pop("headers", {}), **given)

    return ask


@pytest.fixture
def mistral(client, simulator) -> Ask:
    return asker(client, f"{simulator.base_url}/mistral/v1")


@pytest.fixture
def groq(client, simulator) -> Ask:
    return asker(client, f"{simulator.base_url}/groq/openai/v1")


def lines(*rows: dict[str, Any]) -> dict[str, Any]:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return {"data": {"purpose": "batch"}, "files": {"file": ("rows.jsonl", content)}}


def row(custom_id: str, **body: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "body": {"messages": [{"role": "user", "content": f"What is {custom_id}?"}]} | body}


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


def results(ask: Ask, file_id: str) -> dict[str, Any]:
    content = ask("GET", f"/files/{file_id}/content").text
    return {entry["custom_id"]: entry for entry in map(json.loads, content.splitlines())}


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


def groq_row(custom_id: str, model: str = GROQ, **body: Any) -> dict[str, Any]:
    return {"method": "POST", "url": CHAT} | row(custom_id, model=model, **body)


def groq_batch(groq: Ask, *rows: dict[str, Any], window: str = "24h") -> dict[str, Any]:
    file = groq("POST", "/files", **lines(*rows)).json()
    body = {"input_file_id": file["id"], "endpoint": CHAT, "completion_window": window}
    answer = groq("POST", "/batches", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_groq_batch(groq):
    made = groq_batch(groq, groq_row("a"), groq_row("b", reasoning_effort="none"), window="7d")
    assert made["status"] == "validating" and made["expires_at"] - made["created_at"] == 7 * 86_400
    assert groq("GET", f"/batches/{made['id']}").json()["status"] == "in_progress"
    done = groq("GET", f"/batches/{made['id']}").json()
    assert done["status"] == "completed" and done["request_counts"] == {"total": 2, "completed": 1, "failed": 1}
    body = results(groq, done["output_file_id"])["a"]["response"]["body"]
    assert body["choices"][0]["message"]["reasoning"] and body["usage"]["total_time"] > 0
    assert results(groq, done["error_file_id"])["b"]["response"]["status_code"] == 400
    assert groq("GET", "/batches").json()["data"][0]["id"] == made["id"]
    assert groq("POST", f"/batches/{made['id']}/cancel").status_code == 409
    assert groq("DELETE", f"/files/{done['output_file_id']}").json()["deleted"] is True


def test_refusals_of_groq(groq):
    made = groq_batch(groq, groq_row("a"), groq_row("a"), groq_row("b", "llama-1"))
    failed = groq("GET", f"/batches/{made['id']}").json()
    codes = [problem["code"] for problem in failed["errors"]["data"]]
    assert failed["status"] == "failed" and codes == ["duplicate_custom_id", "mismatched_model"]
    body = {"input_file_id": "file_none", "endpoint": CHAT, "completion_window": "8d"}
    assert groq("POST", "/batches", json=body).json()["error"]["code"] == "invalid_value"
    assert groq("POST", "/batches", json=body | {"completion_window": "24h"}).status_code == 404
    assert groq("GET", "/batches", headers={"authorization": "Bearer wrong-key"}).status_code == 401
    assert groq("POST", "/files", data={"purpose": "batch"}).status_code == 400


def test_groq_live(groq, frames):
    whole = groq("POST", "/chat/completions", json={"model": GROQ, "messages": QUESTION}).json()
    chunks = frames(groq("POST", "/chat/completions", json={"model": GROQ, "messages": QUESTION, "stream": True}))
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert "".join(delta.get("reasoning", "") for delta in deltas) == whole["choices"][0]["message"]["reasoning"]
    assert chunks[-1]["x_groq"]["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"]
    qwen = {"model": "qwen/qwen3.8-27b", "messages": QUESTION}
    tagged = groq("POST", "/chat/completions", json=qwen).json()["choices"][0]["message"]
    assert tagged["content"].startswith("<think>") and "reasoning" not in tagged
    hidden = groq("POST", "/chat/completions", json=qwen | {"reasoning_format": "hidden"}).json()
    message = hidden["choices"][0]["message"]
    assert "<think>" not in message["content"] and "reasoning" not in message
    assert hidden["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    both = groq("POST", "/chat/completions", json=qwen | {"reasoning_format": "raw", "include_reasoning": True})
    assert both.status_code == 400


def test_lowered_limits(client):
    with simulator_in_thread(batch_rows=2, batch_bytes=100) as running:
        mistral = asker(client, f"{running.base_url}/mistral/v1")
        body = {"endpoint": CHAT, "model": MISTRAL, "requests": [row(f"{number}") for number in range(3)]}
        assert "at most 2" in mistral("POST", "/batch/jobs", json=body).json()["message"]
        assert mistral("POST", "/files", **lines(row("x" * 200))).status_code == 413
