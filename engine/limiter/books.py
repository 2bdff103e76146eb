"""The money of all clients: what was spent by day, month and job, and what those under way hold. Pure.

A client that is silent for too long is taken for dead: what it held is charged, as an estimate that can only be too
much. When it is heard of again, that is taken back, and its own figures count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from .messages import BillTold, Greeting, LimitState, MoneyLimit, MoneyState, MoneyStatus

NOTHING = Decimal(0)
PLENTY = 4
"""What is held ahead of need is at most this part of what is free."""

SHORT_S = 5.0
"""For how long it is told that somebody waits for money."""

DAYS_KEPT, MONTHS_KEPT, JOB_DAYS_KEPT = 40, 14, 40
MOST_SESSIONS = MOST_BILLS = 100_000
REMEMBERED_S = 600.0
"""For how long a client that is gone and holds nothing is known, so that a frame of its that comes again is not new."""


class SpanSpent(Struct):
    """What one profile took in a span. `last` is the day of its last charge."""

    usd: Decimal = NOTHING
    estimated_usd: Decimal = NOTHING
    calls: int = 0
    last: str = ""


class BillBook(Struct):
    """A bill that outlives its client, of the `day` on which it was first told: all of it counts on that one."""

    profile: str
    day: str
    job: str | None = None
    aside_usd: Decimal = NOTHING
    usd: Decimal = NOTHING
    estimated_usd: Decimal = NOTHING
    calls: int = 0


class SessionBook(Struct):
    """A client's money. `charged` is what was charged for it when it fell silent, on the day `lapsed`.

    `last` is the number of the last frame that was counted.
    """

    name: str
    job: str | None = None
    limits: tuple[MoneyLimit, ...] = ()
    held: dict[str, Decimal] = {}
    charged: dict[str, Decimal] = {}
    lapsed: str | None = None
    last: int = 0
    seen: float = 0.0
    is_over: bool = False
    """It has said farewell, and is remembered for a while, so that a frame which comes again is not counted again."""

    @property
    def held_usd(self) -> Decimal:
        return sum(self.held.values(), NOTHING)


class MoneyBooks:
    """All of it. `changed` names what has to be written down: spans with a profile, sessions, and bills."""

    def __init__(self) -> None:
        self.spent: dict[str, dict[str, SpanSpent]] = {}
        self.sessions: dict[str, SessionBook] = {}
        self.bills: dict[str, BillBook] = {}
        self.changed: set[tuple[str, str, str]] = set()
        self._short_until = 0.0
        self._holding: set[str] = set()
        """The sessions that hold money: few of all that are remembered."""
        self._to_come: set[str] = set()
        """The bills for which something is set aside."""

    def recall(self, now: float, session: str, book: SessionBook) -> None:
        """A client that was known before a restart: it has the time of a lease to come back."""
        book.seen = now
        self.sessions[session] = book
        self._note_holding(session)

    def greet(self, now: float, said: Greeting) -> SessionBook:
        """A client comes, or comes back."""
        book = self.sessions.get(said.session)
        if book is None:
            book = self.sessions[said.session] = SessionBook(said.name)
        book.name, book.job, book.limits, book.is_over = said.name, said.job, said.limits, False
        self._touch(said.session)
        self.hear(now, said.session)
        return book

    def hear(self, now: float, session: str) -> None:
        """A sign of life. One that was taken for dead gets back what was charged for it, and holds it again."""
        book = self.sessions[session]
        book.seen, book.is_over = now, False
        if book.lapsed is not None:
            day = date.fromisoformat(book.lapsed)
            for profile, usd in book.charged.items():
                self._charge(day, book.job, profile, -usd, 0, estimated=True)
                book.held[profile] = book.held.get(profile, NOTHING) + usd
            book.lapsed, book.charged = None, {}
            self._touch(session)

    def want(
        self, now: float, today: date, session: str, profile: str, least: Decimal, most: Decimal
    ) -> Decimal | None:
        """Hold money for a client: `most` where there is plenty, `least` where that is there; None where it is not."""
        book = self.sessions[session]
        free = [
            limit.total_usd - self._taken_in(limit, book, today) - self._held_in(limit, book)
            for limit in book.limits
            if limit.covers(profile)
        ]
        left = min(free, default=None)
        given = max(least, most)
        if left is not None and given > left / PLENTY:
            given = max(least, min(given, left / PLENTY))
        if left is not None and least > left:
            self.wait(now)
            return None
        if given > 0:
            book.held[profile] = book.held.get(profile, NOTHING) + given
            self._touch(session)
        return given

    def wait(self, now: float) -> None:
        """Somebody waits for money that others hold: they are told to give back what they do not need."""
        self._short_until = now + SHORT_S

    def spend(self, today: date, session: str, profile: str, usd: Decimal, back: Decimal, calls: int) -> None:
        """Count what calls did cost, out of what is held for them, and free what is given back."""
        book = self.sessions[session]
        left = book.held.get(profile, NOTHING) - usd - back
        if left > 0:
            book.held[profile] = left
        else:
            book.held.pop(profile, None)
        self._touch(session)
        if usd or calls:
            self._charge(today, book.job, profile, usd, calls)

    def recall_bill(self, name: str, bill: BillBook) -> None:
        """A bill that was known before a restart."""
        self.bills[name] = bill
        self._note_bill(name)

    def bill(self, now: float, today: date, session: str, told: BillTold) -> Decimal | None:
        """Take down how a bill stands. What is set aside for it; None where the limits do not leave that."""
        book = self.sessions[session]
        bill = self.bills.get(told.name) or BillBook(told.profile, today.isoformat(), book.job)
        more = told.expected_usd - bill.aside_usd
        if more > 0 and not told.is_sure:
            for limit in book.limits:
                left = limit.total_usd - self._taken_in(limit, book, today) - self._held_in(limit, book)
                if limit.covers(told.profile) and more > left:
                    self.wait(now)
                    return None
        day, profile = date.fromisoformat(bill.day), bill.profile
        guess = max(told.estimated_usd, bill.estimated_usd) - bill.estimated_usd
        known = max(told.billed_usd, bill.usd) - bill.usd - guess
        calls = max(told.calls, bill.calls) - bill.calls
        if known or calls:
            self._charge(day, bill.job, profile, known, calls)
        if guess:
            self._charge(day, bill.job, profile, guess, 0, estimated=True)
        bill.usd, bill.estimated_usd, bill.calls = (
            bill.usd + known + guess,
            bill.estimated_usd + guess,
            bill.calls + calls,
        )
        bill.aside_usd = told.expected_usd
        self.bills[told.name] = bill
        self._note_bill(told.name)
        return bill.aside_usd

    def state(self, now: float, today: date, session: str, given: Decimal | None = None) -> MoneyState:
        """How the limits of a client stand."""
        book = self.sessions[session]
        return MoneyState(
            tuple(
                LimitState(
                    self._spent_in(limit, book, today),
                    self._held_in(limit, book, besides=session),
                    self._aside_in(limit, book, today),
                )
                for limit in book.limits
            ),
            given,
            is_short=now < self._short_until,
        )

    def end(self, session: str) -> None:
        """A client is done, and has said what it spent: the rest of what it holds is free."""
        book = self.sessions[session]
        book.held, book.is_over = {}, True
        self._touch(session)

    def lapse(self, now: float, today: date, session: str) -> Decimal:
        """A client is taken for dead: what it held is charged. How much that was."""
        book = self.sessions[session]
        usd = book.held_usd
        if book.lapsed is not None:
            return NOTHING
        if not usd:
            book.is_over = True
            if book.seen < now - REMEMBERED_S:
                self._forget(session)
            return NOTHING
        for profile, held in book.held.items():
            self._charge(today, book.job, profile, held, 0, estimated=True)
        book.lapsed, book.charged, book.held = today.isoformat(), dict(book.held), {}
        self._touch(session)
        return usd

    def statuses(self, today: date) -> Iterator[MoneyStatus]:
        """What was spent and set aside today, this month, and in jobs."""
        aside: dict[str, dict[str, Decimal]] = {}
        for bill in map(self.bills.__getitem__, self._to_come):
            for span in _spans(date.fromisoformat(bill.day), bill.job):
                sums = aside.setdefault(span, {})
                sums[bill.profile] = sums.get(bill.profile, NOTHING) + bill.aside_usd
        jobs = sorted(one for one in {*self.spent, *aside} if one.startswith("job "))
        for span in (_day(today), _month(today), *jobs):
            took, waits = self.spent.get(span, {}), aside.get(span, {})
            for profile in sorted({*took, *waits}):
                spent = took.get(profile, SpanSpent())
                due = waits.get(profile, NOTHING)
                yield MoneyStatus(span, profile, spent.usd, spent.estimated_usd, spent.calls, due)

    def prune(self, today: date) -> None:
        """Forget spans that no limit looks at any more, and sessions of long ago that never came back."""
        for span in list(self.spent):
            kind = span.partition(" ")[0]
            last = max((one.last for one in self.spent[span].values()), default="")
            age = (today - date.fromisoformat(last or today.isoformat())).days
            over = {"day": age > DAYS_KEPT, "month": age > MONTHS_KEPT * 31, "job": age > JOB_DAYS_KEPT}
            if over.get(kind, True):
                for profile in self.spent.pop(span):
                    self.changed.add(("spent", span, profile))
        for session, book in list(self.sessions.items()):
            if book.lapsed is not None and (today - date.fromisoformat(book.lapsed)).days > DAYS_KEPT:
                self._forget(session)

        for name, bill in list(self.bills.items()):
            if (today - date.fromisoformat(bill.day)).days > DAYS_KEPT:
                del self.bills[name]
                self._note_bill(name)

    def _taken_in(self, limit: MoneyLimit, book: SessionBook, today: date) -> Decimal:
        return self._spent_in(limit, book, today) + self._aside_in(limit, book, today)

    def _aside_in(self, limit: MoneyLimit, book: SessionBook, today: date) -> Decimal:
        span = _span_of(limit, book, today)
        bills = map(self.bills.__getitem__, self._to_come)
        return sum(
            (
                bill.aside_usd
                for bill in bills
                if limit.covers(bill.profile) and span in _spans(date.fromisoformat(bill.day), bill.job)
            ),
            NOTHING,
        )

    def _spent_in(self, limit: MoneyLimit, book: SessionBook, today: date) -> Decimal:
        spent = self.spent.get(_span_of(limit, book, today), {})
        return sum((one.usd for name, one in spent.items() if limit.covers(name)), NOTHING)

    def _held_in(self, limit: MoneyLimit, book: SessionBook, besides: str | None = None) -> Decimal:
        return sum(
            (
                usd
                for session in self._holding
                if session != besides
                for other in (self.sessions[session],)
                if limit.span != "job" or other.job == book.job
                for profile, usd in other.held.items()
                if limit.covers(profile)
            ),
            NOTHING,
        )

    def _charge(
        self, day: date, job: str | None, profile: str, usd: Decimal, calls: int, *, estimated: bool = False
    ) -> None:
        for span in _spans(day, job):
            spent = self.spent.setdefault(span, {}).setdefault(profile, SpanSpent())
            spent.usd += usd
            spent.estimated_usd += usd if estimated else NOTHING
            spent.calls += calls
            spent.last = max(spent.last, day.isoformat())
            self.changed.add(("spent", span, profile))

    def _forget(self, session: str) -> None:
        del self.sessions[session]
        self._touch(session)

    def _touch(self, session: str) -> None:
        self.changed.add(("session", session, ""))
        self._note_holding(session)

    def _note_bill(self, name: str) -> None:
        self.changed.add(("bill", name, ""))
        if name in self.bills and self.bills[name].aside_usd > 0:
            self._to_come.add(name)
        else:
            self._to_come.discard(name)

    def _note_holding(self, session: str) -> None:
        book = self.sessions.get(session)
        if book is not None and book.held:
            self._holding.add(session)
        else:
            self._holding.discard(session)


def _spans(day: date, job: str | None) -> Sequence[str]:
    return (_day(day), _month(day), *(() if job is None else (_job(job),)))


def _span_of(limit: MoneyLimit, book: SessionBook, today: date) -> str:
    if limit.span == "job":
        return _job(book.job or "")
    return _day(today) if limit.span == "day" else _month(today)


def _job(name: str) -> str:
    return f"job {name}"


def _day(day: date) -> str:
    return f"day {day.isoformat()}"


def _month(day: date) -> str:
    return f"month {day.isoformat()[:7]}"
