"""`thinkdial.session/1`: a conversation as a file, with all that a provider needs to go on, and nobody's credential."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ....profiles.state.rules import state_rule
from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import Origin, Turn
from ....providers.turns.turn_documents import origin_document
from ...history.conversations.rows import TurnKind
from ..settings import SessionSettings

SESSION_SCHEMA = "thinkdial.session/1"

NOT_EXPORTED: Mapping[type, frozenset[str]] = {
    SessionSettings: frozenset({"told"}),
    Origin: frozenset({"account", "is_imported"}),
}
"""What says something of this machine's user alone: whose account it was, and what was agreed to."""

LEFT_OUT = "server_reference"
"""The kind of pieces that are worth nothing elsewhere: ids of what a provider keeps for one account."""


class FileNode(Struct, frozen=True):
    """One turn, or one compaction, and what it follows.

    `node` numbers the turns of the file from 1, a parent before those that follow it; `parent` is null for a first one.
    `turn` holds what was asked and answered. `system`, `profile` and `think` are what it was asked with, `status` and
    the counts what came of it, null where nobody said. Of a compaction `covers` is the turn up to which it stands for
    all that was said, and `is_ours` whether it is a summary that thinkdial asked for, and not a provider's own piece.
    """

    node: int
    parent: int | None
    kind: TurnKind
    created_at: str
    turn: Turn
    system: str | None = None
    profile: str | None = None
    think: str | None = None
    status: str | None = None
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    usd: Decimal | None = None
    covers: int | None = None
    is_ours: bool = False


class FileBranch(Struct, frozen=True):
    """A session that stands in the tree: `tip` is the node after which it goes on, None before the first."""

    name: str
    created_at: str
    settings: SessionSettings
    tip: int | None


class SessionFile(Struct, frozen=True):
    """A session, the other sessions of its tree, and the turns of all of them."""

    session: FileBranch
    branches: tuple[FileBranch, ...] = ()
    nodes: tuple[FileNode, ...] = ()


def session_document(file: SessionFile) -> dict[str, Any]:
    """The document, in an order that is always the same; `session_reader.read_session` reads it."""
    return {
        "schema": SESSION_SCHEMA,
        **_branch(file.session),
        "branches": [_branch(branch) for branch in file.branches],
        "nodes": [_node(node) for node in file.nodes],
    }


def without_references(turn: Turn) -> Turn:
    """The turn without what only its own provider and account could look up."""
    stays = [at for at, piece in enumerate(turn.pieces) if piece.kind != LEFT_OUT]
    return Turn(
        number=turn.number,
        asked=tuple(piece for piece in turn.asked if piece.kind != LEFT_OUT),
        pieces=tuple(turn.pieces[at] for at in stays),
        origin=turn.origin,
        is_cut=turn.is_cut,
        dead=frozenset(place for place, at in enumerate(stays) if at in turn.dead),
        reasoning_tokens=turn.reasoning_tokens,
    )


def _branch(branch: FileBranch) -> dict[str, Any]:
    settings = branch.settings.document()
    return {
        "name": branch.name,
        "created_at": branch.created_at,
        "settings": {key: value for key, value in settings.items() if key not in NOT_EXPORTED[SessionSettings]},
        "tip": branch.tip,
    }


def _node(node: FileNode) -> dict[str, Any]:
    turn = without_references(node.turn)
    origin = origin_document(turn.origin)
    binds = state_rule(turn.origin.provider, turn.origin.dialect, turn.origin.served or turn.origin.model).binds
    return {
        "node": node.node,
        "parent": node.parent,
        "kind": node.kind,
        "created_at": node.created_at,
        "system": node.system,
        "profile": node.profile,
        "think": node.think,
        "asked": [piece.document() for piece in turn.asked],
        "answered": [_piece(piece, binds) for piece in turn.pieces],
        "origin": {key: value for key, value in origin.items() if key not in NOT_EXPORTED[Origin]},
        "is_cut": turn.is_cut,
        "dead": sorted(turn.dead),
        "status": node.status,
        "input_tokens": node.input_tokens,
        "cached_input_tokens": node.cached_input_tokens,
        "cache_write_tokens": node.cache_write_tokens,
        "output_tokens": node.output_tokens,
        "reasoning_tokens": turn.reasoning_tokens,
        "usd": None if node.usd is None else f"{node.usd:f}",
        "covers": node.covers,
        "is_ours": node.is_ours,
    }


def _piece(piece: TurnPiece, binds: Iterable[str]) -> dict[str, Any]:
    """The piece, and where only its own provider can read it, what else must be the same for that."""
    document = piece.document()
    return {**document, "bound_to": sorted({"provider", *binds})} if piece.is_bound else document


NODE_KEYS = tuple(_node(FileNode(1, None, "turn", "", Turn(1, (), (), Origin("", "", "", "")))))
"""The fields of a node, in their order."""

SETTINGS_KEYS = tuple(name for name in SessionSettings.__struct_fields__ if name not in NOT_EXPORTED[SessionSettings])
"""The settings that go along, in their order."""
