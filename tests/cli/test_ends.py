"""Commands tell when a model ends, and stop with the successor's name once it is sure to be refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    config = tmp_path / "config.yaml"
    config.write_text(
        "profiles:\n"
        "  gone: {provider: groq, model: llama-3.3-70b-versatile}\n"
        "  doubtful: {provider: moonshot, model: kimi-k2.5}\n",
        encoding="utf-8",
    )
    return config


def test_what_is_refused_stops_before_it_is_sent(cli: Cli, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "sk-test-key-000")
    for command in (["plan"], ["ask"], ["compare", "--json"]):
        ended = cli(*command, "x", "-p", "gone", "--config", old)
        assert ended.code == 2, command
        assert "stopped answering on 2026-08-16" in ended.err and "use model: openai/gpt-oss-120b" in ended.err
    checked = cli("profiles", "check", "gone", "--config", old, "--json")
    assert checked.code == 1 and "stopped answering" in json.loads(checked.out)["profiles"][0]["problem"]


def test_what_is_only_said_is_told_once(cli: Cli, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-test-key-000")
    words = "kimi-k2.5 is said to have stopped answering on 2026-08-31"
    planned = cli("plan", "x", "-p", "doubtful", "-t", "off,high", "--config", old)
    assert planned.code == 0 and " ".join(planned.out.split()).count(words) == 1
    document = cli("plan", "x", "-p", "doubtful", "--config", old, "--json").json
    assert "model_ended" in {warning["code"] for warning in document["plans"][0]["warnings"]}
    checked = cli("profiles", "check", "doubtful", "--config", old)
    assert words in " ".join(checked.out.split())


def test_models_tell_when_and_what_follows(cli: Cli) -> None:
    shown = cli("models", "gemini-2.5-pro", "--provider", "google")
    assert "gemini-3.8-flash" in shown.out and "answers in its place" in " ".join(shown.out.split())
    listed = cli("models", "gemini-2.5-pro", "--provider", "google", "--all", "--json").json["models"]
    assert {"on": "2026-12-01", "then": "rerouted", "successor": "gemini-3.8-flash", "confirmed": True} in [
        model["ends"] for model in listed
    ]
