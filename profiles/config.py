"""The layers of configuration -> one `Config`: built-in, then the user's file, the project's, and `--config`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from ..providers.errors import ConfigError, UsageError, did_you_mean
from ..providers.think import parse_think
from . import facts
from .budget_rules import BudgetRules, check_names, read_budget, with_members
from .card import ModelCard, Spelling
from .cards.own_models import OwnModel, read_models, with_own_prices
from .cards.resolution import card_for
from .disk import config_place, is_own, is_same
from .own_profiles.reader import read_profile, read_think
from .price_list import read_prices
from .profile import MANY, Defaults, Price, Profile, Profiles, Reference
from .provider import Provider
from .sections.parsed import note_sound, was_sound
from .sections.section import Section
from .settings.history_settings import HistorySettings, read_history
from .trust import check_trusted, is_trusted
from .yaml_file import read_text, read_yaml

if TYPE_CHECKING:
    from .checks.definitions import CheckDefinition
    from .prompts.templates import PromptTemplate
    from .settings.limiter_settings import LimiterSettings
    from .tools.own_tools import OwnTools

PROJECT_FILE = ".thinkdial.yaml"
USER_FILE = "config.yaml"
TRUST_FILE = "trusted.json"
NO_DRAFTS: Mapping[Path, str] = {}
OF_OTHERS = "to use it all the same, read it and name it: --config FILE"

TOP_KEYS = (
    "defaults", "profiles", "groups", "providers", "spellings", "reference", "budget", "prices", "history",
    "models", "checks", "templates", "tools", "mcp_servers", "limiter",
)  # fmt: skip
DEFAULT_KEYS = (
    "profile", "think", "retries", "timeout", "total_timeout", "stream", "max_output_tokens", "history",
)  # fmt: skip


class Layer(Struct, frozen=True):
    """One source of configuration. `name` is `built-in`, `user`, `project` or `option`."""

    name: str
    path: Path | None
    trusted: bool = True


class Config(Struct, frozen=True):
    """Everything that the layers say together. `notes` are lines for people: what was left out, and why."""

    profiles: Mapping[str, Profile]
    groups: Mapping[str, tuple[str, ...]]
    providers: Mapping[str, Provider]
    reference: Reference
    defaults: Defaults
    spellings: Mapping[str, Spelling]
    layers: tuple[Layer, ...] = ()
    notes: tuple[str, ...] = ()
    budget: BudgetRules = field(default_factory=BudgetRules)
    history: HistorySettings = field(default_factory=HistorySettings)
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    models: Mapping[str, OwnModel] = field(default_factory=dict[str, OwnModel])
    checks: Mapping[str, CheckDefinition] = field(default_factory=dict[str, "CheckDefinition"])
    templates: Mapping[str, PromptTemplate] = field(default_factory=dict[str, "PromptTemplate"])
    own_tools: OwnTools | None = None
    limiter: LimiterSettings | None = None

    def provider(self, name: str) -> Provider:
        if name in self.providers:
            return self.providers[name]
        raise ConfigError(
            f"{name!r} is not a provider{did_you_mean(name, self.providers)}",
            hint=f"providers are {', '.join(self.providers)}",
        )

    def card(self, profile: Profile) -> ModelCard:
        """What is shipped about the profile's model, or what the profile itself says."""
        if profile.card is not None:
            return profile.card
        return card_for(self.provider(profile.provider), profile.known_as or profile.model, self.spellings)


class _Draft(Struct):
    profiles: Profiles = field(default_factory=Profiles)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    group_places: dict[str, str] = field(default_factory=dict[str, str])
    providers: facts.Providers = field(default_factory=facts.providers)
    spellings: dict[str, Spelling] = field(default_factory=lambda: dict(facts.spellings()))
    reference: Reference = field(default_factory=facts.reference)
    defaults: Defaults = field(default_factory=Defaults)
    budget: BudgetRules = field(default_factory=BudgetRules)
    history: HistorySettings = field(default_factory=HistorySettings)
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    models: Mapping[str, OwnModel] = field(default_factory=dict[str, OwnModel])
    checks: Mapping[str, CheckDefinition] = field(default_factory=dict[str, "CheckDefinition"])
    templates: Mapping[str, PromptTemplate] = field(default_factory=dict[str, "PromptTemplate"])
    own_tools: OwnTools | None = None
    limiter: LimiterSettings | None = None
    notes: list[str] = field(default_factory=list[str])
    has_plugins: bool = False


