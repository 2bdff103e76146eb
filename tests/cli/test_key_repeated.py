"""A server that repeats the key in every way it can: in no command does it come out again, nor does it lie anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.exchange.redaction import MARK

pytestmark = pytest.mark.slow  # processes of their own

Cli = Callable[..., Any]
JSON, SSE = "application/json", "text/event-stream"


def numbered(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


def chat(content: str, **more: Any) -> dict[str, Any]:
    message = {"content": content, "reasoning_content": f"thinking of {content}"}
    return {"model": content, "id": content, "choices": [{"message": message, "finish_reason": content}], **more}


def stream(*pieces: str) -> str:
    events = [{"choices": [{"delta": {"reasoning_content": piece}}]} for piece in pieces]
    events += [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
    events.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"


def said(key: str) -> Iterator[tuple[str, int, str, str, dict[str, str]]]:
    """Status, body, content type and headers of what such a server may say."""
    document = json.dumps(chat(f"the key is {key}."))
    yield "plain", 200, document, JSON, {}
    yield "escaped", 200, document.replace(key, numbered(key)), JSON, {}
    yield "within JSON", 200, json.dumps(chat(json.dumps({"sent": numbered(key)}))), JSON, {}
    yield "split", 200, stream("the key is ", *key[::1], "."), SSE, {}
    yield "halves", 200, stream("the key is ", key[:9], key[9:], "."), SSE, {}
    named = {"x-request-id": key, "x-ratelimit-reset-requests": key, "retry-after": key}
    yield "headers", 200, json.dumps(chat("ok")), JSON, named
    yield "error", 400, json.dumps({"error": {"message": numbered(key), "param": key, "code": key}}), JSON, named
    yield "escaped error", 400, json.dumps({"error": {"message": key}}).replace(key, numbered(key)), JSON, named
    yield "redirect", 302, "", "text/plain", {"location": f"https://host.example/{key}"}
    yield "error in stream", 200, f'data: {{"error": {{"message": "{numbered(key)}"}}}}\n\n', SSE, {}


@pytest.mark.parametrize("way", range(10))
def test_the_key_comes_out_of_no_command(
    cli: Cli, recorder: Any, config_for: Any, key: str, tmp_path: Path, way: int
) -> None:
    name, recorder.status, body, recorder.kind, recorder.headers = [*said(key)][way]
    recorder.body = body.encode()
    config = config_for(recorder.url)
    rows, out, report = tmp_path / "rows.jsonl", tmp_path / "out.jsonl", tmp_path / "report.html"
    rows.write_text('{"prompt": "x"}\n', encoding="utf-8")
    commands: list[tuple[object, ...]] = [
        *(("ask", "x", "-p", "local", "--format", form) for form in ("text", "json", "jsonl", "md", "table", "csv")),
        ("ask", "x", "-p", "local"),
        *(("compare", "x", "-p", "local", "-p", "chat", "--format", form) for form in ("table", "json", "csv")),
        ("batch", rows, "-p", "local", "-o", out),
        ("batch", rows, "-p", "chat", "-o", tmp_path / "other.jsonl"),
        ("plan", "x", "-p", "local", "--count"),
        ("profiles", "check", "local", "--online"),
        ("profiles", "check", "local", "--online", "--json"),
    ]
    seen = [cli(*command, "--retries", "0", "--config", config).everything for command in commands[:-3]]
    seen += [cli(*command, "--config", config).everything for command in commands[-3:]]
    stored = [run["id"] for run in cli("history", "list", "--json").json["runs"]]
    assert len(stored) >= 10
    for run in stored:
        seen.append(cli("history", "show", run, "--json").everything)
        seen.append(cli("history", "show", run, "--raw").everything)
        seen.append(cli("history", "replay", run, "--json", "--config", config).everything)
    seen.append(cli("history", "report", *stored, "-o", report).everything)
    for text in seen:
        assert key not in text and key[5:] not in text and numbered(key)[2:] not in text, name
    assert any(MARK in text for text in seen), name
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes(), path


def test_a_catalogue_and_a_list_of_models_may_name_the_key(
    cli: Cli, recorder: Any, config_for: Any, key: str, tmp_path: Path
) -> None:
    recorder.status, recorder.headers = 200, {"x-request-id": key}
    recorder.body = (
        json.dumps({"data": [{"id": key}, {"id": f"sim-reasoning-content-{key}"}]})
        .replace(key[4:], numbered(key[4:]))
        .encode()
    )
    config = config_for(recorder.url)
    for form in ((), ("--json",)):
        ended = cli("profiles", "check", "local", "a", "o", "g", "--online", *form, "--config", config)
        assert key not in ended.everything and key[4:] not in ended.everything
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes(), path


def test_the_bytes_of_a_key_in_pieces_are_not_kept(cli: Cli, recorder: Any, config_for: Any, key: str) -> None:
    recorder.status, recorder.body, recorder.kind = 200, stream("it is ", key[:9], key[9:]).encode(), SSE
    result = cli("ask", "x", "-p", "local", "--json", "--config", config_for(recorder.url)).json["results"][0]
    assert result["answer"] == f"it is {MARK}" and result["status"] == "ok"
    assert "bytes_withheld" in [warning["code"] for warning in result["warnings"]]
    run = cli("history", "list", "--json").json["runs"][0]["id"]
    shown = cli("history", "show", run, "--raw")
    assert shown.code == 2 and not shown.out and "Traceback" not in shown.err
    replayed = cli("history", "replay", run)
    assert key[9:] not in replayed.everything and "Traceback" not in replayed.err
