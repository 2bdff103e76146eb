"""`keys set`, `list` and `rm` as people use them; a key is never shown."""

from __future__ import annotations

import getpass
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend

from thinkdial.cli import output

Cli = Callable[..., Any]
SECRET = "sk-marked-KEYRING-0123456789"


class Memory(KeyringBackend):
    """A keyring in this process."""

    priority = 9  # pyright: ignore[reportAssignmentType]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def memory() -> Iterator[Memory]:
    before = keyring.get_keyring()
    backend = Memory()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def places(listed: Any, kind: str, name: str) -> list[tuple[str, str]]:
    (row,) = [row for row in listed.json[f"{kind}s"] if row[kind] == name]
    return [(place["kind"], place["name"]) for place in row["places"]]


def test_a_key_is_stored_listed_used_and_removed(cli: Cli, memory: Memory, sim: Path) -> None:
    ended = cli("keys", "set", "anthropic", stdin=f"{SECRET}\n".encode())
    assert ended.code == 0 and ended.out == "" and "stored in the keyring" in ended.err and "Memory" in ended.err
    assert memory.kept == {("thinkdial", "anthropic"): SECRET}
    listed = cli("keys", "list", "--json")
    assert places(listed, "provider", "anthropic") == [("keyring", "anthropic")]
    assert places(listed, "provider", "openai") == []
    table = cli("keys", "list")
    assert "keyring" in table.out and "no key: " in table.out and "openai" in table.out
    assert cli("profiles", "check", "claude").code == 0
    assert "keyring (anthropic)" in cli("profiles", "list").out
    assert "keyring (anthropic)" in cli("profiles", "show", "claude").out
    removed = cli("keys", "rm", "anthropic")
    assert removed.code == 0 and memory.kept == {}
    assert cli("profiles", "check", "claude").code == 1
    for shown in (ended, listed, table, removed):
        assert SECRET not in shown.everything and SECRET[:12] not in shown.everything


def test_a_stored_key_is_what_is_sent(cli: Cli, simulator: Any, tmp_path: Path, recorder: Any) -> None:
    config = tmp_path / "own.yaml"
    config.write_text(
        f"profiles: {{mine: {{provider: openai-compatible, model: m, base_url: '{recorder.url}/v1'}}}}",
        encoding="utf-8",
    )
    assert cli("keys", "set", "mine", "--config", config, stdin=SECRET.encode()).code == 0
    cli("ask", "x", "-p", "mine", "--retries", "0", "--config", config)
    (_, headers, _), *_ = recorder.asked
    assert headers["authorization"] == f"Bearer {SECRET}"


def test_a_project_file_gets_no_stored_key_to_another_address(cli: Cli, recorder: Any, tmp_path: Path) -> None:
    cli("keys", "set", "gpt", stdin=SECRET.encode())
    cli("keys", "set", "openai", stdin=SECRET.encode())
    Path(".thinkdial.yaml").write_text(
        f"profiles: {{gpt: {{base_url: '{recorder.url}'}}, new: {{provider: openai, model: m, "
        f"base_url: '{recorder.url}'}}}}",
        encoding="utf-8",
    )
    for name in ("gpt", "new"):
        ended = cli("ask", "x", "-p", name)
        assert ended.code == 2 and "thinkdial profiles trust" in ended.err
    assert recorder.asked == []


def test_a_profile_of_a_project_file_does_not_get_the_key_of_its_namesake(cli: Cli, memory: Memory) -> None:
    """`gpt` is the user's profile; a project's `gpt` of another provider is another profile."""
    cli("keys", "set", "gpt", stdin=SECRET.encode())
    Path(".thinkdial.yaml").write_text("profiles: {gpt: {provider: deepseek, model: deepseek-flash}}", encoding="utf-8")
    ended = cli("profiles", "check", "gpt")
    assert ended.code == 1 and "its key in the keyring is for https://api.openai.com" in " ".join(ended.out.split())


def test_the_demonstration_does_not_send_a_stored_key(cli: Cli, memory: Memory) -> None:
    for name in ("openai", "gpt"):
        cli("keys", "set", name, stdin=SECRET.encode())
    memory.get_password = None  # type: ignore[method-assign,assignment]
    ended = cli("demo", "-p", "gpt", "-q")
    assert ended.code == 0, ended.err


def test_what_is_no_key_is_refused(cli: Cli, memory: Memory) -> None:
    for given, words in (
        (b"", "no key was given"),
        (b" \n", "no key was given"),
        (b"two\nlines", "this is no key"),
        ("schlüssel".encode(), "this is no key"),
        (b"tab\there", "this is no key"),
        (b"x" * 20_000, "this is no key"),
        (b"\xff\xfe", "no"),
    ):
        ended = cli("keys", "set", "openai", stdin=given)
        assert ended.code == 2 and words in ended.err, given[:20]
        assert "Traceback" not in ended.err and memory.kept == {}


