"""Conversations: begun, gone on with, forked, rewound and picked, and what each of them leaves."""

from __future__ import annotations

import zlib
from decimal import Decimal

import pytest

from thinkdial.engine.history.conversations import changes
from thinkdial.engine.history.conversations.claims import claim, let_go, unlock
from thinkdial.engine.history.conversations.rows import find_session, known_session, sessions_holding, turns_of_tree
from thinkdial.engine.history.heads import Retention
from thinkdial.engine.history.processes import this_machine
from thinkdial.engine.history.queries import forget_runs
from thinkdial.engine.history.retention import remove
from thinkdial.engine.history.store import Store
from thinkdial.engine.sessions.conversation import (
    Conversation,
    begin_or_open,
    fork,
    new_conversation,
    numbered,
    open_conversation,
    pick,
    rewind,
    tree_of,
)
from thinkdial.engine.sessions.settings import SessionSettings
from thinkdial.providers.errors import StoreError, UsageError

from .conftest import PRIME, Stored

NONE = SessionSettings()


def kinds(conversation: Conversation) -> list[list[str]]:
    return [[piece.kind for piece in turn.pieces] for turn in conversation.turns]


@pytest.fixture
def begun(store: Store, stored: Stored) -> Conversation:
    """A session of one turn, begun from a run."""
    return new_conversation(store, "Tea", NONE, from_run=str(stored()))


class TestBegun:
    def test_a_stored_answer_is_the_first_turn_with_all_its_pieces(self, begun: Conversation) -> None:
        (turn,) = begun.turns
        assert turn.number == 1 and [piece.text for piece in turn.asked] == ["Is 91 prime?"]
        assert [(piece.kind, piece.text) for piece in turn.pieces] == [("thinking", "7 x 13"), ("text", "No.")]
        assert turn.pieces[0].opaque == {"signature": "SIGNED"} and not turn.is_cut
        origin = turn.origin
        assert (origin.provider, origin.dialect, origin.endpoint) == (
            "anthropic", "anthropic-messages", "https://host.example",
        )  # fmt: skip
        assert origin.served == "claude-opus-5-5" and origin.prefix and origin.account is None
        assert begun.settings.profile == "claude"

    def test_a_name_is_found_in_any_letter_case_and_taken_once(self, store: Store, begun: Conversation) -> None:
        assert open_conversation(store, " tEA ").session == begun.session
        with pytest.raises(StoreError, match="there is a session TEA already"):
            new_conversation(store, "TEA", NONE)

    def test_an_unknown_one_suggests(self, store: Store, begun: Conversation) -> None:
        with pytest.raises(StoreError, match=r"no session is called 'Tee'.*Tea"):
            open_conversation(store, "Tee")

    def test_only_what_adds_a_turn_begins_one_and_names_a_close_name(self, store: Store, begun: Conversation) -> None:
        opened = begin_or_open(store, "Teas", NONE)
        assert opened.is_new and "Tea" in (opened.like or "") and opened.conversation.turns == ()
        assert not begin_or_open(store, "tea", NONE).is_new

    @pytest.mark.parametrize("name", ["", " ", "a/b", "a:b", "a@b", "-x", "a\nb", "x" * 81, "a\x1b[0m"])
    def test_a_name_that_could_not_be_typed_again_is_refused(self, store: Store, name: str) -> None:
        with pytest.raises(UsageError):
            new_conversation(store, name, NONE)

    @pytest.mark.parametrize("name", ["茶 und Tee", "a.b-c_d", "🫖", "x" * 80])
    def test_all_others_will_do(self, store: Store, name: str) -> None:
        assert new_conversation(store, name, NONE).name == name

    def test_of_several_results_one_has_to_be_named(self, store: Store, stored: Stored) -> None:
        run = stored("a", "b")
        with pytest.raises(UsageError, match="2 results") as caught:
            new_conversation(store, "x", NONE, from_run=str(run))
        assert "a@high, b@high" in (caught.value.hint or "")
        assert new_conversation(store, "x", NONE, from_run=f"{run}:b").settings.profile == "b"
        assert new_conversation(store, "y", NONE, from_run=f"{run}:a@high").settings.profile == "a"
        with pytest.raises(UsageError, match="no result of c"):
            new_conversation(store, "z", NONE, from_run=f"{run}:c")

    def test_an_answer_that_never_came_begins_nothing(self, store: Store, stored: Stored) -> None:
        run = stored(raw=b"")
        with pytest.raises(UsageError):
            new_conversation(store, "x", NONE, from_run=str(run))
        assert find_session(store, "x") is None


