"""Write docs/variables.md from the options of the program: python scripts/variables_page.py [--check]."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from thinkdial.cli.app import app
from thinkdial.cli.framework.variables import Variable, variables
from thinkdial.cli.views.setup.variable_list import OTHERS

MOST_NAMED = 8
PAGE = Path(__file__).resolve().parent.parent / "docs" / "variables.md"


def main() -> None:
    text = page(variables(typer.main.get_group(app)))
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit("docs/variables.md is stale: python scripts/variables_page.py")
        return
    PAGE.write_text(text, encoding="utf-8")


def page(found: list[Variable]) -> str:
    """The page as Markdown."""
    rows = [f"| `{one.name}` | `{one.option}` | {_cell(one.help)} | {_commands(one)} |" for one in found]
    others = [f"- `{name}`: {words}" for name, words in OTHERS]
    return "\n".join(
        [
            "# Variables",
            "",
            "Written by `scripts/variables_page.py`.",
            "",
            "What is typed goes before a variable; a flag is set by `1` or `true`.",
            "",
            "| variable | option | what it says | commands |",
            "|---|---|---|---|",
            *rows,
            "",
            "Others, which set no option:",
            "",
            *others,
            "",
        ]
    )


def _commands(one: Variable) -> str:
    return ", ".join(one.commands) if len(one.commands) <= MOST_NAMED else "most commands"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    main()
