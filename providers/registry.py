"""Dialect name -> module. A module of this package whose name is the dialect's, with underscores, is the dialect."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from .dialect import Dialect
from .errors import ConfigError, did_you_mean

NAMES = (
    "anthropic-messages",
    "bedrock-converse",
    "cohere-chat",
    "gemini-generate",
    "mistral-chat",
    "ollama-chat",
    "openai-chat",
    "openai-responses",
)


@cache
def dialect(name: str) -> Dialect:
    """The dialect called `name`. Raises `ConfigError` for a name that nobody speaks."""
    if name not in NAMES:
        raise ConfigError(
            f"{name!r} is not a dialect{did_you_mean(name, NAMES)}", hint=f"dialects are {', '.join(NAMES)}"
        )
    return cast("Dialect", import_module(f".{name.replace('-', '_')}", __package__))
