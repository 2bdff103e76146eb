"""What a chat says of itself: how it begins, its cost, what goes along, and its commands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.table import Table

from ....engine.results.result import Result
from ....engine.sessions.conversation import Conversation
from ....providers.turns.turn import plain_text
from ....providers.untrusted import one_line
from ..numbers import dollars
from ..wrap import fit


def opening_lines(conversation: Conversation, who: str, width: int) -> list[str]:
    """Where the session stands: its turns, who goes on, and how the last turn went, cut to `width` columns."""
    turns = conversation.turns
    count = f"{len(turns)} turn{'s' if len(turns) != 1 else ''}"
    lines = [f"session {conversation.name} · {count} · {who} · /help lists commands, Ctrl-D leaves"]
    if turns:
        last = turns[-1]
        lines.append(f"{len(turns):>3}  {one_line(plain_text(last.asked))}")
        lines.append(f"     → {one_line(plain_text(last.pieces)) or '(no text)'}")
    return [fit(line, width).rstrip() for line in lines]


def cost_lines(
    conversation: Conversation, answers: Sequence[Result], most: str | None, spent_usd: Decimal
) -> list[str]:
    """What the turns of the session cost, what this chat added, and what is left of its `most`."""
    nodes = [node for node in conversation.way if node.kind == "turn"]
    told = [node.facts.get("usd") for node in nodes]
    lines = [f"session {conversation.name}: {_sum([None if usd is None else Decimal(usd) for usd in told], 'turn')}"]
    lines.append(f"this chat: {_sum([result.cost.usd for result in answers], 'answer')}")
    saved = sum((result.cost.cache_saved_usd or Decimal(0) for result in answers), Decimal(0))
    if saved:
        lines.append(f"caches saved {dollars(saved)} of it")
    if most is not None:
        cap = Decimal(most.strip().removeprefix("$"))
        lines.append(f"--max-cost: {dollars(max(Decimal(0), cap - spent_usd))} of {dollars(cap)} is left")
    return lines


def help_table(commands: Iterable[tuple[str, str]], keys: Iterable[tuple[str, str]]) -> Table:
    """Two columns: what is typed, and what it does."""
    table = Table.grid(padding=(0, 2))
    for name, about in commands:
        table.add_row(name, about)
    table.add_row("", "")
    for name, about in keys:
        table.add_row(name, about)
    return table


def _sum(costs: Sequence[Decimal | None], noun: str) -> str:
    """`$0.0123 for 4 turns, the cost of 1 of them is unknown`; a sum of nothing is a dash."""
    known = [usd for usd in costs if usd is not None]
    counted = f"{len(costs)} {noun}{'s' if len(costs) != 1 else ''}"
    unknown = len(costs) - len(known)
    words = f"{dollars(sum(known, Decimal(0)) if known or not costs else None)} for {counted}"
    return f"{words}, the cost of {unknown} of them is unknown" if unknown else words
