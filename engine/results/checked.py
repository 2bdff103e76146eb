"""What checks said of an answer, and what became of a call that thought more only when one failed. Values only.

A plain call has none of it, and does not load it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

CheckKind = Literal["command", "agree", "judge"]
EscalationEnd = Literal["passed", "top", "not_judged", "failed", "budget", "interrupted"]
TopSource = Literal["measured", "history", "forecast"]

LADDER = " > "
"""Between the think values of a call that goes up, where they are named together: `low > high`."""


class CheckOutcome(Struct, frozen=True):
    """What one check said that the configuration defines: a command, a share of agreement, a judge's opinion.

    `passed` None is not known, and `note` says why, or why it did not pass. The rest is of judges: `opinion` marks
    their verdict as one, `profile` is who judged, `own_vendor` whether that is the vendor of the answer as well,
    `score` is on the check's scale, and the counts are sums over `calls`, None where one of them is not known.
    `share` is how many of the answers compared say the same.
    """

    kind: CheckKind
    name: str
    passed: bool | None
    note: str | None = None
    opinion: bool = False
    share: float | None = None
    profile: str | None = None
    own_vendor: bool | None = None
    score: int | None = None
    calls: int = 0
    usd: Decimal | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None


class EscalationStep(Struct, frozen=True):
    """One attempt: its think value, its answer's check, and what it took. `checks_usd` is what judges have cost."""

    think: str
    result: str
    status: str
    passed: bool | None
    expect_note: str | None
    usd: Decimal | None
    checks_usd: Decimal | None
    output_tokens: int | None
    reasoning_tokens: int | None
    total_s: float | None


class Escalation(Struct, frozen=True):
    """All attempts, the last of which is the result, and why it ended.

    `usd` is the bill of all attempts with their checks, None where one is not known. `top_usd` is what the highest of
    `levels` costs at once: measured, where it was reached, else the median of the history, else the forecast. Before it
    began, the history made `expected_saving_usd` of going up step by step, None where it knows too little: of
    `expected_from` checked answers.
    """

    levels: tuple[str, ...]
    attempts: tuple[EscalationStep, ...]
    ended: EscalationEnd
    usd: Decimal | None
    top_usd: Decimal | None
    top_source: TopSource | None
    expected_saving_usd: Decimal | None = None
    expected_from: int = 0
