"""Anthropic's Message Batches against what the reference shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from thinkdial.providers.batches.anthropic import AnthropicBatches
from thinkdial.providers.batches.contract import Route, UploadError

API = AnthropicBatches(Route("https://api.anthropic.com", "/v1/messages", "m", (("anthropic-version", "2023-06-01"),)))

BATCH: dict[str, Any] = {
    "id": "msgbatch_013Zva2CMHLNnXjNJJKqJ2EF",
    "type": "message_batch",
    "processing_status": "in_progress",
    "request_counts": {"processing": 100, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
    "ended_at": None,
    "created_at": "2024-09-24T18:37:24.100435Z",
    "expires_at": "2024-09-25T18:37:24.100435Z",
    "archived_at": None,
    "cancel_initiated_at": None,
    "results_url": None,
}


def ended(**more: Any) -> dict[str, Any]:
    counts = {"processing": 0, "succeeded": 90, "errored": 4, "canceled": 0, "expired": 0, **more.pop("counts", {})}
    url = "https://elsewhere.example/results"
    return BATCH | {"processing_status": "ended", "results_url": url, "request_counts": counts} | more


def test_rows_go_with_the_creation():
    rows = [API.row("aa", b'{"model":"m","max_tokens":1}'), API.row("bb", b'{"model":"m"}')]
    request = API.create("unused", b"".join(row + b"\n" for row in rows), None)
    assert request.url == "https://api.anthropic.com/v1/messages/batches"
    assert dict(request.headers)["anthropic-version"] == "2023-06-01"
    assert json.loads(request.body) == {
        "requests": [
            {"custom_id": "aa", "params": {"model": "m", "max_tokens": 1}},
            {"custom_id": "bb", "params": {"model": "m"}},
        ]
    }
    assert API.upload("unused", b"") is None
    with pytest.raises(UploadError):
        API.read_upload({}, {}, b"")


def test_counters_mean_nothing_before_the_end():
    state = API.read(BATCH)
    assert (state.status, state.counts.total, state.counts.succeeded) == ("running", 100, None)
    assert state.created_at == datetime(2024, 9, 24, 18, 37, 24, 100435, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (ended(), "ended"),
        (ended(counts={"expired": 6}), "expired"),
        (ended(counts={"canceled": 6}, cancel_initiated_at="2024-09-24T18:39:03Z"), "cancelled"),
        (BATCH | {"processing_status": "canceling"}, "cancelling"),
    ],
)
def test_ends(document: dict[str, Any], status: str):
    assert API.read(document).status == status


def test_results_are_fetched_from_our_host_whatever_the_batch_says():
    state = API.read(ended())
    assert (state.counts.total, state.counts.succeeded, state.counts.failed) == (94, 90, 4)
    assert [request.url for request in API.results(state)] == [
        "https://api.anthropic.com/v1/messages/batches/msgbatch_013Zva2CMHLNnXjNJJKqJ2EF/results"
    ]


def test_lines_of_results():
    message = {"id": "msg_014", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "Hi"}]}
    row = API.read_results({"custom_id": "aa", "result": {"type": "succeeded", "message": message}}, "").rows[0]
    assert (row.kind, row.status) == ("response", 200) and json.loads(row.body) == message
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "bad"}, "request_id": "req_1"}
    row = API.read_results({"custom_id": "aa", "result": {"type": "errored", "error": error}}, "").rows[0]
    assert (row.status, row.told, row.request_id) == (400, False, "req_1") and json.loads(row.body) == error
    for told, kind in (("expired", "expired"), ("canceled", "cancelled")):
        assert API.read_results({"custom_id": "aa", "result": {"type": told}}, "").rows[0].kind == kind
    assert API.read_results({"custom_id": "aa", "result": {"type": "new"}}, "").rows[0].status == 500


def test_lists_have_pages():
    listed = API.read_list({"data": [BATCH], "has_more": True, "last_id": "msgbatch_x"}, None)
    assert listed.following == "msgbatch_x" and "after_id=msgbatch_x" in API.listing("msgbatch_x").url
    assert API.read_list({"data": [BATCH], "has_more": False, "last_id": "msgbatch_x"}, None).following is None
