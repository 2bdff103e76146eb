"""Gates: what must not be true of results. `--fail-on 'verdict=not_observed,pass<0.9,cost>0.05'`. Pure."""

from __future__ import annotations

import operator
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args

from msgspec import Struct

from ...providers.errors import UsageError, did_you_mean
from ...providers.json_values import array, obj
from ..planning.fates import Fate
from ..planning.plan import Fidelity
from ..results.checked import LADDER
from ..results.csv_columns import value_in
from ..results.result import Result, Verdict
from ..shapes.words import ShapeFidelity
from .agreement import normalized

Found = str | Decimal | None
"""What a gate looks at in one result; None is not known, and never passes."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "verdict": get_args(Verdict), "fidelity": get_args(Fidelity), "continuity": get_args(Fate),
    "shape": get_args(ShapeFidelity),
}  # fmt: skip
NUMBERS = ("pass", "cost", "reasoning_tokens", "total_s", "agreement", "schema_errors")
NAMES = (*WORDS, *NUMBERS)
OF_A_CELL = ("pass", "agreement")
"""What is looked at in all results of a profile and think value together."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "!=": operator.ne, "<=": operator.le, ">=": operator.ge, "=": operator.eq, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_EXPRESSION = re.compile(r"\s*([a-z_]+)\s*(!=|<=|>=|=|<|>)\s*([^\s<>=!,]+)\s*")

Cell = tuple[str, str]
"""A profile and a think value."""


class GateLine(Struct, frozen=True):
    """One expression: it fails where it is true, and where the value is not known."""

    name: str
    compare: str
    value: str | Decimal

    def __str__(self) -> str:
        return f"{self.name}{self.compare}{self.value}"

    def fails(self, found: Found) -> bool:
        return found is None or _COMPARE[self.compare](found, self.value)


class GateFacts(Struct, frozen=True):
    """What gates know of one result. `answer` is None where there is no whole one."""

    profile: str
    think: str
    values: Mapping[str, Found]
    passed: bool
    answer: str | None
    row: str


class Gate(Struct, frozen=True):
    """Expressions that must not be true. `Gate.parse("verdict=not_observed,pass<0.9").failures(results)`."""

    lines: tuple[GateLine, ...]

    @staticmethod
    def parse(*texts: str) -> Gate:
        """Read expressions, separated by commas. Raises `UsageError` with what can be said."""
        return Gate(tuple(_line(part) for text in texts for part in text.split(",")))

    def failures(self, results: Iterable[Result]) -> list[str]:
        """Which results failed which expression, and with what value, in a line each; empty where all passed."""
        tally = GateTally(self)
        for result in results:
            tally.add(result)
        return tally.failures()


@dataclass(slots=True)
class _Failed:
    count: int
    where: str
    found: Found


@dataclass(slots=True)
class GateTally:
    """Counts results one by one, however many. Answers are held, as hashes, only for a gate on agreement."""

    gate: Gate
    total: Counter[Cell] = field(default_factory=Counter[Cell])
    passed: Counter[Cell] = field(default_factory=Counter[Cell])
    _failed: dict[tuple[Cell, GateLine], _Failed] = field(default_factory=dict[tuple[Cell, GateLine], _Failed])
    _said: defaultdict[Cell, defaultdict[str, Counter[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counter[int]))
    )

    def add(self, result: Result, row_id: str = "") -> None:
        """Count one result, of a row where there is one."""
        self._add(_facts_of(result, row_id or str(getattr(result, "row_id", ""))))

    def add_line(self, document: Mapping[str, Any]) -> None:
        """Count one line of a batch's output."""
        self._add(_facts_in(document))

    def failures(self) -> list[str]:
        """What failed so far, in words; with no result at all, that there is nothing that passes."""
        if not self.total:
            return [f"{line}: there is no result" for line in self.gate.lines]
        said: list[str] = []
        for cell, count in self.total.items():
            name = f"{cell[0]} @{cell[1]}"
            for line in self.gate.lines:
                if line.name in OF_A_CELL:
                    found = self._rate(cell) if line.name == "pass" else self._agreement(cell)
                    if line.fails(found):
                        of = f" ({self.passed[cell]:,} of {count:,} passed)" if line.name == "pass" else ""
                        said.append(f"{name}: {line}: {_words(line, found)}{of}")
                elif (failed := self._failed.get((cell, line))) is not None:
                    several = f" in {failed.count:,} of {count:,} results, the first" if count > 1 else ""
                    where = f" ({failed.where})" if failed.where and count > 1 else ""
                    said.append(f"{name}: {line}:{several} {_words(line, failed.found)}{where}")
        return said

    def _add(self, facts: GateFacts) -> None:
        cell = facts.profile, facts.think
        self.total[cell] += 1
        self.passed[cell] += facts.passed
        for line in self.gate.lines:
            if line.name == "agreement" and facts.answer is not None:
                self._said[cell][facts.row][hash(normalized(facts.answer))] += 1
            elif line.name not in OF_A_CELL and line.fails(facts.values[line.name]):
                failed = self._failed.setdefault((cell, line), _Failed(0, facts.row, facts.values[line.name]))
                failed.count += 1

    def _rate(self, cell: Cell) -> Decimal:
        """The share of all results that passed: what was not judged did not."""
        return Decimal(self.passed[cell]) / self.total[cell]

    def _agreement(self, cell: Cell) -> Decimal | None:
        """The mean share of the most frequent answer, over prompts that were asked more than once."""
        shares = [Decimal(max(said.values())) / said.total() for said in self._said[cell].values() if said.total() > 1]
        return sum(shares, Decimal(0)) / len(shares) if shares else None


