"""The limiter without a socket and under a made-up clock: leave, money, lapses and restarts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.limiter.desk import Desk, RefusedFrameError
from thinkdial.engine.limiter.messages import (
    BucketName,
    CallsGiven,
    CallsWanted,
    Demand,
    Farewell,
    Frame,
    Greeting,
    Look,
    MoneyLimit,
    MoneySpent,
    MoneyState,
    MoneyWanted,
)
from thinkdial.engine.limiter.shelves import FileShelf, RedisShelf, Shelf
from thinkdial.profiles.profile import CallLimits
from thinkdial.providers.errors import ConfigError, StoreError
from thinkdial.providers.refusals.rate_headers import Reading

BUCKET = BucketName("api.example.org", "0123456789abcdef", "m")
MONTH = MoneyLimit("month", Decimal("1.00"))


class Days:
    """A desk, its clock, and clients that number their frames."""

    def __init__(self, records: dict[str, bytes] | None = None, at: float = 1000.0) -> None:
        self.at, self.day = at, date(2026, 11, 30)
        self.desk = Desk(
            now=lambda: self.at, wall_s=lambda: 1.7e9 + self.at, today=lambda: self.day, lease_s=30.0
        )  # fmt: skip
        self.desk.recall(records or {})
        self._numbers: dict[str, int] = {}

    def greet(self, session: str, *limits: MoneyLimit, job: str | None = None) -> None:
        greeting = Greeting(1, session, f"host:{session}", job, limits)
        self.desk.answer(session, Frame(0, (greeting,)), greeting)

    def ask(self, session: str, demand: Demand, number: int | None = None) -> Any:
        self._numbers[session] = self._numbers.get(session, 0) + 1
        frame = Frame(self._numbers[session] if number is None else number, (demand,))
        return self.desk.answer(session, frame).answers[0]

    def calls(self, session: str, want: int, limits: CallLimits, **more: Any) -> CallsGiven:
        given = self.ask(session, CallsWanted(BUCKET, limits, want, 1000, **more))
        assert isinstance(given, CallsGiven)
        return given

    def money(self, session: str, least: str, most: str | None = None, profile: str = "p") -> Decimal | None:
        state = self.ask(session, MoneyWanted(profile, Decimal(least), Decimal(most or least)))
        assert isinstance(state, MoneyState)
        return state.given


def began(days: Days, seconds: float, clients: dict[str, CallLimits]) -> dict[str, list[float]]:
    """When calls of greedy clients may begin, which ask whenever they have nothing left."""
    starts: dict[str, list[float]] = {name: [] for name in clients}
    next_ask = dict.fromkeys(clients, days.at)
    end = days.at + seconds
    while days.at < end:
        for name, limits in clients.items():
            if next_ask[name] > days.at:
                continue
            ready = sum(one > days.at for one in starts[name])
            given = days.calls(name, 16, limits, ready=ready)
            step = (given.last_s - given.first_s) / max(1, given.calls - 1)
            starts[name] += [days.at + given.first_s + step * i for i in range(given.calls)]
            next_ask[name] = days.at + max(0.05, given.again_s)
        days.at += 0.05
    return {name: [one for one in found if one < end] for name, found in starts.items()}


def test_two_clients_keep_one_limit_and_share_it_fairly() -> None:
    days = Days()
    for name in "ab":
        days.greet(name)
    found = began(days, 60.0, {"a": CallLimits(rpm=240), "b": CallLimits(rpm=1000)})
    assert 220 <= len(found["a"]) + len(found["b"]) <= 240, "the nearest word: 240, and nearly all of it"
    assert abs(len(found["a"]) - len(found["b"])) <= 40
    every = sorted(found["a"] + found["b"])
    assert all(later - sooner >= 4.0 - 0.5 for sooner, later in zip(every, every[16:], strict=False)), "evenly"


def test_headers_and_pauses_hold_for_all() -> None:
    days = Days()
    for name in "ab":
        days.greet(name)
    assert days.calls("b", 8, CallLimits()).calls == 8, "nothing is known"
    told = Reading("requests", "x", limit=60.0, remaining=50.0, reset_s=1.0, window_s=60.0)
    days.calls("a", 0, CallLimits(), readings=(told,))
    assert days.calls("b", 100, CallLimits()).calls <= 2
    away = CallsWanted(BUCKET, CallLimits(), 0, 1000, turned_away=True, pause_s=20.0)
    outcome = days.desk.answer("a", Frame(99, (away,)))
    assert [one.pause_s for one in outcome.pauses] == [20.0]
    held = days.calls("b", 5, CallLimits())
    assert (held.calls, held.pause_s) == (0, 20.0)
    days.at += 21
    assert days.calls("b", 5, CallLimits()).calls > 0


def test_calls_at_once_are_counted_over_clients_and_freed_by_the_dead() -> None:
    days, limits = Days(), CallLimits(concurrency=4)
    for name in "ab":
        days.greet(name)
    assert days.calls("a", 3, limits).calls == 3
    assert days.calls("b", 3, limits, under_way=0).calls == 1
    full = days.calls("b", 3, limits, under_way=1)
    assert full.calls == 0 and full.is_crowded and full.again_s > 0
    days.at += 31
    days.calls("b", 0, limits, under_way=1)
    days.desk.lapse()
    assert days.calls("b", 3, limits, under_way=1).calls == 3, "a is dead"


def test_money_is_held_once_whoever_asks_and_a_frame_that_comes_again_is_counted_once() -> None:
    days = Days()
    for name in "ab":
        days.greet(name, MONTH)
    assert days.money("a", "0.40", "9") == Decimal("0.40"), "ahead of need only where there is plenty"
    assert days.money("b", "0.70") is None
    assert days.money("b", "0.60") == Decimal("0.60")
    for _ in range(2):
        days.ask("a", MoneySpent("p", Decimal("0.30"), Decimal("0.10")), number=7)
    state = days.ask("b", Look(), number=50)
    assert [(one.spent_usd, one.others_usd) for one in state.limits] == [(Decimal("0.30"), Decimal(0))]
    days.ask("b", Farewell(), number=51)
    state = days.ask("a", MoneyWanted("p", Decimal("0.60"), Decimal("0.60")), number=59)
    assert state.given == Decimal("0.60"), "what b held is free"
    days.day = date(2026, 12, 1)
    assert days.ask("a", Look(), number=60).limits[0].spent_usd == 0, "another month"


def test_a_client_that_falls_silent_is_charged_and_put_right_when_it_lives() -> None:
    days = Days()
    for name in "ab":
        days.greet(name, MONTH)
    days.money("a", "0.50")
    days.at += 31
    days.ask("b", Look())
    assert [(name, usd) for name, usd in days.desk.lapse()] == [("host:a", Decimal("0.50"))]
    assert days.ask("b", Look()).limits[0].spent_usd == Decimal("0.50")
    (day, _) = days.desk.status("here", 0).money
    assert (day.usd, day.estimated_usd) == (Decimal("0.50"), Decimal("0.50"))
    days.ask("a", MoneySpent("p", Decimal("0.20"), Decimal("0.30")))
    assert days.ask("b", Look()).limits[0].spent_usd == Decimal("0.20")
    (day, _) = days.desk.status("here", 0).money
    assert (day.usd, day.estimated_usd) == (Decimal("0.20"), Decimal(0))


def test_a_job_is_one_limit_for_its_runs_alone() -> None:
    days, job = Days(), MoneyLimit("job", Decimal("1.00"))
    days.greet("a", job, job="night")
    days.greet("b", job, job="night")
    days.greet("c", job, job="day")
    days.money("a", "0.80")
    assert days.money("b", "0.30") is None
    assert days.money("c", "0.90") == Decimal("0.90")


def test_what_makes_no_sense_ends_the_connection() -> None:
    days = Days()
    with pytest.raises(RefusedFrameError):
        days.desk.answer(None, Frame(1, (Look(),)))
    days.greet("a", MONTH)
    for demand in (
        MoneySpent("p", Decimal(-1)),
        MoneySpent("p", Decimal("NaN")),
        MoneyWanted("p", Decimal("Infinity"), Decimal(1)),
        MoneySpent("x" * 300, Decimal(1)),
        CallsWanted(BucketName("h", "a", "m" * 999), CallLimits(), 1, 1),
    ):
        with pytest.raises(RefusedFrameError):
            days.ask("a", demand)


def shelves(tmp_path: Path) -> list[tuple[Any, Any]]:
    import fakeredis

    server = fakeredis.FakeServer()
    return [
        (lambda: FileShelf(tmp_path / "state" / "limiter.sqlite3"), StoreError),
        (lambda: RedisShelf("redis://127.0.0.1:6379/0", fakeredis.FakeRedis(server=server)), StoreError),
    ]


def test_a_restart_remembers_money_holds_and_pauses(tmp_path: Path) -> None:
    for opened, error in shelves(tmp_path):
        days, shelf = Days(), opened()
        assert isinstance(shelf.words, str)
        days.greet("a", MONTH)
        days.money("a", "0.40")
        days.ask("a", MoneySpent("p", Decimal("0.10")))
        days.calls("a", 0, CallLimits(), turned_away=True, pause_s=60.0)
        shelf.save(days.desk.changes())
        with pytest.raises(error, match="another limiter"):
            opened()
        shelf.keep_owned()
        shelf.close()
        again = opened()
        later = Days(again.load(), at=1010.0)
        assert later.desk.salt == days.desk.salt, "the same accounts"
        later.greet("b", MONTH)
        state = later.ask("b", Look()).limits[0]
        assert (state.spent_usd, state.others_usd) == (Decimal("0.10"), Decimal("0.30"))
        assert later.calls("b", 1, CallLimits()).pause_s == pytest.approx(50.0, abs=0.01)
        later.at += 31
        later.desk.lapse()
        assert later.ask("b", Look()).limits[0].spent_usd == Decimal("0.40")
        later.day = date(2028, 3, 1)
        later.desk.books.prune(later.day)
        again.save(later.desk.changes())
        assert not any(name.startswith("spent") for name in again.load())
        again.close()


def test_state_is_private_and_of_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "limiter.sqlite3"
    FileShelf(path).close()
    assert path.stat().st_mode & 0o077 == 0
    other = tmp_path / "other.sqlite3"
    import sqlite3

    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        FileShelf(other)
    (tmp_path / "bad.sqlite3").write_bytes(b"no database at all" * 99)
    with pytest.raises(StoreError, match="damaged"):
        FileShelf(tmp_path / "bad.sqlite3")
    with pytest.raises(ConfigError, match="no TLS"):
        RedisShelf("redis://user:secret@redis.example.org/0")


def test_a_shelf_is_what_the_server_takes(tmp_path: Path) -> None:
    shelf: Shelf = FileShelf(tmp_path / "x.sqlite3")
    shelf.save({"a": b"1", "b": b"2"})
    shelf.save({"a": None})
    assert shelf.load() == {"b": b"2"}
    shelf.close()
