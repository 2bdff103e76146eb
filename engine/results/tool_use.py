"""What tools did for an answer: those of the provider, and the user's own between rounds. Values only.

A plain call has none of it, and does not load it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from ...profiles.tools.server_tools import ServerToolRule
    from ...providers.fold import Reply


class ServerToolUse(Struct, frozen=True):
    """A tool that the provider runs itself, and how often it did: None where no count comes with the answer.

    `asked`: it was asked for by `name`; others are under the name that the provider counts them by.
    """

    name: str
    uses: int | None
    asked: bool = True


ToolSource = Literal["command", "mcp"]

ToolRunEnd = Literal["ok", "failed", "refused", "bad_arguments", "unknown_tool", "timeout", "too_much", "interrupted"]
"""It ended well; it says that it failed, or could not be run; it is not one of those that may be run; what it was
called with does not fit; nobody gave such a tool to the model; its time was over; it printed too much; it was broken
off."""


class ToolRun(Struct, frozen=True):
    """One call of a tool of the user's, and what the model was told of it. `round` counts from 1.

    `arguments` are None where what came is no JSON object. `output` is the head of what went back to the model, which
    was `output_bytes` long; `truncated`: that is not all that the tool said. `exit` is a program's exit code. `source`
    is None where nothing was run. `note` says why it did not end well.
    """

    round: int
    name: str
    call_id: str | None
    arguments: Any
    end: ToolRunEnd
    output: str
    output_bytes: int
    truncated: bool = False
    duration_s: float | None = None
    exit: int | None = None
    source: ToolSource | None = None
    note: str | None = None


def server_tool_uses(rules: Sequence[ServerToolRule], reply: Reply) -> tuple[ServerToolUse, ...]:
    """The tools that were asked for, and those that ran unasked."""
    counted = {count for rule in rules for count in rule.counts}
    missing = 0 if reply.complete else None
    asked = [ServerToolUse(one.name, reply.tools.get(one.counts[0], missing) if one.counts else None) for one in rules]
    others = (ServerToolUse(name, uses, asked=False) for name, uses in reply.tools.items() if name not in counted)
    return (*asked, *others)