def _line(text: str) -> GateLine:
    found = _EXPRESSION.fullmatch(text)
    if found is None:
        raise UsageError(
            f"a gate is NAME, an operator and a value, and {text.strip()[:60]!r} is none",
            hint=f"for instance pass<0.9; names are {', '.join(NAMES)}; operators are = != < > <= >=",
        )
    name, compare, written = found.groups()
    if name not in NAMES:
        raise UsageError(f"a gate knows no {name!r}{did_you_mean(name, NAMES)}", hint=f"names are {', '.join(NAMES)}")
    if name not in WORDS:
        return GateLine(name, compare, _decimal(name, written))
    if compare not in ("=", "!="):
        raise UsageError(f"{name} is a word: it is compared by = or !=, not by {compare}")
    if written not in WORDS[name]:
        known = WORDS[name]
        raise UsageError(f"{name} is never {written!r}{did_you_mean(written, known)}", hint=f"it is {', '.join(known)}")
    return GateLine(name, compare, written)


def _decimal(name: str, written: str) -> Decimal:
    text = written.removeprefix("$") if name == "cost" else written
    is_percent = text.endswith("%") and name in OF_A_CELL
    try:
        value = Decimal(text.removesuffix("%") if is_percent else text)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise UsageError(f"{name} is a number, and {written!r} is none")
    return value / 100 if is_percent else value


def _words(line: GateLine, found: Found) -> str:
    if found is None:
        return f"{line.name} is not known"
    if isinstance(found, Decimal):
        found = f"{found:.4g}" if line.name in OF_A_CELL else f"{found.normalize():f}"
    return f"{line.name} is {found}"


def _facts_of(result: Result, row: str) -> GateFacts:
    fates = [fate.fate for fate in result.continuity] if result.session is not None else None
    whole, climb = result.status == "ok", result.escalation
    return GateFacts(
        profile=result.profile,
        think=result.think.requested if climb is None else LADDER.join(climb.levels),
        values={
            "verdict": result.think.verdict if whole else None,
            "fidelity": result.think.fidelity,
            "continuity": _worst(fates),
            "cost": result.cost.usd if climb is None else climb.usd,
            "reasoning_tokens": _number(result.reasoning.tokens or result.usage.reasoning_tokens),
            "total_s": _number(result.latency.total_s),
            "shape": None if result.shape is None else result.shape.fidelity,
            "schema_errors": None if result.schema_errors is None else Decimal(len(result.schema_errors)),
        },
        passed=result.passed is True,
        answer=result.answer if whole else None,
        row=row,
    )


def _facts_in(document: Mapping[str, Any]) -> GateFacts:
    whole = document.get("status") == "ok"
    continuity: Any = document.get("continuity")
    fates = None
    if document.get("session") is not None and isinstance(continuity, list):
        fates = [str(value_in(fate, "fate")) for fate in cast("list[Any]", continuity)]
    errors = document.get("schema_errors")
    row, climb = str(document.get("row_id") or ""), obj(document.get("escalation"))
    return GateFacts(
        profile=str(document.get("profile")),
        think=LADDER.join(map(str, array(climb.get("levels")))) or str(value_in(document, "think", "requested")),
        values={
            "verdict": value_in(document, "think", "verdict") if whole else None,
            "fidelity": value_in(document, "think", "fidelity"),
            "continuity": _worst(fates),
            "cost": _number(climb.get("usd") if climb else value_in(document, "cost", "usd")),
            "reasoning_tokens": _number(
                value_in(document, "reasoning", "tokens") or value_in(document, "usage", "reasoning_tokens")
            ),
            "total_s": _number(value_in(document, "latency", "total_s")),
            "shape": value_in(document, "shape", "fidelity"),
            "schema_errors": None if errors is None else Decimal(len(array(errors))),
        },
        passed=document.get("passed") is True,
        answer=str(document.get("answer") or "") if whole else None,
        row=row,
    )


def _worst(fates: list[str] | None) -> str | None:
    """What became of the earlier turns at worst; `kept` where there was nothing to lose, None outside sessions."""
    if fates is None:
        return None
    return next((fate for fate in ("dropped", "dummy", "converted") if fate in fates), "kept")


def _number(value: object) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
