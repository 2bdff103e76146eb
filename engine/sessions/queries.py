"""What the user asks of sessions by name. Each question opens the history and closes it again."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ..history.conversations import changes
from ..history.conversations.claims import unlock
from ..history.conversations.rows import StoredSession, StoredTurn, find_session, known_session, list_sessions
from ..history.store import Store
from .conversation import (
    Conversation,
    conversation_of,
    fork,
    new_conversation,
    numbered,
    open_conversation,
    pick,
    rewind,
    tree_of,
)
from .drafts import forget_draft
from .names import checked_name, free_name
from .settings import SessionSettings, settings_of


class SessionRow(Struct, frozen=True):
    """One session in a list. `began` is its first prompt; `forks` counts the other sessions of its tree, `calls` what
    models called in its turns.
    """

    name: str
    id: str
    created_at: str
    used_at: str
    turns: int
    profiles: tuple[str, ...]
    began: str
    forks: int
    calls: int = 0


class SessionTree(Struct, frozen=True):
    """A conversation with everything around it: all turns of its tree, how deep they are, and who stands where."""

    conversation: Conversation
    nodes: tuple[StoredTurn, ...]
    depths: dict[int, int]
    sessions: tuple[StoredSession, ...]


def listed_sessions() -> list[SessionRow]:
    """All sessions, the one that was used last first."""
    with Store.open() as store:
        sessions = list_sessions(store)
        return [_row(conversation_of(store, session), sessions) for session in sessions]


def named_conversation(name: str | None) -> Conversation:
    """The session of that name, or the latest. Raises `StoreError`."""
    with Store.open() as store:
        return open_conversation(store, name)


def found_conversation(name: str) -> Conversation | None:
    """The session of that name; None where there is none."""
    with Store.open() as store:
        session = find_session(store, checked_name(name))
        return None if session is None else conversation_of(store, session)


def session_tree(name: str | None) -> SessionTree:
    """The same, with the whole tree. Raises `StoreError`."""
    with Store.open() as store:
        conversation = open_conversation(store, name)
        nodes, sessions = tree_of(store, conversation)
        return SessionTree(conversation, tuple(nodes), numbered(nodes), tuple(sessions))


def new_name(stem: str) -> str:
    """A name of that stem that no session has yet."""
    with Store.open() as store:
        return free_name(stem, (session.name for session in list_sessions(store)))


def make_session(name: str, settings: SessionSettings, from_run: str | None = None) -> Conversation:
    """A new session. Raises `StoreError` where the name is taken, or the run is not there."""
    with Store.open(create=True) as store:
        return new_conversation(store, name, settings, from_run=from_run)


def pick_answer(name: str, wanted: str) -> Conversation:
    """Let the session go on with one answer of its latest comparison."""
    with Store.open() as store:
        return pick(store, open_conversation(store, name), wanted)


def fork_session(name: str, new: str, at: int | None) -> Conversation:
    """A second session from turn `at` of the first, or from its last turn."""
    with Store.open() as store:
        return fork(store, open_conversation(store, name), new, at)


def rewind_session(name: str, *, to: int | None, back: int) -> Conversation:
    """Let the session go back; what is left behind stays in its tree."""
    with Store.open() as store:
        return rewind(store, open_conversation(store, name), to=to, back=back)


def rename_session(name: str, new: str) -> None:
    """Give the session another name. Raises `StoreError`."""
    with Store.open() as store:
        changes.rename_session(store, open_conversation(store, name).session, checked_name(new))


def limit_session(name: str, most_usd: Decimal | None) -> Conversation:
    """Cap what all turns of the session together may cost; None is without a cap. Raises `StoreError`."""
    with Store.open() as store:
        session = open_conversation(store, name).session
        settings = replace(settings_of(session.settings), max_cost_usd=most_usd)
        changes.set_settings(store, session, settings.document())
        return open_conversation(store, name)


def unlock_session(name: str) -> None:
    """Take the session away from whoever holds it. Raises `StoreError`."""
    with Store.open() as store:
        unlock(store, open_conversation(store, name).session)


def forget_session(name: str) -> int:
    """Forget the session; the number of turns that nobody needs any more."""
    with Store.open() as store:
        session = known_session(store, checked_name(name))
        removed = changes.remove_session(store, session.name)
    forget_draft(session.id)
    return removed


def _row(conversation: Conversation, sessions: list[StoredSession]) -> SessionRow:
    session, nodes = conversation.session, [node for node in conversation.way if node.kind == "turn"]
    profiles = dict.fromkeys(str(node.facts.get("profile") or "imported") for node in nodes)
    began = "".join(piece.text for piece in nodes[0].turn.asked) if nodes and nodes[0].turn else ""
    return SessionRow(
        name=session.name,
        id=session.id,
        created_at=session.created_at,
        used_at=session.used_at,
        turns=len(nodes),
        profiles=tuple(profiles),
        began=began,
        forks=sum(other.tree == session.tree for other in sessions) - 1,
        calls=sum(piece.kind == "call" for node in nodes if node.turn is not None for piece in node.turn.pieces),
    )
