"""Prompt templates: all as a table, one in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from ....profiles.prompts.templates import PromptTemplate
from ....providers.untrusted import harmless, one_line

WIDE = 120


def template_table(found: Iterable[tuple[PromptTemplate, Collection[str]]], width: int) -> Table:
    """A row each: name, fields, what it is for; on a wide screen also where it stands."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("name", overflow="fold")
    table.add_column("fields", overflow="fold")
    table.add_column("what it is", overflow="fold", ratio=1)
    if width >= WIDE:
        table.add_column("from", overflow="fold")
    for one, fields in found:
        words = one.description or one_line(one.prompt, 60)
        if one.blocked is not None:
            words = f"not trusted (thinkdial profiles trust): {words}"
        cells = [Text(one_line(one.name), "bold"), Text(_fields(one, fields)), Text(one_line(words, 200))]
        table.add_row(*cells, *([Text(one_line(one.place))] if width >= WIDE else []))
    return table


def template_words(one: PromptTemplate, fields: Collection[str]) -> str:
    """One template, whole."""
    parts = [f"{one.name}  ({one.place})"]
    parts += [one.description] if one.description else []
    parts.append(f"fields: {_fields(one, fields) or 'none'}")
    parts += [f"\nsystem:\n{_indented(one.system)}"] if one.system else []
    parts.append(f"\nprompt:\n{_indented(one.prompt)}")
    return harmless("\n".join(parts) + "\n")


def template_document(one: PromptTemplate, fields: Collection[str]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "name": one.name,
        "description": one.description,
        "fields": sorted(fields),
        "vars": dict(one.variables),
        "system": one.system,
        "prompt": one.prompt,
        "place": one.place,
        "trusted": one.blocked is None,
    }


def _fields(one: PromptTemplate, fields: Collection[str]) -> str:
    return ", ".join(
        one_line(f"{name}={one.variables[name]}" if name in one.variables else name, 60) for name in sorted(fields)
    )


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.rstrip("\n").split("\n"))
