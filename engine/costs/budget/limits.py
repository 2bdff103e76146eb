"""The limits on what a run may cost, and the look at its forecast before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.budget_rules import Allowance, BudgetRules, OnExceed
from ....providers.errors import BudgetError, StoreError
from ...planning.fates import SessionCap
from ...planning.option_names import COMMAND_LINE, OptionNames
from ...results.result import Forecast

NOTHING = Decimal(0)

SpentIn = Callable[[date, Collection[str] | None], tuple[Decimal, int]]
"""What was spent since a day (UTC), by these profiles or by all, and how many results have an unknown cost."""

AsideIn = Callable[[date, Collection[str] | None], Decimal]
"""What batches that are open at providers since a day (UTC) are expected to cost, of these profiles or of all."""


class Limit(Struct, frozen=True):
    """One limit in USD, by the name that people gave it: `--max-cost`, `budget.groups.frontier.monthly_usd`.

    `total_usd` is how much it was, `left_usd` what of it is left when the run begins; below 0 when it is passed.
    `profiles` are those it covers, None for all. `since` is the first day (UTC) of a limit that all runs share, of
    which open batches at providers are expected to need `aside_usd`. Profiles that are simulated are `exempt` from it.
    `raised_by` is the command that raises it, where that is neither an option nor the configuration. All runs of a
    `job` share it, through the limiter.
    """

    name: str
    total_usd: Decimal
    left_usd: Decimal
    profiles: frozenset[str] | None = None
    on_exceed: OnExceed = "refuse"
    since: date | None = None
    aside_usd: Decimal = NOTHING
    exempt: frozenset[str] = frozenset()
    raised_by: str | None = None
    job: str | None = None

    @property
    def free_usd(self) -> Decimal:
        """What is left for anything else than batches that are open."""
        return self.left_usd - self.aside_usd

    def covers(self, profile: str) -> bool:
        return (self.profiles is None or profile in self.profiles) and profile not in self.exempt

    @property
    def is_enforced(self) -> bool:
        """Whether calls are refused, shortened and cut for it, and not only talked about."""
        return self.on_exceed != "warn"

    @property
    def remedy(self) -> str:
        """What raises this limit, in words."""
        if self.raised_by is not None:
            return f"raise the limit: {self.raised_by}"
        return f"raise {self.name} in your configuration" if self.name.startswith("budget.") else f"raise {self.name}"

    def words(self) -> str:
        """What is left of it, in words."""
        left = f"{dollars(max(NOTHING, self.free_usd), ROUND_FLOOR)} of {dollars(self.total_usd)} USD is left"
        if self.aside_usd:
            left += f", as {aside_words(self.aside_usd)}"
        is_whole = self.since is None and self.left_usd == self.total_usd
        return f"{self.name} is {dollars(self.total_usd)} USD" if is_whole else f"{self.name}: {left}"


class Limits(Struct, frozen=True):
    """The limits that apply to a run. `notes` are lines for people: what a limit does not count, or cannot."""

    limits: tuple[Limit, ...] = ()
    notes: tuple[str, ...] = ()


class Question(Struct, frozen=True):
    """What has to be agreed to before the run may begin. `limits` are the names of those that would be passed."""

    words: str
    hint: str
    limits: frozenset[str] = frozenset()
    unpriced: bool = False

    def refusal(self) -> BudgetError:
        """The error where nobody can be asked, or the answer was no."""
        return BudgetError(self.words, hint=self.hint)


class Checked(Struct, frozen=True):
    """What came of the look before a run: lines for people, and what they have to agree to."""

    notes: tuple[str, ...] = ()
    question: Question | None = None


def aside_words(usd: Decimal) -> str:
    """What open batches at providers need of a limit, in words."""
    return f"{dollars(usd)} USD is set aside for batches that are not collected yet"


def today() -> date:
    """The day that a run's cost is booked on."""
    return datetime.now(UTC).date()


