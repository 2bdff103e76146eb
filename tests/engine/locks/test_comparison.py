"""A lock held against what is now: exact things exactly, tokens and passes with the false alarms that are stated."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest
from msgspec.structs import replace

from thinkdial.engine.locks.comparison import LockCheck, checked
from thinkdial.engine.locks.lock import LockEntry, LockReading, ProbeSamples

from ...cases import each
from .made import PRICE, REQUEST, entry, lock, sampled

SEEDS = 200


def held(was: LockEntry, now: LockEntry, **options: float) -> LockCheck:
    return checked(lock(was), {was.name: LockReading(now)}, **options)


def kinds(found: LockCheck) -> list[str]:
    return [change.what for one in found.entries for change in one.changes]


@pytest.mark.slow
def test_false_alarms_are_no_more_than_stated() -> None:
    """Three entries, nine tests, nothing changed: in how many of 200 evenings is something said to have changed?"""
    names = ("claude", "gpt", "gemini")
    least: list[float] = []
    for seed in range(SEEDS):
        was = [sampled(f"before {seed}", name) for name in names]
        now = {one.name: LockReading(sampled(f"after {seed}", name)) for one, name in zip(was, names, strict=True)}
        found = checked(lock(*was), now)
        least.append(min(test.adjusted_p for one in found.entries for test in one.tests))
        assert (found.state == "changed") is (least[-1] <= found.false_alarm_rate)
    for rate in (0.05, 0.01, 0.2):
        alarms = sum(p <= rate for p in least)
        assert alarms / SEEDS <= rate + 2 * (rate * (1 - rate) / SEEDS) ** 0.5


@pytest.mark.parametrize(
    ("times", "rate", "least"),
    [(1.5, 0.9, 0.95), *(pytest.param(*one, marks=pytest.mark.slow) for one in ((0.6, 0.9, 0.95), (1.0, 0.4, 0.9)))],
)
def test_what_has_changed_much_is_found(times: float, rate: float, least: float) -> None:
    found = sum(
        held(sampled(f"a {seed}"), sampled(f"b {seed}", times=times, rate=rate)).state == "changed"
        for seed in range(40)
    )
    assert found / 40 >= least


def test_the_same_is_the_same() -> None:
    found = held(sampled(1), sampled(1))
    assert found.state == "same" and found.tests == 3
    assert [test.p for test in found.entries[0].tests] == [1.0, 1.0, 1.0]
    assert all(test.can_show for test in found.entries[0].tests)


@each(
    ("now", "what"),
    [
        ({"model": "other"}, ["model"]),
        ({"request": replace(REQUEST, hash="b" * 64, parts={"address": "1", "body.model": "3"})}, ["request"]),
        ({"price": replace(PRICE, output=Decimal("5.5"))}, ["price"]),
        ({"price": None}, ["price"]),
        ({"price": replace(PRICE, output=Decimal("4.5"), source="catalogue")}, []),
        ({"served": ("claude-opus-5-5", "claude-opus-5-5-0901"), "answered": 1}, ["served"]),
        ({"served": (), "answered": 1}, ["served"]),
        ({"served": (), "answered": 0}, []),
        ({"simulated": True, "answered": 1}, ["simulated"]),
    ],
)
def test_exact_things_are_compared_exactly(now: Mapping[str, object], what: list[str]) -> None:
    assert kinds(held(entry(), entry(**now))) == what


def test_a_request_that_changed_says_in_what() -> None:
    now = entry(request=replace(REQUEST, hash="b" * 64, parts={"address": "9", "body.model": "2", "body.tools": "3"}))
    [change] = held(entry(), now).entries[0].changes
    assert change.detail == "address, body.tools"


def test_tokens_that_are_no_longer_reported_are_a_change() -> None:
    was = sampled(1)
    silent = {name: replace(one, reasoning_tokens=()) for name, one in was.samples.items()}
    assert kinds(held(was, replace(was, samples=silent))) == ["reasoning_tokens"]


def test_few_values_say_that_they_could_not_show_anything() -> None:
    was = entry(samples={"p0": ProbeSamples((200, 210), (220, 230), (1, 1))}, answered=2)
    now = entry(samples={"p0": ProbeSamples((900, 910), (920, 930), (0, 0))}, answered=2)
    found = held(was, now)
    assert found.state == "same" and not any(test.can_show for test in found.entries[0].tests)


def test_what_could_not_be_read_is_neither() -> None:
    was = sampled(1)
    found = checked(lock(was), {was.name: LockReading(None, "connection: refused")})
    assert found.state == "unread" and found.entries[0].problem == "connection: refused" and found.tests == 0
    assert checked(lock(was), {}).state == "unread"


def test_a_change_that_was_seen_outweighs_what_was_not() -> None:
    a, b = sampled(1), sampled(1, "gpt")
    found = checked(
        lock(a, b), {a.name: LockReading(entry(price=None), "timeout"), b.name: LockReading(None, "timeout")}
    )
    assert [one.state for one in found.entries] == ["changed", "unread"] and found.state == "changed"


def test_probes_that_one_side_lacks_are_left_out() -> None:
    was = sampled(1)
    few = {name: was.samples[name] for name in list(was.samples)[:4]}
    found = held(was, replace(was, samples=few))
    assert {(test.n_was, test.n_now) for test in found.entries[0].tests} == {(12, 12)}
