"""The batch endpoints of xAI over raw HTTP: counters instead of a status, pages, Chat in every result, ticks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.simulator import simulator_in_thread

from ..chat_batches import asker

MODEL = "grok-4.3"
RESPONSES, CHAT = "/v1/responses", "/v1/chat/completions"


@pytest.fixture
def ask(client, simulator):
    return asker(client, f"{simulator.base_url}/xai/v1")


def line(custom_id: str, model: str = MODEL, url: str = RESPONSES, **body: Any) -> dict[str, Any]:
    text = f"What is {custom_id}?"
    asked: dict[str, Any] = {"input": text} if url == RESPONSES else {"messages": [{"role": "user", "content": text}]}
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": {"model": model} | asked | body}


def upload(ask, *lines: dict[str, Any] | bytes) -> str:
    content = b"".join((entry if isinstance(entry, bytes) else json.dumps(entry).encode()) + b"\n" for entry in lines)
    answer = ask("POST", "/files", files={"file": ("rows.jsonl", content)})
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def created(ask, *lines: dict[str, Any] | bytes, fault: str = "") -> str:
    body = {"name": "run 7", "input_file_id": upload(ask, *lines)}
    answer = ask("POST", "/batches", json=body, headers={"x-simulate-fault": fault})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"]["num_requests"] == 0
    return answer.json()["batch_id"]


def look(ask, batch_id: str) -> dict[str, Any]:
    return ask("GET", f"/batches/{batch_id}").json()


def results(ask, batch_id: str, limit: int = 100) -> dict[str, Any]:
    found: dict[str, Any] = {}
    token = None
    while True:
        query = {"limit": limit} | ({"pagination_token": token} if token else {})
        page = ask("GET", f"/batches/{batch_id}/results", params=query).json()
        assert len(page["results"]) <= limit
        found |= {item["batch_request_id"]: item for item in page["results"]}
        token = page["pagination_token"]
        if token is None:
            return found


def test_a_batch_by_file(ask):
    names = [f"row-{number}" for number in range(7)]
    batch_id = created(ask, *(line(name) for name in names), line("chat", url=CHAT))
    running = look(ask, batch_id)
    assert running["state"] == {
        "num_requests": 8, "num_pending": 4, "num_success": 4, "num_error": 0, "num_cancelled": 0
    }  # fmt: skip
    assert "status" not in running and len(results(ask, batch_id)) == 4
    done = look(ask, batch_id)
    assert done["state"]["num_pending"] == 0 and done["cancel_time"] is None
    found = results(ask, batch_id, limit=3)
    assert set(found) == {*names, "chat"} and list(found) != [*names, "chat"]
    answer = found["row-3"]["batch_result"]["response"]["chat_get_completion"]
    usage = answer["usage"]
    live = ask("POST", "/responses", json=line("row-3")["body"]).json()
    reasoning = live["usage"]["output_tokens_details"]["reasoning_tokens"]
    # The reasoning is beside the completion here, and inside the output there.
    assert usage["completion_tokens_details"]["reasoning_tokens"] == reasoning > 0
    assert usage["completion_tokens"] == live["usage"]["output_tokens"] - reasoning
    assert usage["total_tokens"] == live["usage"]["total_tokens"]
    assert usage["cost_in_usd_ticks"] == round(live["usage"]["cost_in_usd_ticks"] * 0.8)
    message = answer["choices"][0]["message"]
    assert message["content"] == live["output"][-1]["content"][0]["text"] and message["reasoning_content"]
    ticks = sum(
        item["batch_result"]["response"]["chat_get_completion"]["usage"]["cost_in_usd_ticks"] for item in found.values()
    )
    assert done["cost_breakdown"]["total_cost_in_usd_ticks"] == ticks


def test_a_batch_that_is_filled_request_by_request(ask):
    batch_id = ask("POST", "/batches", json={"name": "empty"}).json()["batch_id"]
    for _ in range(4):
        assert look(ask, batch_id)["state"]["num_requests"] == 0
    asked = [
        {"batch_request_id": "a", "batch_request": {"responses": line("a")["body"]}},
        {"batch_request_id": "b", "batch_request": {"chat_get_completion": line("b", url=CHAT)["body"]}},
        {"batch_request": {"responses": line("c")["body"]}},
    ]
    assert ask("POST", f"/batches/{batch_id}/requests", json={"batch_requests": asked}).status_code == 200
    again = ask("POST", f"/batches/{batch_id}/requests", json={"batch_requests": asked[:1]})
    assert again.status_code == 400 and "Duplicate" in again.json()["error"]
    look(ask, batch_id)
    assert look(ask, batch_id)["state"]["num_success"] == 3
    assert set(results(ask, batch_id)) == {"a", "b", "request_2"}
    later = [{"batch_request_id": "d", "batch_request": {"responses": line("d")["body"]}}]
    assert ask("POST", f"/batches/{batch_id}/requests", json={"batch_requests": later}).status_code == 200
    assert look(ask, batch_id)["state"]["num_requests"] == 4
    metadata = ask("GET", f"/batches/{batch_id}/requests", params={"limit": 4}).json()
    states = {item["batch_request_id"]: item["state"] for item in metadata["batch_request_metadata"]}
    assert states["a"] == "succeeded" and len(states) == 4


def test_rows_that_are_refused(ask):
    batch_id = created(
        ask, line("none", "grok-4.7", reasoning={"effort": "none"}), line("early", "grok-4.6"), line("gone", "grok-1")
    )
    look(ask, batch_id)
    assert look(ask, batch_id)["state"]["num_error"] == 3
    errors = {name: item["batch_result"]["error"] for name, item in results(ask, batch_id).items()}
    assert "does not support reasoning effort" in errors["none"]["message"]
    assert errors["early"]["message"] == "Model is not supported for batch processing"
    assert errors["gone"]["code"] == "not-found"


@pytest.mark.parametrize("lines", [(b"{",), (line("a"), line("a")), (b"",), (line("a") | {"method": "GET"},)])
def test_a_rejected_file_shows_nothing_for_ever(ask, lines):
    batch_id = created(ask, *lines)
    states = [look(ask, batch_id) for _ in range(4)]
    assert {state["state"]["num_requests"] for state in states} == {0}
    assert states[-1]["cancel_by_xai_message"] and states[-1]["cancel_time"]
    assert results(ask, batch_id) == {}


def test_cancel_and_faults(ask):
    names = [f"row-{number}" for number in range(10)]
    batch_id = created(ask, *map(line, names))
    look(ask, batch_id)
    assert ask("POST", f"/batches/{batch_id}:cancel").json()["cancel_time"]
    done = look(ask, batch_id)["state"]
    assert (done["num_pending"], done["num_success"], done["num_cancelled"]) == (0, 5, 5)
    assert len(results(ask, batch_id)) == 5
    hung = created(ask, *map(line, names), fault="batch_hang")
    stuck = [look(ask, hung) for _ in range(5)][-1]
    assert stuck["state"]["num_requests"] == 0 and stuck["cancel_by_xai_message"] is None
    failed = created(ask, *map(line, names), fault="batch_failed")
    assert look(ask, failed)["cancel_by_xai_message"] and results(ask, failed) == {}
    late = created(ask, *map(line, names), fault="batch_expired")
    look(ask, late)
    expired = look(ask, late)
    assert expired["cancel_by_xai_message"] and expired["state"]["num_cancelled"] == 5
    lost = created(ask, *map(line, names), fault="row_lost:2")
    look(ask, lost)
    assert look(ask, lost)["state"]["num_success"] == 10 and len(results(ask, lost)) == 8


def test_refusals(ask, client):
    assert ask("GET", "/batches/none").json() == {"code": "not-found", "error": "Batch not found"}
    assert ask("POST", "/batches", json={}).status_code == 422
    # A wrong key is a bad request here; only a missing one is not authenticated.
    assert ask("GET", "/batches", headers={"authorization": "Bearer wrong-key"}).status_code == 400
    assert ask("GET", "/batches", headers={"authorization": ""}).status_code == 401
    assert ask("GET", "/batches", params={"limit": 1001}).status_code == 400
    boundary = "--b\r\ncontent-disposition: form-data; name="
    form = f'{boundary}"file"; filename="r"\r\n\r\nx\r\n{boundary}"expires_after"\r\n\r\n3600\r\n--b--\r\n'
    wrong_order = ask("POST", "/files", content=form, headers={"content-type": "multipart/form-data; boundary=b"})
    assert wrong_order.status_code == 400 and "precede" in wrong_order.json()["error"]
    with simulator_in_thread(batch_bytes=300) as running:
        small = asker(client, f"{running.base_url}/xai/v1")
        assert small("POST", "/files", files={"file": ("r", b"x" * 301)}).status_code == 413
        batch_id = small("POST", "/batches", json={"name": "n"}).json()["batch_id"]
        rows = [{"batch_request": {"responses": line(f"{number}")["body"]}} for number in range(9)]
        assert small("POST", f"/batches/{batch_id}/requests", json={"batch_requests": rows}).status_code == 413


def test_listing_by_pages(ask):
    made = [created(ask, line("a")) for _ in range(3)]
    page = ask("GET", "/batches", params={"limit": 2}).json()
    assert [batch["batch_id"] for batch in page["batches"]] == made[:0:-1]
    rest = ask("GET", "/batches", params={"limit": 2, "pagination_token": page["pagination_token"]}).json()
    assert rest["batches"][0]["batch_id"] == made[0]


def test_live_counts_reasoning_in_two_ways(ask, frames):
    chat = ask("POST", "/chat/completions", json=line("x", url=CHAT)["body"]).json()
    usage = chat["usage"]
    reasoning = usage["completion_tokens_details"]["reasoning_tokens"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] + reasoning
    assert chat["choices"][0]["message"]["reasoning_content"]
    streamed = ask("POST", "/responses", json=line("x")["body"] | {"stream": True})
    final = frames(streamed)[-1]["response"]
    inside = final["usage"]
    assert inside["total_tokens"] == inside["input_tokens"] + inside["output_tokens"]
    ticks = inside["input_tokens"] * 12_500 + inside["output_tokens"] * 25_000
    assert inside["cost_in_usd_ticks"] == ticks
    # The limit is for the visible text only.
    capped = ask("POST", "/responses", json=line("x")["body"] | {"max_output_tokens": 16}).json()
    details = capped["usage"]["output_tokens_details"]
    assert capped["usage"]["output_tokens"] == details["reasoning_tokens"] + 16