class TestTree:
    def test_a_fork_shares_the_turns_and_goes_its_own_way(
        self, store: Store, begun: Conversation, stored: Stored
    ) -> None:
        forked = fork(store, begun, "Green")
        changes.set_compared(store, forked.session, stored("b", prompt="And 97?"))
        picked = pick(store, open_conversation(store, "Green"), "b")
        assert len(picked.turns) == 2 and len(open_conversation(store, "Tea").turns) == 1
        assert picked.turns[0] == begun.turns[0] and picked.settings.profile == "b"
        nodes, sessions = tree_of(store, begun)
        assert numbered(nodes) == {nodes[0].number: 1, nodes[1].number: 2}
        assert {session.name for session in sessions} == {"Tea", "Green"}

    def test_going_back_loses_nothing(self, store: Store, begun: Conversation) -> None:
        back = rewind(store, begun)
        assert back.turns == () and len(turns_of_tree(store, begun.session.tree)) == 1
        again = fork(store, begun, "Again")
        assert again.turns == begun.turns
        with pytest.raises(UsageError, match="cannot go back to -1"):
            rewind(store, back)

    def test_a_pick_needs_a_comparison(self, store: Store, begun: Conversation) -> None:
        with pytest.raises(UsageError, match="no comparison to pick from"):
            pick(store, begun, "claude")

    def test_turns_go_with_the_last_session_of_their_tree(self, store: Store, begun: Conversation) -> None:
        fork(store, begun, "Green")
        assert changes.remove_session(store, "Tea") == 0
        assert len(open_conversation(store, "Green").turns) == 1
        assert changes.remove_session(store, "Green") == 1
        assert turns_of_tree(store, begun.session.tree) == []

    def test_a_thousand_turns_are_walked_in_order(self, store: Store, begun: Conversation) -> None:
        node = begun.way[0]
        copies = [({**node.asked}, {**node.facts})] * 1000
        changes.append_turns(store, begun.session, copies)
        turns = open_conversation(store, "Tea").turns
        assert [turn.number for turn in turns] == list(range(1, 1002))


class TestTogether:
    def test_a_session_that_another_process_holds_is_told(self, store: Store, begun: Conversation) -> None:
        store.connection.execute("UPDATE sessions SET writer_host = 'elsewhere', writer_pid = 1, writer_since = 'now'")
        with pytest.raises(StoreError, match="in use by process 1 on elsewhere") as caught:
            claim(store, begun.session)
        assert "session fork Tea" in (caught.value.hint or "")

    def test_it_cannot_be_forgotten_meanwhile(self, store: Store, begun: Conversation) -> None:
        with store.transaction() as connection:
            connection.execute("UPDATE sessions SET writer_host = ?, writer_pid = 1", (this_machine(),))
        with pytest.raises(StoreError, match="is in use by process 1"):
            changes.remove_session(store, begun.name)
        unlock(store, begun.session)
        assert changes.remove_session(store, begun.name) == 1

    def test_it_can_be_taken_away(self, store: Store, begun: Conversation) -> None:
        store.connection.execute("UPDATE sessions SET writer_host = 'elsewhere', writer_pid = 1, writer_since = 'now'")
        with pytest.raises(StoreError) as caught:
            claim(store, begun.session)
        assert "thinkdial session unlock Tea" in (caught.value.hint or "")
        unlock(store, begun.session)
        assert claim(store, begun.session).session == begun.session.number

    def test_one_that_a_dead_process_held_is_free(self, store: Store, begun: Conversation) -> None:
        claim(store, begun.session)
        store.connection.execute("UPDATE sessions SET writer_pid = writer_pid + 1")
        assert claim(store, begun.session, alive=lambda _: False).session == begun.session.number
        store.connection.execute("UPDATE sessions SET writer_pid = writer_pid + 1")
        with pytest.raises(StoreError, match="in use by process"):
            claim(store, begun.session, alive=lambda _: True)

    def test_only_the_holder_lets_go(self, store: Store, begun: Conversation) -> None:
        held = claim(store, begun.session)
        store.connection.execute("UPDATE sessions SET writer_pid = writer_pid + 1")
        let_go(store, held)
        (pid,) = store.connection.execute("SELECT writer_pid FROM sessions").fetchone()
        assert pid == held.pid + 1

    def test_a_tip_that_somebody_has_moved_is_not_moved_again(self, store: Store, begun: Conversation) -> None:
        rewind(store, begun)
        with pytest.raises(StoreError, match="has gone on meanwhile"):
            rewind(store, begun)
        with pytest.raises(StoreError, match="has gone on meanwhile"):
            claim(store, begun.session)


