"""`thinkdial session limit`: what all turns of a session together may cost."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import SessionName
from ...exit_codes import ExitCode


def limit(
    name: SessionName,
    usd: Annotated[str, typer.Argument(metavar="USD", help="The most, over all turns; none lifts the limit.")],
) -> ExitCode:
    """Cap what all turns of a session together may cost. A turn that would pass it is refused before it is sent.

    Example:  thinkdial session limit tea 0.50
    """
    from ....engine.runs.money import usd_of
    from ....engine.sessions.queries import limit_session
    from ...output import say
    from ...views.numbers import dollars

    going = limit_session(name, None if usd == "none" else usd_of(usd, "USD"))
    if going.cap is None:
        say(f"session {going.name} has no limit")
        return ExitCode.OK
    spent = dollars(going.cap.spent_usd) if going.cap.spent_usd else "nothing"
    say(f"session {going.name} may cost {dollars(going.cap.most_usd)} in all; {spent} of it is spent")
    return ExitCode.OK
