"""`thinkdial session show`: one session, as the tree that it is."""

from __future__ import annotations

from typing import Annotated

import typer

from ...exit_codes import ExitCode
from ...options import AsJson


def show(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The session; the latest without one.")] = None,
    json: AsJson = False,
) -> ExitCode:
    """Show a session: its turns, where it was forked or went back, and what each answer is made of.

    Example:  thinkdial session show tea
    """
    from ....engine.sessions.queries import session_tree
    from ...output import console, emit, rendered

    tree = session_tree(name)
    if json:
        from ....engine.sessions.documents import tree_document
        from ...formats import json_text

        emit(json_text(tree_document(tree)))
        return ExitCode.OK
    from ...views.sessions.session_tree import session_tree_view

    emit(rendered(session_tree_view(tree, console().width)))
    return ExitCode.OK
