"""What a batch came to, as values: its totals, and those of each profile and think value."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict

from ...cells.levels import LevelStep
from ...cells.measure import Measure
from ...results.documents import dollars_text, plain
from ...shapes.figures import ShapeFigures


class GroupSummary(Struct, frozen=True):
    """What one profile did with one think value, as `thinkdial.batch-summary/1` has it. None is unknown.

    `statuses`, `verdicts`, `finishes` and `errors` count results. `empty` are whole answers without text. `judged`
    are those with an expectation and an answer; samples of one row count in their interval for what they say apart.
    `samples` is how often a row was answered, at most, and `agreement` the mean share of the answers to a row that
    say the same. `measures` are of rows, each with the mean of its samples, of a single row of the samples. `best`
    names the figures in which it is shown to be the best. Of the think value `same_request_as` the requests are the
    same bytes: they were made once, for both. `simulated` results came from a simulator: nothing was charged.
    `checks_usd` is what `judge_calls` and `second_calls`, which put answers into their shape, have cost beside that.
    `step` is how its reasoning stands to that of the next lower think value of the profile. `shape` is about the JSON
    that was asked for, None where none was.
    """

    profile: str
    think: str
    model: str
    results: int
    statuses: Mapping[str, int]
    empty: int
    judged: int
    passed: int
    pass_rate: float | None
    pass_interval_95: tuple[float, float] | None
    usd: Decimal | None
    usd_unknown: int
    usd_mean: Decimal | None
    usd_per_passed: Decimal | None
    latency_median_s: float | None
    latency_95th_s: float | None
    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    reasoning_tokens_mean: float | None
    verdicts: Mapping[str, int]
    finishes: Mapping[str, int]
    errors: Mapping[str, int]
    checks_usd: Decimal | None = None
    checks_usd_unknown: int = 0
    samples: int = 0
    agreement: float | None = None
    measures: Mapping[str, Measure] = field(default_factory=dict[str, Measure])
    best: tuple[str, ...] = ()
    same_request_as: str | None = None
    step: LevelStep | None = None
    simulated: int = 0
    judge_calls: int = 0
    second_calls: int = 0
    shape: ShapeFigures | None = None

    def document(self) -> dict[str, Any]:
        """The same as a part of `thinkdial.batch-summary/1`."""
        values = asdict(self).items()
        document = {name: dollars_text(value) if isinstance(value, Decimal) else value for name, value in values}
        inner = {"measures": plain(self.measures), "step": plain(self.step), "shape": plain(self.shape)}
        return {**document, **inner, "best": list(self.best)}


class BatchSummary(Struct, frozen=True):
    """Totals of a batch. `usd` is the sum of the known costs; `usd_unknown` counts the results that are not in it.

    `skipped` results were there already. `attempts_again` counts, by profile and kind of error, the attempts that
    failed and were followed by another. `groups` are in the order of the profiles, from little thinking to much.
    """

    results: int
    skipped: int
    usd: Decimal | None
    usd_unknown: int
    attempts_again: Mapping[tuple[str, str], int]
    groups: tuple[GroupSummary, ...]
