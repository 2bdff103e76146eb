"""Programs as tools: what they get, what goes back, and all the ways in which they misbehave."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from thinkdial.engine.tool_runs.allowed import AllowedTools, allowed_tools, command_tool
from thinkdial.engine.tool_runs.environment import tool_environment
from thinkdial.engine.tool_runs.output import ToolOutput
from thinkdial.engine.tool_runs.programs import run_program
from thinkdial.engine.tool_runs.toolbox import Toolbox
from thinkdial.engine.tools.words import ToolCall
from thinkdial.profiles.config import load
from thinkdial.profiles.tools.own_tools import CommandTool, OwnTools

BARE = {"PATH": os.environ["PATH"]}


def program(code: str, **more: Any) -> CommandTool:
    return CommandTool("t", (sys.executable, "-c", code), **more)


def said(code: str, arguments: dict[str, Any] | None = None, **more: Any) -> ToolOutput:
    return asyncio.run(run_program(program(code, **more), arguments or {}, BARE))


def test_arguments_come_as_one_line_of_json_and_what_is_printed_goes_back() -> None:
    output = said("import sys, json; print(json.loads(sys.stdin.readline())['a'] + '!')", {"a": "ü\nx"})
    assert (output.text, output.end, output.exit, output.truncated) == ("ü\nx!\n", "ok", 0, False)


def test_a_program_that_misbehaves_is_bounded_and_its_end_is_told(tmp_path: Path) -> None:
    failing = said("import sys; print('almost'); sys.exit(3)")
    assert (failing.end, failing.exit, failing.text) == ("failed", 3, "error: t ended with 3\nalmost")
    assert said("import sys; sys.stdout.buffer.write(b'a\\xffb')").text == "a\ufffdb"
    long = said("print('x' * 5000)", most_output=100)
    assert long.truncated and long.text.startswith("x" * 100) and "5,001 bytes in all" in long.text
    gigabyte = said("import sys\nwhile True: sys.stdout.write('x' * 65536)", most_output=10)
    assert gigabyte.end == "too_much" and "printed more than 8 MiB" in gigabyte.text
    assert "cannot run" in asyncio.run(run_program(CommandTool("t", ("/nowhere/at-all",)), {}, BARE)).text
    mark = tmp_path / "child"
    code = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(mark)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)"
    )
    hanging = said(code, timeout_s=1.5)
    assert hanging.end == "timeout" and "did not end within 1.5 s" in hanging.text
    assert is_gone(int(mark.read_text()))  # what it had begun is ended with it


def is_gone(pid: int) -> bool:
    """Whether a process has ended; a dead one that nobody has asked for yet has as well."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_no_key_is_in_the_environment_of_a_tool(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("profiles: {p: {provider: openai, model: m, api_key_env: MY_OWN}}")
    given = {
        "PATH": os.environ["PATH"], "HOME": "/h", "OPENAI_API_KEY": "k" * 20, "MY_OWN": "secret-of-mine",
        "LANG": "C", "LC_ALL": "C", "ANYTHING": "x", "TZ": "secret-of-mine",
    }  # fmt: skip
    found = tool_environment(load(config), given)
    assert found == {"PATH": given["PATH"], "HOME": "/h", "LANG": "C", "LC_ALL": "C"}
    tool = program("import os, json; print(json.dumps(dict(os.environ)))", env={"MINE": "1"})
    seen = json.loads(asyncio.run(run_program(tool, {}, found)).text)
    assert seen["MINE"] == "1" and "OPENAI_API_KEY" not in seen and "ANYTHING" not in seen


def boxed(*calls: ToolCall) -> list[tuple[Any, Any]]:
    """What becomes of calls where only `t` may be run."""
    tool = program("import sys; print(sys.stdin.read().strip())")
    allowed = AllowedTools((command_tool(tool),), {"t": tool}, {}, {})

    async def run() -> list[tuple[Any, Any]]:
        async with Toolbox(allowed, BARE) as box:
            return [await box.run(call, 2) for call in calls]

    return asyncio.run(run())


def test_only_what_is_allowed_runs_and_only_with_arguments_that_fit() -> None:
    ran = boxed(
        ToolCall("1", "t", {"a": 1}),
        ToolCall("2", "other", {}, errors=()),
        ToolCall("3", "nobody", {}, errors=("'nobody' was not given to the model",)),
        ToolCall("4", "t", None, "[1]", ("the arguments are no JSON object: [1]",)),
        ToolCall("5", "t", {"a": "x"}, errors=("$.a: is not an integer",)),
    )
    assert [run.end for run, _ in ran] == ["ok", "refused", "unknown_tool", "bad_arguments", "bad_arguments"]
    assert ran[0][1].text == '{"a":1}\n'
    assert all(output.text.startswith("error: ") for _, output in ran[1:])
    assert [(run.round, run.call_id, run.source) for run, _ in ran[:2]] == [(2, "1", "command"), (2, "2", None)]


def test_names_are_looked_up_in_the_configuration_alone() -> None:
    own = OwnTools({"t": program("")}, {})
    assert asyncio.run(allowed_tools(["t"], own, BARE)).names == ("t",)
    for names in (["u"], ["t__x"], ["*"]):
        try:
            asyncio.run(allowed_tools(names, own, BARE))
        except Exception as error:
            assert "there is no tool" in str(error)
        else:
            raise AssertionError(names)
