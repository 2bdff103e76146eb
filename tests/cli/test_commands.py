"""Help, the demonstration, the simulator, the profiles: what a newcomer tries first."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..cases import each

Cli = Callable[..., Any]

COMMANDS = (
    "ask", "compare", "plan", "models", "demo", "simulate", "profiles list", "profiles show", "profiles check",
    "profiles init", "profiles path", "profiles schema", "profiles trust",
)  # fmt: skip


@each("command", COMMANDS)
@each("flag", ["--help", "-h"])
def test_help_shows_an_example(cli: Cli, command: str, flag: str) -> None:
    ended = cli(*command.split(), flag)
    shown = " ".join(ended.out.replace("│", " ").split())
    assert ended.code == 0 and ended.err == ""
    assert "Example:" in shown and "thinkdial" in shown.partition("Example:")[2]


def test_every_command_has_its_help_tested(cli: Cli) -> None:
    from typer.main import get_command

    from thinkdial.cli.app import app

    root: Any = get_command(app)
    groups = {name for name, command in root.commands.items() if hasattr(command, "commands")}
    found = set(root.commands) - groups
    found |= {f"{group} {name}" for group in groups for name in root.commands[group].commands}
    assert found >= set(COMMANDS)
    for name in found - set(COMMANDS):
        assert "Example:" in cli(*name.split(), "--help").out


def test_no_arguments_are_help(cli: Cli) -> None:
    ended = cli()
    assert all(command in ended.everything for command in ("ask", "compare", "batch", "profiles"))


def test_help_is_light() -> None:
    """Nothing heavy is loaded for help, for the version and for an error in the options."""
    code = (
        "import sys; sys.argv[1:] = sys.argv[1].split();\n"
        "from thinkdial.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "names = ('httpx2', 'yaml', 'asyncio', 'genai_prices', 'ssl', 'prompt_toolkit')\n"
        "heavy = [m for m in names if m in sys.modules]\n"
        "heavy += [m for m in sys.modules if m.startswith('thinkdial.engine')]\n"
        "sys.stderr.write(repr(heavy))\n"
    )
    for arguments in ("compare --help", "--version", "ask --nosuch"):
        ended = subprocess.run([sys.executable, "-c", code, arguments], capture_output=True, text=True)
        assert ended.stderr.endswith("[]"), ended.stderr[-300:]


def test_version(cli: Cli) -> None:
    assert cli("--version").out == cli("-V").out and cli("--version").out.startswith("thinkdial 0.")


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "md", "text"])
def test_the_demonstration_is_labelled_in_every_format(cli: Cli, form: str, tmp_path: Path) -> None:
    ended = cli("demo", "--format", form, "-q", "-p", "claude", "-p", "gpt")
    assert ended.code == 0 and ended.err == ""
    match form:
        case "json":
            assert {r["warnings"][0]["code"] for r in ended.json["results"]} == {"simulated"}
        case "jsonl":
            assert all(json.loads(line)["warnings"][0]["code"] == "simulated" for line in ended.out.splitlines())
        case "csv":
            assert all("simulated" in row["warnings"] for row in csv.DictReader(io.StringIO(ended.out)))
        case _:
            assert "SIMULATED, nothing was charged" in " ".join(ended.out.split())
    target = tmp_path / "out.dat"
    cli("demo", "--format", form, "-o", target, "-p", "claude")
    assert "simulated" in target.read_text(encoding="utf-8").lower()


def test_the_demonstration_says_so_before_it_begins_and_only_once_after(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    ended = cli("demo", "--think", "off,high", "-p", "gpt")
    assert ended.code == 0 and ended.err.startswith("SIMULATED:") and ended.err.count("simulat") == 1
    assert "SIMULATED, nothing was charged" in ended.out and "sk-real" not in ended.everything


@pytest.mark.skipif(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="interrupts are ignored here")
@pytest.mark.parametrize("environment", [{}, {"OPENAI_API_KEY": "sk-real", "ANTHROPIC_API_KEY": "sk-real"}])
def test_the_simulator_serves_and_its_yaml_works(
    process: Any, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    log = tmp_path / "log.jsonl"
    started = process.start("simulate", "--port", "0", "--pace", "0", "--log", log)
    try:
        lines: list[str] = []
        while not lines or not lines[-1].startswith("groups:"):
            line = started.stdout.readline().decode()
            assert line, started.stderr.read()
            lines.append(line)
        config = tmp_path / "sim.yaml"
        config.write_text("".join(lines), encoding="utf-8")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        ended = cli("compare", "Is 91 prime?", "-p", "sim", "--config", config, "--json")
        assert ended.code == 0, ended.err
        assert [r["status"] for r in ended.json["results"]] == ["ok"] * 3
    finally:
        started.send_signal(signal.SIGINT)
        _, err = started.communicate(timeout=10)
    assert started.returncode == 0 and b"Ctrl-C stops" in err and b"Traceback" not in err
    logged = [json.loads(line)["headers"] for line in log.read_text(encoding="utf-8").splitlines()]
    # The stand-in for a key was sent, and not the real one.
    lengths = {headers.get("authorization") or headers.get("x-api-key") for headers in logged} - {None}
    assert lengths == {f"<{len('Bearer simulated-key')} characters>", f"<{len('simulated-key')} characters>"}


def test_a_port_that_is_taken(cli: Cli, simulator: Any) -> None:
    port = simulator.base_url.rpartition(":")[2]
    ended = cli("simulate", "--port", port)
    assert ended.code == 2 and f"port {port} cannot be used" in ended.err and "--port" in ended.err


def test_profiles_list_show_and_check(cli: Cli, sim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    listed = cli("profiles", "list", "--config", sim)
    assert listed.code == 0 and "trio: a, o, g" in listed.out and "OPENAI_API_KEY (not set)" in listed.out
    shown = cli("profiles", "show", "a", "--config", sim)
    assert shown.code == 0 and "model: claude-opus-5-5" in shown.out and "sim.yaml:2" in shown.out
    ready = cli("profiles", "check", "trio", "--config", sim)
    assert ready.code == 0 and ready.out.count("ready") == 3 and "not ready" not in ready.out
    missing = cli("profiles", "check", "gpt", "a", "--config", sim, "--json")
    assert missing.code == 1
    assert [(p["profile"], p["ready"]) for p in missing.json["profiles"]] == [("gpt", False), ("a", True)]
    assert "OPENAI_API_KEY" in missing.json["profiles"][0]["problem"]
    everything = cli("profiles", "check", "--all")
    assert everything.code == 1 and "not ready\tclaude\t" in everything.out


def test_init_writes_a_file_that_loads_and_never_replaces_one(cli: Cli) -> None:
    first = cli("profiles", "init")
    written = Path(first.out.strip())
    assert first.code == 0 and written.is_file()
    assert cli("plan", "-p", "trio").code == 0
    again = cli("profiles", "init")
    assert again.code == 2 and "already there" in again.err and "--force" in again.err
    assert cli("profiles", "init", "--force").code == 0
    assert str(written) in cli("profiles", "path").out


def test_schemas_are_schemas(cli: Cli) -> None:
    from jsonschema import Draft202012Validator

    for extra in ((), ("--result",)):
        Draft202012Validator.check_schema(cli("profiles", "schema", *extra).json)


def test_a_project_file_is_not_trusted_with_addresses(cli: Cli, recorder: Any) -> None:
    project = Path(".thinkdial.yaml")
    project.write_text(
        f"profiles: {{gpt: {{base_url: '{recorder.url}'}}, mine: {{provider: openai, model: gpt-6-sol, think: low}}}}",
        encoding="utf-8",
    )
    ended = cli("ask", "x", "-p", "gpt")
    assert ended.code == 2 and recorder.asked == []
    assert ".thinkdial.yaml:1:" in ended.err and "thinkdial profiles trust" in ended.err
    assert cli("plan", "-p", "mine").code == 0
    assert "not trusted" in cli("profiles", "path").out
    planned = cli("plan")
    assert planned.code == 0 and "claude" in planned.out and "vouched" in planned.err
    assert cli("plan", "-p", "claude", "-p", "gpt").code == 1
    assert cli("profiles", "trust").code == 0
    assert cli("ask", "x", "-p", "gpt", "--retries", "0").code == 3 and len(recorder.asked) == 1
    project.write_text(project.read_text(encoding="utf-8") + "\n# edited", encoding="utf-8")
    assert cli("ask", "x", "-p", "gpt").code == 2


def test_models(cli: Cli) -> None:
    listed = cli("models", "--json")
    assert listed.code == 0 and len(listed.json["models"]) > 5
    for extra in ((), ("-p", "anthropic")):
        one = cli("models", "claude-opus-5-5", *extra)
        assert one.code == 0 and "xhigh" in one.out and "fidelity" in one.out
    assert "claude" not in cli("models", "--provider", "openai").out


def test_words_survive_a_terminal_that_knows_only_ascii(process: Any) -> None:
    ended = process("ask", "x", "-p", "nope", env={"PYTHONIOENCODING": "ascii"})
    assert ended.code == 2 and "no profile or group" in ended.err and "Traceback" not in ended.err


def test_a_plain_command_line_does_not_import_pydantic() -> None:
    """Typer's adapters cost a third of a cold start; `cli/light.py` goes around them."""
    script = """
import sys
from thinkdial.cli.app import app
from thinkdial.providers.errors import UsageError
sys.argv = ["thinkdial", "ask", "hi", "-p", "nosuch", "--think", "high", "--format", "json", "-q"]
try:
    app()
except UsageError:
    sys.exit(7 if not any(name.split(".")[0] == "pydantic" for name in sys.modules) else 1)
"""
    assert subprocess.run([sys.executable, "-c", script], stdin=subprocess.DEVNULL, capture_output=True).returncode == 7