def user_directory() -> Path:
    """Where the user's configuration belongs on this system."""
    return config_place()


def user_file() -> Path:
    return user_directory() / USER_FILE


def project_file(start: Path) -> Path | None:
    """The nearest `.thinkdial.yaml` in `start` or above it."""
    for directory in (start, *start.parents):
        candidate = directory / PROJECT_FILE
        if candidate.is_file():
            return candidate
    return None


def load_builtin() -> Config:
    """The profiles that ship with the program, whatever the user has configured."""
    return _finished(*_builtin())


def load(
    config: Path | None = None,
    *,
    start: Path | None = None,
    also: Iterable[str] = (),
    drafts: Mapping[Path, str] = NO_DRAFTS,
) -> Config:
    """Read all layers; plugins only when a profile, or one of the provider names in `also`, needs them.

    `drafts` are texts that stand for what is in files. Raises `ConfigError` with file, line and column for anything
    that is wrong in one of them.
    """
    draft, layers = _builtin(also)
    personal = user_file()
    if personal in drafts or _exists(personal):
        _apply_file(draft, personal, _text_of(personal, drafts), drafts, trusted=True, is_users=True)
        layers.append(Layer("user", personal))
    try:
        shared = project_file(start or Path.cwd())
    except OSError:
        shared = None
    if shared is not None and not is_own(shared):
        draft.notes.append(f"{shared} belongs to somebody else and is not read; {OF_OTHERS}")
    elif shared is not None and not (config is not None and is_same(shared, config)):
        text = _text_of(shared, drafts)
        trusted = is_trusted(user_directory() / TRUST_FILE, shared, text)
        _apply_file(draft, shared, text, drafts, trusted=trusted)
        layers.append(Layer("project", shared, trusted))
    if config is not None:
        _apply_file(draft, config, _text_of(config, drafts), drafts, trusted=True, is_users=True)
        layers.append(Layer("option", config))
    _check_groups(draft)
    check_names(draft.budget, draft.profiles, draft.groups, draft.providers)
    return _finished(draft, layers)


def _builtin(also: Iterable[str] = ()) -> tuple[_Draft, list[Layer]]:
    draft = _Draft()
    for provider in also:
        _load_plugins_for(provider, draft)
    _apply(draft, facts.packaged("starter.yaml"), trusted=True)
    return draft, [Layer("built-in", None)]


def _finished(draft: _Draft, layers: list[Layer]) -> Config:
    return Config(
        profiles=draft.profiles, groups=draft.groups, providers=draft.providers, reference=draft.reference,
        defaults=draft.defaults, spellings=draft.spellings, layers=tuple(layers), notes=tuple(draft.notes),
        budget=draft.budget, prices=draft.prices, models=draft.models, history=draft.history, checks=draft.checks,
        templates=draft.templates, own_tools=draft.own_tools, limiter=draft.limiter,
    )  # fmt: skip


def _apply_file(
    draft: _Draft, path: Path, text: str, drafts: Mapping[Path, str], *, trusted: bool, is_users: bool = False
) -> None:
    # Headers may hold what belongs to nobody else: of them there is to be no second copy on disk.
    kept_as = None if path in drafts or "headers" in text else str(path.absolute())
    root = read_yaml(text, str(path), kept_as=kept_as)
    has_many = kept_as is not None and len(tuple(root.section("profiles") or ())) >= MANY
    is_sound = has_many and was_sound(text, kept_as or "")
    _apply(draft, root, trusted=trusted, is_users=is_users, is_sound=is_sound)
    if has_many and not is_sound:
        note_sound(text, kept_as or "")


def _text_of(path: Path, drafts: Mapping[Path, str]) -> str:
    return drafts[path] if path in drafts else read_text(path)


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _profile(listed: Section, name: str, draft: _Draft, trusted: bool, base: Profile | None) -> Profile:
    section = listed.section(name)
    if section is None:
        raise listed.bad(name, "is empty; a profile needs a provider and a model")
    return read_profile(name, section, base, partial(_providers_with, draft), draft.spellings, trusted=trusted)


