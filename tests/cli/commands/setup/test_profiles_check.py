"""`profiles check --online`: the host, the key and the model, each told apart, and never a prompt."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

Cli = Callable[..., Any]
HEADER = "authorization"


@dataclass
class Provider:
    """A provider that lists models to one key, and writes down what it is asked."""

    url: str = ""
    key: str = "good-key"
    status: int = 401
    body: bytes | None = None
    public: bool = False
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    hold: Event | None = None
    most_at_once: int = 0
    at_once: int = 0


@pytest.fixture
def provider() -> Iterator[Provider]:
    told = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get(HEADER, "")
            told.asked.append((self.command, self.path, given))
            if told.hold is not None:
                told.hold.wait(20)
            good = given == f"Bearer {told.key}"
            if self.path.endswith("/key"):
                self.answer(200 if good else 401, b'{"data": {}}')
            elif told.public or good:
                listed = {"object": "list", "data": [{"id": "gpt-6-sol"}, {"id": "gpt-6-luna-2026-01-02"}]}
                self.answer(200, told.body if told.body is not None else json.dumps(listed).encode())
            else:
                words = f"wrong key {given} \x1b[31m"
                self.answer(told.status, json.dumps({"error": {"message": words}}).encode())

        def do_POST(self) -> None:
            told.asked.append((self.command, self.path, ""))
            self.answer(500, b"{}")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Somebody hung up: not a matter for the stderr of the next test."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    if told.hold is not None:
        told.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def check(cli: Cli, provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run the check over profiles written as `name={...}`; the good key is in GOOD, another one in BAD."""
    monkeypatch.setenv("GOOD", provider.key)
    monkeypatch.setenv("BAD", "sk-bad-KEY-0123456789")

    def run(*options: str, **profiles: str) -> Any:
        config = tmp_path / "check.yaml"
        lines = [
            f"  {name}: {{base_url: '{provider.url}', {'' if 'provider:' in text else 'provider: openai, '}{text}}}\n"
            for name, text in profiles.items()
        ]
        config.write_text("profiles:\n" + "".join(lines), encoding="utf-8")
        return cli("profiles", "check", "--online", *profiles, *options, "--config", config)

    return run


def one(ended: Any) -> Any:
    (row,) = ended.json["profiles"]
    return row


def test_host_key_and_model(check: Any, provider: Provider) -> None:
    ended = check("--json", p="model: gpt-6-sol, api_key_env: GOOD")
    row = one(ended)
    assert ended.code == 0 and row["ready"] and row["state"] == "ready"
    told = row["online"]
    assert (told["answers"], told["key"], told["model_listed"]) == (True, "accepted", True)
    assert isinstance(told["answered_s"], float) and told["host"] in provider.url
    assert {(method, path) for method, path, _ in provider.asked} == {("GET", "/models")}


def test_the_simulator_is_checked_over_all_its_vendors(cli: Cli, sim: Path) -> None:
    ended = cli("profiles", "check", "--online", "-p", "trio", "-p", "local", "--config", sim, "--json")
    assert ended.code == 0, ended.everything
    found = {
        row["profile"]: (row["state"], row["online"]["key"], row["online"]["model_listed"])
        for row in ended.json["profiles"]
    }
    good = ("ready", "accepted", True)
    assert found == {"a": good, "o": good, "g": good, "local": ("unproven", "unproven", True)}


@pytest.mark.parametrize("status, key", [(401, "refused"), (403, "forbidden")])
def test_a_key_that_is_refused_is_told_from_one_that_may_not(
    check: Any, provider: Provider, status: int, key: str
) -> None:
    provider.status = status
    for options in (["--json"], []):
        ended = check(*options, p="model: gpt-6-sol, api_key_env: BAD")
        assert ended.code == 1 and str(status) in ended.out and "BAD" in ended.out
        assert "sk-bad" not in ended.everything and "\x1b" not in ended.everything
    row = one(check("--json", p="model: gpt-6-sol, api_key_env: BAD"))
    assert row["online"]["key"] == key and row["online"]["answers"] is True and "[key]" in row["problem"]


def test_a_server_on_this_machine_that_wants_a_key_after_all(check: Any) -> None:
    row = one(check("--json", p="model: gpt-6-sol"))
    assert row["online"]["key"] == "missing" and "wants a key (401)" in row["problem"]
    assert "thinkdial keys set profile:p" in row["hint"]


def test_a_model_that_is_not_listed(check: Any) -> None:
    ended = check("--json", p="model: gpt-6-slo, api_key_env: GOOD")
    row = one(ended)
    assert ended.code == 1 and row["online"]["model_listed"] is False
    assert row["online"]["did_you_mean"] == "gpt-6-sol" and "did you mean gpt-6-sol?" in row["problem"]


def test_a_name_without_its_date_is_listed(check: Any) -> None:
    assert one(check("--json", p="model: gpt-6-luna, api_key_env: GOOD"))["online"]["model_listed"] is True


def test_a_list_that_is_not_whole_says_nothing_of_what_is_missing(check: Any) -> None:
    ended = check("--json", p="provider: openai-compatible, model: mine, api_key_env: GOOD")
    assert ended.code == 0 and one(ended)["online"]["model_listed"] is None


