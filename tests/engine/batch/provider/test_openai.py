"""OpenAI's batches, and those of Azure and Groq, against what their references show."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from thinkdial.profiles.batch_terms import batch_terms
from thinkdial.providers.batches.body import row_body
from thinkdial.providers.batches.contract import BatchState, Route, UploadError
from thinkdial.providers.batches.openai import OpenAIBatches
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.schema import HttpRequest

from ....cases import each
from ....sources import is_source

API = OpenAIBatches(Route("https://api.openai.com/v1", "/v1/responses", "gpt-6-sol", (("x-team", "red"),)))

COMPLETED = {
    "id": "batch_abc123",
    "object": "batch",
    "endpoint": "/v1/responses",
    "errors": None,
    "input_file_id": "file-cvaTdG",
    "completion_window": "24h",
    "status": "completed",
    "output_file_id": "file-HOWS94",
    "error_file_id": "file-err",
    "created_at": 1711471533,
    "in_progress_at": 1711471538,
    "expires_at": 1711557933,
    "finalizing_at": 1711493133,
    "completed_at": 1711493163,
    "request_counts": {"total": 100, "completed": 95, "failed": 5},
    "metadata": {"thinkdial": "thinkdial-0123-001", "customer_id": "user_123456789"},
}


def test_a_row_holds_the_body_as_it_is():
    body = b'{"model":"gpt-6-sol","input":"a\\u2028b"}'
    line = API.row("00ff", body)
    assert line == b'{"custom_id":"00ff","method":"POST","url":"/v1/responses","body":' + body + b"}"
    assert json.loads(line)["body"]["input"] == "a\u2028b"


def test_the_upload_is_a_form_whose_file_comes_last():
    request = API.upload("thinkdial-0123-001", b'{"a":1}\n')
    assert request is not None and request.url == "https://api.openai.com/v1/files"
    headers = dict(request.headers)
    boundary = headers["content-type"].partition("boundary=")[2]
    assert headers["x-team"] == "red"
    parts = request.body.split(f"--{boundary}".encode())
    assert parts[-1] == b"--\r\n" and len(parts) == 4
    assert b'name="purpose"\r\n\r\nbatch\r\n' in parts[1]
    assert b'name="file"; filename="thinkdial-0123-001.jsonl"' in parts[2] and parts[2].endswith(b'{"a":1}\n\r\n')
    assert request == API.upload("thinkdial-0123-001", b'{"a":1}\n')


def test_a_content_that_holds_the_boundary_gets_another():
    first = API.upload("n", b"x")
    assert first is not None
    boundary = dict(first.headers)["content-type"].partition("boundary=")[2]
    second = API.upload("n", b"before " + boundary.encode() + b" after")
    assert second is not None
    other = dict(second.headers)["content-type"].partition("boundary=")[2]
    assert other != boundary and second.body.count(other.encode()) == 3


def test_the_upload_is_answered_with_an_id():
    assert API.read_upload({}, {"id": "file-1", "object": "file"}, b"") == "file-1"
    with pytest.raises(UploadError, match="no id"):
        API.read_upload({}, {"object": "file"}, b"")


def test_the_creation_names_file_endpoint_window_and_us():
    request = API.create("thinkdial-0123-001", b"", "file-1")
    assert (request.method, request.url) == ("POST", "https://api.openai.com/v1/batches")
    assert json.loads(request.body) == {
        "input_file_id": "file-1",
        "endpoint": "/v1/responses",
        "completion_window": "24h",
        "metadata": {"thinkdial": "thinkdial-0123-001"},
    }


def test_a_completed_batch():
    state = API.read(COMPLETED)
    assert (state.id, state.status, state.is_over) == ("batch_abc123", "ended", True)
    assert (state.counts.total, state.counts.succeeded, state.counts.failed) == (100, 95, 5)
    assert state.results == ("file-HOWS94", "file-err")
    assert state.created_at == datetime(2024, 3, 26, 16, 45, 33, tzinfo=UTC)
    assert state.expires_at == datetime(2024, 3, 27, 16, 45, 33, tzinfo=UTC)
    assert (state.name, state.input_file, state.error) == ("thinkdial-0123-001", "file-cvaTdG", None)
    urls = [request.url for request in API.results(state)]
    assert urls == [f"https://api.openai.com/v1/files/{name}/content" for name in ("file-HOWS94", "file-err")]


@each(
    ("word", "status", "over"),
    [
        ("validating", "validating", False),
        ("in_progress", "running", False),
        ("finalizing", "running", False),
        ("cancelling", "cancelling", False),
        ("cancelled", "cancelled", True),
        ("expired", "expired", True),
        ("failed", "failed", True),
        ("something new", "running", False),
    ],
)
def test_states(word: str, status: str, over: bool):
    state = API.read(COMPLETED | {"status": word, "output_file_id": None, "error_file_id": ""})
    assert (state.status, state.is_over, state.results) == (status, over, ())


def test_what_validation_found_is_told_in_one_line():
    problems = [
        {"code": "invalid_url", "message": "The URL does not match.", "line": 1, "param": "url"},
        {"code": "duplicate_custom_id", "message": "Not unique.", "line": 2},
        {"code": "x", "message": "third"},
        {"code": "x", "message": "fourth"},
    ]
    state = API.read(COMPLETED | {"status": "failed", "errors": {"object": "list", "data": problems}})
    assert state.error is not None and state.error.kind == "invalid_request"
    assert "line 1: The URL does not match.; line 2: Not unique.; third; and 1 more" in state.error.message
    spent = [{"code": "billing_hard_limit_reached", "message": "Billing hard limit has been reached."}]
    state = API.read(COMPLETED | {"status": "failed", "errors": {"data": spent}})
    assert state.error is not None and state.error.kind == "quota"


def test_lines_of_results():
    good = {
        "id": "batch_req_1",
        "custom_id": "00ff",
        "response": {"status_code": 200, "request_id": "req_c1", "body": {"id": "resp_1", "output": []}},
        "error": None,
    }
    row = API.read_results(good, "").rows[0]
    assert (row.custom_id, row.kind, row.status, row.told, row.request_id) == ("00ff", "response", 200, True, "req_c1")
    assert json.loads(row.body) == {"id": "resp_1", "output": []}
    refused = good | {"response": {"status_code": 400, "request_id": "r", "body": {"error": {"message": "no"}}}}
    assert API.read_results(refused, "").rows[0].status == 400
    for code, kind in (("batch_expired", "expired"), ("batch_cancelled", "cancelled")):
        line = good | {"response": None, "error": {"code": code, "message": "words"}}
        assert API.read_results(line, "").rows[0].kind == kind
    odd = API.read_results(good | {"response": None, "error": {"code": "odd", "message": "what"}}, "").rows[0]
    assert (odd.kind, odd.told) == ("response", False) and json.loads(odd.body)["error"]["message"] == "what"
    nothing = API.read_results({"custom_id": "1"}, "").rows[0]
    assert nothing.status == 500 and b"neither" in nothing.body


def test_lists_have_pages():
    listed = API.read_list({"data": [COMPLETED, COMPLETED | {"id": "batch_2"}], "has_more": True}, None)
    assert [state.id for state in listed.batches] == ["batch_abc123", "batch_2"] and listed.following == "batch_2"
    assert API.listing("batch_2").url.endswith("/batches?limit=100&after=batch_2")
    assert API.read_list({"data": [], "has_more": True}, None).following is None


def test_an_id_of_the_provider_cannot_leave_its_place_in_the_path():
    assert API.look("../files?x=1#").url == "https://api.openai.com/v1/batches/..%2Ffiles%3Fx%3D1%23"
    hostile = BatchState("b", "ended", results=("../../v1/keys",))
    assert API.results(hostile)[0].url == "https://api.openai.com/v1/files/..%2F..%2Fv1%2Fkeys/content"


def test_azure_and_groq_are_the_same_wire_with_other_terms():
    terms = batch_terms()
    assert {name for name, known in terms.items() if known.wire == "openai"} == {"openai", "azure", "groq"}
    assert terms["azure"].endpoints["openai-chat"] == "/chat/completions"
    assert "openai-responses" not in terms["groq"].endpoints
    azure = Route("https://r.openai.azure.com/openai/v1", terms["azure"].endpoints["openai-chat"], "my-deployment")
    assert json.loads(OpenAIBatches(azure).row("1", b"{}"))["url"] == "/chat/completions"
    assert OpenAIBatches(azure).look("b").url == "https://r.openai.azure.com/openai/v1/batches/b"


def test_every_provider_has_limits_and_a_source():
    for name, terms in batch_terms().items():
        assert terms.most_bytes > 10**6 and 0 < terms.price_share < 1 and terms.hours >= 24, name
        assert terms.sources and all(map(is_source, terms.sources)), name
    assert batch_terms()["xai"].refuses("grok-4.6") and not batch_terms()["xai"].refuses("grok-4.3")


def test_the_body_is_that_of_the_live_request_without_what_only_streams_have():
    live = HttpRequest("POST", "u", (), b'{"model":"m","stream":true,"stream_options":{"include_usage":true},"n":1}')
    assert row_body(live, ()) == b'{"model":"m","n":1}'
    whole = HttpRequest("POST", "u", (), b'{"model": "m"}')
    assert row_body(whole, ()) is whole.body
    with pytest.raises(ConfigError, match=r"params\.speed"):
        row_body(HttpRequest("POST", "u", (), b'{"speed":"fast"}'), ("speed",))
