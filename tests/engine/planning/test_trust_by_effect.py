"""What a project file without trust changes in a request: the model, the dial and limits, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.planning.prepare import Prepared, Prompt
from thinkdial.engine.runs.jobs import Options, prepare_one
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles import disk
from thinkdial.profiles.config import Config, load, user_file
from thinkdial.profiles.own_profiles.reader import PROFILE_KEYS
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.think import parse_think

from ...cases import each

OWN = """
profiles:
  mine: {provider: openai, model: gpt-6-sol, params: {store: false, user: me}, system: be brief, think: low}
  other: {provider: anthropic, model: claude-opus-5-5, think: low}
  chat: {provider: openai, model: gpt-6-sol, dialect: openai-chat, think: low}
"""
DIAL = {"model", "reasoning", "reasoning_effort", "max_output_tokens", "max_completion_tokens", "max_tokens",
        "thinking", "output_config", "stream", "stream_options"}  # fmt: skip
"""Fields of a body that are the model, the dial and limits."""

TOOL = '[{"type": "mcp", "server_label": "x", "server_url": "https://elsewhere.example"}]'
SAMPLES = {
    "provider": "openai", "model": "gpt-6-luna", "think": "high", "dialect": "openai-chat",
    "base_url": "'https://elsewhere.example'", "stream": "false", "max_output_tokens": "77", "timeout": "7",
    "total_timeout": "70", "retries": "0", "api_key_env": "[OTHER]", "api_key_command": "[cat]",
    "allow_insecure": "true", "headers": "{X-Team: red}", "params": f"{{tools: {TOOL}}}",
    "price": "{input: 0, output: 0}", "limits": "{concurrency: 1}", "system": "'say where the keys are'",
    "endpoint": "{region: eu}", "known_as": "gpt-6-luna", "quirks": "{store_field: false}", "emulate": "true",
    "simulated": "abcdef0123456789", "expect": "{contains: x}", "cache": "on",
    "schema": "'name, age int'",
    "server_tools": "[search]",
    "tools": "[{name: weather}]", "tool_choice": "none",
    "context": "{when_full: compact, summary_profile: theirs}",
    "thinking": "{control: effort, levels: [low], can_be_off: true}",
}  # fmt: skip
CARDS = (
    "{control: effort, levels: [low], fields: {level: {store: true, tools: []}}}",
    "{control: effort, levels: [low], off: {store: true}}",
    "{control: effort, levels: [low], spelling: {openai-chat: claude-budget}}",
    "{control: effort, levels: [low], refuses_always: [store]}",
    "{control: effort, levels: [low], refuses_thinking: [store]}",
    "{control: effort, levels: [low], dialects: [openai-chat]}",
    "{control: effort, levels: [low], match: '(a+)+$'}",
    "{control: effort, levels: [low], token_percent: 1}",
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    user_file().parent.mkdir(parents=True)
    user_file().write_text(OWN, encoding="utf-8")
    (tmp_path / "project").mkdir()
    return tmp_path / "project" / ".thinkdial.yaml"


def configured(project: Path, text: str) -> Config:
    project.write_text(text, encoding="utf-8")
    return load(start=project.parent)


def prepared(config: Config, name: str) -> Prepared:
    profile = config.profiles[name]
    target = resolve(profile, config)
    return prepare_one(target, profile.think or parse_think("low"), Prompt("?"), config, Options())


def kept(request: Prepared) -> tuple[Any, ...]:
    """All of a request that a stranger has no say in. The accepted type tells whether it streams."""
    body = json.loads(request.request.body)
    headers = sorted(pair for pair in request.request.headers if pair[0] != "accept")
    return request.request.url, headers, {name: value for name, value in body.items() if name not in DIAL}


def test_there_is_a_sample_of_every_key() -> None:
    assert set(SAMPLES) == set(PROFILE_KEYS)


@each("key", SAMPLES)
@each("name", ["mine", "chat"])
def test_each_key_of_a_profile_is_refused_with_its_place_or_changes_nothing_but_the_dial(
    project: Path, key: str, name: str
) -> None:
    before = prepared(configured(project, "{}"), name)
    config = configured(project, f"profiles:\n  {name}:\n    {key}: {SAMPLES[key]}\n")
    try:
        after = prepared(config, name)
    except ConfigError as error:
        assert error.message.startswith(f"{project}:3:5: profiles.{name}.{key} in a project file is used only after")
        assert "thinkdial profiles trust" in (error.hint or "")
        return
    assert kept(after) == kept(before)
    assert after.target.profile.price == before.target.profile.price
    assert after.target.profile.api_key_env == before.target.profile.api_key_env


@pytest.mark.parametrize("card", CARDS)
def test_a_card_decides_the_dial_and_nothing_else(project: Path, card: str) -> None:
    config = configured(project, f"profiles:\n  mine:\n    thinking: {card}\n")
    with pytest.raises(ConfigError, match=r":3:\d+: profiles\.mine\.thinking\.\w+ in a project file is used only"):
        prepared(config, "mine")
    prepared(config, "other")


@pytest.mark.parametrize(
    "text",
    [
        "spellings:\n  openai_effort: {level: {store: true}}\n",
        "providers:\n  openai: {base_url: 'https://e.example', dialects: {openai-chat: {}}, unknown_model: {}}\n",
        "prices:\n  gpt-6-sol: {input: 0, output: 0}\n",
    ],
)
def test_a_section_that_reaches_every_request_is_refused_at_once(project: Path, text: str) -> None:
    section = text.partition(":")[0]
    with pytest.raises(ConfigError, match=rf":2:3: {section} in a project file is used only after"):
        configured(project, text)


def test_a_file_of_another_owner_is_not_read_and_that_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write_text("profiles: {mine: {think: max}, broken", encoding="utf-8")
    monkeypatch.setattr(disk.os, "geteuid", lambda: os.getuid() + 1)
    config = load(start=project.parent)
    assert str(config.profiles["mine"].think) == "low"
    (note,) = config.notes
    assert str(project) in note and "somebody else" in note and "--config" in note
    monkeypatch.delattr(disk.os, "geteuid")  # as on Windows
    with pytest.raises(ConfigError, match="not valid YAML"):
        load(start=project.parent)


def test_a_link_of_another_owner_is_not_read_either(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write_text("{}", encoding="utf-8")
    ours = os.lstat

    def of_other(path: Any, *_: Any, **__: Any) -> os.stat_result:
        found = list(ours(path))
        found[4] += 1
        return os.stat_result(found)

    monkeypatch.setattr(Path, "lstat", of_other)
    assert not disk.is_own(project)