def test_one_question_for_one_provider_and_key(check: Any, provider: Provider) -> None:
    shared = "model: gpt-6-sol, api_key_env: GOOD"
    ended = check("--json", one=shared, two=shared, three=shared, bad="model: gpt-6-sol, api_key_env: BAD")
    assert [row["ready"] for row in ended.json["profiles"]] == [True, True, True, False]
    assert sorted(given for _, _, given in provider.asked) == ["", "Bearer good-key", "Bearer sk-bad-KEY-0123456789"]


def test_a_list_for_anybody_proves_no_key(check: Any, provider: Provider) -> None:
    provider.public = True
    ended = check("--json", p="model: gpt-6-sol, api_key_env: BAD")
    row = one(ended)
    assert ended.code == 0 and (row["state"], row["online"]["key"]) == ("unproven", "unproven")
    assert "unproven" in check(p="model: gpt-6-sol, api_key_env: BAD").out


@pytest.mark.parametrize("key, state", [("GOOD", "accepted"), ("BAD", "refused")])
def test_where_the_list_is_for_anybody_the_key_is_tried_elsewhere(
    check: Any, provider: Provider, key: str, state: str
) -> None:
    provider.public = True
    ended = check("--json", p=f"provider: openrouter, model: gpt-6-sol, api_key_env: {key}")
    assert one(ended)["online"]["key"] == state and ended.code == (state == "refused")
    assert [path for _, path, _ in provider.asked] == ["/models", "/key"]


def test_an_address_without_a_list(check: Any, provider: Provider) -> None:
    provider.status = 404
    ended = check("--json", p="model: gpt-6-sol, api_key_env: BAD")
    row = one(ended)
    assert ended.code == 0 and row["state"] == "unproven" and row["online"]["answers"] is True
    assert "without a prompt" in row["online"]["note"] and "base_url" in row["hint"]


@pytest.mark.parametrize("body", [b"<html>", b"\xff", b'{"data": 7}', b"[]", b"null", b'{"data": [{"id": 7}, "x"]}'])
def test_an_answer_that_is_no_list(check: Any, provider: Provider, body: bytes) -> None:
    provider.body = body
    row = one(check("--json", p="model: gpt-6-sol, api_key_env: GOOD"))
    assert row["online"]["answers"] is True and row["online"]["model_listed"] is None
    assert row["ready"] is (body not in (b"<html>", b"\xff"))


def test_a_provider_that_fails(check: Any, provider: Provider) -> None:
    provider.status = 503
    ended = check("--json", p="model: gpt-6-sol, api_key_env: BAD")
    assert ended.code == 1 and "answers 503" in one(ended)["problem"] and one(ended)["online"]["key"] is None


def test_a_host_that_does_not_answer(check: Any, provider: Provider) -> None:
    provider.hold = Event()
    ended = check("--json", "--timeout", "0.2", p="model: gpt-6-sol, api_key_env: GOOD")
    row = one(ended)
    assert ended.code == 1 and row["online"]["answers"] is False and "0.2 s" in row["problem"]
    assert "--timeout" in row["hint"]


def test_nobody_listens(cli: Cli, tmp_path: Path, closed_port: int) -> None:
    config = tmp_path / "c.yaml"
    address = f"http://127.0.0.1:{closed_port}"
    config.write_text(f"profiles: {{p: {{provider: vllm, base_url: '{address}', model: m}}}}", encoding="utf-8")
    ended = cli("profiles", "check", "p", "--online", "--config", config)
    assert ended.code == 1 and "no answer" in ended.out and "Traceback" not in ended.everything


def test_what_cannot_be_asked_without_a_prompt(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPLEXITY_API_KEY", "x")
    ended = cli("profiles", "check", "sonar", "--online", "--json")
    row = one(ended)
    assert ended.code == 0 and row["state"] == "unproven" and row["online"]["answers"] is None
    assert row["online"]["note"] == "cannot be checked without a prompt"


def test_what_is_not_ready_is_not_asked(check: Any, provider: Provider) -> None:
    ended = check("--json", p="model: gpt-6-sol, api_key_env: NOWHERE")
    assert ended.code == 1 and one(ended)["online"] is None and provider.asked == []


def test_offline_nothing_is_sent(cli: Cli, provider: Provider, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(f"profiles: {{p: {{provider: openai, base_url: '{provider.url}', model: m}}}}", encoding="utf-8")
    ended = cli("profiles", "check", "-p", "p@high", "-p", "p", "--config", config, "--json")
    assert ended.code == 0 and one(ended)["state"] == "ready" and "online" not in one(ended)
    assert provider.asked == []


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_the_table_fits(
    check: Any, laid_out: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    ended = check(
        good="model: gpt-6-sol, api_key_env: GOOD",
        **{"a-name-of-some-length-that-somebody-chose": "model: gpt-6-slo, api_key_env: BAD"},
    )
    shown = laid_out(ended.out)
    assert max(map(len, shown.splitlines())) <= columns
    assert "a-name-of-some-length-that-somebody-chose" in shown and "accepted" in shown and "refused" in shown
    assert re.search(r"ready +good|^good\n.*ready", shown, re.MULTILINE)


def test_aws_credentials_make_bedrock_ready(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    ended = cli("profiles", "check", "bedrock", "--json")
    assert ended.code == 0 and one(ended)["key"] == "AWS credentials"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    missing = cli("profiles", "check", "bedrock", "--json")
    assert missing.code == 1 and "no AWS credentials" in one(missing)["problem"]
