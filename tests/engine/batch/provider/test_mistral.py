"""Mistral's batch jobs against what the reference shows."""

from __future__ import annotations

import json
from typing import Any

from thinkdial.providers.batches.contract import Route
from thinkdial.providers.batches.mistral import LISTED, MistralBatches

from ....cases import each

API = MistralBatches(Route("https://api.mistral.ai", "/v1/chat/completions", "mistral-medium-latest", (), window="24"))

JOB: dict[str, Any] = {
    "id": "17fb6b8c-1111-4c9e-a5f1-000000000001",
    "object": "batch",
    "input_files": ["3b6d45c8-2222-4c9e-a5f1-000000000002"],
    "metadata": {"thinkdial": "thinkdial-0123-001"},
    "endpoint": "/v1/chat/completions",
    "model": "mistral-medium-latest",
    "output_file": None,
    "error_file": None,
    "errors": [],
    "status": "QUEUED",
    "created_at": 1732183200,
    "started_at": None,
    "completed_at": None,
    "total_requests": 3,
    "completed_requests": 0,
    "succeeded_requests": 0,
    "failed_requests": 0,
}


def test_the_model_is_the_jobs():
    request = API.create("thinkdial-0123-001", b"", "file-1")
    assert request.url == "https://api.mistral.ai/v1/batch/jobs"
    assert json.loads(request.body) == {
        "endpoint": "/v1/chat/completions",
        "model": "mistral-medium-latest",
        "input_files": ["file-1"],
        "timeout_hours": 24,
        "metadata": {"thinkdial": "thinkdial-0123-001"},
    }
    upload = API.upload("n", b"{}\n")
    assert upload is not None and upload.url == "https://api.mistral.ai/v1/files"
    assert API.row("aa", b'{"messages":[]}') == b'{"custom_id":"aa","body":{"messages":[]}}'


@each(
    ("word", "status"),
    [
        ("QUEUED", "validating"),
        ("RUNNING", "running"),
        ("SUCCESS", "ended"),
        ("FAILED", "failed"),
        ("TIMEOUT_EXCEEDED", "expired"),
        ("CANCELLATION_REQUESTED", "cancelling"),
        ("CANCELLED", "cancelled"),
    ],
)
def test_states(word: str, status: str):
    assert API.read(JOB | {"status": word}).status == status


def test_a_job_expires_when_its_hours_are_over():
    state = API.read(JOB)
    assert state.created_at is not None and state.expires_at is not None
    assert (state.expires_at - state.created_at).total_seconds() == 24 * 3600
    assert (state.name, state.input_file) == ("thinkdial-0123-001", JOB["input_files"][0])
    assert API.read(JOB | {"input_files": [{"file_id": "f"}]}).input_file == "f"
    assert API.read(JOB | {"input_files": []}).input_file is None


def test_a_success_may_have_failed_rows_in_a_second_file():
    done = JOB | {"status": "SUCCESS", "output_file": "out", "error_file": "err", "succeeded_requests": 2}
    state = API.read(done | {"failed_requests": 1})
    assert (state.counts.succeeded, state.counts.failed) == (2, 1)
    assert [request.url.rpartition("/v1")[2] for request in API.results(state)] == [
        "/files/out/content",
        "/files/err/content",
    ]
    assert API.results(API.read(done | {"output_file": None})) == API.results(state)[1:]


def test_a_failed_job_says_why():
    state = API.read(JOB | {"status": "FAILED", "errors": [{"message": "Bad file", "count": 3}]})
    assert state.error is not None and "Bad file" in state.error.message


def test_lines_of_results():
    line = {"id": "x", "custom_id": "aa", "response": {"status_code": 422, "body": {"detail": []}}, "error": None}
    row = API.read_results(line, "").rows[0]
    assert (row.custom_id, row.status, row.told) == ("aa", 422, True)


def test_a_full_page_has_a_next_one():
    assert API.read_list({"data": [JOB] * LISTED}, "3").following == "4"
    assert API.read_list({"data": [JOB]}, "3").following is None
    assert API.listing("4").url.endswith("?page_size=100&page=4")
