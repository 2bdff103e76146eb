"""Files that go by reference: uploaded once, remembered, uploaded again where they are gone, and deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.files_made import png, written_pdf
from thinkdial.profiles.facts import packaged_text
from thinkdial.simulator import Simulator, simulator_in_thread

Cli = Any
PROFILES = """
profiles:
  claude: {{provider: anthropic, model: claude-opus-4-7, base_url: "{url}/anthropic"}}
  gpt: {{provider: openai, model: gpt-6-sol, base_url: "{url}/openai/v1"}}
  gemini: {{provider: google, model: gemini-4-argon, base_url: "{url}/google"}}
  mistral: {{provider: mistral, model: mistral-medium-latest, base_url: "{url}/mistral"}}
"""
KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY")


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    for name in KEYS:
        monkeypatch.setenv(name, "sk-none")
    with simulator_in_thread() as simulator:
        yield simulator


@pytest.fixture
def config(vendors: Simulator, tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(PROFILES.format(url=vendors.base_url), encoding="utf-8")
    (tmp_path / "paper.pdf").write_bytes(written_pdf("The best year was 1999."))
    return path


def uploads(vendors: Simulator) -> list[str]:
    asked = ((one.method, one.path.rpartition("/")[2]) for one in vendors.requests)
    return [path for method, path in asked if method == "POST" and path == "files"]


def test_a_file_is_uploaded_once_for_each_vendor_and_remembered(
    cli: Cli, vendors: Simulator, config: Path, tmp_path: Path
) -> None:
    paper, to = tmp_path / "paper.pdf", ("-p", "claude", "-p", "gpt", "-p", "gemini", "-p", "mistral")
    for _ in range(2):
        done = cli("compare", "Which year?", "-a", paper, *to, "--upload", "--json", "--config", config)
        assert (done.code, [one["error"] for one in done.json["results"]]) == (0, [None] * 4), done.err
    assert len(uploads(vendors)) == 5, "one for each, and two steps for Google"
    bodies = [str(one.body) for one in vendors.requests if one.path.endswith(("messages", "responses", "completions"))]
    assert not any("thinkdial-file-" in body or "base64" in body for body in bodies)
    listed = cli("files", "list", "--json").json
    Draft202012Validator(json.loads(packaged_text("schemas/files.schema.json"))).validate(listed)
    assert sorted(one["provider"] for one in listed["uploads"]) == ["anthropic", "google", "mistral", "openai"]
    assert [one["bytes"] for one in listed["kept"]] == [paper.stat().st_size]
    gone = cli("files", "delete", "--all", "-y", "--config", config)
    assert gone.code == 0, gone.err
    assert sum(one.method == "DELETE" for one in vendors.requests) == 4
    assert cli("files", "list", "--json").json["uploads"] == []


def test_what_the_vendor_has_lost_is_uploaded_again(cli: Cli, vendors: Simulator, config: Path, tmp_path: Path) -> None:
    asked = ("ask", "Which year?", "-a", tmp_path / "paper.pdf", "-p", "claude", "--upload", "--config", config)
    assert cli(*asked).code == 0
    with sqlite3.connect(cli("history", "path").out.strip()) as history:
        history.execute("UPDATE uploads SET reference = 'file_gone', id = 'file_gone'")
    assert cli(*asked).code == 0
    assert len(uploads(vendors)) == 2
    with sqlite3.connect(cli("history", "path").out.strip()) as history:
        history.execute("UPDATE uploads SET expires_at = '2020-01-01T00:00:00+00:00'")
    assert cli(*asked).code == 0
    assert len(uploads(vendors)) == 3


def test_without_a_history_and_in_a_batch_nothing_stays(
    cli: Cli, vendors: Simulator, config: Path, tmp_path: Path
) -> None:
    given = ("-p", "claude", "--upload", "--config", config)
    assert cli("ask", "Which year?", "-a", tmp_path / "paper.pdf", *given, "--no-history").code == 0
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "Which?", "attach": "paper.pdf"}\n' * 3, encoding="utf-8")
    done = cli("batch", "run", rows, "-o", tmp_path / "out.jsonl", *given)
    assert done.code == 0, done.everything
    assert len(uploads(vendors)) == 2
    assert sum(one.method == "DELETE" for one in vendors.requests) == 2


def test_an_upload_that_fails_leaves_the_other_columns(
    cli: Cli, vendors: Simulator, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "wrong-key")
    done = cli(
        "compare", "Which?", "-a", tmp_path / "paper.pdf", "-p", "claude", "-p", "gpt", "--upload", "--json",
        "--config", config,
    )  # fmt: skip
    errors = [one["error"] for one in done.json["results"]]
    assert errors[0] is None
    assert errors[1]["kind"] == "auth"
    assert "paper.pdf cannot be uploaded" in errors[1]["message"]
    assert "wrong-key" not in done.everything


def test_a_plan_says_where_no_upload_is_known(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(20, 10))
    said = cli("plan", "x", "-a", tmp_path / "a.png", "-p", "cohere/command-a-vision-07-2025", "--upload", "--json")
    (plan,) = said.json["plans"]
    assert any("no upload endpoint is known at cohere" in one["message"] for one in plan["warnings"])
