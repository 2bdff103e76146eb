"""Tools of the user's own, run between rounds, on five wires: what goes back, what is kept, counted and refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

import thinkdial
from thinkdial.engine.runs.rounds.limits import RoundLimits

Cli = Callable[..., Any]
CITY = {"city": "Rome"}
NAMES = ("chat", "responses", "claude", "gemini", "deepseek")


def chat_reply(body: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's Chat, with DeepSeek's reasoning beside the content."""
    answered = [message for message in body["messages"] if message["role"] == "tool"]
    message: dict[str, Any] = {"role": "assistant", "content": None, "reasoning_content": "I look it up."}
    if len(answered) < body.get("rounds", 1):
        function = {"name": "weather", "arguments": json.dumps(CITY)}
        message["tool_calls"] = [{"id": f"call_{len(answered)}", "type": "function", "function": function}]
    else:
        message["content"] = f"It is {answered[-1]['content'].strip()}."
    finish = "tool_calls" if "tool_calls" in message else "stop"
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return {
        "id": "c",
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
    }


def responses_reply(body: dict[str, Any]) -> dict[str, Any]:
    answered = [item for item in body["input"] if isinstance(item, dict) and item.get("type") == "function_call_output"]
    thought = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "sealed"}
    if answered:
        content = [{"type": "output_text", "text": f"It is {answered[-1]['output'].strip()}.", "annotations": []}]
        output = [
            thought,
            {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": content},
        ]
    else:
        call = {
            "id": "fc_1",
            "type": "function_call",
            "call_id": "call_1",
            "name": "weather",
            "arguments": json.dumps(CITY),
        }
        output = [thought, call]
    usage = {
        "input_tokens": 100,
        "output_tokens": 10,
        "total_tokens": 110,
        "output_tokens_details": {"reasoning_tokens": 4},
    }
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": body["model"],
        "output": output,
        "usage": usage,
    }


def anthropic_reply(body: dict[str, Any]) -> dict[str, Any]:
    blocks = [
        block for message in body["messages"] if isinstance(message["content"], list) for block in message["content"]
    ]
    answered = [block for block in blocks if block["type"] == "tool_result"]
    content: list[dict[str, Any]] = [{"type": "thinking", "thinking": "I look it up.", "signature": "signed"}]
    if answered:
        content.append({"type": "text", "text": f"It is {answered[-1]['content'].strip()}."})
    else:
        content.append({"type": "tool_use", "id": "toolu_1", "name": "weather", "input": CITY})
    stop = "end_turn" if answered else "tool_use"
    usage = {"input_tokens": 100, "output_tokens": 10}
    return {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": stop,
        "usage": usage,
    }


