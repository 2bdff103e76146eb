"""Money in the library: nothing is sent that cannot be afforded, whoever calls, how often, and how many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

import thinkdial
from thinkdial.engine.costs.budget import limits
from thinkdial.engine.history.search.run_rows import RunRow

from .conftest import Till, WriteConfig

Stored = Callable[[], list[RunRow]]


def cost_of(*results: thinkdial.Result) -> Decimal:
    return sum((result.cost.usd or Decimal(0) for result in results), Decimal(0))


class TestMaxCost:
    def test_it_bounds_one_run_of_many(self, ten_cents: WriteConfig, till: Till) -> None:
        names = [f"p{number}" for number in range(12)]
        run = thinkdial.compare("hi", names, config=ten_cents(12), max_cost=0.55)
        assert run.summary.usd == cost_of(*run.results) == Decimal("0.50") and till.answered == 5
        refused = [result for result in run.results if result.error is not None]
        assert len(refused) == 7 and all(result.attempts == 0 for result in refused)
        assert {result.error.kind for result in refused if result.error is not None} == {"budget"}

    def test_it_bounds_all_calls_of_a_client_together(self, ten_cents: WriteConfig, till: Till) -> None:
        async def go() -> list[thinkdial.Result]:
            async with thinkdial.Client(ten_cents(2), max_cost="0.30") as client:
                results = [await client.ask("hi", "p0"), *(await client.compare("hi", ["p0", "p1"])).results]
                with pytest.raises(thinkdial.BudgetError, match=r"^max_cost: 0\.00 of 0\.30 USD is left"):
                    await client.ask("hi", "p1")
                return results

        assert cost_of(*asyncio.run(go())) == Decimal("0.30") and till.answered == 3

    def test_and_those_that_are_made_at_once(self, ten_cents: WriteConfig, till: Till) -> None:
        till.at_once = 3

        async def go() -> list[thinkdial.Result]:
            async with thinkdial.Client(ten_cents(4), max_cost=0.30) as client:
                asks = (client.ask("hi", f"p{number % 4}") for number in range(12))
                compares = (client.compare("hi", ["p0", "p1"]) for _ in range(4))
                asked = await asyncio.gather(*asks, *compares)
            return [one for made in asked for one in (made.results if isinstance(made, thinkdial.Run) else (made,))]

        results = asyncio.run(go())
        assert len(results) == 20 and till.answered == 3
        assert cost_of(*results) == Decimal("0.30")
        assert sum(result.error is not None and result.error.kind == "budget" for result in results) == 17

    def test_a_refusal_before_anything_is_sent_names_it_as_it_was_given(
        self, ten_cents: WriteConfig, till: Till
    ) -> None:
        config = ten_cents(price="{input: 1000, output: 1000}")
        with pytest.raises(thinkdial.BudgetError) as caught:
            thinkdial.ask("a long prompt " * 50, "p0", config=config, max_cost=0.0001)
        assert caught.value.message.startswith("max_cost is 0.00010 USD, and this call costs at least")
        assert (caught.value.hint or "").endswith("or raise max_cost")
        assert till.answered == 0

    def test_a_call_without_a_price_is_refused_unless_it_is_allowed(self, ten_cents: WriteConfig, till: Till) -> None:
        config = ten_cents()
        config.write_text(config.read_text("utf-8").replace("price: {input: 0, output: 1000},", ""), encoding="utf-8")
        with pytest.raises(thinkdial.BudgetError) as caught:
            thinkdial.ask("hi", "p0", config=config, max_cost=1)
        assert "the price of p0 is not known, so max_cost cannot be kept" in caught.value.message
        assert (caught.value.hint or "").endswith("or pass allow_unpriced=True")
        assert till.answered == 0
        allowed = thinkdial.ask("hi", "p0", config=config, max_cost=1, allow_unpriced=True)
        assert allowed.status == "ok" and allowed.cost.usd is None

    def test_a_run_that_was_cancelled_leaves_its_part_to_others(self, ten_cents: WriteConfig, till: Till) -> None:
        till.at_once = 99  # so many never come, so the answers take long
        till.awaited = 4

        async def go() -> thinkdial.Result:
            names = [f"p{number}" for number in range(4)]
            path = ten_cents(4)
            path.write_text(path.read_text("utf-8").replace("api_key_env", "limits: {concurrency: 1}, api_key_env"))
            async with thinkdial.Client(path, max_cost=1) as client:
                task = asyncio.create_task(client.compare("hi", names, think=["off", "low", "high"]))
                await asyncio.to_thread(till.reached.wait, 5)
                task.cancel()
                await asyncio.wait([task])
                till.at_once = 1
                return await client.ask("hi", "p0", max_output=900)

        result = asyncio.run(go())
        assert result.status == "ok", result.error
        (lowered,) = (notice for notice in result.warnings if notice.code == "output_limit_lowered")
        assert "the output limit is 600 tokens" in lowered.message


class TestConfiguredBudgets:
    def test_a_client_is_one_run_for_the_limit_of_a_run(self, ten_cents: WriteConfig, till: Till) -> None:
        config = ten_cents(1, "budget: {per_run_usd: 0.20}\n")

        async def go() -> None:
            async with thinkdial.Client(config) as client:
                await client.ask("hi", "p0")
                await client.ask("hi", "p0")
                with pytest.raises(thinkdial.BudgetError, match=r"^budget\.per_run_usd: 0\.00 of 0\.20 USD is left"):
                    await client.ask("hi", "p0")

        asyncio.run(go())
        assert till.answered == 2
        assert thinkdial.ask("hi", "p0", config=config).status == "ok"

    @pytest.mark.parametrize("limit", ["daily_usd: 0.25", "monthly_usd: 0.25", "profiles: {p0: {daily_usd: 0.25}}"])
    def test_a_limit_that_all_runs_share_holds_without_a_history_of_texts(
        self, ten_cents: WriteConfig, till: Till, stored: Stored, limit: str
    ) -> None:
        config = ten_cents(1, f"budget: {{{limit}}}\n")
        assert [thinkdial.ask("hi", "p0", config=config, history=False).status for _ in range(2)] == ["ok", "ok"]
        refused = thinkdial.ask("hi", "p0", config=config, history=False)
        assert refused.error is not None and refused.error.kind == "budget" and refused.attempts == 0
        assert till.answered == 2 and stored() == []

    def test_what_is_spent_already_refuses_before_anything_is_sent(self, ten_cents: WriteConfig, till: Till) -> None:
        price = "{input: 10, output: 1000}"
        config = ten_cents(1, "budget: {daily_usd: 0.20}\n", price=price)
        first = thinkdial.ask("hi", "p0", config=config)
        assert first.cost.usd == Decimal("0.10005"), first.error
        with pytest.raises(thinkdial.BudgetError, match=r"^budget\.daily_usd: 0\.099 of 0\.20 USD is left"):
            thinkdial.ask("hi " * 50_000, "p0", config=config)
        assert till.answered == 1

    def test_calls_of_several_clients_at_once_share_it(self, ten_cents: WriteConfig, till: Till) -> None:
        config = ten_cents(4, "budget: {daily_usd: 0.30}\n")
        till.at_once = 3

        async def one(number: int) -> thinkdial.Result:
            async with thinkdial.Client(config) as client:
                return await client.ask("hi", f"p{number % 4}")

        async def go() -> list[thinkdial.Result]:
            return await asyncio.gather(*map(one, range(8)))

        results = asyncio.run(go())
        assert cost_of(*results) == Decimal("0.30") and till.answered == 3

    def test_another_day_begins_for_a_client_that_stays_open(
        self, ten_cents: WriteConfig, till: Till, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def go() -> list[str]:
            async with thinkdial.Client(ten_cents(1, "budget: {daily_usd: 0.10}\n"), max_cost=0.20) as client:

                async def outcome() -> str:
                    try:
                        result = await client.ask("hi", "p0")
                    except thinkdial.BudgetError as error:
                        return error.message.partition(":")[0]
                    return result.status if result.error is None else result.error.message.partition(":")[0]

                came = [await outcome(), await outcome()]
                tomorrow = datetime.now(UTC).date() + timedelta(days=1)
                monkeypatch.setattr(limits, "today", lambda: tomorrow)
                return [*came, await outcome(), await outcome()]

        assert asyncio.run(go()) == ["ok", "budget.daily_usd", "ok", "max_cost"]
        assert till.answered == 2

    def test_what_would_have_to_be_confirmed_is_refused(self, ten_cents: WriteConfig, till: Till) -> None:
        config = ten_cents(1, "budget: {confirm_usd: 0.01}\n")
        with pytest.raises(thinkdial.BudgetError) as caught:
            thinkdial.ask("hi", "p0", config=config)
        assert caught.value.hint == "raise budget.confirm_usd (0.01) in your configuration"
        assert till.answered == 0

    def test_a_limit_that_only_warns_is_said_to_whoever_listens(self, ten_cents: WriteConfig, till: Till) -> None:
        heard: list[str] = []
        config = ten_cents(1, "budget: {daily_usd: 0.05, on_exceed: warn}\n")
        assert thinkdial.ask("hi", "p0", config=config, note=heard.append).status == "ok"
        assert heard == ["budget.daily_usd (0.050 USD) is passed by 0.050 USD"]
