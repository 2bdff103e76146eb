"""`thinkdial facts remove`: back to the facts of the release."""

from __future__ import annotations

from ....exit_codes import ExitCode


def remove() -> ExitCode:
    """Remove the fact file in use. The facts of the release hold again.

    Example:  thinkdial facts remove
    """
    from .....engine.lookups.fact_update import remove_facts
    from ....output import say

    say("the facts of the release are in use again" if remove_facts() else "no fact file was in use")
    return ExitCode.OK
