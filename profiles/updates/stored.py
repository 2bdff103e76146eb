"""The fact file in use, as `facts update` kept it. Whatever happened to it since must not stop a call."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from msgspec import Struct

from ...providers.errors import ConfigError
from ...providers.json_values import obj, parse_json, text
from ..disk import data_place, read_bounded, save_private
from ..sections.section import Section
from ..yaml_file import read_yaml

SCHEMA = "thinkdial.stored-facts/1"
FILE = "facts.json"
MOST_BYTES = 4 * 1024 * 1024


class StoredFacts(Struct, frozen=True):
    """A fact file, where it came from and when (UTC, ISO). `root` is its YAML."""

    root: Section
    source: str
    sha256: str
    stored_at: str

    @property
    def date(self) -> str:
        """The ISO day of which it is."""
        return self.root.text("date") or ""


def facts_file() -> Path:
    """Where it is kept."""
    return data_place() / FILE


def keep(text_of_file: str, source: str, sha256: str, stored_at: str) -> Path:
    """Use this fact file from now on. It has been checked. Raises `ConfigError` when it cannot be written."""
    path = facts_file()
    document = {"schema": SCHEMA, "source": source, "sha256": sha256, "stored_at": stored_at, "text": text_of_file}
    save_private(path, json.dumps(document) + "\n")
    forget()
    return path


def remove() -> bool:
    """Go back to the shipped facts. Whether there was something to remove."""
    forget()
    try:
        facts_file().unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ConfigError(f"{facts_file()} cannot be removed: {error.strerror or error}") from None
    return True


def forget() -> None:
    """Read the file anew at the next look-up."""
    _stored.cache_clear()


def stored_facts() -> StoredFacts | None:
    """The fact file in use; None when there is none that can be read."""
    found = _stored(data_place())
    return found if isinstance(found, StoredFacts) else None


def stored_problem() -> str | None:
    """Why the fact file that is kept is not used; None when nothing is wrong."""
    found = _stored(data_place())
    return found if isinstance(found, str) else None


@cache
def _stored(place: Path) -> StoredFacts | str | None:
    path = place / FILE
    try:
        document = obj(parse_json(read_bounded(path, MOST_BYTES)))
        root = read_yaml(text(document.get("text")) or "", "the fact file")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, ConfigError):
        return f"{path} cannot be read; thinkdial facts update writes it anew, thinkdial facts remove takes it away"
    if document.get("schema") != SCHEMA or not root.text("date"):
        return f"{path} is no fact file; thinkdial facts update writes it anew"
    return StoredFacts(
        root,
        text(document.get("source")) or "",
        text(document.get("sha256")) or "",
        text(document.get("stored_at")) or "",
    )
