"""Tools that providers run themselves, over real HTTP: what is sent, counted, billed and refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ...conftest import write_config

Cli = Callable[..., Any]


@pytest.fixture
def config(simulator: Any, tmp_path: Path) -> Path:
    url = simulator.base_url
    more = "".join(
        f"  {name}: {{provider: {provider}, base_url: '{url}{where}', model: '{model}', api_key_env: SIM_KEY}}\n"
        for name, provider, where, model in (
            ("x", "xai", "/xai/v1", "grok-4.7"),
            ("router", "openrouter", "/openrouter/api/v1", "anthropic/claude-opus-5"),
            ("old", "google", "/google", "gemini-2.5-flash-preview-05-20"),
            ("ds", "deepseek", "/deepseek", "deepseek-flash"),
        )
    )
    path = write_config(tmp_path / "tools.yaml", url)
    path.write_text(path.read_text().replace("groups:", f"{more}groups:"))
    return path


@pytest.mark.parametrize("stream", [(), ("--no-stream",)])
def test_five_vendors_search_and_their_searches_are_counted_and_billed(
    cli: Cli, config: Path, stream: tuple[str, ...]
) -> None:
    names = ("a", "o", "g", "x", "router")
    chosen = [word for name in names for word in ("-p", name)]
    ended = cli("compare", "What is new?", *chosen, "--server-tool", "search", "--config", config, "--json", *stream)
    assert ended.code == 0, ended.err
    for found in ended.json["results"]:
        (used,) = found["server_tools"]
        assert (used["name"], used["asked"]) == ("search", True)
        assert used["uses"] >= 1, found["profile"]
        assert Decimal(found["cost"]["fees_usd"]) > 0, found["profile"]
        assert Decimal(found["cost"]["usd"]) >= Decimal(found["cost"]["fees_usd"])
        assert any(warning["code"] == "server_tool" for warning in found["warnings"])
    shown = cli("ask", "What is new?", "-p", "a", "--server-tool", "search", "--config", config)
    assert "search ×" in shown.err


def test_a_route_without_the_tool_is_refused_before_anything_is_sent_with_those_that_could(
    cli: Cli, config: Path
) -> None:
    ended = cli("compare", "Hi", "-p", "a", "-p", "ds", "--server-tool", "search", "--config", config)
    assert ended.code == 2
    assert "deepseek has no search of its own" in ended.err
    assert "these profiles have it: " in ended.err
    ended = cli("ask", "Hi", "-p", "a", "--server-tool", "serch", "--config", config)
    assert ended.code == 2
    assert "did you mean search?" in ended.err


def test_a_plan_and_a_budget_know_the_fee(cli: Cli, config: Path) -> None:
    plain = cli("plan", "Hi", "-p", "a", "--config", config, "--json").json["plans"][0]["forecast"]
    asked = cli("plan", "Hi", "-p", "a", "--server-tool", "search", "--config", config, "--json").json["plans"][0]
    assert Decimal(asked["forecast"]["expected_usd"]) - Decimal(plain["expected_usd"]) == Decimal("0.01")
    assert asked["forecast"]["high_usd"] is None
    assert "one use of each tool" in asked["forecast"]["method"]
    assert "web_search_20260209" in asked["request"]["body"]
    asked = ("ask", "Hi", "-p", "a", "--server-tool", "search", "--max-cost", "0.004", "--config", config)
    ended = cli(*asked, "--no-stream")
    assert ended.code == 0  # what nothing bounds is known when all of it is there
    assert "cost more than the 0.0040 USD that were set aside for it" in ended.err


def test_a_profile_has_tools_and_one_call_leaves_them_out(cli: Cli, config: Path) -> None:
    text = config.read_text().replace(
        "model: 'claude-opus-5-5',", "model: 'claude-opus-5-5', server_tools: [search],", 1
    )
    config.write_text(text)
    asked = ("plan", "Hi", "-p", "a", "--config", config, "--json")
    assert "web_search" in cli(*asked).json["plans"][0]["request"]["body"]
    assert "web_search" not in cli(*asked, "--server-tool", "none").json["plans"][0]["request"]["body"]
    config.write_text(text.replace("[search]", "[serch]"))
    assert "did you mean search?" in cli(*asked).err


def test_fields_of_the_profile_that_the_tools_set_are_refused(cli: Cli, config: Path) -> None:
    text = config.read_text().replace("model: 'claude-opus-5-5',", "model: 'claude-opus-5-5', params: {tools: []},", 1)
    config.write_text(text)
    ended = cli("ask", "Hi", "-p", "a", "--server-tool", "search", "--config", config)
    assert ended.code == 2
    assert "params.tools sets what --server-tool sets" in ended.err


def test_a_session_brings_back_what_the_tool_did(cli: Cli, config: Path) -> None:
    asked = ("ask", "-p", "a", "--server-tool", "search", "--session", "s", "--config", config, "--json")
    assert cli(*asked, "One").code == 0
    again = cli(*asked, "Two")
    assert again.code == 0, again.err
    kinds = {one["kind"] for one in again.json["results"][0]["continuity"]}
    assert "server_reference" in kinds


def test_the_stored_bytes_give_the_same_counts(cli: Cli, config: Path) -> None:
    assert cli("ask", "Hi", "-p", "a", "--server-tool", "search", "--config", config).code == 0
    replayed = cli("history", "replay", "last", "--config", config, "--json").json
    assert replayed["results"][0]["changes"] == []


def test_functions_and_tools_of_the_provider_go_together_where_the_facts_say_so(cli: Cli, config: Path) -> None:
    function = config.with_name("f.json")
    function.write_text('{"name": "f", "parameters": {"type": "object"}}')
    asked = ("plan", "Hi", "--tool", function, "--server-tool", "search", "--config", config, "--json")
    refused = cli(*asked, "-p", "old")
    assert refused.code == 2
    assert "does not take search beside functions of your own" in refused.err
    body = cli(*asked, "-p", "g").json["plans"][0]["request"]["body"]
    assert '"googleSearch":{}' in body and "functionDeclarations" in body and "includeServerSideToolInvocations" in body


def test_a_tool_beside_which_functions_or_a_schema_cannot_go_is_refused_before_anything_is_sent(
    cli: Cli, config: Path, simulator: Any, tmp_path: Path
) -> None:
    groq = f"  oss: {{provider: groq, base_url: '{simulator.base_url}/groq/openai/v1', model: openai/gpt-oss-120b}}\n"
    config.write_text(config.read_text().replace("groups:", f"{groq}groups:"))
    tool = tmp_path / "weather.json"
    tool.write_text('{"name": "weather", "parameters": {"type": "object"}}')
    before = len(simulator.requests)
    for profile, server_tool, more, what in (
        ("old", "search", ("--tool", tool), "functions of your own"),
        ("old", "code", ("--tool", tool), "functions of your own"),
        ("oss", "search", ("--schema", "n int"), "schema"),
    ):
        ended = cli("ask", "Hi", "-p", profile, "--server-tool", server_tool, *more, "--config", config)
        assert ended.code == 2 and server_tool in ended.err and what in ended.err, (profile, ended.err)
    assert len(simulator.requests) == before


@pytest.mark.parametrize(("times", "stream"), [(2, ()), (3, ("--no-stream",))])
def test_an_answer_that_the_provider_pauses_goes_on_by_itself(
    cli: Cli, config: Path, simulator: Any, times: int, stream: tuple[str, ...]
) -> None:
    config.write_text(config.read_text().replace("claude-opus-5-5", f"claude-opus-5-5@pause:{times}", 1))
    before = len(simulator.requests)
    ended = cli("ask", "Hi", "-p", "a", "--server-tool", "search", "--config", config, "--json", *stream)
    assert ended.code == 0, ended.err
    (found,) = ended.json["results"]
    assert found["answer"]
    assert (found["status"], found["finish"], found["rounds_end"]) == ("ok", "stop", "answered")
    assert [one["finish"] for one in found["rounds"]] == ["unknown"] * times + ["stop"]
    assert "empty" not in {warning["code"] for warning in found["warnings"]}
    sent = [request.body for request in simulator.requests[before:]]
    assert [[message["role"] for message in body["messages"]] for body in sent] == [
        ["user"] + ["assistant"] * past for past in range(times + 1)
    ]
    assert sent[1]["messages"][1]["content"][-1]["type"] == "web_search_tool_result"
    assert "container" not in sent[0]
    assert sent[1]["container"].startswith("container_")
    assert sum(Decimal(one["cost"]["usd"]) for one in found["rounds"]) == Decimal(found["cost"]["usd"])
    kept = cli("history", "show", "last", "--json").json
    assert kept["results"][0]["answer"] == found["answer"]


def test_what_is_paused_again_and_again_is_ended_by_the_limit_and_told(cli: Cli, config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text().replace("claude-opus-5-5", "claude-opus-5-5@pause", 1))
    ended = cli("ask", "Hi", "-p", "a", "--server-tool", "search", "--config", config, "--json")
    (found,) = ended.json["results"]
    assert (found["rounds_end"], len(found["rounds"])) == ("max_rounds", 8)
    assert "was not asked to go on" in ended.out
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": "r", "prompt": "Hi"}\n')
    for name, more in (("here", ()), ("there", ("--processes", "1"))):
        text = config.read_text()
        config.write_text(re.sub("@pause[:0-9]*", f"@pause:{4 + len(more)}", text))
        out = tmp_path / f"{name}.jsonl"
        made = cli("batch", rows, "-p", "a", "--server-tool", "search", "-o", out, "--config", config, *more)
        assert made.code == 0, made.err
        (line,) = map(json.loads, out.read_text().splitlines())
        assert (line["rounds_end"], len(line["rounds"]), bool(line["answer"])) == ("answered", 5 + len(more), True)
