"""Every format on stdout and in files, at every width, and quiet."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from thinkdial.profiles.facts import packaged_text

Cli = Callable[..., Any]


@pytest.fixture(scope="session")
def valid() -> Callable[[Any], None]:
    schema = json.loads(packaged_text("schemas/result.schema.json"))
    return lambda document: Draft202012Validator(schema).validate(document)


def test_json_is_one_valid_document(cli: Cli, sim: Path, valid: Any) -> None:
    names = ("a", "o", "g", "chat", "local", "busy", "html", "cut", "gpt")
    profiles = [word for name in names for word in ("-p", name)]
    ended = cli("compare", "x", *profiles, "-t", "off,8k", "--config", sim, "--json", "--retries", "0", "-s", "brief")
    assert ended.code == 1
    run = ended.json
    valid(run)
    assert run["schema"] == "thinkdial.run/1" and (run["prompt"], run["system"]) == ("x", "brief")
    assert len(run["results"]) == 2 * len(names) == run["summary"]["results"]
    assert {result["run_id"] for result in run["results"]} == {run["run_id"]}
    assert len({result["id"] for result in run["results"]}) == len(run["results"])
    for result in run["results"]:
        known = [result["cost"][name] for name in ("usd", "input_usd", "output_usd") if result["cost"][name]]
        assert all(re.fullmatch(r"\d+\.\d{6,}", amount) for amount in known)
        assert (result["status"] == "ok") == (result["error"] is None)
        if result["usage"]["output_tokens"] is None:
            assert result["cost"]["usd"] is None
    assert ended.err.count("\n") < 30


def test_jsonl_is_one_valid_result_a_line(cli: Cli, sim: Path, valid: Any) -> None:
    ended = cli("compare", "x", "-p", "trio", "--config", sim, "--format", "jsonl")
    lines = ended.out.splitlines()
    assert len(lines) == 3
    for line in lines:
        valid(json.loads(line))


def test_ask_json_is_a_run_with_one_result(cli: Cli, sim: Path, valid: Any) -> None:
    ended = cli("ask", "x", "-p", "a", "-t", "high", "--config", sim, "--json")
    valid(ended.json)
    (result,) = ended.json["results"]
    assert result["think"]["verdict"] == "as_asked" and result["reasoning"]["tokens"] > 0
    assert result["latency"]["first_answer_s"] is not None and result["attempts"] == 1


def test_csv_has_a_row_a_result(cli: Cli, sim: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("compare", "x", "-p", "trio", "--config", sim, "--format", "csv").out)))
    assert [row["profile"] for row in rows] == ["a", "o", "g"] and all(row["answer"] for row in rows)


@pytest.mark.parametrize(
    ("suffix", "begin"),
    [
        (".json", "{"),
        (".jsonl", '{"schema":"thinkdial.result/1"'),
        (".csv", "run_id,"),
        (".md", "# Run "),
        (".txt", "Prompt\n"),
        (".MD", "# Run "),
        (".ndjson", '{"schema":"thinkdial.result/1"'),
        (".htm", "<!doctype html>"),
        ("", "a  ✓ ok"),
    ],
)
def test_a_file_gets_the_format_of_its_suffix(cli: Cli, sim: Path, tmp_path: Path, suffix: str, begin: str) -> None:
    target = tmp_path / f"out{suffix}"
    ended = cli("compare", "x", "-p", "trio", "--config", sim, "-o", target)
    text = target.read_text(encoding="utf-8")
    assert ended.code == 0 and ended.out == "" and text.startswith(begin) and "\x1b" not in text
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*out*")] == [target.name]


@pytest.mark.parametrize("suffix", [".tsv", ".lst", ".dat"])
def test_a_suffix_without_a_format_is_an_error(cli: Cli, sim: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    assert cli("compare", "x", "-p", "trio", "--config", sim, "-o", target).code == 2
    assert cli("compare", "x", "-p", "trio", "--config", sim, "-o", target, "--format", "csv").code == 0


def test_an_option_wins_over_the_suffix(cli: Cli, sim: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    cli("ask", "x", "-p", "a", "--config", sim, "-o", target, "--format", "md")
    assert target.read_text(encoding="utf-8").startswith("# Run ")


def test_a_file_is_replaced_through_its_link(cli: Cli, sim: Path, tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.touch()
    link.symlink_to(real)
    cli("ask", "x", "-p", "a", "--config", sim, "-o", link)
    assert link.is_symlink() and json.loads(real.read_text(encoding="utf-8"))["schema"] == "thinkdial.run/1"


def test_devices_stay_devices(cli: Cli, sim: Path) -> None:
    null = Path("/dev/null")
    assert cli("ask", "x", "-p", "a", "--config", sim, "-o", null).code == 0
    assert stat.S_ISCHR(null.stat().st_mode)


def test_a_full_device_costs_no_answer(cli: Cli, sim: Path) -> None:
    ended = cli("ask", "x", "-p", "a", "--config", sim, "-o", "/dev/full", "--json")
    assert ended.code == 2 and ended.json["results"][0]["answer"]
    assert f"/dev/full: cannot be written: {os.strerror(errno.ENOSPC)}" in ended.err


@pytest.mark.parametrize("where", ["/no/such/directory/out.json", "/", "/proc/out.json"])
def test_a_place_that_cannot_be_written_is_found_before_anything_is_paid(
    cli: Cli, sim: Path, simulator: Any, where: str
) -> None:
    before = len(simulator.requests)
    ended = cli("ask", "x", "-p", "a", "--config", sim, "-o", where)
    if where.startswith("/proc") and ended.code == 2 and ended.out:
        # A superuser is told so only by the attempt; then the results are printed.
        assert "nothing is lost" in ended.err
        return
    assert ended.code == 2 and ended.out == "" and len(simulator.requests) == before
    assert where.rpartition("/")[0] in ended.err


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_the_table_fits(cli: Cli, sim: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", str(columns))
    ended = cli("compare", "x", "-p", "trio", "-p", "html", "-t", "off,max", "--config", sim, "--retries", "0")
    lines = ended.out.split("\n")
    assert max(cell_len(line) for line in lines) <= columns
    assert "\x1b" not in ended.everything
    assert "6 ok, 2 failed" in ended.out and "as asked" in ended.out and "HTML" in ended.out


def test_every_note_is_said_once(cli: Cli, sim: Path) -> None:
    ended = cli("compare", "x", "-p", "g@off", "-p", "o", "-p", "busy", "--config", sim, "--retries", "0")
    everything = " ".join(ended.everything.split())
    assert everything.count("cannot be turned off") == 1  # below the table, and not again on stderr
    assert "overloaded (529)" in ended.out and "529" not in ended.err
    same = cli("compare", "x", "-p", "a", "-p", "o", "-p", "g@low", "--config", sim)
    assert "a, o: the provider's default for this model is medium\n" in same.err and same.err.count("default") == 1


def test_ask_says_it_on_stderr(cli: Cli, sim: Path) -> None:
    ended = cli("ask", "x", "-p", "g", "-t", "off", "--config", sim)
    assert ended.err.count("cannot be turned off") == 1 and "cannot be" not in ended.out
    assert "off → low* → " in ended.err and "tok/s" in ended.err


@pytest.mark.parametrize("command", ["ask", "compare"])
def test_quiet_is_quiet(cli: Cli, sim: Path, command: str) -> None:
    ended = cli(command, "x", "-p", "g@off", "--config", sim, "-q")
    assert ended.code == 0 and ended.err == "" and ended.out


@pytest.mark.parametrize("view", ["full", "excerpt", "none"])
def test_reasoning_as_wished(cli: Cli, sim: Path, view: str) -> None:
    ended = cli("compare", "x", "-p", "a@max", "--config", sim, "--reasoning", view)
    assert ("┊" in ended.out) == (view != "none") and ("characters …]" in ended.out) == (view == "excerpt")


def test_a_late_closing_tag_does_not_reach_a_pipe(cli: Cli, recorder: Any, config_for: Any) -> None:
    """On a pipe stdout is the answer alone, even where the server puts its reasoning into it."""
    events = [{"choices": [{"delta": {"content": c}}]} for c in ("Let me see.", " Yes.</think>", "\n\n42")]
    events += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    recorder.status, recorder.body, recorder.kind = 200, body.encode(), "text/event-stream"
    ended = cli("ask", "x", "-p", "local", "--config", config_for(recorder.url))
    assert ended.code == 0 and ended.out == "42\n"


def test_forty_profiles_in_one_comparison(cli: Any, simulator: Any, tmp_path: Path) -> None:
    """Each with an answer of its own, in the order they were asked."""
    places = [
        ("anthropic", "/anthropic", "claude-haiku-5-5"),
        ("openai", "/openai/v1", "gpt-6-luna"),
        ("google", "/google", "gemini-3.8-flash"),
        ("openai-compatible", "/compatible/v1", "sim-inline-think"),
    ]
    config = tmp_path / "forty.yaml"
    lines = ["profiles:"]
    for number in range(40):
        provider, path, model = places[number % 4]
        lines.append(
            f"  p{number:02}: {{provider: {provider}, model: {model}, base_url: '{simulator.base_url}{path}', "
            "api_key_env: SIM_KEY}"
        )
    lines.append(f"groups: {{all: [{', '.join(f'p{number:02}' for number in range(40))}]}}")
    config.write_text("\n".join(lines), encoding="utf-8")
    ended = cli("compare", "Is 91 prime?", "-p", "all", "--think", "low", "--json", "--config", config)
    assert ended.code == 0, ended.err
    assert [result["profile"] for result in ended.json["results"]] == [f"p{number:02}" for number in range(40)]
    assert all(result["answer"] and result["think"]["verdict"] == "as_asked" for result in ended.json["results"])
    table = cli("compare", "Is 91 prime?", "-p", "all", "--think", "low", "--config", config)
    assert table.code == 0 and "p39" in table.out