def _apply(draft: _Draft, root: Section, *, trusted: bool, is_users: bool = False, is_sound: bool = False) -> None:
    """Lay one layer over those below. Profiles of one that `is_sound`, since it was read before, may wait."""
    root.only(TOP_KEYS)
    if not trusted:
        check_trusted(root)
    if listed := root.section("spellings"):
        for name in listed:
            if section := listed.section(name):
                draft.spellings[name] = facts.read_spelling(name, section)
    if listed := root.section("providers"):
        for name in listed:
            listed.check_name(name)
            section = listed.section(name)
            if section is None:
                raise listed.bad(name, "is empty; a provider needs dialects and unknown_model")
            draft.providers.add(facts.read_provider(name, section, draft.spellings))
    if section := root.section("reference"):
        draft.reference = facts.read_reference(section, draft.reference)
    if listed := root.section("profiles"):
        for name in listed:
            if not is_sound:
                listed.check_name(name)
            draft.profiles.add(name, partial(_profile, listed, name, draft, trusted), may_wait=is_sound)
    if listed := root.section("groups"):
        for name in listed:
            listed.check_name(name)
            draft.groups[name], draft.group_places[name] = listed.texts(name), str(listed.where(name))
    if section := root.section("defaults"):
        draft.defaults = _defaults(section, draft.defaults)
    if section := root.section("prices"):
        draft.prices = read_prices(section, draft.prices, partial(_providers_with, draft))
    if section := root.section("models"):
        known = read_models(section, draft.models, partial(_providers_with, draft), draft.spellings)
        draft.models, draft.prices = known, with_own_prices(draft.prices, known)
    if section := root.section("checks"):
        from .checks.definitions import read_checks

        draft.checks = read_checks(section, draft.checks)
    if section := root.section("templates"):
        from .prompts.templates import read_templates

        draft.templates = read_templates(section, draft.templates, trusted=trusted)
    if "tools" in root or "mcp_servers" in root:
        from .tools.own_tools import read_own_tools

        draft.own_tools = read_own_tools(root, draft.own_tools, is_users=is_users)
    if "limiter" in root:
        from .settings.limiter_settings import read_limiter

        draft.limiter = read_limiter(root, draft.limiter, is_users=is_users)
    if section := root.section("budget"):
        draft.budget = read_budget(section, draft.budget, trusted=trusted, notes=draft.notes)
    draft.budget = with_members(draft.budget, draft.groups, root.section("groups") or (), trusted=trusted)
    draft.history = read_history(root, draft.history, trusted=trusted, notes=draft.notes)


def _load_plugins_for(provider: str | None, draft: _Draft) -> None:
    """Read the providers of installed plugins, which takes a while, when `provider` is none of the others."""
    if provider is not None and provider not in draft.providers and not draft.has_plugins:
        draft.has_plugins = True
        for plugin in facts.plugin_texts():
            _apply(draft, plugin, trusted=True)


def _providers_with(draft: _Draft, name: str | None) -> facts.Providers:
    _load_plugins_for(name, draft)
    return draft.providers


def _defaults(section: Section, base: Defaults) -> Defaults:
    section.only(DEFAULT_KEYS)
    changes = {
        "profiles": section.texts("profile") or None,
        "think": read_think(section, "think"),
        "retries": section.whole("retries", most=20),
        "timeout": section.seconds("timeout"),
        "total_timeout": section.seconds("total_timeout"),
        "stream": section.flag("stream"),
        "max_output_tokens": section.whole("max_output_tokens", least=1),
    }
    return replace(base, **{key: value for key, value in changes.items() if value is not None})


def _check_groups(draft: _Draft) -> None:
    for group, members in draft.groups.items():
        for member in members:
            name, at, value = member.partition("@")
            try:
                parse_think(value if at else "auto")
            except UsageError as error:
                raise ConfigError(
                    f"{draft.group_places[group]}: groups.{group}: {error.message}", hint=error.hint
                ) from None
            if name not in draft.profiles:
                raise ConfigError(
                    f"{draft.group_places[group]}: groups.{group}: {name!r} is not a profile"
                    f"{did_you_mean(name, draft.profiles)}"
                )