def test_an_option_that_needs_conversion_still_goes_through_typer() -> None:
    command = [sys.executable, "-m", "thinkdial.cli", "ask", "hi", "--retries", "many"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 2
    assert "--retries" in done.stderr


def test_models_refresh(cli: Cli, sim: Path) -> None:
    """Against the simulator; what is not served there has no key, or does not run on this machine."""
    ended = cli("models", "refresh", "--provider", "anthropic", "--config", sim, "--json")
    assert ended.code == 0, ended.err
    (row,) = ended.json["providers"]
    assert row["provider"] == "anthropic" and row["models"] > 5 and Path(row["path"]).is_file()
    assert cli("models", "refresh", "--provider", "groq", "--config", sim).code == 2
    everything = cli("models", "refresh", "--config", sim)
    assert everything.code == 0, everything.err
    assert "xai: left out" in everything.err and "OPENROUTER_API_KEY is not set" in everything.err


def test_models_are_filtered(cli: Cli) -> None:
    def names(*options: str) -> set[str]:
        return {model["model"] for model in cli("models", "--json", "--provider", "openai", *options).json["models"]}

    assert {"gpt-6-sol", "gpt-6-astra"} <= names()
    assert "gpt-6-sol" in names("--can", "off") and "gpt-6-astra" not in names("--can", "off")
    assert "gpt-6-luna" in names("--max-price", "1") and "gpt-6-sol" not in names("--max-price", "1")
    assert cli("models", "--provider", "openai", "--budget").code == 2
    assert cli("models", "--can", "hgih").code == 2


def test_a_project_file_cannot_stretch_the_host_by_a_path(cli: Cli) -> None:
    """`https://api.anthropic.com` with the path `.example.net` behind it would be another host."""
    Path(".thinkdial.yaml").write_text(
        "profiles: {mine: {provider: anthropic, model: claude-opus-5-5, quirks: {path: .example.net/v1}}}",
        encoding="utf-8",
    )
    ended = cli("ask", "x", "-p", "mine")
    assert ended.code == 2
    assert "quirks" in ended.err and "thinkdial profiles trust" in ended.err


def test_the_demo_says_whom_it_does_not_stand_in_for(cli: Cli) -> None:
    ended = cli("demo", "-p", "groq")
    assert ended.code == 2
    assert "groq" in ended.err and "anthropic" in ended.err
