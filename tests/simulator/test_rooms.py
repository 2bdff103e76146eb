"""The rooms of the simulator: each imports only from those below it, and no vendor knows another."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "simulator"
ROOMS = ("answers", "state", "calls", "batches", "openai_family", "vendors", "server")
BORROWED = {("xai", "openai"), ("bedrock", "anthropic"), ("vertex", "google"), ("vertex", "anthropic")}
"""xAI's Responses API is OpenAI's, what Bedrock invokes is Anthropic's, and Vertex AI serves models of both others."""


def imported(path: Path) -> set[tuple[str, ...]]:
    """The modules of the simulator that a module imports, as paths from its root; names count as modules."""
    package = path.relative_to(ROOT).parts[:-1]
    found: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            module = tuple(node.module.split(".")) if node.module else ()
            found |= {(*base, *module, alias.name) for alias in node.names}
    return found


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def test_every_room_is_known() -> None:
    assert {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()} == set(ROOMS)


def test_a_room_imports_only_from_those_below_it() -> None:
    for place, room in enumerate(ROOMS):
        for path in modules(room):
            assert {target[0] for target in imported(path)} <= set(ROOMS[: place + 1]), path


def test_no_vendor_knows_another() -> None:
    for path in modules("vendors"):
        known = {target[1] for target in imported(path) if target[0] == "vendors"}
        owner = path.relative_to(ROOT).parts[1]
        assert {(owner, other) for other in known - {owner}} <= BORROWED, path
