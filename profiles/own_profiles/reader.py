"""One profile of one layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ...providers.errors import UsageError
from ...providers.think import Think, parse_think
from .. import facts
from ..card import Spelling
from ..price_list import read_price
from ..profile import Profile
from ..sections.section import Section
from ..trust import first_untrusted, refused

if TYPE_CHECKING:
    from ..state.context import ContextPolicy

PROFILE_KEYS = (
    "provider", "model", "think", "dialect", "base_url", "stream", "max_output_tokens", "timeout", "total_timeout",
    "retries", "api_key_env", "api_key_command", "allow_insecure", "headers", "params", "price", "limits", "system",
    "endpoint", "known_as", "quirks", "thinking", "emulate", "simulated", "cache", "context", "expect", "schema",
    "server_tools", "tools", "tool_choice",
)  # fmt: skip


def read_profile(
    name: str,
    section: Section,
    base: Profile | None,
    providers: Callable[[str | None], facts.Providers],
    spellings: Mapping[str, Spelling],
    *,
    trusted: bool,
) -> Profile:
    """The profile that `section` describes, laid over `base`, which a layer below has under its name.

    `providers` gives the known providers, asked for one by its name. Raises `ConfigError`.
    """
    section.only(PROFILE_KEYS)
    blocked = None
    if not trusted and (found := first_untrusted(section)) is not None:
        blocked = refused(*found)
    known_providers = providers(section.text("provider"))
    provider = section.choice("provider", known_providers)
    if base is not None and provider is not None and provider != base.provider:
        base = None  # another provider is another profile: nothing of the old one, its key above all, goes along
    model = section.text("model")
    if base is None:
        if provider is None:
            raise section.bad("provider", "is missing", f"providers are {', '.join(known_providers)}")
        if not model:
            raise section.bad("model", "is missing", "for instance model: claude-opus-5-5")
        base = Profile(name=name, provider=provider, model=model)
    given: dict[str, Any] = {key: _READERS[key](section) for key in section if key in _READERS}
    given |= {"model": model, "blocked": blocked}
    given |= _thinking(section.section("thinking"), spellings) | _expected(section)
    known = {key: value for key, value in given.items() if value is not None}
    return replace(base, **known, place=f"{section.place.file}:{section.place.line}")


_EXPECTED = frozenset(("expect", "schema", "tools", "tool_choice", "server_tools"))


def _expected(section: Section) -> dict[str, Any]:
    """What a profile's answers have to be, what its model may call, and which tools its provider is to run."""
    if _EXPECTED.isdisjoint(section):
        return {}
    from ..checks.expected import read_expect, read_schema
    from ..tools.declared import read_declared
    from ..tools.server_tools import read_names

    tools = {"tools": read_declared(section), "tool_choice": section.text("tool_choice")}
    served = read_names(section) if "server_tools" in section else None
    return {"expect": read_expect(section), "schema": read_schema(section), "server_tools": served, **tools}


def read_think(section: Section, key: str) -> Think | None:
    """The think value at `key`: a level, a budget, or nothing."""
    value = section.text(key)
    if value is None:
        return None
    try:
        return parse_think(value)
    except UsageError as error:
        raise section.bad(key, error.message, error.hint) from None


def _context(section: Section) -> ContextPolicy | None:
    from ..state.context_file import read_context

    return read_context(section.section("context"))


_READERS: Mapping[str, Callable[[Section], Any]] = {
    "think": lambda section: read_think(section, "think"),
    "dialect": facts.read_dialect,
    "base_url": facts.read_base_url,
    "stream": lambda section: section.flag("stream"),
    "max_output_tokens": lambda section: section.whole("max_output_tokens", least=1),
    "timeout": lambda section: section.seconds("timeout"),
    "total_timeout": lambda section: section.seconds("total_timeout"),
    "retries": lambda section: section.whole("retries", most=20),
    "api_key_env": facts.read_variables,
    "api_key_command": lambda section: section.texts("api_key_command"),
    "allow_insecure": lambda section: section.flag("allow_insecure"),
    "headers": facts.read_headers,
    "params": lambda section: section.mapping("params"),
    "price": lambda section: read_price(section.section("price")),
    "limits": lambda section: facts.read_limits(section.section("limits")),
    "system": lambda section: section.text("system"),
    "endpoint": facts.read_endpoint,
    "quirks": lambda section: section.mapping("quirks") or None,
    "known_as": lambda section: section.text("known_as"),
    "emulate": lambda section: section.flag("emulate"),
    "cache": lambda section: section.switch("cache"),
    "context": _context,
    "simulated": lambda section: section.text("simulated"),
}
"""What reads each key of a profile that is there, where it needs nothing but the profile: there may be thousands."""


def _thinking(section: Section | None, spellings: Mapping[str, Spelling]) -> dict[str, Any]:
    """What a profile says of its model's thinking: a card, and under `fields` how each wish is spelled."""
    if section is None:
        return {}
    from ..cards.card_file import check_pattern, read_card

    check_pattern(section)
    card = read_card(section, None, known_spellings=spellings, more_keys=("fields",))
    spelled = section.section("fields")
    return {"card": card, "spelling": facts.read_spelling("profile", spelled) if spelled else None}
