"""The recorded token counts in profiles/data/observed: their pools, and how well they foretell a model left out.

python scripts/observed_tokens.py --from FILE.json   write the rows of a gathered file by vendor, and the pools
python scripts/observed_tokens.py --check            whether the pools are those of the rows
python scripts/observed_tokens.py --left-out         the forecast of each model from all the others
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from thinkdial.engine.costs.priors import DialSetting, quantiles, scale_of, together, weighed
from thinkdial.engine.statistics.laws import Law
from thinkdial.profiles.cards.observed import (
    EVERYBODY,
    KINDS,
    OTHERS,
    POOLS,
    SHARES,
    ObservedAnswers,
    line_of,
    observed_answers,
    observed_vendors,
    vendor_of,
)
from thinkdial.profiles.config import load_builtin

FOLDER = Path(__file__).resolve().parent.parent / "profiles" / "data" / "observed"
POOLED_AT = 2048
"""The thinking tokens that the answers with a dial are scaled to."""
LEAST_N = 10
"""Rows of fewer answers are too thin to be judged by."""

HEAD = """\
# How much {whose} models wrote in public recorded exchanges, by the counts of whoever served them.
# Most prompts are short test prompts: a floor for everyday work, and not its mean. Made by scripts/observed_tokens.py.
#
# line of models | id as asked for | API | what was said of thinking | recorded answers | output tokens | of them
# thinking | answers that told it | tokens of the median prompt
#
# What was said of thinking: none (no field), level:WORD, budget:TOKENS, type:WORD (Anthropic), enable:BOOL (Qwen),
# think:BOOL (Ollama). Output (thinking included) and thinking are the five counts that 10, 25, 50, 75 and 90 % of the
# answers did not exceed; - is not told.
"""
POOL_HEAD = """\
# What the recorded models of each vendor, and of everybody, have in common: the rows of the files beside this one, of
# which one counts for 30 answers at most. Made by scripts/observed_tokens.py.
#
# whose | kind of dial | recorded answers | models | output tokens | thinking tokens
#
# Kinds: silent (no thinking asked for or seen), free (as much as the model likes), dial (a level or a budget). Output,
# thinking included, are the five counts that 10, 25, 50, 75 and 90 % did not exceed. With a dial they are scaled to
# what so many thinking tokens in the reference table bring, by the square root of the ratio.
"""


def all_rows() -> list[ObservedAnswers]:
    return [row for vendor in observed_vendors() for row in observed_answers(vendor)]


@cache
def budgets() -> dict[str, int]:
    return dict(load_builtin().reference.budgets)


def dial_of(row: ObservedAnswers) -> DialSetting:
    return DialSetting(row.kind, None if row.kind != "dial" else row.budget_tokens or budgets()[row.level or ""])


def pooled(rows: Iterable[ObservedAnswers], dial: DialSetting) -> Law | None:
    """The law of all `rows` of the kind of `dial`, scaled to it; None without any."""
    scaled = [(row, scale) for row in rows if (scale := scale_of(row, dial, budgets())) is not None]
    return together(scaled) if scaled else None


@cache
def pooled_without(line: str, dial: DialSetting) -> Law | None:
    return pooled([row for row in all_rows() if row.line != line], dial)


class LeftOut(Struct, frozen=True):
    """How well the others foretold one row: the share of its answers in the range, and the error of the median."""

    row: ObservedAnswers
    forecast: tuple[int, int, int]
    covered: float
    error: float


def left_out() -> list[LeftOut]:
    """Every row of enough answers, forecast without any answer of its model."""
    found: list[LeftOut] = []
    for vendor, row in ((name, row) for name in observed_vendors() for row in observed_answers(name)):
        if row.n < LEAST_N:
            continue
        dial = dial_of(row)
        everybody = pooled_without(row.line, dial)
        beside = [one for one in observed_answers(vendor) if one.line != row.line and one.kind == row.kind]
        family = None if vendor == OTHERS else pooled(beside, dial)
        if everybody is None:
            continue
        parts = weighed([] if family is None else [("vendor", family, sum(one.n for one in beside))], everybody)
        low, median, high = quantiles(parts)
        law = Law.of_quantiles(SHARES, row.output)
        covered = law.at_most(high) - law.at_most(low - 1)
        found.append(LeftOut(row, (low, median, high), covered, median / max(1, row.output[2]) - 1))
    return found


class Figures(Struct, frozen=True):
    """What a set of rows says together, weighted by their answers."""

    rows: int
    answers: int
    covered: float
    median_error: float


def figures(found: Sequence[LeftOut]) -> Figures:
    answers = sum(one.row.n for one in found)
    covered = sum(one.covered * one.row.n for one in found) / answers
    counted = 0
    error = 0.0
    for one in sorted(found, key=lambda one: one.error):
        counted, error = counted + one.row.n, one.error
        if counted * 2 >= answers:
            break
    return Figures(len(found), answers, covered, error)


def report(found: Sequence[LeftOut]) -> str:
    groups: dict[str, list[LeftOut]] = {"all": list(found)}
    for kind in KINDS:
        groups[kind] = [one for one in found if one.row.kind == kind]
    for one in found:
        if one.row.kind == "dial":
            groups.setdefault(f"  {one.row.asked.partition(':')[0]}", []).append(one)
    lines = [f"{'forecast of':<12} {'rows':>5} {'answers':>8} {'in range':>9} {'median error':>13}"]
    for name, group in groups.items():
        if group:
            made = figures(group)
            lines.append(
                f"{name:<12} {made.rows:>5} {made.answers:>8,} {made.covered:>9.1%} {made.median_error:>+13.0%}"
                + ("  (too thin to say)" if made.rows < LEAST_N else "")
            )
    return "\n".join(lines)


def pool_text(as_of: str) -> str:
    groups = {EVERYBODY: all_rows(), **{name: list(observed_answers(name)) for name in observed_vendors()}}
    lines: list[list[str]] = []
    for whose, rows in groups.items():
        for kind in KINDS:
            of_kind = [row for row in rows if row.kind == kind]
            law = pooled(of_kind, DialSetting(kind, POOLED_AT if kind == "dial" else None))
            if law is not None and whose != OTHERS:
                counts = " ".join(str(round(math.expm1(place))) for place, _ in law.points)
                n, models = sum(row.n for row in of_kind), len({row.line for row in of_kind})
                lines.append([whose, kind, str(n), str(models), counts, str(POOLED_AT if kind == "dial" else "-")])
    return file_text(POOL_HEAD, as_of, lines)


def file_text(head: str, as_of: str, lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ("  " + " | ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
    return f"{head}source: {SOURCE}\nas_of: {as_of}\nrows: |\n" + "\n".join(padded) + "\n"


def gather(file: Path) -> None:
    """Write the rows of a gathered file, one file a vendor."""
    gathered: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    by_vendor: defaultdict[str, list[list[str]]] = defaultdict(list)
    for row in sorted(gathered["rows"], key=lambda row: (line_of(row["model"]), row["api"], row["asked"])):
        by_vendor[vendor_of(row["model"])].append(_cells(row))
    as_of = gathered["as_of"].rpartition(" ")[2]
    FOLDER.mkdir(exist_ok=True)
    for vendor, lines in by_vendor.items():
        whose = "other vendors'" if vendor == OTHERS else f"{vendor}'s"
        (FOLDER / f"{vendor}.yaml").write_text(file_text(HEAD.format(whose=whose), as_of, lines), encoding="utf-8")
    (FOLDER / f"{POOLS}.yaml").write_text(pool_text(as_of), encoding="utf-8")


SOURCE = "usage counts of providers in public recorded exchanges, one for each request with its counts"


def _cells(row: dict[str, Any]) -> list[str]:
    def counts(told: dict[str, Any] | None) -> str:
        return " ".join(str(told[f"p{round(share * 100)}"]) for share in SHARES) if told else "-"

    told, entered = row["reasoning_tokens"], row["input_tokens_p50"]
    return [
        line_of(row["model"]), row["model"], row["api"], row["asked"], str(row["n"]), counts(row["output_tokens"]),
        counts(told), str(told["n"] if told else 0), "-" if entered is None else str(entered),
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--from", dest="file", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--left-out", action="store_true")
    given = parser.parse_args()
    if given.file is not None:
        gather(given.file)
    if given.check:
        path = FOLDER / f"{POOLS}.yaml"
        held = path.read_text(encoding="utf-8")
        as_of = next(line.partition(": ")[2] for line in held.splitlines() if line.startswith("as_of"))
        if held != pool_text(as_of):
            print(f"{path} is not what its rows say: python scripts/observed_tokens.py --from FILE.json")
            return 1
    if given.left_out:
        print(report(left_out()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
