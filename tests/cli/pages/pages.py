"""The pages, and the blocks of commands in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GENERATED = ("providers.md", "commands.md")
PAGES = [ROOT / "README.md", *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in GENERATED)]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```\n(?:<!-- not run: ([^\n]+) -->)?", re.DOTALL | re.MULTILINE)
LANGUAGES = ("sh", "console", "")


@dataclass(frozen=True)
class Block:
    """One block of commands. `reason` says why it cannot be run here, where it cannot."""

    page: str
    number: int
    script: str
    reason: str

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"


def blocks() -> list[Block]:
    """Every block of every page in which `thinkdial` is called from a shell, in their order."""
    found: list[Block] = []
    for page in PAGES:
        for language, text, reason in _BLOCK.findall(page.read_text(encoding="utf-8")):
            script = _typed(text) if language in LANGUAGES else ""
            if re.search(r"\bthinkdial |THINKDIAL_", script):
                found.append(Block(page.stem, sum(block.page == page.stem for block in found), script, reason))
    return found


def _typed(text: str) -> str:
    """What is typed of a block: all of it, or the lines behind a prompt."""
    lines = text.splitlines()
    if any(line.startswith("$ ") for line in lines):
        return "\n".join(line.removeprefix("$ ") for line in lines if line.startswith("$ "))
    return text
