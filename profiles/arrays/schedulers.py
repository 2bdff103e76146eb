"""YAML -> what schedulers tell the tasks of an array about themselves."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from ..facts import packaged

FILE = "schedulers.yaml"

_KEYS = ("index", "count", "first", "last", "step", "begins", "hint", "sources")


class Scheduler(Struct, frozen=True):
    """The environment variables of one scheduler: `index` is the task's number, `count` how many tasks there are.

    `first`, `last` and `step` are variables too, of schedulers whose numbers may begin anywhere; `begins` is the first
    number where none tells it. `hint` is what helps where the number of tasks is not told.
    """

    name: str
    index: str
    begins: int
    count: str | None = None
    first: str | None = None
    last: str | None = None
    step: str | None = None
    hint: str | None = None


@cache
def schedulers() -> tuple[Scheduler, ...]:
    """All that are known, in the order in which they are looked for."""
    root, made = packaged(FILE), list[Scheduler]()
    for name in root:
        section = root.section(name)
        if section is None:
            continue
        section.only(_KEYS)
        made.append(
            Scheduler(
                name,
                section.text("index") or "",
                section.whole("begins") or 0,
                section.text("count"),
                section.text("first"),
                section.text("last"),
                section.text("step"),
                section.text("hint"),
            )
        )
    return tuple(made)
