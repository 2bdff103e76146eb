"""The limiter itself, without a socket: asks in, answers out, and what has to be written down before they go."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

import msgspec
from msgspec import Struct

from ...providers.errors import StoreError
from ...providers.version import VERSION as PROGRAM_VERSION
from .books import MOST_BILLS, MOST_SESSIONS, BillBook, MoneyBooks, SessionBook, SpanSpent
from .buckets import BucketMemory, SharedBucket
from .messages import (
    MOST_NAME,
    VERSION,
    Answer,
    BillTold,
    BucketName,
    CallsGiven,
    CallsWanted,
    ClientStatus,
    Demand,
    Farewell,
    Frame,
    Greeting,
    LimiterStatus,
    Look,
    MoneySpent,
    MoneyWanted,
    NoAnswer,
    Pause,
    StatusWanted,
    Welcome,
)

MOST_BUCKETS = 10_000
MOST_LIMITS = 200
MOST_USD = Decimal(10) ** 9
SALT_BYTES = 16


class RefusedFrameError(Exception):
    """What was asked makes no sense, from a client that is not ours: the connection ends."""


class DeskOutcome(Struct):
    """What came of a frame: answers, pauses to tell other clients of the bucket, and whether the session is over."""

    answers: list[Answer]
    pauses: list[Pause] = []


class Desk:
    """All that a limiter knows. `now` is a monotonic clock, `wall_s` the seconds since 1970, `today` the day in UTC."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        wall_s: Callable[[], float],
        today: Callable[[], date],
        lease_s: float,
    ) -> None:
        self._now, self._wall_s, self._today = now, wall_s, today
        self.lease_s = lease_s
        self.salt = os.urandom(SALT_BYTES)
        self.books = MoneyBooks()
        self.buckets: dict[BucketName, SharedBucket] = {}
        self.connected: set[str] = set()
        self._touched: set[BucketName] = set()
        self._is_new = True
        self._began = now()
        self.frames = 0

    def recall(self, records: Mapping[str, bytes]) -> None:
        """Take in what was written down before. Raises `StoreError` where it cannot be read."""
        now, wall_s = self._now(), self._wall_s()
        try:
            for name, value in records.items():
                kind, _, rest = name.partition("\n")
                if kind == "salt":
                    self.salt, self._is_new = value, False
                elif kind == "spent":
                    span, _, profile = rest.partition("\n")
                    spent = msgspec.msgpack.decode(value, type=SpanSpent)
                    self.books.spent.setdefault(span, {})[profile] = spent
                elif kind == "session":
                    self.books.recall(now, rest, msgspec.msgpack.decode(value, type=SessionBook))
                elif kind == "bill":
                    self.books.recall_bill(rest, msgspec.msgpack.decode(value, type=BillBook))
                elif kind == "bucket":
                    memory = msgspec.msgpack.decode(value, type=BucketMemory)
                    self.buckets[memory.name] = SharedBucket(memory.name)
                    self.buckets[memory.name].recall(now, wall_s, memory)
        except (msgspec.MsgspecError, ValueError, ArithmeticError) as error:
            raise StoreError(
                f"the limiter's records cannot be read: {error}", hint="they are of another version, or damaged"
            ) from None
        self.books.prune(self._today())

    def changes(self) -> dict[str, bytes | None]:
        """What has to be written down since the last time."""
        found: dict[str, bytes | None] = {}
        if self._is_new:
            found["salt\n"], self._is_new = self.salt, False
        for kind, name, more in self.books.changed:
            if kind == "spent":
                spent = self.books.spent.get(name, {}).get(more)
                found[f"spent\n{name}\n{more}"] = None if spent is None else msgspec.msgpack.encode(spent)
            elif kind == "bill":
                bill = self.books.bills.get(name)
                found[f"bill\n{name}"] = None if bill is None else msgspec.msgpack.encode(bill)
            else:
                book = self.books.sessions.get(name)
                found[f"session\n{name}"] = None if book is None else msgspec.msgpack.encode(book)
        self.books.changed.clear()
        now, wall_s = self._now(), self._wall_s()
        for bucket in self._touched:
            memory = self.buckets[bucket].memory(now, wall_s)
            found[f"bucket\n{bucket.host}\n{bucket.account}\n{bucket.model}"] = msgspec.msgpack.encode(memory)
        self._touched.clear()
        return found

    def answer(self, session: str | None, frame: Frame, asked: Greeting | None = None) -> DeskOutcome:
        """Answer a frame of `session`. One that was counted already is answered, and not counted again.

        Raises `RefusedFrameError`.
        """
        self.frames += 1
        outcome, book = DeskOutcome([], []), None if session is None else self.books.sessions.get(session)
        if asked is not None:
            book = self._greet(asked)
            session = asked.session
        is_again = book is not None and frame.number <= book.last
        if book is not None and session is not None:
            self.books.hear(self._now(), session)
            if not is_again:
                book.last = frame.number
        for ask in frame.asks:
            outcome.answers.append(self._one(session, ask, outcome, is_again=is_again))
        return outcome

    def lapse(self) -> list[tuple[str, Decimal]]:
        """Take those for dead who are silent for too long. Their names, and what was charged for them."""
        now, today = self._now(), self._today()
        found: list[tuple[str, Decimal]] = []
        for session, book in list(self.books.sessions.items()):
            if book.lapsed is None and book.seen < now - self.lease_s:
                for bucket in () if book.is_over else self.buckets.values():
                    bucket.leave(session)
                usd = self.books.lapse(now, today, session)
                if usd:
                    found.append((book.name, usd))
        return found

    def gone(self, session: str) -> None:
        """The connection of a session has ended; the session lasts until it lapses."""
        self.connected.discard(session)

    def status(self, store: str, refused: int) -> LimiterStatus:
        """How all of it stands."""
        now = self._now()
        leased = dict.fromkeys(self.books.sessions, 0)
        for bucket in self.buckets.values():
            for session, part in bucket.parts.items():
                leased[session] = leased.get(session, 0) + part.under_way + part.ready
        clients = tuple(
            ClientStatus(
                book.name, book.job, name in self.connected, max(0.0, now - book.seen), book.held_usd, leased[name]
            )
            for name, book in self.books.sessions.items()
            if book.lapsed is None and not book.is_over
        )
        return LimiterStatus(
            PROGRAM_VERSION,
            now - self._began,
            store,
            self.lease_s,
            self.frames,
            sum(bucket.calls for bucket in self.buckets.values()),
            refused,
            tuple(bucket.status(now) for bucket in self.buckets.values()),
            clients,
            tuple(self.books.statuses(self._today())),
        )

    def _greet(self, said: Greeting) -> SessionBook:
        names = (said.session, said.name, said.job or "", *(name for one in said.limits for name in one.profiles or ()))
        if said.version != VERSION or len(said.limits) > MOST_LIMITS or not said.session:
            raise RefusedFrameError("another version")
        if any(len(name) > MOST_NAME for name in names) or "\n" in said.session + (said.job or ""):
            raise RefusedFrameError("a name that is too long")
        if any(not one.total_usd.is_finite() for one in said.limits):
            raise RefusedFrameError("no amount")
        if said.session not in self.books.sessions and len(self.books.sessions) >= MOST_SESSIONS:
            raise RefusedFrameError("too many clients")
        self.connected.add(said.session)
        return self.books.greet(self._now(), said)

    def _one(self, session: str | None, ask: Demand, outcome: DeskOutcome, *, is_again: bool) -> Answer:
        now, today = self._now(), self._today()
        if isinstance(ask, StatusWanted):
            return NoAnswer("status is answered by the server")
        if session is None or session not in self.books.sessions:
            raise RefusedFrameError("no greeting")
        match ask:
            case Greeting():
                state = self.books.state(now, today, session)
                return Welcome(self.salt, self.lease_s, self.books.sessions[session].last, limits=state.limits)
            case CallsWanted():
                return self._calls(now, session, ask, outcome, is_again=is_again)
            case MoneyWanted(profile=profile, least=least, most=most):
                _check(profile, least, most)
                if is_again:  # what it was given is held; it asks anew
                    return self.books.state(now, today, session)
                given = self.books.want(now, today, session, profile, least, most)
                return self.books.state(now, today, session, given)
            case MoneySpent(profile=profile, usd=usd, back=back, calls=calls):
                _check(profile, usd, back)
                if not is_again:
                    self.books.spend(today, session, profile, usd, back, max(0, calls))
                return self.books.state(now, today, session)
            case BillTold():
                _check(ask.profile, ask.expected_usd, ask.billed_usd, ask.estimated_usd)
                _check(ask.name)
                if ask.name not in self.books.bills and len(self.books.bills) >= MOST_BILLS:
                    raise RefusedFrameError("too many bills")
                given = self.books.bill(now, today, session, ask)
                return self.books.state(now, today, session, given)
            case Look(waits=waits):
                if waits:
                    self.books.wait(now)
                return self.books.state(now, today, session)
            case Farewell():
                for bucket in self.buckets.values():
                    bucket.leave(session)
                state = self.books.state(now, today, session)
                self.books.end(session)
                self.connected.discard(session)
                return state

    def _calls(
        self, now: float, session: str, wanted: CallsWanted, outcome: DeskOutcome, *, is_again: bool
    ) -> CallsGiven:
        name = wanted.bucket
        if any(len(part) > MOST_NAME or "\n" in part for part in (name.host, name.account, name.model)):
            raise RefusedFrameError("a name that is too long")
        bucket = self.buckets.get(name)
        if bucket is None:
            if len(self.buckets) >= MOST_BUCKETS:
                raise RefusedFrameError("too many buckets")
            bucket = self.buckets[name] = SharedBucket(name)
        if is_again:
            return CallsGiven(again_s=0.05)
        said = bucket.told
        if wanted.pause_s is not None and wanted.turned_away and bucket.pause(now, wanted.pause_s):
            outcome.pauses.append(Pause(name, bucket.paused_until - now))
            self._touched.add(name)
        given = bucket.take(now, session, wanted)
        if bucket.told != said:
            self._touched.add(name)
        return given


def _check(profile: str, *amounts: Decimal) -> None:
    """Raise `RefusedFrameError` for what is no name or no amount."""
    if len(profile) > MOST_NAME or "\n" in profile:
        raise RefusedFrameError("a name that is too long")
    if any(not usd.is_finite() or not 0 <= usd <= MOST_USD for usd in amounts):
        raise RefusedFrameError("no amount")
