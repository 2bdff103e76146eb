"""The cells of a batch's summary: every figure of a profile and think value as text, and which of them are the best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from ....providers.errors import ErrorKind, Failure
from ....providers.untrusted import one_line
from ..cells.cell_words import span
from ..numbers import ALIKE, BEST, LONGEST_NAME, UNKNOWN, dollars, seconds, tokens
from ..run.phrases import beside_names, kind_words
from ..shapes.words import figure_words

if TYPE_CHECKING:
    from ....engine.batch.end import Ended
    from ....engine.batch.output.row_values import Quantity
    from ....engine.batch.output.summary import Group, Tally
    from ....engine.cells.measure import Amount

LEGEND = f"{BEST} shown to be the best: compared row by row with each other one, corrected for their number"
NO_STAR = f"no {BEST}: none is shown to be better than all others by more than chance"
UNDER = "below: where the median of the rows lies, 95 % sure; agree: how much of a row's answers says the same"

_ENDINGS = {"refusal": "refused", "content_filter": "filtered", "length": "cut", "tool_call": "tool call"}


class SummaryRow(Struct, frozen=True):
    """One profile with one think value in cells. `best` names the figures in which it is shown to be the best.

    `same_as` is said of a think value whose requests were made for another one.
    """

    profile: str
    think: str
    model: str
    whole: str
    empty: str
    passed: str
    pass_rate: str
    interval: str
    cost: str
    each: str
    per_passed: str
    median: str
    slow: str
    reasoning: str
    output: str
    verdicts: str
    errors: str
    agreement: str
    fit: str
    shape: str
    spans: Mapping[str, str]
    best: frozenset[str]
    again: bool
    same_as: str = ""

    @property
    def label(self) -> str:
        return f"{self.profile}@{self.think}"


def rows(tally: Tally) -> list[SummaryRow]:
    """Return a row for each group of `tally.ordered`."""
    tally.judge()
    groups = tally.ordered
    made: list[SummaryRow] = []
    for index, group in enumerate(groups):
        shape = group.shapes.figures()
        made.append(
            SummaryRow(
                profile=one_line(group.profile, LONGEST_NAME),
                think=one_line(group.think, 20),
                model=one_line(group.model, 60) or UNKNOWN,
                whole=f"{group.statuses['ok']:,} of {group.results:,}" if group.results else UNKNOWN,
                empty=f"{group.empty:,}" if group.empty else "",
                passed=f"{group.passed:,} of {group.judged:,}" if group.judged else UNKNOWN,
                pass_rate=percent(group.pass_rate),
                interval=interval_words(group),
                cost=cost_words(group.usd if group.usd_known else None, group.usd_unknown),
                each=dollars(group.mean_usd),
                per_passed=dollars(group.usd_per_passed),
                median=seconds(group.percentile_s(0.5)),
                slow=seconds(group.percentile_s(0.95)),
                reasoning=tokens(_whole(group.mean_reasoning_tokens)),
                output=tokens(_whole(group.mean_output_tokens)),
                verdicts=_verdicts(group),
                errors=counted(group.errors, error_words),
                agreement="" if group.values.agreement is None else f"{percent(group.values.agreement)} agree",
                fit="" if shape is None else f"{shape.fit:,} of {shape.answers:,}",
                shape="" if shape is None else figure_words(shape),
                spans=_spans(group),
                best=frozenset(_CELLS[name] for name in group.best),
                again=index > 0 and groups[index - 1].profile == group.profile,
                same_as=""
                if group.results or group.same_request_as is None
                else f"same request as @{one_line(group.same_request_as, 20)}",
            )
        )
    return made


def has_judged(tally: Tally) -> bool:
    """Whether any row had an expectation that an answer was held against."""
    return any(group.judged for group in tally.groups.values())


def percent(rate: float | None) -> str:
    """`92.4 %`; a rate that is not whole is never rounded to 0 or 100."""
    if rate is None:
        return UNKNOWN
    if 0 < rate < 0.0005:
        return "<0.1 %"
    if 0.9995 <= rate < 1:
        return ">99.9 %"
    return f"{100 * rate:.1f} %"


def interval_words(group: Group) -> str:
    """`88.1–95.4 %`: where the pass rate lies with 95 % confidence."""
    interval = group.pass_interval
    return UNKNOWN if interval is None else f"{100 * interval[0]:.1f}–{100 * interval[1]:.1f} %"


def cost_words(usd: Decimal | None, unknown: int) -> str:
    """`$1.24`, or `$1.24 + 3 unknown` where the sum is not all."""
    return dollars(usd) + (f" + {unknown:,} unknown" if usd is not None and unknown else "")


def error_words(kind: str) -> str:
    return one_line(kind_words(Failure(cast("ErrorKind", kind), "")), 40)


def counted(counts: Mapping[str, int], words: Callable[[str], str]) -> str:
    """`4 timeout, 1 rate limit`, the most frequent first; empty where there is nothing."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{times:,} {words(name)}" for name, times in ordered if times)


