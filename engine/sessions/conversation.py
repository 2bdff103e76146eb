"""One session with its turns, as a value; and how it is opened, moved and gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import UsageError, did_you_mean
from ...providers.turns.turn import Turn
from ..history.conversations import changes
from ..history.conversations.claims import Claim, claim
from ..history.conversations.rows import (
    StoredSession,
    StoredTurn,
    find_session,
    known_session,
    latest_session,
    list_sessions,
    turns_added_by,
    turns_of_tree,
    way_to,
)
from ..history.read import stored_run
from ..history.store import Store
from ..planning.fates import Compaction, SessionCap, TurnCount
from .names import checked_name
from .settings import SessionSettings, settings_of
from .stored_answers import answer_of, chosen_entry, named_answer, recover_turn, result_row

_COUNTED = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")


class Conversation(Struct, frozen=True):
    """A session and its way: the turns and compactions from the first to the one that it goes on after.

    `left_usd` is what turns of the session have cost that it has gone back before, where a cap makes that matter.
    """

    session: StoredSession
    settings: SessionSettings
    way: tuple[StoredTurn, ...]
    left_usd: Decimal = Decimal(0)

    @property
    def name(self) -> str:
        return self.session.name

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What was said, numbered from 1; compactions are no turns."""
        said = [node.turn for node in self.way if node.kind == "turn" and node.turn is not None]
        return tuple(replace(turn, number=number) for number, turn in enumerate(said, 1))

    @property
    def compactions(self) -> tuple[Compaction, ...]:
        """What stands for earlier turns on the way, the oldest first."""
        return tuple(
            Compaction(covers, node.turn, bool(node.facts.get("is_ours")))
            for covers, node in self._compacted
            if node.turn is not None
        )

    @property
    def compaction_rows(self) -> tuple[int, ...]:
        """The stored numbers of the same."""
        return tuple(node.number for _, node in self._compacted)

    @property
    def turn_rows(self) -> tuple[int, ...]:
        """The stored numbers of `turns`."""
        return tuple(node.number for node in self.way if node.kind == "turn" and node.turn is not None)

    @property
    def _compacted(self) -> list[tuple[int, StoredTurn]]:
        """The compactions on the way, and how many turns each of them covers."""
        found, turns = list[tuple[int, StoredTurn]](), 0
        for node in self.way:
            if node.kind == "turn" and node.turn is not None:
                turns += 1
            elif node.kind == "compaction" and node.turn is not None and turns:
                found.append((turns, node))
        return found

    @property
    def counts(self) -> tuple[TurnCount, ...]:
        """What providers counted of the turns; nothing of imported ones."""
        nodes = [(node, node.turn.origin) for node in self.way if node.kind == "turn" and node.turn is not None]
        return tuple(
            _count(node, turn)
            for turn, (node, origin) in enumerate(nodes, 1)
            if node.facts.get("think") is not None and not origin.is_imported
        )

    @property
    def spent_usd(self) -> Decimal | None:
        """What the turns on the way have cost, as far as that is known; None where it is of none of them."""
        known = [Decimal(usd) for node in self.way if (usd := node.facts.get("usd")) is not None]
        return sum(known, self.left_usd) if known or self.left_usd else None

    @property
    def cap(self) -> SessionCap | None:
        """What all turns together may cost; None where nobody said so."""
        most = self.settings.max_cost_usd
        return None if most is None else SessionCap(self.name, most, self.spent_usd or Decimal(0))

    def node_of(self, turn: int) -> StoredTurn:
        """The stored turn with that number on the way, counted from 1. Raises `UsageError`."""
        nodes = [node for node in self.way if node.kind == "turn"]
        if not 1 <= turn <= len(nodes):
            raise UsageError(f"session {self.name} has no turn {turn}: it has {len(nodes)}")
        return nodes[turn - 1]


class Opened(Struct, frozen=True):
    """A conversation that this process may add to.

    `is_new`: it was begun just now; `like` is then a name that comes close. `recovered`: the last turn is what a killed
    process had received of its answer.
    """

    conversation: Conversation
    claim: Claim
    is_new: bool = False
    like: str | None = None
    recovered: bool = False


def conversation_of(store: Store, session: StoredSession) -> Conversation:
    """The session with its way."""
    way, settings = tuple(way_to(store, session.tip)), settings_of(session.settings)
    left = Decimal(0)
    if settings.max_cost_usd is not None:
        here = {node.number for node in way}
        added = [node for node in turns_added_by(store, session) if node.number not in here]
        left = sum((Decimal(usd) for node in added if (usd := node.facts.get("usd")) is not None), Decimal(0))
    return Conversation(session, settings, way, left)


def open_conversation(store: Store, name: str | None) -> Conversation:
    """The session of that name, or the latest. Raises `StoreError` where there is none."""
    session = latest_session(store) if name is None else known_session(store, checked_name(name))
    return conversation_of(store, session)


