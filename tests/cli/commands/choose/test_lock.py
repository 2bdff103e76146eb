"""`thinkdial lock`: written against the simulator, and checked when nothing, something or everything has changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from thinkdial.cli.exit_codes import ExitCode
from thinkdial.profiles.facts import packaged_text
from thinkdial.simulator import Simulator, simulator_in_thread

KEY_NAME = "SIM_KEY"


def arms(path: Path, url: str, *, model: str = "arm-p90", output: str = "4.5", level: str = "low") -> Path:
    """A configuration with an arm of known truth; the same profile name may stand for another one."""
    path.write_text(
        "profiles:\n"
        f"  one: {{provider: openai-compatible, model: {model}, api_key_env: {KEY_NAME},\n"
        f"    base_url: '{url}/compatible/v1',\n"
        f"    price: {{input: 0.45, output: {output}}}, think: {level}, retries: 0,\n"
        "    headers: {x-account: org-marked-ACCOUNT},\n"
        "    thinking: {control: effort, levels: [minimal, low, medium, high], absent: medium, can_be_off: true,\n"
        "      visibility: hidden, spelling: {openai-chat: openai-chat-effort}}}\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def config(simulator: Simulator, tmp_path: Path) -> Path:
    return arms(tmp_path / "arms.yaml", simulator.base_url)


@pytest.fixture
def locked(cli: Callable[..., Any], config: Path) -> Path:
    """A lock as the command writes it."""
    return write(cli, config)


def write(cli: Callable[..., Any], config: Path) -> Path:
    written = cli("lock", "write", "-p", "one", "--config", config)
    assert written.code == 0, written.err
    return Path("thinkdial.lock")


def test_unchanged_is_0(cli: Callable[..., Any], config: Path, locked: Path) -> None:
    ended = cli("lock", "check", "--config", config)
    assert ended.code == ExitCode.OK, ended.everything
    assert "✓ one@low" in ended.out and "at most 5 of 100 checks" in " ".join(ended.out.split())


def test_a_lock_holds_no_secret_and_no_account(locked: Path, key: str) -> None:
    text = locked.read_text()
    assert key not in text and "ACCOUNT" not in text and "x-account" not in text
    assert "thinkdial.lock/1" in text and "arm-p90" in text


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"output": "5.5"}, {"price"}),
        ({"model": "arm-p60"}, {"model", "request", "served"}),
        ({"model": "arm-flat"}, {"model", "request", "served", "reasoning_tokens", "output_tokens"}),
    ],
)
def test_changed_is_7_and_says_what(
    cli: Callable[..., Any], simulator: Simulator, tmp_path: Path, locked: Path, changes: dict[str, str], what: set[str]
) -> None:
    other = arms(tmp_path / "other.yaml", simulator.base_url, **changes)
    ended = cli("lock", "check", "--config", other, "--json")
    assert ended.code == ExitCode.CHANGED
    [entry] = ended.json["entries"]
    assert what <= {change["what"] for change in entry["changes"]}
    assert ended.json["state"] == "changed" and ended.json["false_alarm_rate"] == 0.05


def test_a_law_of_tokens_that_has_moved_is_7(
    cli: Callable[..., Any], config: Path, locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider still serves the same name for the same request, and it thinks twice as much."""
    from thinkdial.simulator.answers.arms import KnownArm

    before = KnownArm.thought_tokens

    def twice(self: KnownArm, *given: Any, **named: Any) -> int:
        return 2 * before(self, *given, **named)

    monkeypatch.setattr(KnownArm, "thought_tokens", twice)
    ended = cli("lock", "check", "--config", config, "--json")
    assert ended.code == ExitCode.CHANGED
    [entry] = ended.json["entries"]
    assert {change["what"] for change in entry["changes"]} == {"reasoning_tokens", "output_tokens"}


