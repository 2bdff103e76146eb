"""How much models wrote in recorded exchanges, by the counts of their providers: data, a file a vendor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Literal

from msgspec import Struct

from ..facts import packaged, packaged_names
from ..sections.section import Section
from .model_id import readings
from .vendors import vendors

FOLDER = "observed"
POOLS, OTHERS, EVERYBODY = "pools", "others", "everybody"
"""The file of what several models have in common, that of models whose vendor has none, and the pool of all vendors."""

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""The shares of answers that were at most as long as the five counts of a row."""

DialKind = Literal["silent", "free", "dial"]
"""No thinking was seen; thinking as much as the model likes; a level or a budget was asked for."""
KINDS: tuple[DialKind, ...] = ("silent", "free", "dial")

_UNTOLD = "-"
_OFF = ("budget:0", "type:disabled", "enable:false", "think:false", "level:none")
_PASSING = re.compile(r"-(preview|exp|experimental)$")


class ObservedAnswers(Struct, frozen=True):
    """The output of `n` recorded answers of one model over one API with one dial: counts at SHARES, thinking included.

    `line` is what the model's snapshots have in common, see `line_of`. `asked` is what the request said of thinking:
    `none`, `level:WORD`, `budget:TOKENS`, `type:WORD` (Anthropic's), `enable:BOOL` (Qwen's), `think:BOOL` (Ollama's).
    `reasoning` are the counts of thinking alone in those `reasoning_n` answers that told it. `input_tokens` is the
    median prompt.
    """

    line: str
    model: str
    api: str
    asked: str
    n: int
    output: tuple[int, ...]
    reasoning: tuple[int, ...] | None
    reasoning_n: int
    input_tokens: int | None

    @property
    def kind(self) -> DialKind:
        if self.asked in _OFF:
            return "silent"
        if self.asked == "none":
            return "free" if self.reasoning is not None and self.reasoning[len(SHARES) // 2] > 0 else "silent"
        return "dial" if self.asked.startswith(("level:", "budget:")) else "free"

    @property
    def level(self) -> str | None:
        return self.asked.partition(":")[2] if self.asked.startswith("level:") else None

    @property
    def budget_tokens(self) -> int | None:
        return int(self.asked.partition(":")[2]) if self.asked.startswith("budget:") else None


class ObservedPool(Struct, frozen=True):
    """What the recorded models of one vendor, or of EVERYBODY, have in common for one kind of dial: `n` answers.

    Those with a dial are scaled to what `thinking_tokens` in the reference table would bring.
    """

    whose: str
    kind: DialKind
    n: int
    models: int
    output: tuple[int, ...]
    thinking_tokens: int | None


class ObservedPools(Struct, frozen=True):
    """All pools, and until when exchanges were gathered, such as `2026-11`."""

    as_of: str
    listed: tuple[ObservedPool, ...]

    def of(self, whose: str, kind: DialKind) -> ObservedPool | None:
        return next((pool for pool in self.listed if (pool.whose, pool.kind) == (whose, kind)), None)

    def of_all(self, kind: DialKind) -> ObservedPool:
        return next(pool for pool in self.listed if (pool.whose, pool.kind) == (EVERYBODY, kind))


def line_of(model: str) -> str:
    """The name that a model's snapshots, spellings and places to be served have in common: `claude-sonnet-4-5`."""
    bare = [
        name.rpartition("/")[2].lower() for name in (model, *(one.name for one in readings(model, vendors().words)))
    ]
    name = next((name for name in reversed(bare) if vendors().maker_of(name)), bare[-1])
    return _PASSING.sub("", name).replace(".", "-").removesuffix("-0")


def vendor_of(model: str) -> str:
    """Who makes a model, which is the name of its file; OTHERS where the id does not say."""
    bare = (model, *(reading.name for reading in reversed(readings(model, vendors().words))))
    return next((maker.name for name in bare if (maker := vendors().maker_of(name.rpartition("/")[2]))), OTHERS)


@cache
def observed_vendors() -> tuple[str, ...]:
    """The vendors that have a file."""
    return tuple(name for name in packaged_names(FOLDER) if name != POOLS)


@cache
def observed_answers(vendor: str) -> tuple[ObservedAnswers, ...]:
    """The rows of one vendor's models, from everywhere they were served; none of a vendor without a file."""
    if vendor not in observed_vendors():
        return ()
    return tuple(
        ObservedAnswers(
            line, model, api, asked, int(n), _counts(output), _counts(reasoning) or None, int(told),
            None if entered == _UNTOLD else int(entered),
        )
        for line, model, api, asked, n, output, reasoning, told, entered in _cells(_file(vendor), 9)
    )  # fmt: skip


@cache
def observed_pools() -> ObservedPools:
    """What the models of each vendor, and of all vendors, have in common."""
    root = _file(POOLS)
    known: dict[str, DialKind] = {kind: kind for kind in KINDS}
    pools = tuple(
        ObservedPool(whose, known[kind], int(n), int(models), _counts(output), None if worth == _UNTOLD else int(worth))
        for whose, kind, n, models, output, worth in _cells(root, 6)
    )
    return ObservedPools(root.text("as_of") or "", pools)


def _file(name: str) -> Section:
    root = packaged(f"{FOLDER}/{name}.yaml")
    root.only(("source", "as_of", "rows"))
    return root


def _cells(root: Section, columns: int) -> Iterator[list[str]]:
    """The cells of each line of the table, which is one text: hundreds of YAML mappings would take 30 ms to read."""
    for line in (root.text("rows") or "").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != columns:
            raise root.bad("rows", f"has a line of {len(cells)} cells, not {columns}: {line}")
        yield cells


def _counts(cell: str) -> tuple[int, ...]:
    return () if cell == _UNTOLD else tuple(map(int, cell.split()))
