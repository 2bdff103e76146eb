"""Every fault of the menu, on every vendor where it differs."""

from __future__ import annotations

import json

import httpx2
import pytest

from thinkdial.simulator import FAULTS, running_simulator, simulator_in_thread
from thinkdial.simulator.calls.faults import UnknownFaultError

from ...cases import each

FORMATS = ("anthropic", "responses", "chat", "gemini", "compatible")
MODELS = {
    "anthropic": "claude-opus-4-6",
    "responses": "gpt-6-sol",
    "chat": "gpt-6-sol",
    "gemini": "gemini-3.8-flash",
    "compatible": "sim-reasoning",
}


def send(vendors, name: str, fault: str, *, stream: bool = False, headers: dict | None = None, model: str = "", **body):
    model = f"{model or MODELS[name]}@{fault}" if fault else model or MODELS[name]
    if name == "gemini":
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return vendors.gemini(model, headers, method=method, **body)
    return getattr(vendors, name)(headers, model=model, stream=stream or None, **body)


@each("name", FORMATS)
@each(
    ("fault", "statuses"),
    [("rate_limit", {429}), ("quota", {429}), ("overloaded", {503, 529}), ("server_error", {500})],
)
def test_status_faults_are_vendor_shaped(vendors, name, fault, statuses):
    response = send(vendors, name, fault)
    assert response.status_code in statuses
    assert response.headers["content-type"].startswith("application/json")
    assert response.json()["error"]["message"]


def test_waits_are_given_as_each_vendor_does(vendors):
    assert send(vendors, "anthropic", "rate_limit").headers["retry-after"] == "1"
    assert "retry-after" not in send(vendors, "anthropic", "quota").headers
    assert send(vendors, "responses", "rate_limit").headers["retry-after-ms"] == "20"
    details = send(vendors, "gemini", "rate_limit").json()["error"]["details"]
    assert details[1]["retryDelay"] == "0.02s"
    daily = send(vendors, "gemini", "quota").json()["error"]["details"]
    assert "PerDay" in daily[0]["violations"][0]["quotaId"] and len(daily) == 1


def test_a_counted_fault_ends(vendors):
    statuses = [send(vendors, "compatible", "rate_limit:2", model="counted").status_code for _ in range(4)]
    assert statuses == [429, 429, 200, 200]


def test_faults_by_header_and_several_at_once(vendors):
    assert send(vendors, "chat", "", headers={"x-simulate-fault": "server_error"}).status_code == 500
    both = send(vendors, "chat", "html,wrong_content_type")
    assert both.content.startswith(b"<!DOCTYPE html>") and both.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("stream", [False, True])
def test_unknown_faults_are_named(vendors, stream):
    response = send(vendors, "chat", "earthquake", stream=stream)
    assert response.status_code == 400 and "earthquake" in response.json()["error"]["message"]


def test_validation_comes_before_a_status_fault(vendors):
    assert vendors.anthropic(model="claude-opus-4-6@overloaded", max_tokens=None).status_code == 400


@pytest.mark.parametrize("name", FORMATS)
def test_overloaded_midstream(vendors, frames, name):
    response = send(vendors, name, "overloaded_midstream", stream=True)
    assert response.status_code == 200
    seen = frames(response)
    assert len(seen) > 2
    assert any("error" in frame for frame in seen)
    assert send(vendors, name, "overloaded_midstream").status_code in (503, 529)


def test_an_openai_stream_that_fails_goes_on_counting(vendors, frames):
    seen = frames(send(vendors, "responses", "overloaded_midstream", stream=True))
    assert [frame["sequence_number"] for frame in seen] == list(range(len(seen)))
    assert [frame["type"] for frame in seen[-2:]] == ["error", "response.failed"]


def test_a_gemini_stream_may_end_in_bare_json(vendors):
    content = vendors.gemini(
        "gemini-3.8-flash@overloaded_midstream", method="streamGenerateContent?alt=sse", version="v1"
    )
    last = content.text.rpartition("\r\n\r\n")[2]
    assert json.loads(last)["error"]["status"] == "UNAVAILABLE"


@pytest.fixture
def answered(client, monkeypatch):
    """The responses that have begun, whether or not their bodies ever end."""
    begun = []
    monkeypatch.setitem(client.event_hooks, "response", [begun.append])
    return begun


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("stream", [False, True])
def test_disconnect_after_some_output(vendors, answered, name, stream):
    with pytest.raises(httpx2.RemoteProtocolError):
        send(vendors, name, "disconnect", stream=stream)
    assert len(answered) == 1


def test_some_output_precedes_the_disconnect(vendors):
    body = {"model": "claude-opus-4-6@disconnect", "max_tokens": 9000, "stream": True}
    body["messages"] = [{"role": "user", "content": "Why is the sky blue?"}]
    headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
    url = f"{vendors.base_url}/anthropic/v1/messages"
    received = b""
    closed = pytest.raises(httpx2.RemoteProtocolError)
    with vendors.client.stream("POST", url, json=body, headers=headers) as response, closed:
        for chunk in response.iter_bytes():
            received += chunk
    assert b"text_delta" in received and b"message_stop" not in received


