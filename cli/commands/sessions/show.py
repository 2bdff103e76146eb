"""`thinkdial session show`: one session, as the tree that it is."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import AsJson, ConfigFile
from ...exit_codes import ExitCode


def show(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The session; the latest without one.")] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> ExitCode:
    """Show a session: its turns, where it was forked or went back, and what each answer is made of;
    and what its next turn is likely to take and cost.

    Example:  thinkdial session show tea
    """
    from ....engine.sessions.context.outlooks import next_outlook
    from ....engine.sessions.queries import session_tree
    from ...output import console, emit, rendered
    from ...selection import load_config

    tree = session_tree(name)
    going = tree.conversation
    outlook = next_outlook(going, load_config(config, [going.settings.profile or ""], quiet=True))
    if json:
        from ....engine.sessions.documents import tree_document
        from ...formats import json_text

        emit(json_text(tree_document(tree, outlook)))
        return ExitCode.OK
    from ...views.sessions.session_tree import session_tree_view

    emit(rendered(session_tree_view(tree, console().width)))
    if outlook is not None:
        from ...views.sessions.outlook import outlook_view

        emit("")
        emit(rendered(outlook_view(outlook)))
    return ExitCode.OK
