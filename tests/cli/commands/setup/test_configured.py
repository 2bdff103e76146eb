"""`profiles check` without names: what somebody set up, the rest in a line, and servers that do not answer."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
KEY = "sk-abcdefghijklmnopqrstuvw"


@pytest.fixture
def port() -> Iterator[int]:
    """A port where something accepts connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def names(ended: Any) -> list[str]:
    return [row["profile"] for row in ended.json["profiles"]]


def test_without_anything_it_says_how_to_begin(cli: Cli) -> None:
    ended = cli("profiles", "check")
    assert ended.code == 1 and ended.out == ""
    assert "not set up" in ended.err and "thinkdial keys set" in ended.err


def test_a_key_brings_its_provider_and_the_exit_code_is_good(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ended = cli("profiles", "check")
    assert ended.code == 0
    assert "gpt" in ended.out and "claude" not in ended.out and KEY not in ended.everything
    assert len(ended.err.splitlines()) == 1 and "--all shows them" in ended.err
    told = cli("profiles", "check", "--json")
    assert "claude" in told.json["not_configured"] and "gpt" not in told.json["not_configured"]


def test_a_key_whose_provider_lacks_something_else_is_not_ready(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    ended = cli("profiles", "check", "--json")
    assert ended.code == 1 and names(ended) == ["azure"]


def test_what_is_configured_counts_without_a_key(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("profiles: {mine: {provider: openai, model: gpt-6-sol}}\ndefaults: {profile: gemini@low}\n")
    ended = cli("profiles", "check", "--config", config, "--json")
    assert ended.code == 1 and names(ended) == ["gemini", "mine"]


def test_all_shows_all_grouped_by_provider(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("profiles: {zz: {provider: anthropic, model: claude-opus-5-5}}\n")
    shown = cli("profiles", "check", "--all", "--config", config)
    lines = [line for line in shown.out.splitlines() if "not ready" in line]
    first = [line.split("\t")[0] for line in lines]
    groups = [name for name, _ in groupby(first)]
    assert all(first) and len(groups) == len(set(groups)), "each provider in one place, and on each of its lines"
    assert any(line.startswith("anthropic\t") and "\tzz\t" in line for line in lines)


def test_a_local_server_that_does_not_answer_is_not_ready(cli: Cli, tmp_path: Path, port: int) -> None:
    config = tmp_path / "mine.yaml"
    closed = closed_port()
    config.write_text(
        "profiles:\n"
        f"  up: {{provider: openai-compatible, model: m, base_url: 'http://127.0.0.1:{port}/v1'}}\n"
        f"  down: {{provider: openai-compatible, model: m, base_url: 'http://127.0.0.1:{closed}/v1'}}\n"
    )
    ended = cli("profiles", "check", "--config", config, "--json")
    up, down = ended.json["profiles"]
    assert ended.code == 1 and up["ready"] and not down["ready"]
    assert str(closed) in down["problem"] and "start the server" in down["hint"]
    assert cli("profiles", "check", "up", "--config", config).code == 0


def test_profiles_of_a_simulator_stand_back_behind_those_that_call_somebody(
    cli: Cli, tmp_path: Path, port: int
) -> None:
    config = tmp_path / "mine.yaml"
    where = f"provider: openai-compatible, model: m, base_url: 'http://127.0.0.1:{port}/v1'"
    simulated = "".join(f"  arm{n}: {{{where}, simulated: {'ab' * 16}}}\n" for n in range(3))
    config.write_text(f"profiles:\n{simulated}", encoding="utf-8")
    assert names(cli("profiles", "check", "--json", "--config", config)) == ["arm0", "arm1", "arm2"]
    config.write_text(f"profiles:\n{simulated}  mine: {{{where}}}\n", encoding="utf-8")
    ended = cli("profiles", "check", "--config", config)
    assert "mine" in ended.out and "arm" not in ended.out
    assert "3 profiles of a simulator left out (--all shows them too)" in ended.err
    assert {"arm0", "mine"} <= set(names(cli("profiles", "check", "--all", "--json", "--config", config)))
