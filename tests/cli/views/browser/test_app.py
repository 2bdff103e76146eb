"""The browser of results, driven by Textual's pilot: what the keys do, at 80 and at 160 columns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("textual")

from textual.widgets import DataTable, Input, Static

from thinkdial.cli.views.browser.app import History, PairScreen, ResultBrowser, ResultsScreen, RunsScreen
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.history.read import StoredResult, StoredRun
from thinkdial.engine.history.search.run_rows import RunRow
from thinkdial.engine.results.assembly import summarize
from thinkdial.engine.results.result import Cost, Reasoning, Result, Run
from thinkdial.profiles.facts import reference
from thinkdial.providers.errors import UsageError

Make = Callable[..., Result]


@pytest.fixture
def history(result: Make) -> History:
    results = (
        result("dear", cost=Cost(Decimal("0.2")), answer="The **dear** answer [/b] with [link]."),
        result("free", cost=Cost(Decimal(0)), latency=Latency(total_s=9.0)),
        result("unknown", cost=Cost(), answer="prime indeed", reasoning=Reasoning("let me\nthink hard", "full", 12)),
    )
    return made(results, [])


def made(results: tuple[Result, ...], sent: list[tuple[str, str]]) -> History:
    def stored(number: int, those: tuple[Result, ...]) -> StoredRun:
        run = Run(run_id="abcd", prompt="Is 91 prime? [b]", system=None, results=those, summary=summarize(those, 1.0))
        entries = tuple(StoredResult(one, {}, None, False) for one in those)
        return StoredRun(number, run, "compare", "2026-11-30T10:00:00", False, entries)

    def again(run: StoredRun, which: Result, think: str) -> str:
        if think == "wrong":
            raise UsageError("unknown think value 'wrong'", hint="use low")
        sent.append((which.profile, think))
        return "new"

    row = RunRow(7, "abcd", "2026-11-30T10:00:00", "compare", "Is 91 prime? [b]", ("dear", "free"), ("high",), 1,
                 {"ok": 3}, Decimal("0.2"), 1, 1.0, False)  # fmt: skip
    return History(
        lambda: [row], lambda name: stored(8, results[:1]) if name == "new" else stored(7, results), again, reference()
    )


def piloted(app: ResultBrowser, act: Callable[[Any], Awaitable[None]], columns: int = 80) -> None:
    async def run() -> None:
        async with app.run_test(size=(columns, 30)) as pilot:
            await pilot.pause()
            await act(pilot)

    asyncio.run(run())


def names(app: ResultBrowser) -> list[str]:
    table = app.screen.query_one("#results", DataTable)
    return [str(table.get_row_at(at)[0]).strip(" ▪") for at in range(table.row_count)]


def shown(app: ResultBrowser) -> str:
    return "\n".join(str(strip.text) for strip in app.screen.query_one("#answer", Static).render_lines(
        app.screen.query_one("#answer", Static).region.reset_offset
    ))  # fmt: skip


@pytest.mark.parametrize("columns", [80, 160])
def test_runs_then_results_then_back(history: History, columns: int) -> None:
    app = ResultBrowser(history)

    async def act(pilot: Any) -> None:
        assert isinstance(app.screen, RunsScreen)
        assert str(app.screen.query_one("#runs", DataTable).get_row_at(0)[2]) == "Is 91 prime? [b]"
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, ResultsScreen)
        assert names(app) == ["dear", "free", "unknown"]
        assert "The dear answer [/b] with [link]." in shown(app)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen)

    piloted(app, act, columns)


@pytest.mark.slow
def test_sorting_filtering_and_reasoning(history: History) -> None:
    app = ResultBrowser(history, history.run("7"))

    async def act(pilot: Any) -> None:
        screen = app.screen
        assert isinstance(screen, ResultsScreen)
        while screen.sorted_by != "cost":
            await pilot.press("s")
        assert names(app) == ["free", "dear", "unknown"]
        await pilot.press("S")
        assert names(app) == ["dear", "free", "unknown"], "what is unknown stays last"
        await pilot.press("slash", *"indeed", "enter")
        await pilot.pause()
        assert names(app) == ["unknown"]
        assert "think hard" not in shown(app)
        await pilot.press("r")
        await pilot.pause()
        assert "┊ think hard" in shown(app)
        await pilot.press("slash")
        app.screen.query_one("#line", Input).value = "nowhere at all"
        await pilot.pause()
        assert names(app) == []
        assert "nothing matches" in shown(app)

    piloted(app, act)


def test_two_are_pinned_and_their_difference_shown(history: History) -> None:
    app = ResultBrowser(history, history.run("7"))

    async def act(pilot: Any) -> None:
        await pilot.press("d")
        assert isinstance(app.screen, ResultsScreen), "two have to be pinned first"
        await pilot.press("p", "down", "p", "down", "p")
        screen = app.screen
        assert isinstance(screen, ResultsScreen)
        assert screen.pinned == [1, 2], "of three the oldest goes"
        await pilot.press("d")
        await pilot.pause()
        assert isinstance(app.screen, PairScreen)
        both = app.screen.query_one("#both", Static)
        text = "\n".join(strip.text for strip in both.render_lines(both.region.reset_offset))
        assert "free" in text
        assert "prime indeed" in text
        assert "cost" in text
        await pilot.press("escape")
        assert isinstance(app.screen, ResultsScreen)

    piloted(app, act, 120)


@pytest.mark.slow
def test_copying_and_sending_again(result: Make) -> None:
    sent: list[tuple[str, str]] = []
    history = made((result("one", answer="raw **answer**"),), sent)
    app = ResultBrowser(history, history.run("7"))

    async def act(pilot: Any) -> None:
        await pilot.press("c")
        assert app.clipboard == "raw **answer**"
        await pilot.press("a", "escape")
        assert sent == []
        await pilot.press("a", *"low", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert sent == [("one", "low")]
        assert len(names(app)) == 2
        await pilot.press("a", *"wrong", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert len(names(app)) == 2
        assert any("unknown think value" in str(note.message) for note in app._notifications)

    piloted(app, act)


def test_it_ends(history: History) -> None:
    app = ResultBrowser(history, history.run("7"))

    async def act(pilot: Any) -> None:
        await pilot.press("escape")
        await pilot.pause()

    piloted(app, act)
    assert app.return_code == 0
