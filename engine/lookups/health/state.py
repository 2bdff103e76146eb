"""What is kept on this machine: configuration and trust, keys, history, facts. No key is fetched."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from ....profiles.config import Config, load, project_file, user_file
from ....profiles.disk import is_own
from ....providers.errors import ThinkdialError
from ...history.search.text_index import is_possible
from ...history.store import Store, database_path
from ...targets.key_inventory import key_inventory
from ..documents import facts_status_document
from ..local_servers import local_servers
from .observation import Finding, FindingState, shown_path

LEAST_FREE_BYTES = 200 * 2**20
OLD_FACTS = timedelta(days=60)


def configuration_findings(config: Path | None) -> tuple[list[Finding], Config | None]:
    """The files of configuration, whether they can be read and are trusted; and what they say together."""
    section, found = "configuration", list[Finding]()
    own = user_file()
    try:
        settings = load(config)
    except ThinkdialError as error:
        found.append(Finding(section, "cannot be read", _plain(error.message), "problem", error.hint))
        return found, None
    for layer in settings.layers:
        if layer.path is None:
            continue
        state: FindingState = "ok" if layer.trusted else "note"
        words = shown_path(layer.path) + ("" if layer.trusted else ", not trusted")
        found.append(Finding(section, layer.name, words, state, None if layer.trusted else "thinkdial profiles trust"))
    if not any(layer.name == "user" for layer in settings.layers):
        found.append(Finding(section, "user", f"none; it belongs in {shown_path(own)}"))
    elif _is_open(own):
        words = f"{shown_path(own)} may be changed by others"
        found.append(Finding(section, "user", words, "problem", f"chmod go-w {own}"))
    shared = project_file(Path.cwd())
    if shared is not None and not is_own(shared):
        found.append(Finding(section, "project", f"{shown_path(shared)} belongs to somebody else: not read", "note"))
    built_in = sum(profile.place.startswith("starter.yaml") for profile in settings.profiles.values())
    counts = f"{len(settings.profiles)} profiles, {built_in} of them built in; {len(settings.groups)} groups"
    found.append(Finding(section, "profiles", counts))
    variables = sorted(name for name in os.environ if name.startswith("THINKDIAL_"))
    if variables:
        found.append(Finding(section, "variables", ", ".join(variables)))
    return found, settings


def key_findings(config: Config) -> Iterator[Finding]:
    """Where keys lie: names of variables and of entries in the keyring."""
    section = "keys"
    try:
        inventory = key_inventory(config)
    except ThinkdialError as error:
        yield Finding(section, "keyring", _plain(error.message), "problem", error.hint)
        return
    places = [
        f"{one.provider} ({', '.join(str(place) for place in one.places)})" for one in inventory.providers if one.places
    ]
    hint = "thinkdial keys set NAME stores one"
    yield Finding(
        section,
        "providers",
        ", ".join(places) or "none has a key",
        "ok" if places else "note",
        None if places else hint,
    )
    if inventory.profiles:
        with_key = sum(bool(one.places) for one in inventory.profiles)
        yield Finding(section, "profiles", f"{with_key} of {len(inventory.profiles)} with a key of their own have it")
    if inventory.unused:
        yield Finding(section, "unused", ", ".join(inventory.unused), "note", "thinkdial keys rm NAME")
    answering = [provider.name for provider in local_servers(config.providers.values())]
    yield Finding(section, "local servers", ", ".join(answering) or "none answers")


def history_findings() -> Iterator[Finding]:
    """Whether the history can be read and written, and how much it holds."""
    section, path = "history", database_path()
    if not path.exists():
        yield Finding(section, "database", f"none yet; it belongs in {shown_path(path)}")
    else:
        size = path.stat().st_size / 2**20
        try:
            with Store.open(busy_timeout_s=1.0) as store:
                runs = store.count_runs()
                sound = store.is_sound()
        except ThinkdialError as error:
            yield Finding(section, "database", _plain(error.message), "problem", _plain(error.hint or "") or None)
        else:
            words = f"{shown_path(path)}, {size:.1f} MiB, {runs} runs"
            yield Finding(
                section,
                "database",
                words if sound else f"{words}, damaged",
                "ok" if sound else "problem",
                None if sound else "move it away; the next run begins another",
            )
    if not is_possible():
        yield Finding(section, "text search", "reads every run: this SQLite has no FTS5 with trigrams", "note")
    directory = next((one for one in (path.parent, *path.parents) if one.is_dir()), Path("/"))
    if not os.access(directory, os.W_OK):
        yield Finding(
            section, "directory", f"{shown_path(directory)} cannot be written to", "problem", "see who owns it"
        )
    free = shutil.disk_usage(directory).free
    short = free < LEAST_FREE_BYTES
    yield Finding(
        section, "free space", f"{free / 2**30:.1f} GiB", "problem" if short else "ok", "free some" if short else None
    )


def fact_findings(today: date) -> Iterator[Finding]:
    """Of which day the facts are, and whether newer ones should be fetched."""
    section, told = "facts", facts_status_document()
    used = told["in_use"]
    newest = max(filter(None, (told["shipped_checked_on"], used["date"] if used else None)))
    is_old = today - date.fromisoformat(newest) > OLD_FACTS
    words = f"release {told['shipped_checked_on']}, prices {told['prices_checked_on']}"
    words += f", fact file {used['date']}" if used else ", no fact file"
    yield Finding(
        section, "checked on", words, "note" if is_old else "ok", "thinkdial facts update" if is_old else None
    )
    if told["problem"]:
        yield Finding(section, "fact file", _plain(told["problem"]), "problem", "thinkdial facts remove")


def _is_open(path: Path) -> bool:
    """Whether others may write to a file."""
    try:
        return os.name != "nt" and bool(stat.S_IMODE(path.stat().st_mode) & 0o022)
    except OSError:
        return False


def _plain(words: str) -> str:
    home = str(Path.home())
    return words.replace(home, "~") if home != "/" else words
