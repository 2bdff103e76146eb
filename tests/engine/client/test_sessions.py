"""`thinkdial.Session`, and `session=` in the calls of a client: the same conversations as on the command line."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import thinkdial
from thinkdial import Session
from thinkdial.engine.history.search.run_rows import RunRow

from .conftest import Till, Waiter, WriteConfig


@pytest.fixture
def tea(sim: Path) -> Session:
    """A session of two turns."""
    session = Session("tea", config=sim)
    session.ask("Which tea has the least caffeine?", "a", think="high")
    session.ask("And with milk?")
    return session


class TestSession:
    def test_a_form_that_is_none_suggests(self, tea: Session) -> None:
        with pytest.raises(thinkdial.UsageError, match="did you mean openai-chat"):
            tea.export("openai")  # pyright: ignore[reportArgumentType]

    def test_turns_go_on_with_what_the_last_one_had(self, tea: Session, sim: Path) -> None:
        first, second = tea.turns
        assert (first.number, first.profile, first.think, first.model) == (1, "a", "high", "claude-opus-5-5")
        assert (second.prompt, second.think) == ("And with milk?", "high") and second.answer
        assert tea.profile == "a" and second.run == 2 and isinstance(second.usd, Decimal) and not second.is_cut
        third = Session(config=sim).ask("And lemon?")
        assert third.session is not None and (third.session.name, third.session.turn) == ("tea", 3)
        assert [(fate.turn, fate.fate) for fate in third.continuity] == [(1, "kept"), (2, "kept")]

    def test_a_comparison_changes_nothing_until_one_answer_is_picked(self, tea: Session) -> None:
        run = tea.compare("At night?", ["a", "o", "g"])
        fates = [{fate.fate for fate in result.continuity} for result in run.results]
        assert fates == [{"kept"}, {"dropped"}, {"dropped"}] and len(tea.turns) == 2
        picked = tea.pick("o")
        assert (picked.number, picked.prompt, picked.answer) == (3, "At night?", run.results[1].answer)
        assert tea.profile == "o" and [fate.fate for fate in tea.ask("Why?").continuity] == [
            "dropped",
            "dropped",
            "kept",
        ]

    def test_readable_reasoning_goes_along_as_a_note_where_it_is_wanted(self, tea: Session) -> None:
        (plain,), (noted,) = (tea.plan("x", "o", carry_reasoning=carried).calls for carried in (False, True))
        assert b"Reasoning of" not in plain.prepared.request.body
        assert b"Reasoning of claude-opus-5-5 in turn 1, converted to text" in noted.prepared.request.body
        assert {fate.fate for fate in noted.prepared.continuity.fates} == {"converted"}

    def test_a_changed_prefix_can_be_an_error(self, tea: Session) -> None:
        with pytest.raises(thinkdial.UsageError, match="is not what claude-opus-5-5 signed"):
            tea.ask("x", system="Be brief.", on_mismatch="error")
        assert len(tea.turns) == 2
        dropped = tea.ask("x", system="Be brief.")
        assert {fate.fate for fate in dropped.continuity} == {"dropped"}

    def test_a_session_that_is_too_full_is_refused_trimmed_or_compacted(self, tea: Session) -> None:
        refused = tea.ask("x", max_input_tokens=40)
        assert refused.error is not None and refused.error.kind == "context_length" and len(tea.turns) == 2
        (problem,) = tea.plan("x", max_input_tokens=40).problems
        assert "40" in problem.message
        trimmed = tea.ask("x", max_input_tokens=150, when_full="trim")
        assert "context_trimmed" in {warning.code for warning in trimmed.warnings} and len(tea.turns) == 3
        compacted = tea.ask("y", "g", max_input_tokens=150, when_full="compact", summary_profile="o")
        assert compacted.status == "ok", compacted.error
        kinds = [node["kind"] for node in tea.document()["nodes"]]
        assert kinds == ["turn", "turn", "turn", "compaction", "turn"] and len(tea.turns) == 4

    def test_it_is_made_short_by_name(self, tea: Session) -> None:
        result = tea.compact("g")
        assert result.profile == "g" and result.answer
        assert [node["kind"] for node in tea.document()["nodes"]] == ["turn", "turn", "compaction"]
        with pytest.raises(thinkdial.UsageError, match="nothing to compact"):
            tea.compact()
        with pytest.raises(thinkdial.StoreError, match="no session is called 'none'"):
            Session("none").compact()
        wrong: Any = {"when_full": "explode"}
        with pytest.raises(thinkdial.UsageError, match="when_full is one of refuse, trim, compact"):
            tea.ask("x", **wrong)

    def test_it_is_forked_rewound_renamed_and_removed(self, tea: Session) -> None:
        green = tea.fork("green", at=1)
        assert [turn.number for turn in green.turns] == [1] and len(tea.turns) == 2
        green.ask("Another way?")
        tea.rewind()
        assert len(tea.turns) == 1 and len(green.turns) == 2
        tea.rewind(to=0)
        assert tea.turns == ()
        tea.rename("black")
        assert tea.name == "black" and {*Session.names()} == {"green", "black"}
        assert {one["name"] for one in green.document()["sessions"]} == {"green", "black"}
        assert tea.remove() == 0 and green.remove() == 3 and Session.names() == []

    def test_what_all_its_turns_may_cost_is_looked_at_before_the_next(self, sim: Path) -> None:
        session = Session.begin("thrifty", max_cost_in_all="0.000001", config=sim)
        with pytest.raises(thinkdial.BudgetError, match="the limit of session thrifty"):
            session.ask("And with milk?", "a")
        assert not session.turns

    def test_it_begins_empty_or_with_an_answer_that_is_paid_for(self, sim: Path) -> None:
        thinkdial.compare("Is 91 prime?", ["a", "o"], config=sim)
        begun = Session.begin("prime", from_run="1:o", config=sim)
        assert [turn.prompt for turn in begun.turns] == ["Is 91 prime?"] and begun.profile == "o"
        empty = Session.begin("empty", system="Be brief.", config=sim)
        assert empty.turns == () and empty.profile is None
        (plan,) = empty.plan("x", "o").calls
        assert b"Be brief." in plan.prepared.request.body
        with pytest.raises(thinkdial.StoreError, match="there is a session prime already"):
            Session.begin("prime")

    def test_what_is_not_there_is_said_with_what_comes_close(self, tea: Session, sim: Path) -> None:
        other = Session("tee", config=sim)
        assert other.turns == () and other.profile is None
        for call in (lambda: other.compare("x", "a"), lambda: other.plan("x", "a"), other.rewind, other.document):
            with pytest.raises(thinkdial.StoreError, match=r"no session is called 'tee'.*tea"):
                call()
        with pytest.raises(thinkdial.UsageError, match="has no comparison to pick from"):
            tea.pick("a")
        with pytest.raises(thinkdial.UsageError, match="cannot hold"):
            Session("a/b")
        wrong: Any = {"seesion": "x"}
        with pytest.raises(thinkdial.UsageError, match="'seesion' is no option"):
            tea.ask("x", **wrong)
        wrong = {"session": "other"}
        with pytest.raises(thinkdial.UsageError, match="'session' is no option of a session"):
            tea.ask("x", **wrong)

    def test_it_goes_into_a_file_and_comes_back_with_its_pieces(self, tea: Session, sim: Path, tmp_path: Path) -> None:
        path = tmp_path / "tea.json"
        path.write_text(tea.export(), encoding="utf-8")
        with pytest.raises(thinkdial.StoreError, match="there is a session tea already"):
            Session.load(path)
        heard: list[str] = []
        again = Session.load(path, "again", config=sim, note=heard.append)
        assert [(turn.prompt, turn.answer) for turn in again.turns] == [(t.prompt, t.answer) for t in tea.turns]
        assert [turn.said.pieces for turn in again.turns] == [turn.said.pieces for turn in tea.turns]
        went = again.ask("And lemon?", "a")
        assert {fate.reason for fate in went.continuity} == {"it was imported; anthropic has not accepted it yet"}
        chat = Session.load(tea.export("openai-chat").encode(), "chat", config=sim)
        assert [turn.answer for turn in chat.turns] == [turn.answer for turn in tea.turns]
        with pytest.raises(thinkdial.UsageError, match=r"tea.json: line 1, column 2"):
            path.write_text("{]", encoding="utf-8")
            Session.load(path, "torn")
        with pytest.raises(thinkdial.UsageError, match="cannot be read: No such file"):
            Session.load(tmp_path / "none.json", "none")
        odd: Any = "docx"
        with pytest.raises(thinkdial.UsageError, match="'docx' is no form"):
            tea.export(odd)

    def test_without_any_session_there_is_no_latest(self) -> None:
        with pytest.raises(thinkdial.StoreError, match="there is no session yet"):
            Session()


class TestClient:
    def test_the_session_is_named_in_each_call(self, sim: Path) -> None:
        async def program() -> None:
            heard: list[str] = []
            async with thinkdial.Client(sim, note=heard.append) as client:
                await client.ask("One?", "a", session="tea")
                second = await client.ask("Two?", session="TEA")
                run = await client.compare("Three?", ["a", "o"], session="tea")
                again = await client.compare("Three?", ["a", "o"], session="tea")
            assert second.session is not None and second.session.turn == 2 and len(second.continuity) == 1
            assert run.results[1].session == again.results[1].session
            assert [line for line in heard if "simulat" not in line] == [
                "session tea begins", "openai will see 2 earlier turns for the first time",
            ]  # fmt: skip

        asyncio.run(program())

    def test_turns_of_one_session_never_come_at_once(self, sim: Path) -> None:
        async def program() -> None:
            async with thinkdial.Client(sim) as client:
                await client.ask("One?", "a", session="tea")
                both = await asyncio.gather(
                    client.ask("Two?", session="tea"), client.ask("Two?", session="Tea"), return_exceptions=True
                )
                problem = next(one for one in both if isinstance(one, thinkdial.StoreError))
                assert "in use by another call of this program" in problem.message
                await client.ask("Three?", session="tea")
                await asyncio.gather(*(client.ask("x", "a", session=name) for name in ("one", "two", "three")))
            assert len(Session("tea").turns) == 3 and len(Session.names()) == 4

        asyncio.run(program())

    def test_a_cancelled_turn_keeps_what_came_and_lets_go(self, sim: Path) -> None:
        async def program() -> None:
            waiter = Waiter()
            async with thinkdial.Client(sim) as client:
                await client.ask("One?", "a", session="tea")
                running = asyncio.create_task(client.ask("Two?", "stall", session="tea", observer=waiter))
                await waiter.began.wait()
                running.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await running
                after = await client.ask("Three?", "a", session="tea")
            assert after.status == "ok" and after.session is not None
            turns = Session("tea").turns
            assert [turn.is_cut for turn in turns] == [False, *[True] * (len(turns) - 2), False]

        asyncio.run(program())

    def test_an_answer_that_was_paid_for_is_given_whatever_becomes_of_the_session(self, sim: Path) -> None:
        heard: list[str] = []
        session = Session("tea", config=sim, note=heard.append)
        session.ask("One?", "a")

        class Removes(thinkdial.Silent):
            def finished(self, index: int, result: thinkdial.Result) -> None:
                if Session.names():
                    Session("tea").remove()

        run = session.compare("Two?", ["a", "o"], observer=Removes())
        assert {result.status for result in run.results} == {"ok"}
        assert any("the session remembers nothing of this: session tea is gone" in line for line in heard)

    def test_a_call_that_cannot_be_afforded_begins_nothing(self, ten_cents: WriteConfig, till: Till) -> None:
        async def program() -> None:
            async with thinkdial.Client(ten_cents(), max_cost="0.00001") as client:
                with pytest.raises(thinkdial.BudgetError):
                    await client.ask("hi", "p0", session="new")
            assert till.answered == 0 and Session.names() == []

        asyncio.run(program())

    def test_sessions_are_kept_in_the_history(self, sim: Path, stored: Callable[[], list[RunRow]]) -> None:
        async def program() -> None:
            async with thinkdial.Client(sim, history=False) as client:
                for call in (client.ask("x", "a", session="tea"), client.compare("x", "a", session="tea")):
                    with pytest.raises(thinkdial.UsageError, match="kept in the history, which is off"):
                        await call
            assert stored() == []

        asyncio.run(program())

    def test_what_is_about_earlier_turns_needs_some(self, sim: Path) -> None:
        async def program() -> None:
            async with thinkdial.Client(sim) as client:
                with pytest.raises(thinkdial.UsageError, match="carry_reasoning is about earlier turns"):
                    await client.ask("x", "a", carry_reasoning=True)
                wrong: Any = {"session": "tea", "on_mismatch": "ignore"}
                with pytest.raises(thinkdial.UsageError, match="on_mismatch is one of error, drop"):
                    await client.ask("x", "a", **wrong)
            with pytest.raises(thinkdial.UsageError, match="on_mismatch is about earlier turns"):
                thinkdial.plan("x", "a", config=sim, on_mismatch="drop")

        asyncio.run(program())


def test_a_program_without_sessions_loads_nothing_of_them() -> None:
    code = (
        "import sys, thinkdial; thinkdial.ask; thinkdial.Client;"
        "print(*(name for name in sys.modules if 'thinkdial.engine.session' in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
