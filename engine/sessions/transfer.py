"""Sessions out of the history into files, and back: what of both is stored, and under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ...providers.schema import Json
from ...providers.turns.turn_documents import turn_document
from ..history.conversations.changes import asked_document
from ..history.conversations.rows import StoredSession, StoredTurn, find_session
from ..history.conversations.trees import NewSession, NewTurn, store_tree
from ..history.store import Store
from .conversation import Conversation, conversation_of, tree_of
from .forms.session_file import FileBranch, FileNode, SessionFile
from .names import LONGEST_NAME, checked_name
from .settings import settings_of


@dataclass(frozen=True, slots=True)
class Imported:
    """A session that was made from a file. `renamed` are the names of its forks that were taken, with the new ones."""

    conversation: Conversation
    renamed: tuple[tuple[str, str], ...] = ()


def session_file(store: Store, conversation: Conversation, *, whole: bool = True) -> SessionFile:
    """The session as it goes into a file: with the branches of its tree, or (`whole` is False) its own way alone."""
    nodes, others = tree_of(store, conversation) if whole else ([*conversation.way], [])
    nodes = [node for node in nodes if node.turn is not None]
    numbers = {node.number: at for at, node in enumerate(nodes, 1)}
    mine = conversation.session
    return SessionFile(
        _file_branch(mine, numbers),
        tuple(_file_branch(other, numbers) for other in _by_number(others) if other.number != mine.number),
        tuple(_file_node(node, numbers) for node in nodes),
    )


def store_file(store: Store, file: SessionFile, name: str | None = None) -> Imported:
    """Make sessions of a file, under `name` or its own.

    Raises `StoreError` where that is taken, `UsageError` where it cannot be a name.
    """
    first = checked_name(file.session.name if name is None else name)
    taken = {first.casefold()}
    renamed: list[tuple[str, str]] = []
    branches: list[FileBranch] = []
    for branch in file.branches:
        wanted = checked_name(branch.name)
        free = _free_name(wanted, lambda one: one.casefold() in taken or find_session(store, one) is not None)
        if free != wanted:
            renamed.append((wanted, free))
        taken.add(free.casefold())
        branches.append(replace(branch, name=free))
    places = {node.node: at for at, node in enumerate(file.nodes)}
    made = store_tree(
        store,
        [_new_session(one, places) for one in (replace(file.session, name=first), *branches)],
        [_new_turn(node, places) for node in file.nodes],
    )
    return Imported(conversation_of(store, made), tuple(renamed))


def _by_number(sessions: Iterable[StoredSession]) -> list[StoredSession]:
    return sorted(sessions, key=lambda session: session.number)


def _file_branch(session: StoredSession, numbers: dict[int, int]) -> FileBranch:
    tip = None if session.tip is None else numbers.get(session.tip)
    return FileBranch(session.name, session.created_at, settings_of(session.settings), tip)


def _file_node(node: StoredTurn, numbers: dict[int, int]) -> FileNode:
    if node.turn is None:
        raise ValueError("a turn without an answer goes into no file")
    asked, facts = node.asked, node.facts
    usd = facts.get("usd")
    return FileNode(
        node=numbers[node.number],
        parent=None if node.parent is None else numbers[node.parent],
        kind=node.kind,
        created_at=node.created_at,
        turn=node.turn,
        system=asked.get("system"),
        profile=asked.get("profile") or facts.get("profile"),
        think=asked.get("think") or facts.get("think"),
        status=facts.get("status") or node.status,
        input_tokens=facts.get("input_tokens"),
        cached_input_tokens=facts.get("cached_input_tokens"),
        output_tokens=facts.get("output_tokens"),
        usd=None if usd is None else Decimal(usd),
    )


def _new_session(branch: FileBranch, places: dict[int, int]) -> NewSession:
    tip = None if branch.tip is None else places[branch.tip]
    return NewSession(branch.name, branch.created_at, branch.settings.document(), tip)


def _new_turn(node: FileNode, places: dict[int, int]) -> NewTurn:
    asked = asked_document(node.turn.asked, system=node.system, profile=node.profile, think=node.think)
    document: dict[str, Any] = turn_document(node.turn)
    del document["asked"]
    facts: Json = {
        "profile": node.profile,
        "think": node.think,
        "status": node.status,
        "input_tokens": node.input_tokens,
        "cached_input_tokens": node.cached_input_tokens,
        "output_tokens": node.output_tokens,
        "usd": None if node.usd is None else f"{node.usd:f}",
    }
    parent = None if node.parent is None else places[node.parent]
    return NewTurn(parent, node.kind, node.created_at, asked, {**document, **facts})


def _free_name(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """The name itself, or with a number behind it, whichever is free."""
    name, number = wanted, 1
    while is_taken(name):
        number += 1
        name = f"{wanted[: LONGEST_NAME - 8]} {number}"
    return name
