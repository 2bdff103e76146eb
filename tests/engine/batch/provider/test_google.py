"""The Gemini API's batch mode against what the reference shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.providers.batches.contract import Route, UploadError
from thinkdial.providers.batches.google import GoogleBatches
from thinkdial.providers.schema import HttpRequest

from ....cases import each

BASE = "https://generativelanguage.googleapis.com"
API = GoogleBatches(Route(BASE, "generateContent", "models/gemini-4-argon", (("x-team", "red"),)))

OPERATION: dict[str, Any] = {
    "name": "batches/123456",
    "metadata": {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "model": "models/gemini-4-argon",
        "displayName": "thinkdial-0123-001",
        "state": "BATCH_STATE_PENDING",
        "createTime": "2026-11-21T10:00:00.123456789Z",
        "batchStats": {"requestCount": "20", "pendingRequestCount": "20"},
        "name": "batches/123456",
    },
}


def with_state(word: str, **more: Any) -> dict[str, Any]:
    return OPERATION | {"metadata": OPERATION["metadata"] | {"state": f"BATCH_STATE_{word}"}} | more


def test_the_upload_has_two_steps():
    content = b'{"key":"aa"}\n'
    start = API.upload("thinkdial-0123-001", content)
    assert start is not None and start.url == f"{BASE}/upload/v1beta/files"
    headers = dict(start.headers)
    assert headers["x-goog-upload-command"] == "start" and headers["x-team"] == "red"
    assert headers["x-goog-upload-header-content-length"] == str(len(content))
    assert json.loads(start.body) == {"file": {"displayName": "thinkdial-0123-001"}}
    url = f"{BASE}/upload/v1beta/files?upload_id=ABC&upload_protocol=resumable"
    step = API.read_upload({"x-goog-upload-url": url, "x-goog-upload-status": "active"}, {}, content)
    assert isinstance(step, HttpRequest) and (step.method, step.url, step.body) == ("POST", url, content)
    assert dict(step.headers)["x-goog-upload-command"] == "upload, finalize"
    assert API.read_upload({}, {"file": {"name": "files/abc"}}, content) == "files/abc"


@pytest.mark.parametrize(
    "headers", [{}, {"x-goog-upload-url": "https://evil.example/upload"}, {"x-goog-upload-url": "http://x"}]
)
def test_an_upload_is_not_sent_elsewhere(headers: dict[str, str]):
    with pytest.raises(UploadError):
        API.read_upload(headers, {}, b"")


def test_the_creation_names_the_file_the_model_and_us():
    request = API.create("thinkdial-0123-001", b"", "files/abc")
    assert request.url == f"{BASE}/v1beta/models/gemini-4-argon:batchGenerateContent"
    assert json.loads(request.body) == {
        "batch": {"displayName": "thinkdial-0123-001", "inputConfig": {"fileName": "files/abc"}}
    }
    assert API.row("aa", b'{"contents":[]}') == b'{"key":"aa","request":{"contents":[]}}'


@each(
    ("word", "status"),
    [
        ("PENDING", "validating"),
        ("RUNNING", "running"),
        ("SUCCEEDED", "ended"),
        ("FAILED", "failed"),
        ("CANCELLED", "cancelled"),
        ("EXPIRED", "expired"),
        ("UNSPECIFIED", "running"),
    ],
)
def test_states(word: str, status: str):
    assert API.read(with_state(word)).status == status


def test_counters_are_strings_and_zeros_are_left_out():
    state = API.read(OPERATION)
    assert (state.counts.total, state.counts.succeeded, state.counts.failed) == (20, 0, 0)
    assert (state.id, state.name) == ("batches/123456", "thinkdial-0123-001")
    assert state.created_at is not None and state.created_at.year == 2026


def test_the_results_are_downloaded_from_a_path_of_their_own():
    done = with_state("SUCCEEDED", done=True, response={"responsesFile": "files/batch-123456"})
    assert [request.url for request in API.results(API.read(done))] == [
        f"{BASE}/download/v1beta/files/batch-123456:download?alt=media"
    ]
    assert API.look("batches/123456").url == f"{BASE}/v1beta/batches/123456"
    assert API.cancel("batches/123456").url == f"{BASE}/v1beta/batches/123456:cancel"


def test_a_failed_operation_says_why():
    failed = API.read(with_state("FAILED", done=True, error={"code": 13, "message": "It broke."}))
    assert failed.error is not None and "It broke." in failed.error.message


def test_lines_of_results():
    row = API.read_results({"key": "aa", "response": {"candidates": []}}, "").rows[0]
    assert (row.custom_id, row.status, json.loads(row.body)) == ("aa", 200, {"candidates": []})
    row = API.read_results({"key": "aa", "error": {"code": 8, "message": "Quota."}}, "").rows[0]
    assert (row.status, row.told) == (429, False)
    assert json.loads(row.body)["error"] == {"code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED"}
    assert API.read_results({"metadata": {"key": "bb"}, "error": {}}, "").rows[0].custom_id == "bb"


def test_lists_have_pages():
    listed = API.read_list({"operations": [OPERATION], "nextPageToken": "t"}, None)
    assert listed.batches[0].id == "batches/123456" and listed.following == "t"
    assert API.listing("t").url == f"{BASE}/v1beta/batches?pageSize=100&pageToken=t"


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (with_state("PARTIALLY_SUCCEEDED"), "ended"),
        (with_state("CANCELLING"), "cancelling"),
        (with_state("UNHEARD_OF"), "running"),
        (with_state("UNHEARD_OF", done=True, response={"responsesFile": "files/x"}), "ended"),
        (with_state("UNSPECIFIED", done=True, error={"code": 13, "message": "broken"}), "failed"),
    ],
)
def test_an_operation_that_is_done_is_over_whatever_its_state_is_called(document: dict[str, Any], status: str):
    assert API.read(document).status == status
