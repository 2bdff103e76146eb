"""`history:` in the configuration, by layers; a stranger's project file may only switch it off."""

from __future__ import annotations

from pathlib import Path

import pytest

from thinkdial.profiles.config import TRUST_FILE, Config, load, user_directory, user_file
from thinkdial.profiles.settings.history_settings import HistorySettings
from thinkdial.profiles.trust import trust
from thinkdial.providers.errors import ConfigError

PROFILE = "profiles: {a: {provider: openai, model: gpt-5}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "project" / ".thinkdial.yaml"


def configured(project: Path, user: str = "", shared: str | None = None, option: str | None = None) -> Config:
    user_file().parent.mkdir(parents=True, exist_ok=True)
    user_file().write_text(user)
    project.parent.mkdir(exist_ok=True)
    if shared is not None:
        project.write_text(shared)
    given = project.with_name("option.yaml")
    if option is not None:
        given.write_text(option)
    return load(given if option is not None else None, start=project.parent)


def test_it_is_on_for_a_year_and_two_gigabytes(project: Path) -> None:
    assert configured(project).history == HistorySettings(enabled=True, keep_days=365, max_mb=2000)


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("history: false", HistorySettings(enabled=False)),
        ("history: true", HistorySettings()),
        ("defaults: {history: false}", HistorySettings(enabled=False)),
        ("defaults: {history: false}\nhistory: {enabled: true, keep_days: 3}", HistorySettings(False, 3)),
        ("defaults: {history: true}\nhistory: false", HistorySettings(enabled=False)),
        ("history: {keep_days: 30, max_mb: 5}", HistorySettings(True, 30, 5)),
        ("history: {keep_days: null, max_mb: null}", HistorySettings(True, None, None)),
        ("history: {enabled: false}", HistorySettings(enabled=False)),
        ("history: {}", HistorySettings()),
        ("history:", HistorySettings()),
    ],
)
def test_the_ways_to_say_it(project: Path, text: str, settings: HistorySettings) -> None:
    assert configured(project, text).history == settings


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("history: maybe", "config.yaml:1:1: history: must be true or false"),
        ("history: [true]", "history: must be true or false"),
        ("history: {keep_day: 3}", r"unknown key history.keep_day \(did you mean keep_days\?\)"),
        ("history: {keep_days: 0}", "1:11: history.keep_days: must be a whole number from 1"),
        ("history: {max_mb: 1.5}", "history.max_mb: must be a whole number"),
        ("history: {enabled: 1}", "history.enabled: must be true or false"),
        ("defaults: {history: 7}", "defaults.history: must be true or false"),
    ],
)
def test_mistakes_are_named_with_their_place(project: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        configured(project, text)


def test_a_later_layer_wins_field_by_field(project: Path) -> None:
    config = configured(
        project, "history: {enabled: false, keep_days: 30}", option="history: {enabled: true, max_mb: 7}"
    )
    assert config.history == HistorySettings(True, 30, 7)


@pytest.mark.parametrize("shared", ["history: false", "defaults: {history: false}", "history: {enabled: false}"])
def test_a_project_file_may_switch_it_off(project: Path, shared: str) -> None:
    config = configured(project, "history: {keep_days: 30}", shared + "\n" + PROFILE)
    assert config.history == HistorySettings(False, 30)
    assert config.notes == ()
    assert "a" in config.profiles


@pytest.mark.parametrize("shared", ["history: true", "defaults: {history: true}", "history: {keep_days: 1, max_mb: 1}"])
def test_a_project_file_may_neither_switch_it_on_nor_decide_what_is_removed(project: Path, shared: str) -> None:
    config = configured(project, "history: false", shared)
    assert config.history == HistorySettings(enabled=False)
    (note,) = config.notes
    assert f"{project}:1:1: history: a project file may only switch it off" in note
    assert configured(project, "history: false", "history: {enabled: false, max_mb: 1}").history.max_mb == 2000


def test_a_project_file_that_agrees_is_not_worth_a_note(project: Path) -> None:
    assert configured(project, "history: true", "history: {enabled: true}").notes == ()


def test_a_project_file_that_the_user_vouched_for_may_say_all(project: Path) -> None:
    text = "history: {enabled: true, keep_days: 7}"
    project.parent.mkdir()
    trust(user_directory() / TRUST_FILE, project, text)
    assert configured(project, "history: false", text).history == HistorySettings(True, 7)
