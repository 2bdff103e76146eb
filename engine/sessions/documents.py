"""Sessions as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...providers.turns.pieces import TurnPiece
from ..history.conversations.rows import StoredTurn
from ..results.documents import plain
from .context.outlook import Outlook
from .queries import SessionRow, SessionTree

LIST_SCHEMA = "thinkdial.sessions/1"
TREE_SCHEMA = "thinkdial.session-tree/1"


def sessions_document(rows: Sequence[SessionRow]) -> dict[str, Any]:
    """`thinkdial.sessions/1`: the list of sessions."""
    return {
        "schema": LIST_SCHEMA,
        "sessions": [
            {
                "name": row.name,
                "id": row.id,
                "created_at": row.created_at,
                "used_at": row.used_at,
                "turns": row.turns,
                "profiles": list(row.profiles),
                "began": row.began,
                "forks": row.forks,
                "calls": row.calls,
            }
            for row in rows
        ],
    }


def tree_document(tree: SessionTree, outlook: Outlook | None = None) -> dict[str, Any]:
    """`thinkdial.session-tree/1`: the session's turns, and those around it. Opaque values stay in the history.

    `outlook` is what its next turn is likely to be.
    """
    session = tree.conversation.session
    return {
        "schema": TREE_SCHEMA,
        "name": session.name,
        "id": session.id,
        "created_at": session.created_at,
        "settings": dict(tree.conversation.settings.document()),
        "tip": session.tip,
        "sessions": [{"name": other.name, "tip": other.tip} for other in tree.sessions],
        "outlook": plain(outlook),
        "nodes": [_node(node, tree.depths[node.number]) for node in tree.nodes],
    }


def _node(node: StoredTurn, turn: int) -> dict[str, Any]:
    facts, said = node.facts, node.turn
    return {
        "node": node.number,
        "parent": node.parent,
        "kind": node.kind,
        "turn": turn,
        "created_at": node.created_at,
        "run": node.run,
        "profile": facts.get("profile"),
        "think": facts.get("think"),
        "status": facts.get("status") or node.status,
        "prompt": "".join(piece.text for piece in said.asked if piece.kind == "text") if said else None,
        "answer": "".join(piece.text for piece in said.pieces if piece.kind == "text") if said else None,
        "calls": _tools(said.pieces, "call") if said else [],
        "tool_results": _tools(said.asked, "result") if said else [],
        "pieces": [piece.kind for piece in said.pieces] if said else [],
        "dead": sorted(said.dead) if said else [],
        "is_cut": said.is_cut if said else None,
        "is_imported": said.origin.is_imported if said else None,
        "model": said.origin.served or said.origin.model if said else None,
        "input_tokens": facts.get("input_tokens"),
        "cached_input_tokens": facts.get("cached_input_tokens"),
        "output_tokens": facts.get("output_tokens"),
        "reasoning_tokens": said.reasoning_tokens if said else None,
        "usd": facts.get("usd"),
        "simulated": bool(facts.get("simulated")),
    }


def _tools(pieces: Sequence[TurnPiece], kind: str) -> list[dict[str, Any]]:
    """The calls among the pieces, or what tools gave: arguments and results as the text that they are."""
    return [{"id": piece.id, "name": piece.name, "text": piece.text} for piece in pieces if piece.kind == kind]
