"""Dialect name -> module: those of this package, and those that other packages add by an entry point."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from .errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from .dialect import Dialect

NAMES = (
    "anthropic-messages",
    "bedrock-converse",
    "bedrock-invoke",
    "cohere-chat",
    "gemini-generate",
    "gemini-interactions",
    "mistral-chat",
    "ollama-chat",
    "openai-chat",
    "openai-responses",
)
"""The dialects of this package; the module of each, in `dialects/`, is called as it is, with underscores."""

ENTRY_POINTS = "thinkdial.dialects"
"""The entry-point group of dialects from elsewhere: name -> module with the members of `Dialect`."""

INLINE_THINK = "inline_think"
"""The quirk of every dialect: whether reasoning may be in the answer, in tags. False where it never is."""

_MEMBERS = ("QUIRKS", "NEEDS_OUTPUT_LIMIT", "build_request", "decoder", "read_error", "answers_in_error")


@cache
def dialect(name: str) -> Dialect:
    """The dialect called `name`. Raises `ConfigError` for a name that nobody speaks, or a plugin that is none."""
    if name in NAMES:
        return cast("Dialect", import_module(f".dialects.{name.replace('-', '_')}", __package__))
    found = _plugins().get(name)
    if found is None:
        known = names()
        raise ConfigError(
            f"{name!r} is not a dialect{did_you_mean(name, known)}", hint=f"dialects are {', '.join(known)}"
        )
    try:
        module = found.load()
    except Exception as error:
        raise ConfigError(f"the dialect {name!r} of {found.value} cannot be loaded: {error}") from error
    missing = [member for member in _MEMBERS if not hasattr(module, member)]
    if missing:
        raise ConfigError(f"the dialect {name!r} of {found.value} lacks {', '.join(missing)}")
    return cast("Dialect", module)


def quirks_of(name: str) -> frozenset[str]:
    """The quirks that `name` honours, its own and those of every dialect. Raises `ConfigError` as `dialect` does."""
    return dialect(name).QUIRKS | {INLINE_THINK}


def names() -> tuple[str, ...]:
    """All dialects, those of plugins included. Looking for plugins takes a while: ask `is_known` first."""
    return (*NAMES, *(name for name in sorted(_plugins()) if name not in NAMES))


def is_known(name: str) -> bool:
    """Whether somebody speaks `name`."""
    return name in NAMES or name in _plugins()


@cache
def _plugins() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {found.name: found for found in entry_points(group=ENTRY_POINTS)}
