"""A profile that is added to the user's file: all that stood there stays as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thinkdial.profiles.config import Config, load, user_file
from thinkdial.profiles.user_files import MODELINE, check_new_name, save_copy, write_first
from thinkdial.providers.errors import UsageError

from ..cases import each

MINE = "profiles:\n  mine:\n    provider: openai\n    model: gpt-6-sol\n"
FILES = {
    "none": None,
    "empty": "",
    "other keys": "groups: {duo: [claude, gpt]}\n",
    "last": f"groups: {{duo: [claude, gpt]}}\n{MINE}    # a comment\n",
    "middle": (
        "# mine\nprofiles:\n    mine:\n        provider: openai\n        model: gpt-6-sol   # the best\n"
        "        headers: {x-a: '1'}\n\n    # one more\n    other: {provider: openai, model: gpt-6-sol}\n"
        "# after\n\ngroups:\n    duo: [claude, gpt]\n"
    ),
    "no line break": "profiles:\n  mine: {provider: openai, model: gpt-6-sol}",
    "a block text": f"{MINE}    system: |\n      Be brief.\n      Be kind.\n",
    "lists": f"{MINE}    api_key_command:\n      - echo\n      - x\n",
}


def written(text: str | None) -> Config:
    if text is not None:
        user_file().parent.mkdir(parents=True, exist_ok=True)
        user_file().write_text(text, encoding="utf-8")
    return load()


@each("text", FILES.values(), ids=FILES)
def test_it_is_added_and_the_rest_stays(text: str | None) -> None:
    before = written(text)
    path = save_copy("chosen", "claude", "high", before)
    after = load()
    added = after.profiles["chosen"]
    assert path == user_file()
    assert (added.provider, added.model, str(added.think)) == ("anthropic", before.profiles["claude"].model, "high")
    assert set(after.profiles) == {*before.profiles, "chosen"} and after.groups == before.groups
    for line in (text or "").splitlines():
        assert line in path.read_text(encoding="utf-8").splitlines()


def test_every_setting_goes_along(tmp_path: Path) -> None:
    layer = tmp_path / "more.yaml"
    layer.write_text(
        "profiles:\n  mine: {provider: openai, model: gpt-6-sol, think: off, system: 'on', params: {temperature: 0.20},"
        " price: {input: 1.10, output: 2}, limits: {rpm: 5}, headers: {x-a: '01'}}\n",
        encoding="utf-8",
    )
    config = load(layer)
    save_copy("copy", "mine", "8k", config)
    made, given = load().profiles["copy"], config.profiles["mine"]
    for name in ("provider", "model", "system", "params", "price", "limits", "headers"):
        assert getattr(made, name) == getattr(given, name)
    assert str(made.think) == "8192"


def test_one_without_a_name(tmp_path: Path) -> None:
    save_copy("quick", "openai/gpt-6-sol", "low", load())
    added = load().profiles["quick"]
    assert (added.provider, added.model, str(added.think)) == ("openai", "gpt-6-sol", "low")


@pytest.mark.parametrize("text", ["profiles: {mine: {provider: openai, model: gpt-6-sol}}\n", "profiles:\n"])
def test_a_list_in_braces_and_an_empty_one_take_it_too(text: str) -> None:
    before = written(text)
    save_copy("chosen", "claude", "high", before)
    assert set(load().profiles) == {*before.profiles, "chosen"}


@each("name", ["", "a b", "a@b", "a/b", "claude", "a\n"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(UsageError):
        check_new_name(name, load())


@pytest.mark.parametrize("in_project", [False, True])
def test_a_first_file_names_its_schema(in_project: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_first(in_project=in_project, replace=False)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(MODELINE)
    schema = json.loads((path.parent / first.removeprefix(MODELINE)).read_text(encoding="utf-8"))
    assert schema["title"] == "thinkdial configuration"
    assert load().groups["trio"] == ("claude", "gpt", "gemini")
