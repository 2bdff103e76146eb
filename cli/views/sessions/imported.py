"""What is said of an import: what came, and what a stranger's file would have a model believe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ....engine.sessions.transfer import FileRead, Imported
from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import plain_text
from ....providers.untrusted import one_line

_MOST_LINES = 20
_MOST_SYSTEM = 500
_MOST_WORDS = 160


def imported_lines(read: FileRead, imported: Imported) -> Iterator[str]:
    """The lines, each of them harmless."""
    conversation = imported.conversation
    turns, nodes = conversation.turns, len(read.file.nodes)
    for remark in read.remarks:
        yield f"note: {one_line(remark, 300)}"
    systems = dict.fromkeys((conversation.settings.system, *(node.system for node in read.file.nodes)))
    yield from _bounded((f"system text: {one_line(words, _MOST_SYSTEM)}" for words in systems if words), "system texts")
    summaries = (plain_text(node.turn.pieces) for node in read.file.nodes if node.kind == "compaction" and node.is_ours)
    yield from _bounded((f"summary: {one_line(words, _MOST_SYSTEM)}" for words in summaries), "summaries")
    yield from _tools(read)
    bound = [node for node in read.file.nodes for piece in node.turn.pieces if piece.is_bound]
    if bound:
        words = f"note: {_counted(len(bound), 'piece')} that only a provider can read"
        if bound[0].turn.origin.is_imported:
            yield f"{words} {'is' if len(bound) == 1 else 'are'} kept, and sent to nobody"
        else:
            yield f"{words}: each goes back to the one that it is from"
    yield from _bounded(
        (f"note: the fork {old} is called {new}, because its name was taken" for old, new in imported.renamed), "forks"
    )
    said = f"{_counted(len(turns), 'turn')} of {read.form}"
    if nodes > len(turns):
        said += f", {nodes - len(turns)} more beside its way"
    last = turns[-1] if turns else None
    if last is not None and not last.pieces:
        yield "note: the last message has no answer; what you ask next is added to it"
    name = conversation.name
    yield f"session {name} begins, with {said}; go on with: thinkdial ask --session {name} ..."


def _tools(read: FileRead) -> Iterator[str]:
    found = (
        f"turn {number}: {_tool(piece)}"
        for number, node in enumerate(read.file.nodes, 1)
        for piece in (*node.turn.asked, *node.turn.pieces)
        if piece.kind in ("call", "result")
    )
    yield from _bounded(found, "calls and results; nothing of them is run")


def _bounded(lines: Iterable[str], what: str) -> Iterator[str]:
    """The first lines, and how many more there are."""
    more = 0
    for number, line in enumerate(lines, 1):
        if number <= _MOST_LINES:
            yield line
        else:
            more += 1
    if more:
        yield f"and {more} more {what}"


def _tool(piece: TurnPiece) -> str:
    name = one_line(piece.name or piece.id or "?", 60)
    return f"{'call' if piece.kind == 'call' else 'result'} of {name}: {one_line(piece.text, _MOST_WORDS)}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