def test_a_pass_rate_that_has_fallen_is_7(
    cli: Callable[..., Any], config: Path, locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from thinkdial.simulator.answers.arms import KnownArm

    monkeypatch.setattr(KnownArm, "answer", lambda self, *_, **__: "It makes **1**.")
    ended = cli("lock", "check", "--config", config, "--json")
    assert ended.code == ExitCode.CHANGED
    assert "passed" in {change["what"] for change in ended.json["entries"][0]["changes"]}


def test_unreachable_is_8(cli: Callable[..., Any], tmp_path: Path) -> None:
    with simulator_in_thread() as own:
        config = arms(tmp_path / "own.yaml", own.base_url)
        assert cli("lock", "write", "-p", "one", "--config", config, "--repeat", "1", "--probes", "3").code == 0
    ended = cli("lock", "check", "--config", config, "--json")
    assert ended.code == ExitCode.UNREADABLE and ended.json["state"] == "unread"
    assert ended.json["entries"][0]["problem"].startswith("connection")
    assert ended.json["probes"] == 2, "who has not answered twice is not asked again"


def test_another_address_is_known_without_an_answer(cli: Callable[..., Any], tmp_path: Path, locked: Path) -> None:
    gone = arms(tmp_path / "gone.yaml", "http://127.0.0.1:9")
    ended = cli("lock", "check", "--config", gone, "--json", "--repeat", "1")
    assert ended.code == ExitCode.CHANGED
    [entry] = ended.json["entries"]
    assert entry["problem"].startswith("connection") and entry["changes"][0]["detail"] == "address"


def test_a_provider_that_refuses_is_8(
    cli: Callable[..., Any], config: Path, locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_NAME, "wrong-key")
    ended = cli("lock", "check", "--config", config)
    assert ended.code == ExitCode.UNREADABLE
    assert "? one@low  could not be read" in ended.out and "nothing to be the same" in ended.out


def test_without_a_key_it_is_8(
    cli: Callable[..., Any], config: Path, locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(config.read_text().replace(KEY_NAME, "NO_SUCH_KEY"))
    ended = cli("lock", "check", "--config", config)
    assert ended.code == ExitCode.UNREADABLE and "NO_SUCH_KEY is not set" in ended.out


def test_a_profile_that_is_gone_is_8(cli: Callable[..., Any], tmp_path: Path, locked: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("profiles: {}")
    ended = cli("lock", "check", "--config", empty, "--json")
    assert ended.code == ExitCode.UNREADABLE and ended.json["state"] == "unread"


@pytest.mark.parametrize("text", ["", "schema: thinkdial.lock/9", "[", "schema: thinkdial.lock/1\nprobes: []"])
def test_what_is_no_lock_is_8(cli: Callable[..., Any], config: Path, text: str) -> None:
    Path("thinkdial.lock").write_text(text)
    ended = cli("lock", "check", "--config", config)
    assert ended.code == ExitCode.UNREADABLE and ended.err.startswith("Error: thinkdial.lock")
    assert not ended.out and "Traceback" not in ended.err


def test_a_lock_that_is_not_there_is_8(cli: Callable[..., Any]) -> None:
    ended = cli("lock", "check", "nowhere.lock")
    assert ended.code == ExitCode.UNREADABLE and "lock write" in ended.err


def test_the_history_says_it_without_calls(cli: Callable[..., Any], config: Path) -> None:
    locked = write(cli, config)
    nothing = cli("lock", "check", "--no-calls", "--config", config)
    assert nothing.code == ExitCode.UNREADABLE and "nothing newer than" in " ".join(nothing.out.split())
    text = locked.read_text()
    locked.write_text(text.replace(text.split("written_at: '")[1][:10], "2020-01-01", 1))
    ended = cli("lock", "check", "--no-calls", "--config", config, "--json")
    assert ended.code == ExitCode.OK and ended.json["read_from"] == "history" and ended.json["usd"] is None
    assert {test["n_now"] for test in ended.json["entries"][0]["tests"]} == {36}


def test_fewer_probes_and_a_limit_on_the_money(cli: Callable[..., Any], config: Path, locked: Path) -> None:
    ended = cli("lock", "check", "--config", config, "--probes", "4", "--repeat", "1", "--json")
    assert ended.code == ExitCode.OK and ended.json["probes"] == 4
    assert {test["n_was"] for test in ended.json["entries"][0]["tests"]} == {12}
    nothing = cli("lock", "check", "--config", config, "--max-cost", "0.000001")
    assert nothing.code == ExitCode.COST_LIMIT and not nothing.out


def test_what_the_money_cut_short_is_no_sample(cli: Callable[..., Any], config: Path) -> None:
    ended = cli("lock", "write", "-p", "one", "--config", config, "--max-cost", "0.02", "--json")
    assert ended.code == ExitCode.COST_LIMIT and "not all probes were asked" in ended.err
    [entry], probes = ended.json["entries"], ended.json["probes"]
    assert 1 <= len(probes) < 12 and entry["answered"] == 3 * len(probes) and entry["failed"] == 0
    assert list(entry["samples"]) == [probe["id"] for probe in probes]


def test_markdown_and_json_for_a_job(cli: Callable[..., Any], config: Path, locked: Path, tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    assert cli("lock", "check", "--config", config, "--probes", "4", "-o", page).code == 0
    text = page.read_text()
    assert text.startswith("# Lock: 1 not shown to have changed") and "| ✓ | one@low | reasoning tokens |" in text
    assert cli("lock", "check", "--config", config, "--format", "csv").code == ExitCode.USAGE


def conforms(document: object, name: str) -> None:
    schema = json.loads(packaged_text(f"schemas/{name}"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)


def test_documents_are_as_their_schemas_say(cli: Callable[..., Any], config: Path, tmp_path: Path) -> None:
    conforms(cli("lock", "write", "-p", "one", "--config", config, "--repeat", "1", "--json").json, "lock.schema.json")
    conforms(cli("lock", "check", "--config", config, "--json").json, "lock-check.schema.json")
    config.write_text("profiles: {}")
    conforms(cli("lock", "check", "--config", config, "--json").json, "lock-check.schema.json")


def test_rows_of_ones_own_are_probes(cli: Callable[..., Any], config: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines = [{"prompt": f"{number} + 2", "expect": {"number": number + 2}} for number in range(5)]
    rows.write_text("\n".join(map(json.dumps, lines)))
    ended = cli(
        "lock", "write", "own.json", "-p", "one", "--rows", rows, "--probes", "3", "--repeat", "2", "--config", config
    )
    assert ended.code == 0, ended.err
    document = json.loads(Path("own.json").read_text())
    assert [probe["prompt"] for probe in document["probes"]] == ["0 + 2", "1 + 2", "2 + 2"]
    assert document["entries"][0]["answered"] == 6 and document["entries"][0]["passed"]["n"] == 6


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"prompt": "a", "profile": "one"}, "a probe has a prompt"),
        ({"prompt": "a", "think": "low"}, "a probe has a prompt"),
        ({"prompt": "a", "expect": {"nonsense": 1}}, "expect.nonsense is not known"),
        ({"prompt": "a", "expect": {"command": "mine"}}, "line 1: expect.command"),
        ({}, "line 1"),
    ],
)
def test_a_row_that_is_no_probe_is_named(
    cli: Callable[..., Any], config: Path, tmp_path: Path, row: dict[str, Any], said: str
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(row))
    ended = cli("lock", "write", "-p", "one", "--rows", rows, "--config", config)
    assert ended.code == ExitCode.USAGE and said in ended.err and not Path("thinkdial.lock").exists()


def test_a_dose_is_no_value_to_lock(cli: Callable[..., Any], config: Path) -> None:
    ended = cli("lock", "write", "-p", "one", "--think", "low,~300", "--config", config)
    assert ended.code == ExitCode.USAGE and "~300 chooses another one" in ended.err


def test_what_is_no_lock_is_not_replaced(cli: Callable[..., Any], config: Path) -> None:
    Path("notes.txt").write_text("mine")
    ended = cli("lock", "write", "notes.txt", "-p", "one", "--config", config)
    assert ended.code == ExitCode.USAGE and Path("notes.txt").read_text() == "mine"


def test_nobody_answered_writes_nothing(cli: Callable[..., Any], config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_NAME, "wrong-key")
    ended = cli("lock", "write", "-p", "one", "--config", config)
    assert ended.code == ExitCode.ALL_FAILED and "no lock was written" in ended.err
    assert not Path("thinkdial.lock").exists()
