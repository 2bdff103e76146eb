"""The rooms of the house: what may import what, how things are called, and how full a room may be."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .sources import imports, tree

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("cli", "engine", "profiles", "providers", "simulator")
MOST_FILES, MOST_LINES = 15, 400

ENGINE_ORDER = (
    "statistics", "targets", "shapes", "tools", "server_tools", "planning", "exchange", "attachments", "results",
    "tool_runs", "checks", "costs", "cells", "history", "limiter", "lookups", "runs", "doses", "sessions", "batch",
    "trials", "locks", "api", "call_options", "session_calls", "client", "single_calls", "lock_calls",
    "dose_calls", "session",
)  # fmt: skip
"""From the lowest room to the highest: each may import from itself and from those before it."""

FORBIDDEN = {
    "costs": {"exchange"},
    "exchange": {"results", "checks", "costs", "history", "runs"},
    "history": {"runs"},
    "results": {"costs"},
}
"""What a room of the engine must not import, whatever the order says."""

MACHINERY = (
    "engine.exchange",
    "engine.runs.run",
    "engine.runs.fanout",
    "engine.batch.batch",
    "engine.batch.lane",
    "engine.api",
)
"""What works, and holds no values that a view could show."""

GERUNDS_ALLOWED = {"framing", "planning", "pricing", "routing", "spelling", "thinking", "string", "keyring"}
"""Words of the field, and words that only end like one."""


@cache
def modules() -> dict[str, Path]:
    """Every module below the layers, by its dotted name."""
    found = (path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py")))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in found}


@cache
def imported(name: str) -> frozenset[str]:
    """The modules of ours that a module imports anywhere: late, and for types alone, as well."""
    package = name.split(".")[:-1]
    found: set[str] = set()
    for node in imports(modules()[name]):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = package[: len(package) - node.level + 1]
        whole = [*base, *(node.module.split(".") if node.module else [])]
        for target in (whole, *([*whole, alias.name] for alias in node.names)):
            found |= {".".join(target), ".".join([*target, "__init__"])} & modules().keys()
    return frozenset(found - {name})


def test_nothing_imports_itself_through_others() -> None:
    """No circle of any kind. A package's own `__init__` holds no code, and is none of the way."""
    state: dict[str, int] = {}

    def walk(name: str, path: tuple[str, ...]) -> None:
        state[name] = 1
        for other in imported(name):
            if other.endswith("__init__") and len(tree(modules()[other]).body) == 1:
                continue
            assert state.get(other) != 1, " -> ".join((*path, name, other))
            if other not in state:
                walk(other, (*path, name))
        state[name] = 2

    for name in modules():
        if name not in state:
            walk(name, ())


def test_the_engine_imports_only_down() -> None:
    for name in modules():
        layer, _, rest = name.partition(".")
        room = rest.split(".")[0]
        if layer != "engine" or room == "__init__":
            continue
        assert room in ENGINE_ORDER, name
        below = set(ENGINE_ORDER[: ENGINE_ORDER.index(room) + 1]) - FORBIDDEN.get(room, set())
        used = {other.split(".")[1] for other in imported(name) if other.startswith("engine.")} - {"__init__"}
        assert used <= below, (name, used - below)


def test_views_know_values_and_no_machinery() -> None:
    """Of the engine a view imports classes and constants; of functions only sums of forecasts and of results."""
    for name, path in modules().items():
        if not name.startswith("cli.views."):
            continue
        assert not {other for other in imported(name) if other.startswith(("cli.commands", *MACHINERY))}, name
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("engine."):
                words = {alias.name for alias in node.names} - {"totals", "cells_of", "is_repeated", "samples_needed"}
                assert node.module.startswith("engine.results") or all(word[0].isupper() for word in words), (
                    name,
                    words,
                )


def test_a_module_is_a_noun() -> None:
    for name in modules():
        word = name.rsplit(".", 1)[-1]
        assert not word.endswith("ing") or word in GERUNDS_ALLOWED, name


def public_classes() -> Iterator[tuple[str, str]]:
    for name, path in modules().items():
        for word in re.findall(r"^class ([^\W_]\w*)", path.read_text(encoding="utf-8"), re.MULTILINE):
            yield word, name


def test_one_class_has_one_name() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for word, name in public_classes():
        places[word].append(name)
    assert {word: found for word, found in places.items() if len(found) > 1} == {}


def test_no_room_is_crowded_and_no_file_long() -> None:
    for name, path in modules().items():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES, name
    files = Counter(path.parent for path in modules().values() if path.name != "__init__.py")
    assert {str(folder.relative_to(ROOT)): n for folder, n in files.items() if n > MOST_FILES} == {}


def test_every_package_says_in_one_sentence_what_it_holds() -> None:
    for name, path in modules().items():
        if path.name == "__init__.py":
            words = ast.get_docstring(tree(path)) or ""
            first = words.split("\n\n")[0]
            assert first.endswith(".") and len(first) < 200, name


def test_the_map_names_what_is_there() -> None:
    """Every path of `docs/architecture.md` exists, from the root or below a room that is named before it."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    words = {
        word
        for word in re.findall(r"`([\w/.]+(?:\.py|\.yaml|\.md|/))`", page)
        if "NAME" not in word and "ROOM" not in word
    }
    places = [path for top in (*LAYERS, "tests", "docs") for path in (ROOT / top, *(ROOT / top).rglob("*"))]
    places += [path for path in ROOT.iterdir() if path.is_file()]
    known = {f"/{path.relative_to(ROOT).as_posix()}{'/' if path.is_dir() else ''}" for path in places}
    missing = {word for word in words if not any(path.endswith(f"/{word}") for path in known)}
    assert missing == set()
