"""The progress of a batch in words, profile by profile: worked out, and made harmless, whenever it is drawn."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from ....providers.untrusted import one_line
from ..line import BAD, CAUTION, GOOD, QUIET
from ..numbers import UNKNOWN, dollars, seconds
from ..run.phrases import kind_words

if TYPE_CHECKING:
    from ....engine.batch.progress import Activity, CrewStanding, ProfileProgress

_CENT = Decimal("0.01")
_STYLES: dict[Activity, str] = {
    "done": GOOD, "given_up": BAD, "held": CAUTION, "finishing": CAUTION, "stopped": CAUTION, "waiting": QUIET,
}  # fmt: skip


class Figures(Struct, frozen=True):
    """One profile at this moment, or all of them together, as text; `at` has the numbers."""

    at: ProfileProgress
    name: str
    state: str
    style: str
    progress: str
    speed: str
    limits: str
    tokens: str
    money: str
    left: str


def figures_of(progress: ProfileProgress) -> Figures:
    """What is shown of `progress`. No name in it can move the cursor or break the line."""
    return Figures(
        at=progress,
        name=one_line(progress.name, 40),
        state=_state(progress),
        style=_STYLES.get(progress.activity, ""),
        progress=_progress(progress),
        speed=_speed(progress.rate),
        limits=" ".join(
            f"{compact(limit)} {what}"
            for limit, what in ((progress.rpm, "rpm"), (progress.tpm, "tpm"))
            if limit is not None
        ),
        tokens=compact(progress.tokens),
        money=_money(progress.usd, progress.usd_unknown),
        left=UNKNOWN if progress.left_s is None else span(progress.left_s),
    )


def _state(progress: ProfileProgress) -> str:
    """In a few words what a profile is doing."""
    match progress.activity:
        case "given_up":
            return "given up" if progress.broken is None else f"given up: {one_line(kind_words(progress.broken), 40)}"
        case "held":
            return f"held for {span(progress.held_s or 0.0)}"
        case "finishing":
            return f"finishing {progress.in_flight}"
        case "waiting":
            return "waiting for rows"
        case "done" | "stopped" | "running":
            return progress.activity


def _progress(progress: ProfileProgress) -> str:
    """`1,204 of 50,000`, with `~` before a guess, or `1,204` where nobody knows of how many."""
    if progress.total is None:
        return f"{progress.done:,}"
    return f"{progress.done:,} of {'~' if progress.is_guess else ''}{progress.total:,}"


def _speed(rate: float | None) -> str:
    """`812/s`, `24.3/s`, `40/min`."""
    if rate is None:
        return UNKNOWN
    if rate >= 1:
        return f"{rate:,.0f}/s" if rate >= 100 else f"{rate:.1f}/s"
    return f"{60 * rate:.0f}/min" if 60 * rate >= 9.5 else f"{60 * rate:.1f}/min"


def _money(usd: Decimal | None, unknown: int) -> str:
    """What is known to be spent; `≥` where something is not known."""
    sign = "≥" if usd is not None and unknown else ""
    return sign + (dollars(usd) if usd is None or not _CENT <= usd < 1 else f"${usd:.4f}")


def span(value_s: float) -> str:
    """`12 s`, `1m 12s`, `1h 02m`: whole seconds, and none is told as one."""
    whole = max(1, round(value_s))
    return f"{whole} s" if whole < 60 else seconds(float(whole))


def compact(count: float | None) -> str:
    """`812`, `12.3k`, `1.2M`: at most three digits that count."""
    if count is None:
        return UNKNOWN
    if count < 1000:
        return f"{count:.0f}"
    for unit in ("k", "M", "G"):
        count /= 1000
        if count < 999.5 or unit == "G":
            return f"{count:.0f}{unit}" if count >= 99.95 else f"{count:.3g}{unit}"
    raise AssertionError("unreachable")


def crew_words(crew: CrewStanding | None) -> list[str]:
    """The workers at one moment, in words; none where there are no workers."""
    if crew is None:
        return []
    words = [f"{crew.workers:,} {'worker' if crew.workers == 1 else 'workers'}"]
    if crew.nodes > 1:
        words[0] += f" on {crew.nodes:,} nodes"
    if crew.silent:
        words.append(f"{crew.silent:,} silent")
    if crew.refused:
        words.append(f"{len(crew.refused):,} cannot")
    return words
