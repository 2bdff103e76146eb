"""What a project's file may decide by itself, and which files a user has vouched for: by their content.

An edit takes the trust away. What a profile may say is named here, so that what is new needs trust until it is added.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

from ..providers.errors import ConfigError
from ..providers.json_values import parse_json
from .disk import read_bounded, real_path, save_private
from .sections.section import Section

NEEDS_TRUST = ("spellings", "providers", "prices", "models", "checks")
"""Sections that reach every request, or the money (budgets are kept by prices), or that run programs."""

PROFILE_KEYS = frozenset(
    {
        "provider", "model", "think", "stream", "max_output_tokens", "timeout", "total_timeout", "retries", "limits",
        "thinking", "expect",
    }
)  # fmt: skip
"""Of a profile: the model, the dial, limits, and checks by name. All else changes what is sent, where to, with which
key, or its price; another dialect may store what is sent, and `emulate` writes words into the prompt."""

THINKING_KEYS = frozenset(
    {
        "control", "levels", "can_be_off", "absent", "budget", "visibility", "context_tokens", "max_output_tokens",
        "min_output_limit", "output_limit_covers_thinking", "inline_think", "example", "notes", "sources",
        "unverified", "retires", "retired", "successor", "then",
    }
)  # fmt: skip
"""Of what a profile says about its model's thinking: the dial and limits. All else are native fields, or fields that
are left out of the user's own."""


def not_of_projects(root: Section, key: str) -> ConfigError:
    """The error of a key that no project's file may have, trusted or not."""
    return ConfigError(
        f"{root.where(key)}: {key} is taken from your own configuration alone, and not from a project's file",
        hint="put it into the file that `thinkdial profiles path` names, or into one that --config names",
    )


def check_trusted(root: Section) -> None:
    """Raise `ConfigError` for a section that a file without trust must not have."""
    for key in NEEDS_TRUST:
        if (section := root.section(key)) is not None and (first := next(iter(section), None)) is not None:
            raise refused(section, first, key)


def first_untrusted(profile: Section) -> tuple[Section, str] | None:
    """The first key of a profile, and the section it stands in, that a file without trust must not have."""
    for key in profile:
        if key not in PROFILE_KEYS:
            return profile, key
    thinking = profile.section("thinking")
    for key in thinking or ():
        if key not in THINKING_KEYS and thinking is not None:
            return thinking, key
    return None


def refused(section: Section, key: str, path: str | None = None) -> ConfigError:
    """Why `key` is not used."""
    return ConfigError(
        f"{section.where(key)}: {path or f'{section.path}{key}'} in a project file is used only after you have vouched"
        " for the file",
        hint=f"read it, then run: thinkdial profiles trust {os.path.relpath(section.place.file)}",
    )


def _fingerprint(path: Path, text: str) -> tuple[str, str]:
    import hashlib

    return str(real_path(path)), hashlib.sha256(text.encode()).hexdigest()


def is_trusted(store: Path, path: Path, text: str) -> bool:
    """Whether `path` with this very content is remembered in the file `store`."""
    name, digest = _fingerprint(path, text)
    return _read(store).get(name) == digest


def trust(store: Path, path: Path, text: str) -> None:
    """Remember `path` with this content. Raises `ConfigError` when the file cannot be written."""
    name, digest = _fingerprint(path, text)
    remembered = {**_read(store), name: digest}
    save_private(store, json.dumps(remembered, indent=1) + "\n")


def _read(store: Path) -> dict[str, Any]:
    try:
        found = parse_json(read_bounded(store))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
