"""What is said of a trial: what was found, why not more, and what more rows would add."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ....engine.trials.report import ArmReport, TrialEnd, TrialOutcome, TrialReport
from ....engine.trials.standings import ArmState
from ....providers.untrusted import one_line
from ..batch.summary import percent, plural
from ..numbers import UNKNOWN, dollars

if TYPE_CHECKING:
    from ....engine.trials.standings import Rules

MOST_NAMES = 6
MUCH = 0.1
"""A pass rate that may be so much lower is not as good for all that is known."""

BOUNDS = "bounds hold for all arms and at all looks together, so that they are wider than an interval of one arm alone"
LEGEND = f"{BOUNDS}; ◆ no other arm has as high a rate for as little"


def headline(report: TrialReport) -> str:
    """What was found, in one sentence."""
    choice, rules = report.choice, report.rules
    match report.outcome:
        case TrialOutcome.FOUND if choice is not None:
            return f"{label(choice)} is the cheapest {_that_passes(rules)}: {_figures(choice, rules)}"
        case TrialOutcome.NONE_PASSES if rules.target is not None and any(arm.passed for arm in report.arms):
            return f"no arm reaches {share(rules.target)}: {_at_best(report)}"
        case TrialOutcome.NONE_PASSES:
            return "no answer passes"
        case TrialOutcome.NO_ANSWERS:
            return "nothing can be said: no answer could be judged"
        case _:
            return _undecided(report)


def reasons(report: TrialReport) -> Iterator[str]:
    """Why there is no more to say, what cannot be told apart, and what one has to know beside the table."""
    rules = report.rules
    simulated = [arm.name for arm in report.arms if arm.arm.is_simulated]
    if simulated:
        told = "all" if len(simulated) == len(report.arms) else names(simulated)
        yield f"simulated ({told}): nothing was charged, and it says nothing of any model"
    match report.end:
        case TrialEnd.BUDGET:
            yield "the budget ended before all was decided; the same command with more of it goes on from there"
        case TrialEnd.INTERRUPTED:
            yield "it was interrupted before all was decided"
        case TrialEnd.OUTPUT_FAILED:
            yield "the results could not be written, so that no more was asked"
        case TrialEnd.ROWS | TrialEnd.NO_CALLS if report.outcome is TrialOutcome.CANNOT_TELL:
            yield f"the {rules.rows:,} rows are too few to say more"
        case _:
            pass
    choice = report.choice
    if rules.target is None and choice is not None and (choice.behind_best or 0) > MUCH:
        yield (
            f"the {rules.rows:,} rows are too few to show that {label(choice)} is as good as the best:"
            f" it may be up to {100 * (choice.behind_best or 0):.1f} points behind"
        )
    if report.least_rows is not None and report.least_rows > rules.rows and report.outcome is TrialOutcome.CANNOT_TELL:
        yield (
            f"to show that one of {len(report.arms)} arms reaches {share(rules.target)} takes at least"
            f" {report.least_rows:,} rows, if all of them pass; there are {rules.rows:,}"
        )
    may_pass = {arm.name for arm in report.arms if arm.state in (ArmState.OPEN, ArmState.PASSES)}
    for group in report.groups:
        if may_pass.isdisjoint(group):
            continue  # nobody chooses among those that are out
        yield f"not told apart, neither by pass rate nor by cost: {names(group)}"
    for arm in report.arms:
        yield from _of_arm(arm)


def outlook(report: TrialReport) -> Iterator[str]:
    """What the next 100 rows would add for the arms that are left, were the rates to stay as they are."""
    for arm in report.arms:
        if not arm.is_left or arm.next_low is None or arm.next_high is None:
            continue
        more = ""
        if arm.state is ArmState.OPEN and report.rules.target is not None:
            more = (
                f"; to be decided it takes about {arm.rows_to_decide:,} rows in all"
                if arm.rows_to_decide is not None
                else "; so near the target no number of rows is likely to decide"
            )
        yield (
            f"{label(arm)}: 100 more rows would narrow {bounds(arm.pass_low, arm.pass_high)} to about"
            f" {bounds(arm.next_low, arm.next_high)}{more}"
        )


def totals(report: TrialReport) -> str:
    """How much was asked, and what it did cost."""
    made = f"{report.calls:,} of {report.whole_grid:,} calls"
    percents = 100 * report.calls / max(1, report.whole_grid)
    parts = [f"{made} that all arms with all {report.rules.rows:,} rows would take ({percents:.0f} %)"]
    if report.earlier:
        parts.append(f"{report.earlier:,} of them were there before")
    if report.usd is not None:
        parts.append(f"{dollars(report.usd)} spent now" if report.earlier else f"{dollars(report.usd)} spent")
    if report.usd_unknown:
        parts.append(f"the cost of {report.usd_unknown:,} is not known")
    if report.checks_usd is not None:
        parts.append(f"and {dollars(report.checks_usd)} for judges")
    return " · ".join(parts)


def state_words(arm: ArmReport, rules: Rules) -> str:
    """What is shown of an arm."""
    target = share(rules.target)
    match arm.state:
        case ArmState.FAILS:
            return f"below {target}"
        case ArmState.WORSE:
            return f"worse than {one_line(arm.worse_than or '', 40)}"
        case ArmState.UNANSWERED:
            return "cannot be asked" if arm.trouble and not arm.asked else "no answer to judge"
        case ArmState.PASSES:
            words = f"reaches {target}"
        case ArmState.OPEN:
            words = "not decided" if rules.target is not None else "not shown to be worse"
    if arm.dearer_than is not None:
        return f"{words}, dearer" if arm.state is ArmState.PASSES or rules.target is None else "dearer"
    return words


def label(arm: ArmReport) -> str:
    return one_line(arm.name, 60)


def names(of: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    told = [one_line(name, 60) for name in of[:MOST_NAMES]]
    more = len(of) - len(told)
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def share(rate: float | None) -> str:
    """`90 %`, `92.5 %`."""
    return UNKNOWN if rate is None else f"{100 * rate:.4g} %"


def bounds(low: float | None, high: float | None) -> str:
    """`88.1–95.4 %`."""
    return UNKNOWN if low is None or high is None else f"{100 * low:.1f}–{100 * high:.1f} %"


def _that_passes(rules: Rules) -> str:
    return f"that reaches {share(rules.target)}" if rules.target is not None else "not shown to be worse than the best"


def _figures(arm: ArmReport, rules: Rules) -> str:
    least = f", at least {percent(arm.pass_low)}" if rules.target is not None else ""
    if rules.target is None and arm.behind_best is not None:
        least = f", at most {100 * arm.behind_best:.1f} points fewer than the best"
    return f"{percent(arm.pass_rate)} of {arm.judged:,} rows pass{least}; {dollars(arm.usd_per_1000)} for 1,000 rows"


def _at_best(report: TrialReport) -> str:
    best = max((arm for arm in report.arms if arm.judged), key=lambda arm: arm.pass_rate or 0.0)
    return f"{label(best)} passes most often, {percent(best.pass_rate)}, at most {percent(best.pass_high)}"


def _undecided(report: TrialReport) -> str:
    choice, rules = report.choice, report.rules
    others = [name for name in report.left if name != report.chosen]
    if choice is None:
        unpriced = [arm for arm in report.arms if arm.state is ArmState.PASSES]
        if unpriced:
            return f"{names([arm.name for arm in unpriced])}: reached, but at an unknown cost, so that none is cheapest"
        if rules.target is None:
            return f"cannot tell which is the cheapest: {names(report.left)}"
        return f"cannot tell: no arm is shown to reach {share(rules.target)}, and {names(report.left)} may"
    if rules.target is None:
        return (
            f"cannot tell {names([choice.name, *others])} apart; {label(choice)} is the cheapest so far:"
            f" {_figures(choice, rules)}"
        )
    return (
        f"cannot tell which is the cheapest: {label(choice)} is shown to reach {share(rules.target)}"
        f" ({_figures(choice, rules)}), and {names(others)} may do so for less"
    )


def _of_arm(arm: ArmReport) -> Iterator[str]:
    if arm.trouble is not None:
        yield f"{label(arm)}: {one_line(arm.trouble, 300)}"
    if arm.unanswered:
        yield f"{label(arm)}: no answer to {arm.unanswered:,} of {arm.asked:,} rows, which count neither way"
    if arm.unjudged:
        yield f"{label(arm)}: {plural(arm.unjudged, 'answer')} could not be judged, and count neither way"
    if arm.judged and arm.usd_mean is None:
        yield f"{label(arm)}: its cost is not known, so that it is never the cheapest"
    if arm.arm.same_as:
        told = ", ".join(f"@{think}" for think in arm.arm.same_as)
        yield f"{label(arm)}: {one_line(told, 80)} would be the same request"
