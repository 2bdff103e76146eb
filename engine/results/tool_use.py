"""What tools did for an answer: those of the provider, and the user's own between rounds. Values only.

A plain call has none of it, and does not load it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from ...profiles.server_tools.rule import ServerToolRule
    from ...providers.fold import Reply


class ServerToolUse(Struct, frozen=True):
    """A tool that the provider runs itself, and how often it did: None where no count comes with the answer.

    `asked`: it was asked for by `name`; others are under the name that the provider counts them by.
    """

    name: str
    uses: int | None
    asked: bool = True


def server_tool_uses(rules: Sequence[ServerToolRule], reply: Reply) -> tuple[ServerToolUse, ...]:
    """The tools that were asked for, and those that ran unasked."""
    counted = {count for rule in rules for count in rule.counts}
    missing = 0 if reply.complete else None
    asked = [ServerToolUse(one.name, reply.tools.get(one.counts[0], missing) if one.counts else None) for one in rules]
    others = (ServerToolUse(name, uses, asked=False) for name, uses in reply.tools.items() if name not in counted)
    return (*asked, *others)