def test_a_key_is_no_argument(cli: Cli, memory: Memory) -> None:
    ended = cli("keys", "set", "openai", SECRET)
    assert ended.code == 2 and memory.kept == {}


@pytest.mark.parametrize("name, near", [("antropic", "anthropic"), ("gemni", "gemini"), ("profile:gtp", "gpt")])
def test_a_name_that_nobody_has(cli: Cli, memory: Memory, name: str, near: str) -> None:
    ended = cli("keys", "set", name, stdin=SECRET.encode())
    assert ended.code == 2 and f"did you mean {near}?" in ended.err and memory.kept == {}
    removed = cli("keys", "rm", name)
    assert removed.code == 2 and "it has nothing" in removed.err


def test_a_profiles_own_key_is_bound_to_its_address(cli: Cli, memory: Memory) -> None:
    ended = cli("keys", "set", "gpt", stdin=SECRET.encode())
    assert "to be sent to https://api.openai.com" in ended.err and "thinkdial keys set openai" in ended.err
    assert set(memory.kept) == {("thinkdial", "profile:gpt")}
    listed = cli("keys", "list", "--json")
    assert places(listed, "profile", "gpt") == [("keyring", "profile:gpt")]
    assert places(listed, "provider", "openai") == []
    assert cli("keys", "rm", "gpt").code == 0 and memory.kept == {}


def test_a_name_of_both_means_the_provider(cli: Cli, memory: Memory) -> None:
    ended = cli("keys", "set", "groq", stdin=SECRET.encode())
    assert set(memory.kept) == {("thinkdial", "groq")} and "thinkdial keys set profile:groq" in ended.err
    cli("keys", "set", "profile:groq", stdin=SECRET.encode())
    assert set(memory.kept) == {("thinkdial", "groq"), ("thinkdial", "profile:groq")}


def test_a_provider_without_an_address_takes_no_key(cli: Cli, memory: Memory) -> None:
    ended = cli("keys", "set", "openai-compatible", stdin=SECRET.encode())
    assert ended.code == 2 and "no address of its own" in ended.err and memory.kept == {}


def test_what_goes_before_the_stored_key_is_said(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    ended = cli("keys", "set", "openai", stdin=b"other-key")
    assert "OPENAI_API_KEY goes before it" in ended.err
    listed = cli("keys", "list")
    assert "OPENAI_API_KEY, not used: keyring" in listed.out and SECRET not in listed.everything


def test_a_key_that_nothing_uses_is_mentioned(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "own.yaml"
    config.write_text(
        "profiles: {mine: {provider: openai-compatible, model: m, base_url: 'http://127.0.0.1:1'}}", encoding="utf-8"
    )
    cli("keys", "set", "mine", "--config", config, stdin=SECRET.encode())
    listed = cli("keys", "list")
    assert "thinkdial keys rm profile:mine" in listed.err
    assert cli("keys", "list", "--config", config).err == ""


def test_without_the_package(cli: Cli, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("keys", "set", "openai", stdin=SECRET.encode())
    monkeypatch.setitem(sys.modules, "keyring", None)
    for arguments in (("set", "openai"), ("rm", "openai")):
        ended = cli("keys", *arguments, stdin=SECRET.encode())
        assert ended.code == 2 and "[keyring]'" in ended.err and SECRET not in ended.everything
    assert cli("keys", "list").code == 0
    forgotten = cli("keys", "rm", "openai", "--forget")
    assert forgotten.code == 0 and "still in the keyring" in forgotten.err
    assert places(cli("keys", "list", "--json"), "provider", "openai") == []


def test_on_a_terminal_the_key_is_asked_for_without_an_echo(
    cli: Cli, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "is_terminal", lambda _: True)
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return SECRET

    monkeypatch.setattr(getpass, "getpass", answer)
    assert cli("keys", "set", "openai").code == 0
    assert memory.kept == {("thinkdial", "openai"): SECRET} and "openai" in asked[0]
    memory.kept.clear()

    def shows(prompt: str) -> str:
        warnings.warn("echo", getpass.GetPassWarning, stacklevel=1)
        return SECRET

    monkeypatch.setattr(getpass, "getpass", shows)
    ended = cli("keys", "set", "openai")
    assert ended.code == 2 and "would show the key" in ended.err and memory.kept == {}


def test_the_order_is_in_the_help(cli: Cli) -> None:
    shown = cli("keys", "--help").out
    order = ["api_key_command", "api_key_env", "keys set PROFILE", "ANTHROPIC_API_KEY", "keys set PROVIDER"]
    assert sorted(order, key=shown.index) == order
