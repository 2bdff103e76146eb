"""Names of runs and sessions for completion: read without all the rest, which takes long to import."""

from __future__ import annotations

import os

MOST = 50
"""The latest ones."""


def run_names(path: str) -> list[tuple[str, str]]:
    """`last` and the numbers of the latest runs, with the beginning of each prompt."""
    rows = _rows(path, "SELECT number, command, substr(prompt, 1, 60) FROM runs ORDER BY number DESC LIMIT ?")
    found = [(str(number), f"{command}: {_line(prompt)}") for number, command, prompt in rows]
    return [("last", "the latest run"), *found] if found else []


def session_names(path: str) -> list[tuple[str, str]]:
    """The names of sessions, the latest first."""
    rows = _rows(path, "SELECT name FROM sessions ORDER BY rowid DESC LIMIT ?")
    return [(str(name), "session") for (name,) in rows]


def _rows(path: str, query: str) -> list[tuple[str, ...]]:
    if not os.path.exists(path):
        return []
    import sqlite3

    try:
        connection = sqlite3.connect(f"file:{_escaped(path)}?mode=ro", uri=True, timeout=0.2)
        try:
            return connection.execute(query, (MOST,)).fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return []


def _escaped(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
