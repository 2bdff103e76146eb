"""xAI's batches, which have no status, against what the reference shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.providers.batches.contract import Route
from thinkdial.providers.batches.xai import XaiBatches

from ....cases import each

API = XaiBatches(Route("https://api.x.ai/v1", "/v1/responses", "grok-4.3"))

BATCH: dict[str, Any] = {
    "batch_id": "batch_9c1",
    "name": "thinkdial-0123-001",
    "create_time": "2026-11-21T10:00:00Z",
    "expire_time": "2026-11-22T10:00:00Z",
    "create_api_key_id": "k",
    "cancel_time": None,
    "cancel_by_xai_message": None,
    "state": {"num_requests": 5, "num_pending": 5, "num_success": 0, "num_error": 0, "num_cancelled": 0},
}


def with_counts(asked: int, pending: int, **more: Any) -> dict[str, Any]:
    counts = {"num_requests": asked, "num_pending": pending, "num_success": asked - pending, "num_error": 0}
    return BATCH | {"state": counts} | more


@each(
    ("document", "status"),
    [
        (with_counts(0, 0), "validating"),
        (with_counts(5, 3), "running"),
        (with_counts(5, 0), "ended"),
        (with_counts(5, 3, cancel_time="2026-11-21T11:00:00Z"), "cancelling"),
        (with_counts(5, 0, cancel_time="2026-11-21T11:00:00Z"), "cancelled"),
        (with_counts(0, 0, cancel_time="2026-11-21T11:00:00Z"), "cancelled"),
        (with_counts(0, 0, cancel_time="2026-11-21T11:00:00Z", cancel_by_xai_message="Invalid JSON"), "failed"),
        (with_counts(5, 2, cancel_by_xai_message="Batch expired"), "expired"),
    ],
)
def test_the_counters_tell_the_state(document: dict[str, Any], status: str):
    assert API.read(document).status == status


def test_a_rejected_batch_says_why():
    state = API.read(with_counts(0, 0, cancel_by_xai_message="Invalid JSON in line 3"))
    assert state.error is not None and "Invalid JSON in line 3" in state.error.message
    assert API.read(BATCH).error is None and API.read(BATCH).name == "thinkdial-0123-001"


def test_text_fields_come_before_the_file():
    request = API.upload("n", b"{}\n")
    assert request is not None
    assert request.body.index(b'name="purpose"') < request.body.index(b'name="file"')
    assert json.loads(API.create("n", b"", "file_1").body) == {"name": "n", "input_file_id": "file_1"}
    assert json.loads(API.row("aa", b"{}"))["url"] == "/v1/responses"
    assert API.cancel("batch_9c1").url == "https://api.x.ai/v1/batches/batch_9c1:cancel"


def test_results_come_by_pages_in_the_shape_of_chat():
    entry = {
        "batch_request_id": "aa",
        "batch_result": {"response": {"chat_get_completion": {"choices": [], "usage": {"completion_tokens": 1}}}},
    }
    first = API.results(API.read(BATCH))[0]
    assert first.url == "https://api.x.ai/v1/batches/batch_9c1/results?limit=200"
    page = API.read_results({"results": [entry], "pagination_token": "t2"}, "batch_9c1")
    assert page.rows[0].speech == "openai-chat" and json.loads(page.rows[0].body)["usage"] == {"completion_tokens": 1}
    assert page.following is not None and page.following.url.endswith("results?limit=200&pagination_token=t2")
    assert API.read_results({"results": [], "pagination_token": None}, "batch_9c1").following is None


def test_errors_have_a_code_and_no_status():
    entry = {
        "batch_request_id": "aa",
        "batch_result": {"error": {"code": "resource-exhausted", "message": "Slow down"}},
        "error_message": "Slow down",
    }
    row = API.read_results({"results": [entry]}, "b").rows[0]
    assert (row.status, row.told, json.loads(row.body)) == (
        429,
        False,
        {"code": "resource-exhausted", "error": "Slow down"},
    )
    bare = {"batch_request_id": "aa", "batch_result": {}, "error_message": "gone"}
    assert json.loads(API.read_results({"results": [bare]}, "b").rows[0].body)["error"] == "gone"


def test_lists_have_pages():
    listed = API.read_list({"batches": [BATCH], "pagination_token": "t"}, None)
    assert listed.following == "t" and listed.batches[0].id == "batch_9c1"


@pytest.mark.parametrize("field", ["chat_get_completion", "responses"])
def test_the_shape_is_that_of_the_body_and_not_of_the_field(field: str):
    """Rows for /v1/responses have been seen answered in the shape of Chat, where reasoning is not in the output."""

    def speech(body: dict[str, Any]) -> str | None:
        entry = {"batch_request_id": "aa", "batch_result": {"response": {"chat_get_completion": None, field: body}}}
        return API.read_results({"results": [entry]}, "b").rows[0].speech

    assert speech({"object": "chat.completion", "choices": []}) == "openai-chat"
    assert speech({"object": "response", "output": []}) == "openai-responses"


def test_errors_may_have_a_number():
    entry: dict[str, Any] = {"batch_request_id": "aa", "batch_result": {"error": {"code": 8, "message": "Slow down"}}}
    assert API.read_results({"results": [entry]}, "b").rows[0].status == 429
    entry["batch_result"]["error"]["code"] = 99
    assert API.read_results({"results": [entry]}, "b").rows[0].status == 500
