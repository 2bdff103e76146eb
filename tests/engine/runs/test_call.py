"""One call by itself: what the purse says, what the observer may do, and who has the result first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from thinkdial.engine.costs.budget.ledger import Ledger
from thinkdial.engine.costs.budget.limits import Limit
from thinkdial.engine.costs.budget.purse import Purse
from thinkdial.engine.exchange.surroundings import Surroundings
from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.results.result import Result
from thinkdial.engine.runs.call import OnStored, UnheardError, is_refused, make_call
from thinkdial.engine.runs.jobs import Options, ReadyCall, make_jobs
from thinkdial.engine.targets.target import Selection
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Price
from thinkdial.providers.schema import AnswerDelta

AT = datetime(2026, 11, 21, tzinfo=UTC)
PRICE = Price(input=Decimal(100), output=Decimal(100))
"""10 tokens in and 30 out, the tests' usage, are 0.004 dollars."""


def made(kit: Any, *replies: Any, retries: int = 0, **given: Any) -> Result:
    """What comes of one call to a server that gives these replies."""

    async def go() -> Result:
        async with kit.Server(*replies) as server, Transport() as transport:
            return await make_call(ready(kit, server.url, retries), around(kit, transport), run_id="r", **given)

    return asyncio.run(asyncio.wait_for(go(), 10))


def around(kit: Any, transport: Transport) -> Surroundings:
    time = kit.FakeTime()
    return Surroundings(transport, clock=time, sleep=time.sleep, dice=lambda: 0.0)


def ready(kit: Any, url: str, retries: int = 0) -> ReadyCall:
    profile = kit.profile(url, price=PRICE, max_output_tokens=100)
    options = Options(retries=retries, timeout_s=5.0)
    (job,) = make_jobs([Selection(profile)], Prompt("6 x 7?"), load_builtin(), options, {"MY_KEY": kit.key})
    assert job.ready is not None
    return job.ready


def purse_of(usd: str) -> tuple[Purse, Ledger]:
    ledger = Ledger([Limit("--max-cost", Decimal(usd), Decimal(usd))], ())
    return Purse(ledger, lambda: AT), ledger


def test_a_call_alone(kit: Any, wire: Any) -> None:
    result = made(kit, wire.good, at=AT)
    assert (result.status, result.answer, result.cost.usd) == ("ok", "42", Decimal("0.004"))
    assert (result.run_id, result.created_at) == ("r", "2026-11-21T00:00:00Z")
    assert not is_refused(result)


def test_without_a_moment_it_is_that_of_the_call(kit: Any, wire: Any) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    created = datetime.fromisoformat(made(kit, wire.good).created_at)
    assert before <= created <= datetime.now(UTC)


def test_its_patience_is_that_of_the_call(kit: Any, wire: Any) -> None:
    replies = (wire.error(500), wire.good)
    assert (made(kit, *replies).status, made(kit, *replies, retries=1).attempts) == ("error", 2)


def test_an_attempt_that_ended_before_any_text_counts_as_all_that_was_reserved(kit: Any, wire: Any) -> None:
    purse, ledger = purse_of("1")
    result = made(kit, wire.stream(), wire.good, retries=1, purse=purse)
    assert (result.status, result.attempts, result.cost.usd) == ("ok", 2, Decimal("0.004"))
    assert [warning.code for warning in result.warnings if warning.code == "attempt_lost"] == ["attempt_lost"]
    assert ledger.spent_usd > Decimal("0.014") and ledger.reserved_usd == 0  # 100 tokens of output are 0.01


def test_an_attempt_that_was_turned_away_costs_nothing(kit: Any, wire: Any) -> None:
    purse, ledger = purse_of("1")
    result = made(kit, wire.error(503), wire.good, retries=1, purse=purse)
    assert (result.attempts, ledger.spent_usd, ledger.reserved_usd) == (2, Decimal("0.004"), 0)
    assert "attempt_lost" not in [warning.code for warning in result.warnings]


