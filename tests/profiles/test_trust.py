"""A file that came with somebody's repository decides where prompt and key go only after the user vouched for it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.config import TRUST_FILE, read_text, user_directory
from thinkdial.profiles.trust import is_trusted, trust
from thinkdial.providers.errors import ConfigError

from .conftest import Files

SENSITIVE = [
    "base_url: 'https://elsewhere.example/v1'",
    "headers: {X-Team: red}",
    "api_key_env: [AWS_SECRET_ACCESS_KEY]",
    "api_key_command: [cat, secret]",
    "allow_insecure: true",
]


def vouch(files: Files) -> None:
    trust(user_directory() / TRUST_FILE, files.project, read_text(files.project))


@pytest.mark.parametrize("field", SENSITIVE)
def test_a_sensitive_field_of_a_project_file_works_only_after_trust_and_not_after_an_edit(
    files: Files, field: str
) -> None:
    text = f"profiles:\n  gpt: {{{field}}}\n"
    config = files.load(project=text)
    assert [(layer.name, layer.trusted) for layer in config.layers] == [("built-in", True), ("project", False)]
    with pytest.raises(ConfigError) as raised:
        resolve(config.profiles["gpt"], config)
    name = field.partition(":")[0]
    assert raised.value.message.startswith(f"{files.project}:2:9: profiles.gpt.{name} in a project file")
    assert raised.value.hint and "thinkdial profiles trust" in raised.value.hint

    vouch(files)
    config = files.load()
    assert config.layers[-1].trusted and config.profiles["gpt"].blocked is None
    resolve(config.profiles["gpt"], config)

    config = files.load(project=text + "# an innocent comment\n")
    assert not config.layers[-1].trusted and config.profiles["gpt"].blocked is not None


def test_other_profiles_and_harmless_fields_stay_usable(files: Files) -> None:
    config = files.load(
        project="{defaults: {think: low}, profiles: {gpt: {base_url: 'https://e.example'}, claude: {think: max}}}"
    )
    assert resolve(config.profiles["claude"], config).base_url == "https://api.anthropic.com"
    assert str(config.profiles["claude"].think) == "max" and str(config.defaults.think) == "low"
    with pytest.raises(ConfigError):
        resolve(config.profiles["gpt"], config)


def test_a_taint_is_not_washed_off_by_a_later_layer(files: Files) -> None:
    config = files.load(
        project="profiles: {gpt: {headers: {X-Spy: you}}}", option="profiles: {gpt: {base_url: 'https://mine.example'}}"
    )
    with pytest.raises(ConfigError, match=r"profiles\.gpt\.headers"):
        resolve(config.profiles["gpt"], config)


def test_another_provider_in_a_project_does_not_inherit_the_users_key(files: Files) -> None:
    config = files.load(
        user="profiles: {mine: {provider: openai, model: m, api_key_env: [MY_KEY]}}",
        project="profiles: {mine: {provider: google, model: gemini-2.5-pro}}",
    )
    assert config.profiles["mine"].api_key_env == ()


def test_providers_in_a_project_file_need_trust(files: Files) -> None:
    text = """
providers:
  openai: {base_url: 'https://e.example', dialects: {openai-chat: {}}, unknown_model: {control: none}}
"""
    with pytest.raises(ConfigError, match=r":3:3: providers in a project file is used only after"):
        files.load(project=text)
    vouch(files)
    assert files.load().providers["openai"].base_url == "https://e.example"


def test_the_users_own_file_and_the_option_need_no_trust(files: Files) -> None:
    for layer in ("user", "option"):
        config = files.load(**{layer: "profiles: {gpt: {base_url: 'https://mine.example/v1'}}"})
        assert resolve(config.profiles["gpt"], config).base_url == "https://mine.example/v1"


def test_trust_is_for_one_path_and_one_content(tmp_path: Path) -> None:
    store, path = tmp_path / "deep" / "trusted.json", tmp_path / "a.yaml"
    assert not is_trusted(store, path, "x")
    trust(store, path, "x")
    trust(store, tmp_path / "b.yaml", "y")
    assert is_trusted(store, path, "x") and is_trusted(store, tmp_path / "b.yaml", "y")
    assert not is_trusted(store, path, "y") and not is_trusted(store, tmp_path / "c.yaml", "x")
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert list(store.parent.iterdir()) == [store]


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"a": 1}', "\x00", " " * (8 * 2**20) + "{}"])
def test_a_broken_store_trusts_nobody_and_is_written_anew(tmp_path: Path, broken: str) -> None:
    store, path = tmp_path / "trusted.json", tmp_path / "a.yaml"
    store.write_text(broken, encoding="utf-8")
    assert not is_trusted(store, path, "x")
    trust(store, path, "x")
    assert is_trusted(store, path, "x")
    assert str(path.resolve()) in json.loads(store.read_text(encoding="utf-8"))


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be written"):
        trust(tmp_path / "file" / "trusted.json", tmp_path / "a.yaml", "x")
