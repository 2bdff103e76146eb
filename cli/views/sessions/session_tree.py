"""One session: its turns, drawn as the tree that they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from ....engine.history.conversations.rows import StoredTurn
from ....engine.sessions.queries import SessionTree
from ....providers.turns.pieces import TurnPiece
from ....providers.untrusted import one_line
from ..line import CAUTION, QUIET, STRONG
from ..numbers import dollars, tokens
from ..tools.calls import LONGEST_CALL
from ..wrap import wrap_line

_INDENT = "     "


def session_tree_view(tree: SessionTree, width: int) -> Group:
    """Each turn in three lines: what was asked, what was answered, and what it is made of; calls and what their tools
    gave have a line each. Branches are indented.
    """
    lines: list[Text] = []
    for node, depth, is_way in _walk(tree):
        lines += _turn(tree, node, depth, is_way, width)
    if not lines:
        lines.append(Text("no turn yet", QUIET))
    return Group(*lines)


def _walk(tree: SessionTree) -> Iterator[tuple[StoredTurn, int, bool]]:
    """The nodes with their branch's indentation: the session's own way at the margin, what leaves it further in."""
    way = {node.number for node in tree.conversation.way}
    children: dict[int | None, list[StoredTurn]] = {}
    for node in tree.nodes:
        children.setdefault(node.parent, []).append(node)
    waiting = [(node, 0) for node in sorted(children.get(None, []), key=lambda node: node.number in way)]
    while waiting:
        node, indent = waiting.pop()
        yield node, indent, node.number in way
        below = children.get(node.number, [])
        for child in below:
            leaves = len(below) > 1 and (child.number not in way if node.number in way else child is not below[0])
            waiting.append((child, indent + leaves))
        # A branch is told before the way goes on, so that it stands beside the turn that it leaves.
        waiting.sort(key=lambda item: (item[0].number in way and item[0].parent == node.number) * -1)


def _turn(tree: SessionTree, node: StoredTurn, indent: int, is_way: bool, width: int) -> list[Text]:
    margin = "  │ " * indent
    style = "" if is_way else QUIET
    number = tree.depths[node.number]
    first = Text.assemble((margin, QUIET), (f"{number:>3}  ", STRONG if is_way else QUIET))
    if node.turn is None:
        first.append("an answer that has not ended", CAUTION)
        return [first]
    if node.kind == "compaction":
        how = "summed up by" if node.facts.get("is_ours") else "compacted by"
        who = str(node.facts.get("profile") or "?") if node.facts.get("is_ours") else node.turn.origin.provider
        covers = node.facts.get("covers")
        first.append(f"── turns 1 to {covers or number} {how} {one_line(who, 40)}; they stay in full ──", QUIET)
        return [first.append(_tips(tree, node), STRONG)]
    asked = "".join(piece.text for piece in node.turn.asked if piece.kind == "text")
    answer = "".join(piece.text for piece in node.turn.pieces if piece.kind == "text")
    gave, called = (_has(pieces, kind) for pieces, kind in ((node.turn.asked, "result"), (node.turn.pieces, "call")))
    first.append(one_line(asked, width) or ("(what tools gave)" if gave else "(no text)"), style)
    said = one_line(answer, width) or ("(calls)" if called else "(no text)")
    second = Text.assemble((margin, QUIET), _INDENT, ("→ ", QUIET), (said, style))
    begin = margin + _INDENT + "  "
    facts = [Text(begin + words, QUIET) for words in wrap_line(_facts(node), width - cell_len(begin))]
    lines = [first, *_tools(node.turn.asked, margin, style), second, *_tools(node.turn.pieces, margin, style), *facts]
    if here := _tips(tree, node):
        if lines[-1].cell_len + cell_len(here) > width:
            lines.append(Text.assemble((margin, QUIET), _INDENT + " "))
        lines[-1].append(here, STRONG)
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _has(pieces: Sequence[TurnPiece], kind: str) -> bool:
    return any(piece.kind == kind for piece in pieces)


def _tools(pieces: Sequence[TurnPiece], margin: str, style: str) -> Iterator[Text]:
    """The calls among the pieces, and what tools gave."""
    for piece in pieces:
        if piece.kind not in ("call", "result"):
            continue
        name, text = one_line(piece.name or piece.id or "?", 80), one_line(piece.text, LONGEST_CALL)
        words = f"→ {name}({text})" if piece.kind == "call" else f"{name}: {text}"
        yield Text.assemble((margin, QUIET), _INDENT, "  ", (words, style))


def _tips(tree: SessionTree, node: StoredTurn) -> str:
    """The sessions that go on after `node`."""
    tips = [one_line(session.name, 32) for session in tree.sessions if session.tip == node.number]
    return f" ◀ {', '.join(tips)}" if tips else ""


def _facts(node: StoredTurn) -> str:
    facts, turn = node.facts, node.turn
    who = "imported" if turn is not None and turn.origin.is_imported else str(facts.get("profile") or "?")
    think = facts.get("think")
    words = [f"{one_line(who, 40)}@{one_line(str(think), 12)}" if think else one_line(who, 40)]
    if turn is not None:
        counted = Counter(piece.kind for piece in turn.pieces if piece.kind != "text")
        words += [f"{count} {kind.replace('_', ' ')}" for kind, count in counted.items()]
        if turn.is_cut:
            words.append("cut")
        if turn.dead:
            words.append(f"{len(turn.dead)} refused")
    if (count := facts.get("input_tokens")) is not None:
        words.append(f"{tokens(count)} in")
    if (count := facts.get("output_tokens")) is not None:
        words.append(f"{tokens(count)} out")
    if (usd := facts.get("usd")) is not None:
        words.append(dollars(Decimal(usd)) + (" simulated" if facts.get("simulated") else ""))
    if node.run is not None:
        words.append(f"run {node.run}")
    return " · ".join(words)