def test_an_attempt_that_taught_a_field_is_reserved_again_and_free(kit: Any, wire: Any) -> None:
    purse, ledger = purse_of("1")
    refused = wire.error(
        400, "unsupported_parameter", "Unsupported parameter: 'max_tokens' is not supported.", "max_tokens"
    )
    result = made(kit, refused, wire.good, purse=purse)
    assert (result.status, result.attempts) == ("ok", 2)
    assert (ledger.spent_usd, ledger.reserved_usd) == (Decimal("0.004"), 0)


def test_another_attempt_that_cannot_be_paid_beside_the_lost_one_is_not_made(kit: Any, wire: Any) -> None:
    purse, ledger = purse_of("1")
    made(kit, wire.stream(), purse=purse)
    most = ledger.spent_usd
    purse, ledger = purse_of(str(most * Decimal("1.1")))
    result = made(kit, wire.stream(), wire.good, retries=1, purse=purse)
    assert (result.status, result.attempts) == ("error", 1) and result.error is not None
    assert result.error.kind == "protocol" and "not_retried" in [warning.code for warning in result.warnings]
    assert ledger.spent_usd == most and ledger.reserved_usd == 0


def test_what_the_purse_refuses_is_a_result_of_nothing_sent(kit: Any, wire: Any) -> None:
    kept: list[tuple[Result, OnStored | None]] = []

    async def keep(result: Result, settle: OnStored | None) -> Result:
        kept.append((result, settle))
        return result

    purse, ledger = purse_of("0.0001")
    result = made(kit, wire.good, purse=purse, keep=keep, at=AT)
    assert is_refused(result) and (result.status, result.attempts, result.cost.usd) == ("error", 0, None)
    assert kept == [(result, None)] and ledger.spent_usd == 0


@pytest.mark.parametrize("keeps", [False, True])
def test_the_purse_counts_it_when_it_is_stored(kit: Any, wire: Any, keeps: bool) -> None:
    purse, ledger = purse_of("1")
    spent: list[Decimal] = []

    async def keep(result: Result, settle: OnStored | None) -> Result:
        assert settle is not None
        spent.append(ledger.spent_usd)
        settle()
        return result

    result = made(kit, wire.good, purse=purse, at=AT, **({"keep": keep} if keeps else {}))
    assert result.status == "ok" and ledger.spent_usd == Decimal("0.004")
    assert spent == ([Decimal(0)] if keeps else [])


def watcher_that(kit: Any, act: Callable[[], None]) -> Any:
    """An observer that acts each time it hears of the answer."""
    watcher = kit.Watcher()
    watcher.on_delta = lambda delta: act() if isinstance(delta, AnswerDelta) else None
    return watcher


def test_an_observer_may_want_no_more(kit: Any, wire: Any) -> None:
    def enough() -> None:
        raise UnheardError

    result = made(kit, wire.good, observer=watcher_that(kit, enough))
    assert (result.status, result.answer, result.finish) == ("cancelled", "42", "cancelled")


def test_an_accident_is_told_as_one(kit: Any, wire: Any) -> None:
    def stumble() -> None:
        raise RuntimeError("oh")

    result = made(kit, wire.good, observer=watcher_that(kit, stumble))
    assert result.error is not None and "RuntimeError: oh" in result.error.message
    assert (result.status, result.answer) == ("partial", "42")


def test_cancelled_it_gives_what_came(kit: Any, wire: Any) -> None:
    async def go() -> Result:
        came = asyncio.Event()
        watcher = watcher_that(kit, came.set)
        async with kit.Server(wire.then_hold(wire.stream(*wire.opening))) as server, Transport() as transport:
            call = asyncio.ensure_future(
                make_call(ready(kit, server.url), around(kit, transport), run_id="r", observer=watcher)
            )
            await came.wait()
            call.cancel()
            return await call

    result = asyncio.run(asyncio.wait_for(go(), 10))
    assert (result.status, result.answer, result.attempts) == ("cancelled", "42", 1)
