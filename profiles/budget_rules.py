"""The `budget:` of the configuration -> `BudgetRules`: what may be spent, and what happens when that is not enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal, cast

from msgspec import Struct, field
from msgspec.structs import replace

from ..providers.errors import ConfigError, did_you_mean
from .sections.section import Section

OnExceed = Literal["refuse", "ask", "warn"]

ON_EXCEED: tuple[OnExceed, ...] = ("refuse", "ask", "warn")
"""The strictest first."""

AMOUNT_KEYS = ("daily_usd", "monthly_usd", "per_run_usd", "confirm_usd")
ALLOWANCE_KEYS = ("daily_usd", "monthly_usd")
BUDGET_KEYS = (*AMOUNT_KEYS, "on_exceed", "profiles", "groups")


class Allowance(Struct, frozen=True):
    """What one profile, or all profiles of one group together, may cost. `place` is the file and line that set it."""

    daily_usd: Decimal | None = None
    monthly_usd: Decimal | None = None
    place: str = ""


class BudgetRules(Struct, frozen=True):
    """Limits in USD; None is no limit. Days and months are those of UTC, as in the history.

    `confirm_usd`: above that expected cost a run is confirmed first. `members` are the profiles of each group.
    """

    daily_usd: Decimal | None = None
    monthly_usd: Decimal | None = None
    per_run_usd: Decimal | None = None
    confirm_usd: Decimal | None = None
    on_exceed: OnExceed = "refuse"
    profiles: Mapping[str, Allowance] = field(default_factory=dict[str, Allowance])
    groups: Mapping[str, Allowance] = field(default_factory=dict[str, Allowance])
    members: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    @property
    def limits_anything(self) -> bool:
        """Whether there is any limit at all; what has to be confirmed is none."""
        return self.per_run_usd is not None or self.needs_history

    @property
    def needs_history(self) -> bool:
        """Whether a limit can only be kept by knowing what earlier runs have spent."""
        allowances = (Allowance(self.daily_usd, self.monthly_usd), *self.profiles.values(), *self.groups.values())
        return any(one.daily_usd is not None or one.monthly_usd is not None for one in allowances)


def read_budget(section: Section, base: BudgetRules, *, trusted: bool, notes: list[str]) -> BudgetRules:
    """`base` with what `section` says. What is not trusted may only tighten: what it would loosen becomes a note."""
    section.only(BUDGET_KEYS)
    amounts = {key: _amount(section, key, getattr(base, key), trusted, notes) for key in AMOUNT_KEYS}
    return replace(
        base,
        **amounts,
        on_exceed=_on_exceed(section, base.on_exceed, trusted, notes),
        profiles=_allowances(section.section("profiles"), base.profiles, trusted, notes),
        groups=_allowances(section.section("groups"), base.groups, trusted, notes),
    )


def with_members(
    rules: BudgetRules, groups: Mapping[str, tuple[str, ...]], defined: Iterable[str], *, trusted: bool
) -> BudgetRules:
    """`rules` after a layer that has `defined` some of the `groups`.

    What is not trusted may add profiles to a group and, where money is concerned, remove none.
    """
    members = dict(rules.members)
    for name in defined:
        listed = frozenset(member.partition("@")[0] for member in groups[name])
        members[name] = listed if trusted else listed | members.get(name, frozenset())
    return replace(rules, members=members)


def check_names(
    rules: BudgetRules, profiles: Iterable[str], groups: Iterable[str], providers: Iterable[str]
) -> None:  # fmt: skip
    """Raise `ConfigError` for a limit on a profile or group that does not exist. `provider/model` needs no profile."""
    known, known_groups, known_providers = set(profiles), set(groups), set(providers)
    for name, allowance in rules.profiles.items():
        provider, slash, _ = name.partition("/")
        if name not in known and not (slash and provider in known_providers):
            raise _unknown("profile", name, allowance, known, known_groups)
    for name, allowance in rules.groups.items():
        if name not in known_groups:
            raise _unknown("group", name, allowance, known_groups, known)


def _amount(section: Section, key: str, own: Decimal | None, trusted: bool, notes: list[str]) -> Decimal | None:
    written = section.dollars(key)
    if written is None:
        return own
    if trusted or own is None or written <= own:
        return written
    notes.append(_left_out(section, key, f"{written:f}", f"{own:f}"))
    return own


def _on_exceed(section: Section, own: OnExceed, trusted: bool, notes: list[str]) -> OnExceed:
    written = cast("OnExceed | None", section.choice("on_exceed", ON_EXCEED))
    if written is None:
        return own
    if trusted or ON_EXCEED.index(written) <= ON_EXCEED.index(own):
        return written
    notes.append(_left_out(section, "on_exceed", written, own))
    return own


def _left_out(section: Section, key: str, written: str, own: str) -> str:
    return (
        f"{section.where(key)}: {section.path}{key}: {own} stays, not {written}: "
        "a project file may tighten a budget but not loosen it"
    )


def _allowances(
    listed: Section | None, base: Mapping[str, Allowance], trusted: bool, notes: list[str]
) -> Mapping[str, Allowance]:  # fmt: skip
    if listed is None:
        return base
    found = dict(base)
    for name in listed:
        section = listed.section(name)
        if section is None:
            raise listed.bad(name, f"is empty; say {' or '.join(ALLOWANCE_KEYS)}")
        section.only(ALLOWANCE_KEYS)
        own = found.get(name, Allowance())
        found[name] = Allowance(
            daily_usd=_amount(section, "daily_usd", own.daily_usd, trusted, notes),
            monthly_usd=_amount(section, "monthly_usd", own.monthly_usd, trusted, notes),
            place=str(listed.where(name)),
        )
    return found


def _unknown(
    kind: Literal["profile", "group"], name: str, allowance: Allowance, names: set[str], others: set[str]
) -> ConfigError:  # fmt: skip
    other = "group" if kind == "profile" else "profile"
    words = f"{allowance.place}: budget.{kind}s.{name}: {name!r} is not a {kind}{did_you_mean(name, sorted(names))}"
    hint = (
        f"{name} is a {other}: put it under budget.{other}s" if name in others else f"known: {', '.join(sorted(names))}"
    )
    return ConfigError(words, hint=hint)
