"""Sessions into files and back, as people do it, and conversations from files that go on over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli.commands.sessions.exchange_form import ExchangeForm
from thinkdial.engine.sessions.forms.form import FORM_NAMES

from ...conftest import Ended

Cli = Callable[..., Ended]

SIGNED = {"system": "Be brief.", "messages": [
    {"role": "user", "content": "What is 7 x 13?"},
    {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "SIGNED=="},
        {"type": "tool_use", "id": "toolu_1", "name": "mul", "input": {"a": 7, "b": 13}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "91"}]},
    {"role": "assistant", "content": "It is 91.\u001b[2J"},
]}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "tea.json"
    made.write_text(json.dumps(SIGNED), encoding="utf-8")
    return made


def test_the_forms_of_the_option_are_those_of_the_engine() -> None:
    assert tuple(ExchangeForm) == FORM_NAMES


def test_an_import_shows_what_a_stranger_would_have_a_model_believe(cli: Cli, file: Path) -> None:
    done = cli("session", "import", file)
    assert done.code == 0 and done.out == "" and "\x1b" not in done.err
    assert done.err.splitlines() == [
        "system text: Be brief.",
        'turn 1: call of mul: {"a":7,"b":13}',
        "turn 2: result of toolu_1: 91",
        "note: 1 piece that only a provider can read is kept, and sent to nobody",
        "session tea begins, with 2 turns of anthropic-messages; go on with: thinkdial ask --session tea ...",
    ]
    assert "imported" in cli("session", "show", "tea").out


@pytest.mark.parametrize("form", FORM_NAMES)
def test_every_form_comes_back_the_same(cli: Cli, file: Path, tmp_path: Path, form: str) -> None:
    assert cli("session", "import", file).code == 0
    page = tmp_path / "page"
    written = cli("session", "export", "tea", "--as", form, "-o", page)
    assert written.code == 0 and f"wrote {page}" in written.err and page.stat().st_mode & 0o777 == 0o600
    assert cli("session", "rm", "tea", "-y").code == 0
    assert cli("session", "import", page, "tea").code == 0
    assert cli("session", "export", "tea", "--as", form).out == page.read_text(encoding="utf-8")


@pytest.mark.parametrize("profile", ["a", "o", "g", "chat", "local"])
def test_an_imported_conversation_goes_on_with_anybody(cli: Cli, sim: Path, file: Path, profile: str) -> None:
    assert cli("session", "import", file).code == 0
    done = cli("ask", "Sure?", "--session", "tea", "-p", profile, "--config", sim, "--json")
    assert done.code == 0, done.err
    assert "will see 2 earlier turns for the first time" in done.err
    assert done.json["results"][0]["session"]["turn"] == 3
    fates = done.json["results"][0]["continuity"]
    assert {(fate["turn"], fate["fate"]) for fate in fates} <= {(1, "dropped"), (1, "dummy")} and fates


def test_a_real_conversation_goes_to_another_machine_whole(
    cli: Cli, sim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for prompt in ("One?", "Two?"):
        assert cli("ask", prompt, "--session", "tea", "-p", "a", "--config", sim).code == 0
    cli("session", "fork", "tea", "green tea", "--at", "1")
    written = cli("session", "export", "tea").out
    document = json.loads(written)
    assert [branch["name"] for branch in document["branches"]] == ["green tea"] and len(document["nodes"]) == 2
    assert any(piece.get("bound_to") for node in document["nodes"] for piece in node["answered"])
    assert "account" not in json.dumps([node["origin"] for node in document["nodes"]])
    for name in ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert cli("session", "import", "-", stdin=written.encode()).code == 0
    assert cli("session", "export", "tea").out == written
    done = cli("ask", "Three?", "--session", "tea", "-p", "a", "--config", sim, "--json")
    assert done.code == 0 and done.json["results"][0]["session"]["turn"] == 3
    assert all("imported" in fate["reason"] for fate in done.json["results"][0]["continuity"])


def test_what_is_ones_own_goes_back_to_who_gave_it(
    cli: Cli, sim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("ask", "One?", "--session", "tea", "-p", "a", "--config", sim).code == 0
    written = cli("session", "export", "tea").out.encode()
    for name in ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    done = cli("session", "import", "-", "--own", stdin=written)
    assert done.code == 0 and "each goes back to the one that it is from" in done.err
    assert cli("session", "export", "tea").out.encode() == written
    fates = cli("ask", "Two?", "--session", "tea", "-p", "a", "--config", sim, "--json").json["results"][0][
        "continuity"
    ]
    assert [fate["fate"] for fate in fates] == ["kept"]
    elsewhere = cli("ask", "Three?", "--session", "tea", "-p", "o", "--config", sim, "--json").json["results"][0]
    assert {fate["fate"] for fate in elsewhere["continuity"]} == {"dropped"}


def test_what_was_compacted_comes_back_so_and_the_summary_is_shown(
    cli: Cli, sim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for prompt in ("One?", "Two?"):
        assert cli("ask", prompt, "--session", "tea", "-p", "g", "--config", sim).code == 0
    assert cli("session", "compact", "tea", "--config", sim, "-y").code == 0
    written = cli("session", "export", "tea").out
    last = json.loads(written)["nodes"][-1]
    assert (last["kind"], last["covers"], last["is_ours"]) == ("compaction", 2, True)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    done = cli("session", "import", "-", stdin=written.encode())
    assert done.code == 0 and "summary: " in done.err and "with 2 turns of thinkdial" in done.err
    assert cli("session", "export", "tea").out == written
    assert cli("session", "export", "tea", "--as", "openai-chat").out.count('"role": "user"') == 2


def test_a_list_does_not_tell_whose_it_is(cli: Cli, file: Path) -> None:
    done = cli("session", "import", file, "--own")
    assert done.code == 2 and "does not tell whose state is in it" in done.err
    assert json.loads(cli("session", "list", "--json").out)["sessions"] == []


def test_the_name_of_the_file_says_that_it_is_a_page(cli: Cli, file: Path, tmp_path: Path) -> None:
    cli("session", "import", file)
    page = tmp_path / "tea.md"
    assert cli("session", "export", "tea", "-o", page).code == 0
    assert page.read_text(encoding="utf-8").startswith("<!-- thinkdial:session")
    assert cli("session", "export", "tea", "-o", page, "--as", "thinkdial").code == 0
    assert json.loads(page.read_text(encoding="utf-8"))["schema"] == "thinkdial.session/1"


def test_what_has_no_place_is_told(cli: Cli, file: Path) -> None:
    cli("session", "import", file)
    done = cli("session", "export", "tea", "--as", "openai-chat")
    assert done.err == "note: the reasoning of 1 turn has no place in openai-chat\n" and "SIGNED" not in done.out


BAD: list[tuple[bytes, list[str], str]] = [
    (b'{"messages": [', [], "bad.json: line 1, column 15: no JSON: Expecting value; the file ends too early"),
    (b'{"messages": [{"role": "us', [], "the file ends too early"),
    (b'{"schema": "thinkdial.result/1"}', [], "bad.json: $.schema: is 'thinkdial.result/1'"),
    (b'{"schema": "thinkdial.session/2"}', [], "bad.json: $.schema: is 'thinkdial.session/2'"),
    (b'{"schema": "thinkdial.session/2"}', ["--as", "thinkdial"], "this reads thinkdial.session/1"),
    (b'{"a": 1}', [], "neither an exported session nor a list of messages that is known here"),
    (b"[]", [], "neither an exported session"),
    (b"7", ["--as", "openai-chat"], "bad.json: $: must be a list, not a number"),
    (b"# Notes", ["--as", "md"], "bad.json: line 1: this is no Markdown of an exported session"),
    (b"[" * 5000, [], "bad.json: line 1: JSON nested too deeply"),
    (b'[{"role": "user", "content": "a"}, {"role": "oracle", "content": "b"}]', [], "$[1].role: is 'oracle'"),
    (b"\xff\xfe\x00", [], "bad.json: "),
]


@pytest.mark.parametrize(("data", "options", "said_so"), BAD)
def test_a_bad_file_is_refused_and_leaves_nothing(
    cli: Cli, tmp_path: Path, data: bytes, options: list[str], said_so: str
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(data)
    done = cli("session", "import", bad, *options)
    assert (done.code, done.out) == (2, "") and said_so in done.err and "Traceback" not in done.err
    assert json.loads(cli("session", "list", "--json").out)["sessions"] == []


def test_names_that_cannot_be(cli: Cli, file: Path, tmp_path: Path) -> None:
    assert cli("session", "import", file).code == 0
    again = cli("session", "import", file)
    assert again.code == 2 and "there is a session tea already" in again.err and "another name" in again.err
    nameless = cli("session", "import", "-", stdin=file.read_bytes())
    assert nameless.code == 2 and "thinkdial session import - NAME" in nameless.err
    assert cli("session", "import", file, "a/b").code == 2
    assert cli("session", "import", tmp_path / "nothing.json").code == 2
    assert cli("session", "export", "Tee").code == 2
    odd: Any = cli("session", "import", file, "--as", "poem")
    assert odd.code == 2
