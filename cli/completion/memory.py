"""What was made of the program and of the configuration the last time, as long as neither has changed.

`os.path` stands here for `pathlib`, which takes longer to import than all of this to run.
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROJECT_FILE = ".thinkdial.yaml"
MOST_CONFIGURATIONS = 20
FORM = 1
"""Of the files that are kept; another one is made anew."""


class Memory:
    """Tables that are read from the cache, and made by the slow modules where they are not up to date."""

    def __init__(self, words: Sequence[str]) -> None:
        self._config = _named_config(words)
        self._found: dict[str, Any] | None = None

    def table(self) -> dict[str, Any]:
        """The program's commands, options and what their values are."""
        stamp = _program_stamp()
        known = _read("program.json")
        if known.get("stamp") != stamp:
            from .table import program_table

            table = program_table()
            _write("program.json", {"stamp": stamp, "table": table})
            return table
        return known["table"]

    def names(self, kind: str) -> Iterable[Sequence[str]]:
        """What there is of a kind now, with a few words each."""
        found = self._configured()
        if kind in ("run", "session"):
            from ...engine.history.seen.names import run_names, session_names

            return (run_names if kind == "run" else session_names)(os.path.join(found["data"], "history.sqlite3"))
        if kind == "batch":
            try:
                return [(name, "") for name in sorted(os.listdir(os.path.join(found["data"], "batches")), reverse=True)]
            except OSError:
                return []
        return found["names"].get(kind, ())

    def _configured(self) -> dict[str, Any]:
        """Where data is kept, and the names that the configuration has."""
        if self._found is not None:
            return self._found
        project = _project_file()
        key = "\0".join([str(self._config), str(project), *(os.environ.get(name, "") for name in _PLACES)])
        known = _read("configurations.json")
        entry = known.get(key)
        if entry is None or entry["stamp"] != [_program_stamp(), *map(_stamp, entry["files"])]:
            from .configured import configured

            entry = configured(self._config)
            entry["files"] = [*entry["files"], *(path for path in (project, self._config) if path)]
            entry["stamp"] = [_program_stamp(), *map(_stamp, entry["files"])]
            known.pop(key, None)
            known[key] = entry
            _write("configurations.json", dict(list(known.items())[-MOST_CONFIGURATIONS:]))
        self._found = entry
        return entry


_PLACES = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA")


def _named_config(words: Sequence[str]) -> str | None:
    for at, word in enumerate(words[:-1]):
        if word == "--config":
            return words[at + 1]
        if word.startswith("--config="):
            return word[len("--config=") :]
    return os.environ.get("THINKDIAL_CONFIG") or None


def _project_file() -> str | None:
    """The nearest project file, as the configuration looks for it."""
    try:
        directory = os.getcwd()
    except OSError:
        return None
    while True:
        path = os.path.join(directory, PROJECT_FILE)
        if os.path.isfile(path):
            return path
        above = os.path.dirname(directory)
        if above == directory:
            return None
        directory = above


def _stamp(path: str) -> list[int] | None:
    try:
        told = os.stat(path)
    except OSError:
        return None
    return [told.st_mtime_ns, told.st_size]


_PROGRAM: list[list[int]] = []


def _program_stamp() -> list[int]:
    """When the program changed last: the newest of its folders of commands, and of their files."""
    if not _PROGRAM:
        newest, number, waiting = 0, 0, [os.path.join(PACKAGE, "cli")]
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in ("__pycache__", "views"):
                            waiting.append(entry.path)
                    elif entry.name.endswith(".py"):
                        newest = max(newest, entry.stat().st_mtime_ns)
                        number += 1
        _PROGRAM.append([FORM, newest, number])
    return _PROGRAM[0]


def _directory() -> str:
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "thinkdial", "completion")


def _read(name: str) -> dict[str, Any]:
    try:
        with open(os.path.join(_directory(), name), encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnnecessaryIsInstance] somebody else's file


def _write(name: str, document: dict[str, Any]) -> None:
    from contextlib import suppress
    from pathlib import Path

    from ...profiles.disk import save_private
    from ...providers.errors import ThinkdialError

    with suppress(ThinkdialError):
        save_private(Path(_directory()) / name, json.dumps(document, ensure_ascii=False, separators=(",", ":")))