def begin_or_open(store: Store, name: str | None, settings: SessionSettings) -> Opened:
    """The same, for adding a turn; a name that nobody has begins a session with `settings`."""
    if name is None:
        return _claimed(store, latest_session(store))
    found = find_session(store, checked_name(name))
    if found is not None:
        return _claimed(store, found)
    names = [session.name for session in list_sessions(store)]
    like = did_you_mean(name, names)
    made = changes.begin_session(store, checked_name(name), settings.document())
    return replace(_claimed(store, made), is_new=True, like=like or None)


def new_conversation(
    store: Store, name: str, settings: SessionSettings, *, from_run: str | None = None
) -> Conversation:
    """A session that begins empty, or with the answer that `RUN[:PROFILE[@THINK]]` names. Raises `StoreError`."""
    if from_run is None:
        return conversation_of(store, changes.begin_session(store, checked_name(name), settings.document()))
    run, entry = named_answer(store, from_run)
    answer = answer_of(run, entry, result_row(store, run.number, entry))
    first = replace(
        settings,
        profile=settings.profile or entry.result.profile,
        system=settings.system or run.run.system,
    )
    made = changes.begin_session(store, checked_name(name), first.document())
    changes.append_turn(store, made, answer.asked, answer.answered, result=answer.result, at=entry.result.created_at)
    return conversation_of(store, known_session(store, made.name))


def pick(store: Store, conversation: Conversation, wanted: str) -> Conversation:
    """Go on with one answer of the session's latest comparison, which `PROFILE[@THINK]` names."""
    session = conversation.session
    if session.compared is None:
        raise UsageError(
            f"session {session.name} has no comparison to pick from",
            hint=f'thinkdial compare --session {session.name} "..." -p A -p B makes one',
        )
    run = stored_run(store, session.compared)
    entry = chosen_entry(run, wanted)
    answer = answer_of(run, entry, result_row(store, run.number, entry))
    changes.append_turn(store, session, answer.asked, answer.answered, result=answer.result, at=entry.result.created_at)
    settings = replace(conversation.settings, profile=entry.result.profile, think=entry.result.think.requested)
    changes.set_settings(store, session, settings.document())
    return open_conversation(store, session.name)


def fork(store: Store, conversation: Conversation, name: str, at: int | None = None) -> Conversation:
    """A second session that goes on after turn `at`, or after the last one."""
    tip = conversation.session.tip if at is None else _tip_after(conversation, at)
    return conversation_of(store, changes.fork_session(store, conversation.session, checked_name(name), tip))


def rewind(store: Store, conversation: Conversation, *, to: int | None = None, back: int = 1) -> Conversation:
    """Go back to after turn `to`, or by `back` turns. What is left behind stays in the tree."""
    turns = len(conversation.turns)
    target = turns - back if to is None else to
    if not 0 <= target <= turns:
        raise UsageError(f"session {conversation.name} has {turns} turns; it cannot go back to {target}")
    changes.set_tip(store, conversation.session, _tip_after(conversation, target))
    return open_conversation(store, conversation.name)


def tree_of(store: Store, conversation: Conversation) -> tuple[list[StoredTurn], list[StoredSession]]:
    """Every turn of the conversation's tree, and the sessions that stand in it."""
    tree = conversation.session.tree
    return turns_of_tree(store, tree), [session for session in list_sessions(store) if session.tree == tree]


def _count(node: StoredTurn, turn: int) -> TurnCount:
    facts = node.facts
    tokens = [facts.get(name) for name in _COUNTED]
    return TurnCount(turn, str(facts["think"]), node.created_at, *tokens)


def _claimed(store: Store, session: StoredSession) -> Opened:
    """The session for this process alone; what a killed process left of its turn is recovered first."""
    claimed = claim(store, session)
    recovered = recover_turn(store, session)
    return Opened(conversation_of(store, known_session(store, session.name)), claimed, recovered=recovered)


def _tip_after(conversation: Conversation, turn: int) -> int | None:
    return None if turn == 0 else conversation.node_of(turn).number


def numbered(turns: Sequence[StoredTurn]) -> dict[int, int]:
    """How deep each turn of a tree is, from 1, by its number; compactions are as deep as the turn before them."""
    depth: dict[int, int] = {}
    for node in turns:
        before = 0 if node.parent is None else depth.get(node.parent, 0)
        depth[node.number] = before + (node.kind == "turn")
    return depth


def require_history(enabled: bool, *, no_history: bool) -> None:
    """Raise `UsageError` where sessions cannot be: they live in the history."""
    if no_history or not enabled:
        raise UsageError(
            "a session is kept in the history, which is off", hint="leave --no-history and history: false out"
        )