def limits_for(
    rules: BudgetRules,
    max_cost_usd: Decimal | None,
    profiles: Iterable[str],
    *,
    spent_in: SpentIn | None,
    aside_in: AsideIn | None = None,
    day: date,
    spent_usd: Decimal = NOTHING,
    simulated: frozenset[str] = frozenset(),
    names: OptionNames = COMMAND_LINE,
    job: str | None = None,
) -> Limits:
    """The limits that apply to a run of `profiles` on `day`. `spent_in` is None when no history is kept.

    `spent_usd` is what the run, if it has begun already, has taken of the limits that are its own. The profiles that
    are `simulated` are held to those alone. All runs of a `job` share `max_cost_usd`.
    Raises `BudgetError` when a limit that all runs share cannot be checked; under `warn` that is a note.
    """
    chosen = frozenset(profiles)
    limits: list[Limit] = []
    if max_cost_usd is not None:
        limits.append(Limit(names.max_cost, max_cost_usd, max_cost_usd - spent_usd, job=job))
    if (most := rules.per_run_usd) is not None:
        limits.append(Limit("budget.per_run_usd", most, most - spent_usd, on_exceed=rules.on_exceed))
    notes: list[str] = []
    real = chosen - simulated
    for name, total, covered, since in _shared(rules, day):
        if not (real if covered is None else covered & real):
            continue
        try:
            if spent_in is None:
                raise StoreError("no history is kept, so what was spent before is not known")
            spent, unpriced = spent_in(since, covered)
            aside = NOTHING if aside_in is None else aside_in(since, covered)
        except StoreError as error:
            if rules.on_exceed == "warn":
                notes.append(f"{name} is not checked: {error.message}")
                continue
            raise BudgetError(
                f"{name} cannot be checked: {error.message}",
                hint="let the history be kept, or set budget.on_exceed: warn to go on without the check",
            ) from None
        limits.append(Limit(name, total, total - spent, covered, rules.on_exceed, since, aside, simulated))
        if unpriced:
            counted = "1 result" if unpriced == 1 else f"{unpriced} results"
            notes.append(f"{name} does not count {counted} since {since} whose cost is not known")
    return Limits(tuple(limits), tuple(notes))


def limit_of_session(cap: SessionCap) -> Limit:
    """What all turns of a session together may cost, as a limit of the next one."""
    name = f"'{cap.name}'" if " " in cap.name else cap.name
    left = cap.most_usd - cap.spent_usd
    return Limit(
        f"the limit of session {cap.name}", cap.most_usd, left, raised_by=f"thinkdial session limit {name} USD"
    )


def _shared(rules: BudgetRules, day: date) -> Iterable[tuple[str, Decimal, frozenset[str] | None, date]]:
    """Name, amount, profiles and first day of each limit that all runs share."""
    scopes: list[tuple[str, Allowance, frozenset[str] | None]] = [
        ("budget", Allowance(rules.daily_usd, rules.monthly_usd), None),
        *((f"budget.profiles.{name}", one, frozenset({name})) for name, one in rules.profiles.items()),
        *((f"budget.groups.{name}", one, rules.members.get(name, frozenset())) for name, one in rules.groups.items()),
    ]
    for path, allowance, covered in scopes:
        if allowance.daily_usd is not None:
            yield f"{path}.daily_usd", allowance.daily_usd, covered, day
        if allowance.monthly_usd is not None:
            yield f"{path}.monthly_usd", allowance.monthly_usd, covered, day.replace(day=1)


