"""`budget:` in the configuration: its shape, its mistakes, and what a file from somebody's repository may do to it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from thinkdial.profiles.budget_rules import Allowance, BudgetRules
from thinkdial.profiles.config import TRUST_FILE, read_text, user_directory
from thinkdial.profiles.trust import trust
from thinkdial.providers.errors import ConfigError

from .conftest import Load

WHOLE = """
groups: {mine: [claude, gpt@high]}
budget:
  daily_usd: 5
  monthly_usd: 50.10
  per_run_usd: 0.25
  confirm_usd: 0.05
  on_exceed: ask
  profiles: {claude: {daily_usd: 1}, openrouter/some-model: {monthly_usd: 0}}
  groups: {mine: {monthly_usd: 20}}
"""


def placeless(rules: BudgetRules) -> BudgetRules:
    """The rules, whoever has set them."""
    profiles, groups = (
        {name: replace(one, place="") for name, one in limited.items()} for limited in (rules.profiles, rules.groups)
    )
    return replace(rules, profiles=profiles, groups=groups)


def test_the_whole_budget_is_read_exactly(layered: Load) -> None:
    budget = layered(WHOLE).budget
    assert placeless(budget) == BudgetRules(
        daily_usd=Decimal(5),
        monthly_usd=Decimal("50.10"),
        per_run_usd=Decimal("0.25"),
        confirm_usd=Decimal("0.05"),
        on_exceed="ask",
        profiles={"claude": Allowance(Decimal(1)), "openrouter/some-model": Allowance(None, Decimal(0))},
        groups={"mine": Allowance(None, Decimal(20))},
        members=budget.members,
    )
    assert budget.members["mine"] == {"claude", "gpt"}
    assert str(budget.monthly_usd) == "50.10"


def test_the_short_form_and_none_at_all(layered: Load) -> None:
    short = layered("budget: {monthly_usd: 50, on_exceed: refuse}")
    assert (
        short.budget == BudgetRules(monthly_usd=Decimal(50), members=short.budget.members)
        and short.budget.needs_history
    )
    assert short.notes == ()
    for text in ("", "budget:", "budget: {per_run_usd: 1, confirm_usd: 1}"):
        assert not layered(text).budget.needs_history
    assert layered("budget: {profiles: {gpt: {daily_usd: 1}}}").budget.needs_history


MISTAKES = [
    ("budget: [50]", "1:1", "budget: must be a mapping"),
    ("budget: {montly_usd: 50}", "1:10", "unknown key budget.montly_usd (did you mean monthly_usd?)"),
    ("budget: {daily_usd: -1}", "1:10", "budget.daily_usd: must be an amount in USD"),
    ("budget: {daily_usd: some}", "1:10", "must be an amount in USD"),
    ("budget: {daily_usd: true}", "1:10", "must be an amount in USD"),
    ("budget: {on_exceed: refuze}", "1:10", "budget.on_exceed: 'refuze' is not known (did you mean refuse?)"),
    ("budget:\n  profiles:\n    gpt:", "3:5", "budget.profiles.gpt: is empty"),
    ("budget:\n  profiles:\n    gpt: {daily: 1}", "3:11", "(did you mean daily_usd?)"),
    ("budget:\n  profiles:\n    gtp: {daily_usd: 1}", "3:5", "'gtp' is not a profile (did you mean gpt?)"),
    ("budget:\n  groups:\n    al: {daily_usd: 1}", "3:5", "'al' is not a group"),
    ("budget:\n  profiles:\n    nobody/gpt: {daily_usd: 1}", "3:5", "is not a profile"),
]


@pytest.mark.parametrize("text, place, message", MISTAKES, ids=[entry[0] for entry in MISTAKES])
def test_a_mistake_names_its_place(layered: Load, text: str, place: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        layered(text)
    assert f"config.yaml:{place}: " in raised.value.message and message in raised.value.message


def test_a_profile_under_groups_is_told_where_it_belongs(layered: Load) -> None:
    with pytest.raises(ConfigError) as raised:
        layered("budget: {groups: {gpt: {daily_usd: 1}}}")
    assert raised.value.hint == "gpt is a profile: put it under budget.profiles"


def test_names_may_be_defined_in_another_layer(layered: Load) -> None:
    config = layered(
        user="budget: {profiles: {late: {daily_usd: 1}}, groups: {team: {daily_usd: 2}}}",
        option="{profiles: {late: {provider: openai, model: m}}, groups: {team: [late]}}",
    )
    assert config.budget.members["team"] == {"late"}


def test_ones_own_later_file_says_it_anew_field_by_field(layered: Load) -> None:
    config = layered(
        user="budget: {daily_usd: 1, monthly_usd: 9, on_exceed: refuse, profiles: {gpt: {daily_usd: 1}}}",
        option="budget: {daily_usd: 100, on_exceed: warn, profiles: {gpt: {monthly_usd: 3}}}",
    )
    assert config.budget.daily_usd == 100 and config.budget.monthly_usd == 9 and config.budget.on_exceed == "warn"
    assert placeless(config.budget).profiles["gpt"] == Allowance(Decimal(1), Decimal(3))


USER = """
groups: {team: [claude, gpt]}
budget:
  daily_usd: 1
  on_exceed: ask
  profiles: {gpt: {daily_usd: 1}}
  groups: {team: {monthly_usd: 5}}
"""
LOOSE = """
budget:
  daily_usd: 1000
  on_exceed: warn
  profiles: {gpt: {daily_usd: 2}}
"""


def test_a_project_cannot_loosen_a_budget_and_it_is_said_why(layered: Load) -> None:
    config = layered(user=USER, project=LOOSE)
    assert placeless(config.budget) == placeless(layered(user=USER).budget)
    places = [note.split(".thinkdial.yaml:")[1].split(": ")[0] for note in config.notes]
    assert places == ["3:3", "4:3", "5:20"]
    assert config.notes[0].endswith(
        "budget.daily_usd: 1 stays, not 1000: a project file may tighten a budget but not loosen it"
    )
    assert "budget.on_exceed: ask stays, not warn" in config.notes[1]
    assert "budget.profiles.gpt.daily_usd: 1 stays, not 2" in config.notes[2]
    assert all("\n" not in note for note in config.notes)


def test_a_project_may_tighten_a_budget(layered: Load) -> None:
    config = layered(
        user=USER,
        project="budget: {daily_usd: 0.5, monthly_usd: 3, on_exceed: refuse, profiles: {claude: {daily_usd: 0}}}",
    )
    assert (config.budget.daily_usd, config.budget.monthly_usd) == (Decimal("0.5"), Decimal(3))
    assert config.budget.on_exceed == "refuse" and config.budget.profiles["claude"].daily_usd == 0
    assert config.notes == ()


def test_a_project_cannot_take_a_profile_out_of_a_limited_group(layered: Load) -> None:
    config = layered(user=USER, project="groups: {team: [gemini]}")
    assert config.groups["team"] == ("gemini",)
    assert config.budget.members["team"] == {"claude", "gpt", "gemini"}


def test_a_project_that_was_vouched_for_is_the_users_own(layered: Load, tmp_path: Path) -> None:
    layered(user=USER, project=LOOSE)
    path = tmp_path / "project" / ".thinkdial.yaml"
    trust(user_directory() / TRUST_FILE, path, read_text(path))
    config = layered(user=USER, project=LOOSE)
    assert config.budget.daily_usd == 1000 and config.budget.on_exceed == "warn" and config.notes == ()
