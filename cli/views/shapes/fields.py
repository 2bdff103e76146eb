"""The fields of answers as JSON, side by side, with those marked that are not the same in all."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, cast

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.text import Text

from ....engine.results.result import Result
from ....engine.shapes.words import VALUELESS, SchemaProblem
from ....providers.untrusted import one_line
from ..grid import Column, needs, ruled
from ..quotation import inline
from ..run.dial import labels

DIFFERS = "≠"
MOST_FIELDS = 40
LONGEST_VALUE = 200
ABSENT = "–"
LEGEND = f"{DIFFERS} not the same in all answers; {ABSENT} not there; ✗ does not fit the schema"


class FieldRow(Struct, frozen=True):
    """One field: its path, what each answer has there, and which of them do not fit the schema."""

    path: str
    values: tuple[str, ...]
    wrong: tuple[bool, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def compared(results: Sequence[Result]) -> list[Result]:
    """Those of the results that have a value."""
    return [
        one
        for one in results
        if one.shape is not None and one.shape.form is not None and one.shape.form not in VALUELESS
    ]


def field_rows(results: Sequence[Result]) -> list[FieldRow]:
    """The fields of at least two results, in the order in which they come; none where there is nothing to compare."""
    if len(results) < 2:
        return []
    found = [dict(leaves(result.answer_json, "")) for result in results]
    wrong = [{SchemaProblem.parse(error).place for error in result.schema_errors or ()} for result in results]
    return rows_of(found, wrong)


def rows_of(found: Sequence[Mapping[str, str]], wrong: Sequence[Container[str]]) -> list[FieldRow]:
    """A row for each path that is in one of `found`, the values of the answers by their paths."""
    paths = dict.fromkeys(path for one in found for path in one)
    rows = [
        FieldRow(
            one_line(path, 60) or "(whole)",
            tuple(one.get(path, ABSENT) for one in found),
            tuple(path in places for places in wrong),
        )
        for path in paths
    ]
    return rows[:MOST_FIELDS]


def fields_view(results: Sequence[Result], width: int) -> RenderableType | None:
    """The table, or where it is too narrow for one each field with its values below; None without anything to show."""
    shown = compared(results)
    return rows_view(field_rows(shown), labels(shown), width, "field", LEGEND)


def rows_view(
    rows: Sequence[FieldRow], names: Sequence[str], width: int, head: str, legend: str
) -> RenderableType | None:
    """Rows as a table, or below each other where that is too wide; None where there are none."""
    if not rows:
        return None
    cells = [Text(f"{DIFFERS if row.differs else ' '} {row.path}", "bold" if row.differs else "") for row in rows]
    columns = [Column(f"  {head}", "left", cells)]
    columns += [Column(name, "left", [_cell(row, at) for row in rows]) for at, name in enumerate(names)]
    told = Text(f"\n{legend}", "dim")
    if needs(columns) <= width:
        return Group(ruled(columns), told)
    lines: list[Text] = []
    for row, first in zip(rows, cells, strict=True):
        lines.append(first)
        if row.differs or any(row.wrong):
            lines += [Text.assemble(f"    {name}: ", _cell(row, at)) for at, name in enumerate(names)]
        else:
            lines.append(Text.assemble("    all: ", _cell(row, 0)))
    return Group(*lines, told)


def fields_markdown(results: Sequence[Result]) -> str:
    """The table as Markdown; empty where there is nothing to compare."""
    shown = compared(results)
    return rows_markdown(field_rows(shown), labels(shown), "field", LEGEND)


def rows_markdown(rows: Sequence[FieldRow], names: Sequence[str], head: str, legend: str) -> str:
    """Rows as a table of Markdown; empty where there are none."""
    if not rows:
        return ""
    lines = [f"|  | {head} | {' | '.join(map(inline, names))} |", f"|---|---|{'---|' * len(names)}"]
    for row in rows:
        values = (inline(words(row, at)) for at in range(len(names)))
        lines.append(f"| {DIFFERS if row.differs else ''} | {inline(row.path)} | {' | '.join(values)} |")
    return "\n".join([*lines, "", legend])


def words(row: FieldRow, at: int) -> str:
    """The value of the answer `at`, with its mark where it does not fit."""
    return f"{'✗ ' if row.wrong[at] else ''}{row.values[at]}"


def _cell(row: FieldRow, at: int) -> Text:
    return Text(words(row, at), "red" if row.wrong[at] else "dim" if row.values[at] == ABSENT else "")


def leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The path and text of each value that holds no others."""
    if isinstance(value, dict) and value:
        for name, inner in cast("dict[str, Any]", value).items():
            yield from leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in cast("list[Any]", value)):
        for at, inner in enumerate(cast("list[Any]", value)):
            yield from leaves(inner, f"{path}[{at}]")
    else:
        yield path, one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), LONGEST_VALUE)
