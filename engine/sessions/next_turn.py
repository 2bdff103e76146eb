"""The next turn of a session: taken for this process, made a prompt with a past, and put down when it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ...profiles.state.context import NO_POLICY, ContextPolicy
from ..history.conversations import changes
from ..history.conversations.claims import let_go
from ..history.conversations.rows import StoredSession, find_session, session_of
from ..history.conversations.turn_rows import mark_dead, refused_rows
from ..history.heads import TurnHead
from ..history.store import Store
from ..planning.fates import ContinuityOptions, OnMismatch, Past, SessionPlace
from ..planning.prepare import Prompt
from ..results.result import Result
from .conversation import Conversation, Opened, begin_or_open, conversation_of, open_conversation
from .names import checked_name
from .settings import SessionSettings, settings_of


class NextTurn(Struct, frozen=True):
    """What a call needs to go on with a session. `secret` is what accounts are labelled with.

    `opened` is None where the session is only read: for a comparison or a plan, which do not change it.
    """

    conversation: Conversation
    secret: bytes
    opened: Opened | None = None

    @property
    def place(self) -> SessionPlace | None:
        """The turn that is about to be made; None while the session has not begun."""
        session = self.conversation.session
        if not session.id:
            return None
        return SessionPlace(session.name, session.id, len(self.conversation.turns) + 1)

    def prompt(
        self,
        asked: Prompt,
        *,
        carry_reasoning: bool = False,
        on_mismatch: OnMismatch | None = None,
        policy: ContextPolicy = NO_POLICY,
    ) -> Prompt:
        """`asked` with the turns before it; the session's system prompt holds where it brings none.

        `carry_reasoning`, `on_mismatch` and `policy` hold for this turn, before what the session has settled.
        """
        settings = self.conversation.settings
        options = ContinuityOptions(
            carry_reasoning or settings.carry_reasoning,
            on_mismatch=on_mismatch or settings.on_mismatch or "drop",
        )
        going = self.conversation
        past = Past(
            going.turns, options, self.place, going.counts, policy.over(settings.policy),
            compactions=going.compactions, cap=going.cap,
        )  # fmt: skip
        made = replace(asked, system=asked.system or settings.system, past=past)
        if not asked.converts:
            return made
        from ..attachments.converted import with_stand_ins  # which few sessions need

        return with_stand_ins(made)

    def head(self, asked: Prompt, profile: str, think: str) -> TurnHead:
        """What the history is told of the turn before it is made. Only for a session that is held."""
        session = self.conversation.session
        document = changes.asked_document(asked.pieces, system=asked.system, profile=profile, think=think)
        going = self.conversation
        return TurnHead(
            session.number, session.tree, session.tip, session.name, document,
            way=going.turn_rows, compactions=going.compaction_rows,
        )  # fmt: skip


def take_turn(name: str | None, settings: SessionSettings, path: Path | None = None) -> NextTurn:
    """The session of that name for this process alone, begun where there is none; the latest without a name.

    Raises `StoreError` when another process is adding a turn, or there is no session yet.
    """
    with Store.open(path, create=True) as store:
        opened = begin_or_open(store, name, settings)
        return NextTurn(opened.conversation, changes.account_key(store), opened)


def look_at(name: str | None, path: Path | None = None, *, begins: bool = False) -> NextTurn:
    """The same session, to be read and not changed. Raises `StoreError`.

    `begins`: a name that nobody has is a session without turns, as it would begin.
    """
    with Store.open(path, create=True) as store:
        if begins and name is not None and find_session(store, checked_name(name)) is None:
            new = StoredSession(0, "", checked_name(name), 0, "", "", None, {}, None)
            return NextTurn(conversation_of(store, new), changes.account_key(store))
        return NextTurn(open_conversation(store, name), changes.account_key(store))


def renew_turn(turn: NextTurn, settings: SessionSettings | None = None, path: Path | None = None) -> NextTurn:
    """The turn after `turn` of a session that stays held, with what it is to remember from now on.

    Raises `StoreError` when the session is gone, or was taken away from this process.
    """
    with Store.open(path) as store:
        session = session_of(store, turn.conversation.session)
        _remember(store, session, turn, settings)
        opened = begin_or_open(store, session.name, SessionSettings())
        is_new = turn.opened is not None and turn.opened.is_new
        return NextTurn(opened.conversation, turn.secret, replace(opened, is_new=is_new))


def end_turn(turn: NextTurn, settings: SessionSettings | None = None, path: Path | None = None) -> None:
    """Give the session back, with what it is to remember. A new session that nothing was said in is forgotten."""
    opened = turn.opened
    if opened is None:
        return
    with Store.open(path) as store:
        session = session_of(store, turn.conversation.session)
        if opened.is_new and session.tip is None and session.compared is None:
            changes.remove_session(store, session.name)
            return
        _remember(store, session, turn, settings)
        let_go(store, opened.claim)


def _remember(store: Store, session: StoredSession, turn: NextTurn, settings: SessionSettings | None) -> None:
    """Store what the session is to remember from now on, beside what others have let it remember meanwhile."""
    before = turn.conversation.settings
    if settings is not None and settings != before:
        now = settings_of(session.settings)
        changes.set_settings(store, session, settings.since(before, now).document())


def note_comparison(turn: NextTurn, run: int, results: Sequence[Result], path: Path | None = None) -> None:
    """Remember the run whose answers can be picked from, who has seen the conversation, and what was refused of it.

    The session is not held, so that what it remembers by now is what is added to. Raises `StoreError` where it is gone.
    """
    with Store.open(path) as store:
        session = session_of(store, turn.conversation.session)
        changes.set_compared(store, session, run)
        settings = settings_of(session.settings)
        vendors = (result.provider for result in results if result.attempts)
        told = tuple(dict.fromkeys((*settings.told, *vendors)))
        if told != settings.told:
            changes.set_settings(store, session, replace(settings, told=told).document())
        going = turn.conversation
        refused = [refused_rows(result, going.turn_rows, going.compaction_rows) for result in results]
        with store.transaction() as connection:
            for nodes in refused:
                mark_dead(connection, nodes)
