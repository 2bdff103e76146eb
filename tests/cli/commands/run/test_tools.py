"""Functions that models may call, over real HTTP: declared, called, held against what was meant, and gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import thinkdial

Cli = Callable[..., Any]
WEATHER = {
    "name": "weather",
    "description": "Tells the weather.",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1000}},
        "required": ["city", "days"],
    },
}
THREE = ("-p", "a", "-p", "o", "-p", "g", "--think", "low")


@pytest.fixture
def config(simulator: Any, config_for: Callable[..., Path]) -> Path:
    return config_for(simulator.base_url)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    path = tmp_path / "weather.json"
    path.write_text(json.dumps([WEATHER, {"name": "rm", "input_schema": {"type": "object"}}]))
    return path


@pytest.mark.parametrize("stream", [(), ("--no-stream",)])
def test_three_vendors_call_and_each_call_is_judged(
    cli: Cli, config: Path, tools: Path, stream: tuple[str, ...]
) -> None:
    ended = cli("compare", "use weather", *THREE, "--tool", tools, "--config", config, "--json", *stream)
    assert ended.code == 0
    by_profile = {found["profile"]: found for found in ended.json["results"]}
    for found in by_profile.values():
        (call,) = found["tool_calls"]
        assert (call["name"], found["finish"], found["answer"]) == ("weather", "tool_call", "")
        assert found["think"]["verdict"] == "as_asked", "an answer that calls is not empty"
        assert [tool["name"] for tool in found["tools"]["declared"]] == ["weather", "rm"]
    assert by_profile["a"]["tool_calls"][0]["errors"][0].startswith("$.days: "), "Claude is not told of the bound"
    assert by_profile["o"]["tool_calls"][0]["errors"] == []


def test_calls_stand_side_by_side(cli: Cli, config: Path, tools: Path) -> None:
    ended = cli("compare", "use weather", *THREE, "--tool", tools, "--config", config)
    assert "→ weather(city=" in ended.out
    assert "≠ 1 days" in ended.out or "1 days" in ended.out
    asked = cli("ask", "use weather", "-p", "o", "--tool", tools, "--config", config)
    assert asked.out.startswith("weather(city="), "on a pipe the calls are the answer"


def test_a_session_goes_on_with_what_the_tool_gave(cli: Cli, config: Path, tools: Path, tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    said.write_text("7 degrees")
    for profile in ("a", "o", "g"):
        session = ("--session", f"s-{profile}", "--config", config)
        cli("ask", "use weather", "-p", profile, "--think", "low", "--tool", tools, *session)
        nothing = cli("ask", *session, "--tool-output", "other=1")
        assert (nothing.code, "is no open call" in nothing.err) == (2, True)
        ended = cli("ask", *session, "--tool-output", f"weather={said}", "--json")
        assert ended.code == 0, ended.err
        found = ended.json["results"][0]
        assert found["answer"]
        assert found["tool_calls"] == []
        assert found["tools"]["declared"], "the session remembers its tools"
        assert {fate["fate"] for fate in found["continuity"]} == {"kept"}
        late = cli("ask", *session, "--tool-output", "weather=1")
        assert (late.code, "called nothing" in late.err) == (2, True)


def test_what_is_wrong_is_told_before_anything_is_sent(cli: Cli, config: Path, tools: Path) -> None:
    base = ("ask", "x", "-p", "o", "--config", config)
    for words, told in (
        (("--tool", "nowhere.json"), "nowhere.json cannot be read"),
        (("--tool", tools, "--tool-choice", "wether"), "did you mean weather"),
        (("--tool", tools, "--tool", tools), "declared twice"),
        (("--tool-choice", "required"), "has no tools"),
        (("--tool-output", "a=1"), "answers calls of a session"),
    ):
        ended = cli(*base, *words)
        assert (ended.code, told in ended.err) == (2, True), (words, ended.err)


def test_a_program_and_a_chat_say_what_tools_gave_and_sessions_show_it(cli: Cli, config: Path, tools: Path) -> None:
    first = thinkdial.ask("use weather", "g", think="low", tools=str(tools), session="lib", config=config)
    assert [call.name for call in first.tool_calls] == ["weather"]
    with pytest.raises(thinkdial.UsageError, match="tool_outputs: 'rain' is no open call"):
        thinkdial.ask("", session="lib", config=config, tool_outputs={"rain": 1})
    with pytest.raises(thinkdial.UsageError, match="about earlier turns"):
        thinkdial.ask("", "g", config=config, tool_outputs={"weather": 1})
    found = thinkdial.ask("", session="lib", config=config, tool_outputs={"weather": {"celsius": 7}})
    assert found.answer and found.tools is not None and found.tools.declared[0].name == "weather"
    assert {fate.fate for fate in found.continuity} == {"kept"}
    lines = b"use weather\n/output rm=1\n/output weather=8\nuse weather\n"
    talked = cli("chat", "talk", "-p", "o", "--think", "low", "--tool", tools, "--config", config, stdin=lines)
    assert (talked.code, "is no open call" in talked.err) == (2, True), "on a pipe what fails ends it"
    lines = lines.replace(b"/output rm=1\n", b"")
    talked = cli("chat", "talk2", "-p", "o", "--think", "low", "--tool", tools, "--config", config, stdin=lines)
    assert talked.code == 0, talked.err
    talked = cli("chat", "talk2", "--tool-output", "weather=9", "--config", config, stdin=b"thanks\n")
    assert talked.code == 0, talked.err
    shown = cli("session", "show", "talk2")
    assert shown.out.count('→ weather({"city"') == 2 and "weather: 9" in shown.out, shown.out
    nodes = cli("session", "show", "talk2", "--json").json["nodes"]
    assert [one["text"] for node in nodes for one in node["tool_results"]] == ["8", "9"]
    assert next(row["calls"] for row in cli("session", "list", "--json").json["sessions"]) == 2
    assert "\tcalls\t" in cli("session", "list").out