def check_before(
    limits: Sequence[Limit],
    forecasts: Sequence[Forecast | None],
    profiles: Sequence[str],
    *,
    allow_unpriced: bool = False,
    names: OptionNames = COMMAND_LINE,
) -> Checked:
    """Whether the calls can be afforded at all. `forecasts` and `profiles` are those of the calls, in the same order.

    A forecast of None is a call that will not be made. Raises `BudgetError` when the least that the calls covered
    by a limit can cost is more than is left of it, and when the price of one of them is not known.
    """
    calls = [(profile, made) for profile, made in zip(profiles, forecasts, strict=True) if made is not None]
    notes: list[str] = []
    asked: list[Question] = []
    for limit in limits:
        low = [made.least_usd for profile, made in calls if limit.covers(profile) and made.least_usd is not None]
        least = sum(low, NOTHING)
        if NOTHING < least > limit.free_usd:
            which = "this call costs" if len(low) == 1 else f"these {len(low)} calls cost"
            words = f"{limit.words()}, and {which} at least {dollars(least, ROUND_CEILING)} USD"
            hint = f"call fewer or cheaper profiles, shorten the prompt, or {limit.remedy}"
            _sort(limit.on_exceed, Question(words, hint, frozenset({limit.name})), notes, asked)
    unpriced = _unpriced(limits, calls, names)
    if unpriced is not None and not allow_unpriced:
        _sort(unpriced[0], unpriced[1], notes, asked)
    elif unpriced is not None:
        notes.append(f"{unpriced[1].words}; nothing is counted for it unless the provider sends a bill")
    return Checked(tuple(notes), _joined(asked))


def _unpriced(
    limits: Sequence[Limit], calls: Sequence[tuple[str, Forecast]], names: OptionNames
) -> tuple[OnExceed, Question] | None:
    """The calls without a price that a limit covers, and what the strictest of these limits does about them."""
    without = {profile for profile, made in calls if made.least_usd is None}
    covering = [limit for limit in limits if any(limit.covers(profile) for profile in without)]
    if not covering:
        return None
    order: tuple[OnExceed, ...] = ("refuse", "ask", "warn")
    strictest = min(covering, key=lambda limit: order.index(limit.on_exceed))
    named = ", ".join(profile for profile in dict.fromkeys(name for name, _ in calls) if profile in without)
    words = f"the price of {named} is not known, so {strictest.name} cannot be kept"
    hint = (
        "say it in the profile (price: {input: USD per million tokens, output: ...}; 0 where nothing is charged), "
        f"or pass {names.allow_unpriced}"
    )
    return strictest.on_exceed, Question(words, hint, unpriced=True)


def _sort(on_exceed: OnExceed, question: Question, notes: list[str], asked: list[Question]) -> None:
    match on_exceed:
        case "refuse":
            raise question.refusal()
        case "ask":
            asked.append(question)
        case "warn":
            notes.append(question.words)


def _joined(asked: Sequence[Question]) -> Question | None:
    if not asked:
        return None
    return Question(
        words="; ".join(question.words for question in asked),
        hint="; ".join(dict.fromkeys(question.hint for question in asked)),
        limits=frozenset(name for question in asked for name in question.limits),
        unpriced=any(question.unpriced for question in asked),
    )


def agreed(limits: Sequence[Limit], question: Question) -> tuple[Limit, ...]:
    """The limits after a yes: those in question are no longer enforced in this run."""
    return tuple(replace(limit, on_exceed="warn") if limit.name in question.limits else limit for limit in limits)


def confirmation(
    confirm_usd: Decimal | None, forecasts: Sequence[Forecast | None], names: OptionNames = COMMAND_LINE
) -> Question | None:
    """What to ask before a run that is expected to cost more than `confirm_usd`, or nobody knows how much."""
    made = [one for one in forecasts if one is not None]
    if confirm_usd is None or not made:
        return None
    known = [one.expected_usd for one in made if one.expected_usd is not None]
    expected, unknown = sum(known, NOTHING), len(made) - len(known)
    if expected <= confirm_usd and not unknown:
        return None
    words = f"this is expected to cost {dollars(expected)} USD" if known else "what this costs is not known"
    if known and unknown:
        words += f", without {unknown} of {len(made)} calls whose cost is not known"
    agree = f"pass {names.yes}, or " if names.yes else ""
    return Question(words, f"{agree}raise budget.confirm_usd ({confirm_usd:f}) in your configuration")


def dollars(amount: Decimal, rounding: str = ROUND_HALF_EVEN) -> str:
    """An amount for people: cents, or for less than that the first two digits that say something."""
    digits = 2 if amount == 0 or abs(amount) >= 1 else max(2, 1 - amount.adjusted())
    return f"{amount.quantize(Decimal(1).scaleb(-digits), rounding):f}"
