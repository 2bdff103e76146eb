"""The batches of Groq over raw HTTP, and the live endpoint that their rows go through."""

from __future__ import annotations

from typing import Any

import pytest

from ..chat_batches import CHAT, QUESTION, Ask, asker, lines, results, row

GROQ = "openai/gpt-oss-120b"


@pytest.fixture
def groq(client, simulator) -> Ask:
    return asker(client, f"{simulator.base_url}/groq/openai/v1")


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