def gemini_reply(body: dict[str, Any]) -> dict[str, Any]:
    parts = [part for content in body["contents"] for part in content["parts"]]
    answered = [part["functionResponse"] for part in parts if "functionResponse" in part]
    if answered:
        said: list[dict[str, Any]] = [{"text": f"It is {answered[-1]['response']['result'].strip()}."}]
    else:
        said = [{"functionCall": {"name": "weather", "args": CITY}, "thoughtSignature": "c2lnbmVk"}]
    usage = {"promptTokenCount": 100, "candidatesTokenCount": 10, "thoughtsTokenCount": 4, "totalTokenCount": 114}
    return {
        "candidates": [{"content": {"role": "model", "parts": said}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": usage,
        "modelVersion": "gemini-4-argon",
    }


class Scripted(BaseHTTPRequestHandler):
    """Four vendors that call `weather`, and then say what it said."""

    bodies: ClassVar[list[dict[str, Any]]] = []
    rounds: ClassVar[int] = 1

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.bodies.append(body)
        if "contents" in body:
            made = gemini_reply(body)
        elif "input" in body:
            made = responses_reply(body)
        elif self.path.endswith("/messages"):
            made = anthropic_reply(body)
        else:
            made = chat_reply(body | {"rounds": type(self).rounds})
        data = json.dumps(made).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Scripted, "bodies", [])
    monkeypatch.setattr(Scripted, "rounds", 1)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def config(scripted: str, tmp_path: Path) -> Path:
    """The five profiles, each with a price, and tools that do and do not behave."""
    price = "price: {input: 1, output: 10}, stream: false, api_key_env: SIM_KEY"
    profiles = {
        "chat": f"provider: openai-compatible, model: m, base_url: '{scripted}/v1'",
        "responses": f"provider: openai, model: gpt-6-sol, base_url: '{scripted}/v1'",
        "claude": f"provider: anthropic, model: claude-opus-5-5, base_url: '{scripted}'",
        "gemini": f"provider: google, model: gemini-4-argon, base_url: '{scripted}'",
        "deepseek": f"provider: deepseek, model: deepseek-flash, base_url: '{scripted}'",
    }
    lines = [f"  {name}: {{{fields}, {price}}}" for name, fields in profiles.items()]
    code = "import json, sys; print('sunny in', json.load(sys.stdin)['city'])"
    path = tmp_path / "run.yaml"
    path.write_text(
        "profiles:\n" + "\n".join(lines) + "\ntools:\n"
        f'  weather: {{command: [{sys.executable}, -c, "{code}"], description: The weather.,\n'
        "    parameters: {type: object, properties: {city: {type: string}}, required: [city]}}\n"
        f"  slow: {{command: [{sys.executable}, -c, 'import time; time.sleep(60)'], timeout: 0.3}}\n"
    )
    return path


def test_five_wires_go_two_rounds_and_their_reasoning_goes_back(cli: Cli, config: Path) -> None:
    chosen = [word for name in NAMES for word in ("-p", name)]
    ended = cli(
        "compare",
        "Weather in Rome?",
        *chosen,
        "--think",
        "low",
        "--run-tools",
        "allow:weather",
        "--config",
        config,
        "--json",
    )
    assert ended.code == 0, ended.err
    for found in ended.json["results"]:
        name = found["profile"]
        assert found["answer"] == "It is sunny in Rome.", name
        assert [one["number"] for one in found["rounds"]] == [1, 2], name
        assert (found["rounds_end"], found["attempts"]) == ("answered", 2), name
        counts = [one["usage"]["input_tokens"] for one in found["rounds"]]
        assert found["usage"]["input_tokens"] == sum(counts) == 200, name
        assert Decimal(found["cost"]["usd"]) == sum(Decimal(one["cost"]["usd"]) for one in found["rounds"]), name
        (run,) = found["tool_runs"]
        assert (run["name"], run["arguments"]) == ("weather", CITY), name
        assert (run["end"], run["exit"], run["round"]) == ("ok", 0, 1), name
    everything = json.dumps(Scripted.bodies)
    for proof in (
        '"signature": "signed"', '"thoughtSignature": "c2lnbmVk"', '"encrypted_content": "sealed"',
        '"reasoning_content": "I look it up."', '"call_id": "call_1"', '"tool_use_id": "toolu_1"',
    ):  # fmt: skip
        assert proof in everything, proof


def test_the_history_has_each_call_and_shows_one_answer(cli: Cli, config: Path) -> None:
    asked = cli("ask", "Weather in Rome?", "-p", "chat", "--run-tools", "allow:weather", "--config", config, "--json")
    stored = cli("history", "show", "last", "--json").json
    assert stored["results"] == asked.json["results"]
    assert cli("spend", "--json").json["total"]["results"] == 2
    replayed = cli("history", "replay", "last", "--config", config, "--json").json
    assert [one["changes"] for one in replayed["results"]] == [[], []]


def test_limits_end_it_and_are_told(cli: Cli, config: Path) -> None:
    Scripted.rounds = 99
    asked = ("ask", "Weather?", "-p", "chat", "--run-tools", "allow:weather", "--config", config, "--json")
    found = cli(*asked, "--max-rounds", "3").json["results"][0]
    assert (len(found["rounds"]), found["rounds_end"], len(found["tool_runs"])) == (3, "max_rounds", 2)
    assert any(warning["code"] == "rounds" for warning in found["warnings"])
    cut = cli(*asked, "--max-cost", "0.0034", "--max-rounds", "50")
    assert cut.code == 4
    found = cut.json["results"][0]
    assert found["rounds_end"] == "budget"
    assert Decimal(found["cost"]["usd"]) <= Decimal("0.0034")


def test_what_is_not_allowed_or_hangs_gets_an_error_back_and_is_told(cli: Cli, config: Path) -> None:
    other = config.with_name("tool.json")
    other.write_text(json.dumps({"name": "weather", "parameters": {"type": "object"}}))
    ended = cli(
        "ask", "Weather?", "-p", "claude", "--tool", other, "--run-tools", "allow:slow", "--config", config, "--json"
    )
    (run,) = ended.json["results"][0]["tool_runs"]
    assert (run["end"], run["source"]) == ("refused", None)
    assert '"is_error": true' in json.dumps(Scripted.bodies[1])
    assert any(
        "not one of those that may be run" in warning["message"] for warning in ended.json["results"][0]["warnings"]
    )


def test_a_projects_file_brings_no_tools_and_names_must_be_known(cli: Cli, config: Path) -> None:
    Path(".thinkdial.yaml").write_text("tools: {evil: {command: [sh]}}\n")
    ended = cli("ask", "Hi", "-p", "chat", "--config", config)
    assert ended.code == 2 and "your own configuration alone" in ended.err
    Path(".thinkdial.yaml").unlink()
    for said, words in (("weather", "does not say what may run"), ("allow:wether", "did you mean weather?")):
        ended = cli("ask", "Hi", "-p", "chat", "--run-tools", said, "--config", config)
        assert ended.code == 2 and words in ended.err
    ended = cli("ask", "Hi", "-p", "chat", "--max-rounds", "3", "--config", config)
    assert ended.code == 2 and "--run-tools" in ended.err


def test_what_is_configured_is_listed_with_a_hash_and_checked(cli: Cli, config: Path) -> None:
    listed = cli("tools", "list", "--config", config, "--json").json
    assert [tool["name"] for tool in listed["tools"]] == ["weather", "slow"]
    assert all(len(tool["hash"]) == 16 for tool in listed["tools"])
    head, *rows = cli("tools", "list", "--config", config).out.splitlines()
    assert head.split("\t") == ["name", "what it is", "hash"]
    assert [row.split("\t")[::2] for row in rows] == [[tool["name"], tool["hash"]] for tool in listed["tools"]]
    assert "✓ weather" in cli("tools", "check", "--config", config).out
    config.write_text(config.read_text() + "  gone: {command: [/nowhere/at-all]}\n")
    checked = cli("tools", "check", "--config", config)
    assert checked.code != 0 and "✗ gone: its program is not there" in checked.out


def test_a_session_has_a_turn_for_each_round(cli: Cli, config: Path) -> None:
    asked = ("ask", "Weather?", "-p", "gemini", "--run-tools", "allow:weather", "--session", "s", "--config", config)
    found = cli(*asked, "--json").json["results"][0]
    assert (found["answer"], found["rounds_end"], len(found["rounds"])) == ("It is sunny in Rome.", "answered", 2)
    assert found["tool_runs"][0]["end"] == "ok"
    assert "2  (what tools gave)" in cli("session", "show", "s").out
    assert '"thoughtSignature": "c2lnbmVk"' in json.dumps(Scripted.bodies[1])
    shown = cli(*asked[:1], "Again?", *asked[2:])
    assert "It is sunny in Rome." in shown.out
    refused = cli("compare", "And?", "-p", "chat", "--run-tools", "allow:weather", "--session", "s", "--config", config)
    assert refused.code == 2 and "not run for a comparison in a session" in refused.err


def test_rows_of_a_batch_and_a_program_have_tools_run_that_the_caller_names(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    rows, output = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    rows.write_text('{"id": "1", "prompt": "Weather?"}\n{"id": "2", "prompt": "Weather now?"}\n')
    ended = cli("batch", rows, "-p", "chat", "--run-tools", "allow:weather", "-o", output, "--config", config)
    assert ended.code == 0, ended.err
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert [line["answer"] for line in lines] == ["It is sunny in Rome."] * 2
    assert all(len(line["rounds"]) == 2 and line["usage"]["input_tokens"] == 200 for line in lines)
    assert cli("spend", "--json").json["total"]["results"] == 4
    found = thinkdial.ask("Weather?", "claude", config=config, run_tools=["weather"])
    assert (found.answer, len(found.rounds)) == ("It is sunny in Rome.", 2)
    found = thinkdial.ask("Weather?", "claude", config=config, run_tools=["weather"], session="lib")
    assert (found.answer, len(found.rounds)) == ("It is sunny in Rome.", 2)


def test_limits_on_calls_and_time_end_it_before_a_tool_runs(
    cli: Cli, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("ask", "Weather?", "-p", "chat", "--run-tools", "allow:weather", "--config", config, "--json")
    in_session = (*asked, "--session", "many")
    for name, limits in (("max_calls", {"calls": 0}), ("time", {"total_s": 0.0})):
        with monkeypatch.context() as patched:
            patched.setattr("thinkdial.engine.runs.rounds.kit.RoundLimits", partial(RoundLimits, **limits))
            for command in (asked, in_session):
                found = cli(*command).json["results"][0]
                assert (found["rounds_end"], found["tool_runs"]) == (name, []), (name, command)
                assert len(found["tool_calls"]) == 1
    for command in (asked, in_session):
        found = cli(*command, "--max-rounds", "1").json["results"][0]
        assert found["rounds_end"] == "max_rounds", command
        assert any(warning["code"] == "rounds" for warning in found["warnings"]), command


def test_ctrl_c_while_a_tool_runs_keeps_what_was_done(process: Any, cli: Cli, config: Path) -> None:
    """The tool itself interrupts the program that waits for it, and would go on for a minute."""
    code = "import os, signal, sys, time; os.kill(os.getppid(), signal.SIGINT); time.sleep(60)"
    text = config.read_text().replace("  weather: {command", "  other: {command")
    config.write_text(text + f"  weather: {{command: [{sys.executable}, -c, '{code}']}}\n")
    for more in ((), ("--session", "cut")):
        asked = ("ask", "Weather?", "-p", "chat", "--run-tools", "allow:weather", "--config", config, *more)
        ended = process(*asked, "--json")
        assert ended.code == 130, (ended.code, ended.err)
        found = json.loads(ended.out)["results"][0]
        assert (found["status"], found["rounds_end"]) == ("cancelled", "interrupted"), more
        (run,) = found["tool_runs"]
        assert (run["name"], run["end"]) == ("weather", "interrupted"), more
        assert found["cost"]["usd"] is not None, "the round before was paid for"
        stored = cli("history", "show", "last", "--json").json["results"][0]
        assert stored["cost"]["usd"] == found["cost"]["usd"]
    assert "→ weather(" in cli("session", "show", "cut").out


def test_a_chat_runs_tools_in_its_turns(cli: Cli, config: Path) -> None:
    talked = cli(
        "chat",
        "talk",
        "-p",
        "claude",
        "--run-tools",
        "allow:weather",
        "--config",
        config,
        stdin=b"Weather?\nAnd now?\n",
    )
    assert talked.code == 0, talked.err
    assert talked.out.count("It is sunny in Rome.") == 2
    assert 'ran weather({"city":"Rome"})' in talked.err
