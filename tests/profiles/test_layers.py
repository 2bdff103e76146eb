"""Built-in < user < project < --config, field by field."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.engine.targets.target import select
from thinkdial.profiles.config import Config, load, load_builtin, project_file
from thinkdial.profiles.profile import Price
from thinkdial.profiles.sections.kept import kept_directory
from thinkdial.providers.errors import ConfigError, UsageError
from thinkdial.providers.think import Level, Think

from .conftest import Files


def test_without_files_there_are_the_built_in_profiles(files: Files) -> None:
    config = files.load()
    assert [layer.name for layer in config.layers] == ["built-in"]
    assert config.profiles["claude"].model == "claude-opus-5-5"
    assert config.profiles == load_builtin().profiles
    for group in config.groups.values():
        assert set(group) <= set(config.profiles)


def test_every_layer_overrides_the_one_below_field_by_field(files: Files) -> None:
    config = files.load(
        user="profiles: {claude: {think: high, max_output_tokens: 100, retries: 1}}",
        project="profiles: {claude: {max_output_tokens: 200, model: claude-sonnet-5-5}}",
        option="profiles: {claude: {retries: 3}}",
    )
    claude = config.profiles["claude"]
    assert (claude.provider, claude.model) == ("anthropic", "claude-sonnet-5-5")
    assert (claude.think, claude.max_output_tokens, claude.retries) == (Think(Level.HIGH), 200, 3)
    assert claude.place == f"{files.option}:1"
    assert [layer.name for layer in config.layers] == ["built-in", "user", "project", "option"]


def test_a_field_that_is_given_empty_is_cleared(files: Files) -> None:
    config = files.load(
        user="""
profiles:
  claude: {params: {top_k: 1}, headers: {X-A: b}, api_key_env: [A_KEY], api_key_command: [op, read], system: be kind}
""",
        option="profiles: {claude: {params: {}, headers: {}, api_key_env: [], api_key_command: []}}",
    )
    claude = config.profiles["claude"]
    assert (claude.params, claude.headers, claude.api_key_env, claude.api_key_command) == ({}, {}, (), ())
    assert claude.system == "be kind"


def test_params_price_and_headers_are_replaced_as_a_whole(files: Files) -> None:
    config = files.load(
        user="profiles: {gpt: {params: {a: 1, b: 2}, price: {input: 1, output: 2, cached_input: 0.5}}}",
        option="profiles: {gpt: {params: {c: 3}, price: {input: 7, output: 8}}}",
    )
    assert config.profiles["gpt"].params == {"c": 3}
    assert config.profiles["gpt"].price == Price(Decimal(7), Decimal(8))


def test_another_provider_starts_afresh(files: Files) -> None:
    config = files.load(
        user="profiles: {mine: {provider: openai, model: gpt-6-sol, api_key_env: [MY_KEY], headers: {X-Team: red}}}",
        option="profiles: {mine: {provider: anthropic, model: claude-opus-5}}",
    )
    mine = config.profiles["mine"]
    assert (mine.provider, mine.model) == ("anthropic", "claude-opus-5")
    assert mine.api_key_env == () and mine.headers == {}
    with pytest.raises(ConfigError, match=r"model: is missing"):
        files.load(option="profiles: {mine: {provider: google}}")


def test_naming_the_same_provider_again_keeps_the_rest(files: Files) -> None:
    config = files.load(
        user="profiles: {gpt: {think: low}}", option="profiles: {gpt: {provider: openai, stream: false}}"
    )
    assert config.profiles["gpt"].think == Think(Level.LOW)
    assert config.profiles["gpt"].stream is False


def test_defaults_groups_and_reference_of_later_layers_win(files: Files) -> None:
    config = files.load(
        user="""
defaults: {think: low, retries: 5, profile: gpt}
groups: {mine: [gpt]}
reference: {budgets: {low: 3000}}
""",
        option="""
defaults: {think: 8k, timeout: 1.5}
groups: {mine: [claude, gpt@high]}
reference: {answer_tokens: 9}
""",
    )
    assert config.defaults.think == Think(budget_tokens=8192)
    assert (config.defaults.retries, config.defaults.timeout, config.defaults.profiles) == (5, 1.5, ("gpt",))
    assert config.groups["mine"] == ("claude", "gpt@high")
    assert config.reference.budgets["low"] == 3000 and config.reference.budgets["high"] == 16384
    assert config.reference.answer_tokens == 9


def test_the_project_file_is_found_upwards_and_the_nearest_counts(files: Files) -> None:
    assert project_file(files.inside) is None
    files.project.write_text("", encoding="utf-8")
    assert project_file(files.inside) == files.project
    nearer = files.inside / ".thinkdial.yaml"
    nearer.write_text("", encoding="utf-8")
    assert project_file(files.inside) == nearer


def test_a_project_file_given_as_option_is_read_once_and_is_the_users_own(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.project.write_text("profiles: {gpt: {base_url: 'https://host/v1'}}", encoding="utf-8")
    monkeypatch.chdir(files.project.parent)
    for written in (files.project, Path(".thinkdial.yaml"), Path("..") / "project" / ".thinkdial.yaml"):
        config = load(written)
        assert [layer.name for layer in config.layers] == ["built-in", "option"]
        assert config.profiles["gpt"].blocked is None


def test_a_working_directory_that_is_gone_has_no_project(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Path:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "cwd", gone)
    assert [layer.name for layer in load().layers] == ["built-in"]


def names(config: Config, *chosen: str) -> list[tuple[str, str]]:
    return [(selection.profile.name, str(selection.think or "")) for selection in select(chosen, config)]


def test_names_groups_and_think_values_behind_them(files: Files) -> None:
    config = files.load(user="{groups: {trio: [claude, gpt@low, gemini]}, defaults: {profile: [gpt, gemini]}}")
    assert names(config, "trio") == [("claude", ""), ("gpt", "low"), ("gemini", "")]
    assert names(config, "trio@off") == [("claude", "off"), ("gpt", "off"), ("gemini", "off")]
    assert names(config, "claude@4k", "openai/gpt-5.5@high") == [("claude", "4096"), ("openai/gpt-5.5", "high")]
    assert names(config) == [("gpt", ""), ("gemini", "")]
    with pytest.raises(UsageError, match=r"no profile or group is called 'cluade' \(did you mean claude\?\)"):
        names(config, "cluade")


@pytest.mark.skipif(os.name != "posix", reason="pipes have a path on POSIX only")
def test_the_configuration_may_come_from_a_pipe(files: Files) -> None:
    reader, writer = os.pipe()
    try:
        os.write(writer, b"profiles: {gpt: {think: max}}")
        os.close(writer)
        config = load(Path(f"/dev/fd/{reader}"), start=files.inside)
    finally:
        os.close(reader)
    assert config.profiles["gpt"].think == Think(Level.MAX)


def test_of_headers_there_is_no_second_copy_on_disk(files: Files) -> None:
    local = "provider: openai-compatible, model: m, base_url: 'http://127.0.0.1:1/v1'"
    files.load(option=f"profiles: {{only-here: {{{local}}}}}")
    files.load(user=f"profiles: {{p: {{{local}, headers: {{x-team: mine}}}}}}")
    kept = [one.read_bytes() for one in kept_directory().iterdir()]
    assert any(b"only-here" in one for one in kept)
    assert not any(b"x-team" in one for one in kept)
