"""A database whose documents somebody has changed: every command says so in words, and shows the other runs."""

from __future__ import annotations

import copy
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
ODD: tuple[Any, ...] = (None, True, -1, 10**400, "x", "", [], [[1]], {}, {"a": {"b": 1}})
COMMANDS = (
    ("history", "list"),
    ("history", "list", "--json"),
    ("history", "show"),
    ("history", "show", "--json"),
    ("history", "show", "--sent"),
    ("history", "show", "--format", "csv"),
    ("history", "show", "--format", "md"),
    ("history", "replay"),
    ("history", "replay", "--json"),
    ("spend",),
)


def changed(document: Any) -> Iterator[tuple[str, Any]]:
    """`document` with one value after the other replaced."""
    places: list[list[Any]] = [[]]
    for place in places:
        value = document
        for key in place:
            value = value[key]
        if isinstance(value, dict | list):
            places += [[*place, key] for key in (value if isinstance(value, dict) else range(min(len(value), 1)))]
    for number, place in enumerate(places):
        for odd in (ODD[number % len(ODD)], ODD[(3 * number + 1) % len(ODD)]):
            made = copy.deepcopy(document)
            if not place:
                yield "all", odd
                continue
            holder = made
            for key in place[:-1]:
                holder = holder[key]
            holder[place[-1]] = odd
            yield ".".join(map(str, place)), made
    yield "deep", "DEEP"


@pytest.fixture
def stored(cli: Cli, sim: Path) -> tuple[sqlite3.Connection, Path]:
    assert cli("ask", "x", "-p", "a", "--config", sim).code == 0
    assert cli("compare", "y", "-p", "o", "--config", sim).code == 0
    connection = sqlite3.connect(cli("history", "path").out.strip(), isolation_level=None)
    return connection, sim


@pytest.mark.slow
@pytest.mark.parametrize("column", ["document", "sent", "raw_head"])
def test_no_odd_document_ends_in_a_traceback(cli: Cli, stored: tuple[sqlite3.Connection, Path], column: str) -> None:
    connection, sim = stored
    (run,) = connection.execute("SELECT id FROM runs ORDER BY number DESC LIMIT 1").fetchone()
    number, blob = connection.execute(
        f"SELECT number, {column} FROM results ORDER BY number DESC LIMIT 1"  # noqa: S608
    ).fetchone()
    is_packed = column != "raw_head"
    document = json.loads(zlib.decompress(blob) if is_packed else blob)
    for turn, (place, odd) in enumerate(changed(document)):
        text = "[" * 100_000 if odd == "DEEP" else json.dumps(odd)
        value = zlib.compress(text.encode()) if is_packed else text
        connection.execute(
            f"UPDATE results SET {column} = ? WHERE number = ?",  # noqa: S608
            (value, number),
        )
        for command in (COMMANDS[turn % len(COMMANDS)], COMMANDS[(turn * 7 + 3) % len(COMMANDS)]):
            named = (run,) if "show" in command or "replay" in command else ()
            more = ("--config", sim) if "replay" in command else ()
            ended = cli(*command, *named, *more)  # an exception that is not ours comes out of here
            assert ended.code in (0, 1, 2, 3), (place, odd, command)
            assert "Traceback" not in ended.everything
    connection.close()