def notes(tally: Tally, ended: Ended, *, with_counts: bool = True) -> list[str]:
    """What one has to know beside the table: what was not as asked, failed or is unknown, and who was given up.

    `with_counts` False leaves out the counts of verdicts and errors, for a table that has them.
    """
    said: list[str] = []
    for row, group in zip(rows(tally), tally.ordered, strict=True):
        parts: list[str] = []
        if with_counts:
            parts += [*([row.verdicts] if row.verdicts else []), *([f"errors: {row.errors}"] if row.errors else [])]
        if group.shapes.fit < group.shapes.answers or row.shape.count(";"):
            parts.append(row.shape)
        if group.usd_unknown:
            parts.append(f"the cost of {plural(group.usd_unknown, 'result')} is unknown")
        if group.step is not None and group.step.judgement == "not_shown":
            parts.append(f"{ALIKE} {group.step.words}")
        if parts:
            said.append(f"{row.label}: {'; '.join(parts)}")
    for name, failed in (ended.broken or {}).items():
        said.append(f"{one_line(name, 40)} was given up: {one_line(failed.message, 300)}")
    return said


def totals(tally: Tally, ended: Ended) -> list[str]:
    """The parts of the last line: results, what became of the other rows, attempts, cost."""
    results, failed = tally.results, tally.failed
    unknown = sum(group.usd_unknown for group in tally.groups.values())
    again: Counter[str] = Counter()
    for (_, kind), times in tally.again.items():
        again[kind] += times
    simulated = simulated_words(tally)
    parts = [*([simulated] if simulated else []), plural(results, "result"), f"{results - failed:,} whole"]
    if failed:
        parts.append(f"{failed:,} failed")
    if tally.skipped:
        parts.append(f"{tally.skipped:,} done earlier")
    if ended.missing:
        parts.append(f"{'at least ' if ended.expected is None else ''}{ended.missing:,} missing")
    if ended.bad_rows:
        parts.append(plural(ended.bad_rows, "bad row"))
    if again:
        parts.append(f"{again.total():,} tried again ({counted(again, error_words)})")
    parts.append(cost_words(tally.usd, unknown))
    judged = [group.checks_usd for group in tally.groups.values() if group.checks_usd is not None]
    unpriced = sum(group.checks_usd_unknown for group in tally.groups.values())
    if judged or unpriced:
        groups = tally.groups.values()
        names = beside_names(any(one.judge_calls for one in groups), any(one.second_calls for one in groups))
        parts.append(f"{names} {cost_words(sum(judged, Decimal(0)) if judged else None, unpriced)}")
    return parts


def simulated_words(tally: Tally) -> str:
    """That a simulator answered, and how much of it all; empty where it answered nothing."""
    simulated = sum(group.simulated for group in tally.groups.values())
    if not simulated:
        return ""
    whole = "SIMULATED, nothing was charged"
    return whole if simulated == tally.results else f"{simulated:,} of {plural(tally.results, 'result')} {whole}"


def ending(ended: Ended) -> str:
    """How it ended, in a few words."""
    if ended.output_problem is not None:
        return "stopped: the output cannot be written"
    if ended.interrupted:
        return "interrupted"
    if ended.budget is not None:
        return "stopped by the cost limit"
    if ended.broken and not ended.finished:
        return "ended, but for the profiles that were given up"
    return "finished" if ended.finished else "stopped before the end"


def _verdicts(group: Group) -> str:
    """What was not as asked, and what did not end as an answer does."""
    verdicts = counted(
        {name: times for name, times in group.verdicts.items() if name != "as_asked"},
        lambda name: "verdict unknown" if name == "unknown" else one_line(name.replace("_", " "), 30),
    )
    endings = counted(
        {name: times for name, times in group.finishes.items() if name in _ENDINGS}, lambda name: _ENDINGS[name]
    )
    return ", ".join(filter(None, (verdicts, endings)))


_CELLS = {"pass_rate": "pass_rate", "usd_mean": "each", "latency_median_s": "median"}
"""Figures of a group that compete, and the cells that show them. Sums are not among them: groups may differ in rows."""


def has_samples(tally: Tally) -> bool:
    """Whether rows were answered more than once."""
    return any(group.values.samples > 1 for group in tally.groups.values())


def star_words(tally: Tally) -> str:
    """What a star means, or why there is none; empty where there is nothing to compare."""
    if any(group.best for group in tally.groups.values()):
        return LEGEND
    return NO_STAR if sum(bool(group.statuses["ok"]) for group in tally.groups.values()) > 1 else ""


def _spans(group: Group) -> dict[str, str]:
    """The intervals of what is typical of a row, where rows have several samples."""
    if group.values.samples < 2:
        return {}
    shown: tuple[tuple[str, Quantity, Callable[[Amount], str]], ...] = (
        ("each", "usd", lambda value: dollars(Decimal(value))),
        ("median", "total_s", lambda value: seconds(float(value))),
        ("reasoning", "reasoning_tokens", lambda value: tokens(round(value))),
    )
    found: dict[str, str] = {}
    for cell, name, show in shown:
        measure = group.values.measure(name)
        if measure.low is not None and measure.high is not None:
            found[cell] = span(show(measure.low), show(measure.high))
    return found


def _whole(count: float | None) -> int | None:
    return None if count is None else round(count)


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