class TestKept:
    def test_a_run_that_a_session_holds_is_neither_removed_nor_too_old(
        self, store: Store, begun: Conversation, stored: Stored
    ) -> None:
        stored(prompt="newer")
        assert sessions_holding(store, [1, 2]) == {1: ["Tea"]}
        assert remove(store, Retention(days=1)) == 0
        changes.remove_session(store, "Tea")
        assert remove(store, Retention(days=1)) == 1

    def test_it_is_named_to_who_wants_it_gone(
        self, store: Store, begun: Conversation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("thinkdial.engine.history.store.database_path", lambda: store.path)
        with pytest.raises(UsageError, match="run 1 belongs to session Tea"):
            forget_runs([1])


class TestDamaged:
    def test_a_turn_that_is_nested_beyond_all_sense_is_named(self, store: Store, begun: Conversation) -> None:
        deep = zlib.compress(b'{"pieces":' + b"[" * 100_000)
        store.connection.execute("UPDATE turns SET document = ?", (deep,))
        with pytest.raises(StoreError, match="turn 1 is damaged"):
            open_conversation(store, "Tea")


class TestKilled:
    def test_what_had_come_of_an_answer_is_the_last_turn(
        self, store: Store, begun: Conversation, stored: Stored
    ) -> None:
        run = stored(prompt="And 97?", raw=PRIME[: PRIME.index(b"end_turn")], killed=[0])
        (number,) = store.connection.execute("SELECT number FROM results WHERE run = ?", (run,)).fetchone()
        session = begun.session
        from thinkdial.engine.history.conversations.turn_rows import insert_turn

        with store.transaction() as connection:
            insert_turn(
                connection, (session.number, session.tree), session.tip, {"pieces": begun.way[0].asked["pieces"]},
                at="2026-11-21T12:00:00Z", result=number,
            )  # fmt: skip
        opened = begin_or_open(store, "Tea", NONE)
        assert opened.recovered
        first, second = opened.conversation.turns
        assert second.is_cut and [piece.text for piece in second.pieces] == ["7 x 13", "No."]
        assert not first.is_cut and known_session(store, "Tea").tip == opened.conversation.way[-1].number

    def test_a_turn_of_which_nothing_had_come_is_forgotten(
        self, store: Store, begun: Conversation, stored: Stored
    ) -> None:
        run = stored(prompt="And 97?", raw=b"", killed=[0])
        (number,) = store.connection.execute("SELECT number FROM results WHERE run = ?", (run,)).fetchone()
        session = begun.session
        from thinkdial.engine.history.conversations.turn_rows import insert_turn

        with store.transaction() as connection:
            insert_turn(
                connection, (session.number, session.tree), session.tip, {"pieces": []},
                at="2026-11-21T12:00:00Z", result=number,
            )  # fmt: skip
        opened = begin_or_open(store, "Tea", NONE)
        assert not opened.recovered and len(opened.conversation.turns) == 1
        assert len(turns_of_tree(store, session.tree)) == 1


def test_what_others_settle_meanwhile_stays() -> None:
    before = SessionSettings(profile="a", told=("anthropic",))
    mine = SessionSettings(profile="b", told=("anthropic", "openai"))
    now = SessionSettings(profile="a", told=("anthropic",), max_cost_usd=Decimal(1))
    assert mine.since(before, now) == SessionSettings(
        profile="b", told=("anthropic", "openai"), max_cost_usd=Decimal(1)
    )