@pytest.mark.parametrize("name", FORMATS)
def test_disconnect_before_any_byte(vendors, answered, name):
    with pytest.raises(httpx2.RemoteProtocolError):
        send(vendors, name, "disconnect_early")
    assert not answered


@pytest.mark.parametrize("stream", [False, True])
def test_stall_and_silence_last_until_the_client_leaves(simulator, stream):
    with httpx2.Client(timeout=0.2, trust_env=False) as impatient:
        for fault in ("stall", "silent"):
            body = {"model": f"sim-reasoning@{fault}", "stream": stream, "messages": [{"role": "user", "content": "x"}]}
            with pytest.raises(httpx2.ReadTimeout):
                impatient.post(f"{simulator.base_url}/compatible/v1/chat/completions", json=body)
            logged = simulator.requests[-1]
            assert (logged.faults, logged.completed) == ((fault,), False)
            assert logged.status == (200 if fault == "stall" else None)


@pytest.mark.parametrize("name", FORMATS)
def test_no_terminal_ends_cleanly_without_the_end(vendors, frames, name):
    whole = frames(send(vendors, name, "", stream=True))
    broken = frames(send(vendors, name, "no_terminal", stream=True))
    assert 2 < len(broken) < len(whole)
    ends = ("message_stop", "response.completed", "finishReason", '"finish_reason": "stop"')
    assert not any(end in json.dumps(frame) for end in ends for frame in broken)


def test_a_whole_body_without_its_end_is_truncated_json(vendors):
    with pytest.raises(json.JSONDecodeError):
        send(vendors, "chat", "no_terminal").json()


def test_a_starved_stream_breaks_off_before_its_end(vendors, frames):
    broken = frames(send(vendors, "anthropic", "no_terminal", stream=True, max_tokens=0))
    assert [frame["type"] for frame in broken] == ["message_start"]
    with pytest.raises(httpx2.RemoteProtocolError):
        send(vendors, "anthropic", "disconnect", stream=True, max_tokens=0)


@pytest.mark.parametrize("name", FORMATS)
def test_wrong_content_type(vendors, name):
    assert send(vendors, name, "wrong_content_type", stream=True).headers["content-type"] == "application/json"
    whole = send(vendors, name, "wrong_content_type")
    assert whole.headers["content-type"].startswith("text/plain") and whole.json()


@pytest.mark.parametrize("stream", [False, True])
def test_garbage_has_the_right_content_type(vendors, stream):
    response = send(vendors, "responses", "garbage", stream=stream)
    expected = "text/event-stream" if stream else "application/json"
    assert response.status_code == 200 and response.headers["content-type"].startswith(expected)
    with pytest.raises(UnicodeDecodeError):
        response.content.decode()


@pytest.mark.parametrize("name", FORMATS)
def test_html_with_status_200(vendors, name):
    response = send(vendors, name, "html", stream=True)
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/html")
    assert "Bad Gateway" in response.text


@each("name", FORMATS)
@each("stream", [False, True])
def test_huge_event_has_the_size_asked_for(vendors, name, stream):
    response = send(vendors, name, "huge_event:300000", stream=stream)
    longest = max(response.content.split(b"\n"), key=len)
    assert 300_000 < len(longest) < 310_000
    assert json.loads(longest.removeprefix(b"data: "))


@each("name", FORMATS)
@each("fault", ["refusal", "content_filter"])
@each("stream", [False, True])
def test_refusals_and_filters_are_successes(vendors, name, fault, stream):
    response = send(vendors, name, fault, stream=stream)
    assert response.status_code == 200
    words = {
        "anthropic": {"refusal": "refusal", "content_filter": "refusal"},
        "responses": {"refusal": '"refusal"', "content_filter": '"reason":"content_filter"'},
        "chat": {"refusal": "sorry", "content_filter": '"finish_reason":"content_filter"'},
        "gemini": {"refusal": "PROHIBITED_CONTENT", "content_filter": "SAFETY"},
        "compatible": {"refusal": "sorry", "content_filter": '"finish_reason":"content_filter"'},
    }
    assert words[name][fault] in response.text


def test_rates_are_deterministic_for_a_seed(vendors_of):
    def statuses(seed: int) -> list[int]:
        with running_simulator(seed=seed, faults={"server_error": 0.4}) as base_url:
            vendors = vendors_of(base_url)
            return [vendors.compatible().status_code for _ in range(20)]

    first = statuses(1)
    assert first == statuses(1) != statuses(2)
    assert 0 < first.count(500) < 20


def test_rates_need_known_faults():
    with pytest.raises(UnknownFaultError, match="meteor"), simulator_in_thread(faults={"meteor": 0.5}):
        pass


def test_the_menu_is_public():
    assert {"rate_limit", "stall", "huge_event"} <= set(FAULTS)
