"""`thinkdial history show`: one stored run in any format, or the bytes that came, or the requests that left."""

from __future__ import annotations

import sys
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from ...common_options import Quiet
from ...exit_codes import ExitCode
from ...options import PRINTED, Format, PrintOptions, ReasoningView, ShowAnswers
from .options import OneResult, OneRun

if TYPE_CHECKING:
    from ....engine.history.read import StoredRun


def show(
    run: OneRun,
    profile: OneResult = None,
    raw: Annotated[bool, typer.Option("--raw", help="The bytes of one response, as they came.")] = False,
    sent: Annotated[bool, typer.Option("--sent", help="What was sent: plan and request, credentials masked.")] = False,
    answers: ShowAnswers = ReasoningView.FULL,
    printing: PrintOptions = PRINTED,
    quiet: Quiet = False,
) -> ExitCode:
    """Show one stored run in any format, as compare printed it; or the bytes that came, or the requests that left.

    Example:  thinkdial history show last --format md -o run.md
    """
    from ....engine.history.queries import named_run, refuse_without_results
    from ....providers.errors import UsageError
    from ...formats import chosen_format, print_notes, print_run
    from ...framework.pager import show_text

    wanted = printing.output_format
    if raw and (sent or wanted or printing.json or printing.output):
        raise UsageError("--raw goes with no format and no file", hint="to keep the bytes, redirect them: > FILE")
    if sent and (wanted not in (None, Format.JSON) or printing.output):
        raise UsageError("--sent is printed as text or, with --json, as JSON")
    form = chosen_format(wanted, printing.json, printing.output, Format.TABLE, force=printing.force)
    stored = named_run(run, profile)
    if raw:
        _print_response(stored)
        return ExitCode.OK
    if sent:
        _print_sent(stored, as_json=form is Format.JSON)
        return ExitCode.OK
    head = ""
    if form is Format.TABLE and not printing.output:
        from ...views.history.stored_run import head_text

        head = head_text(stored)
        if not stored.entries:
            from ...output import emit

            emit(head)
            refuse_without_results(stored)
    written = print_run(
        stored.run, form, printing, answers=answers, show=lambda pieces: show_text(chain((head,), pieces))
    )
    if not quiet:
        print_notes(stored.run.results, after_comparison=form is Format.TABLE)
    return ExitCode.OK if written else ExitCode.USAGE


def _print_response(stored: StoredRun) -> None:
    """The bytes as they are; on a terminal nothing in them moves, hides or runs."""
    from ....engine.history.queries import one_response
    from ...output import emit_bytes, emit_pieces, is_terminal
    from ...views.history.stored_run import raw_text

    blocks = one_response(stored).blocks()
    if is_terminal(sys.stdout):
        emit_pieces(raw_text(blocks))
    else:
        for block in blocks:
            emit_bytes(block)


def _print_sent(stored: StoredRun, *, as_json: bool) -> None:
    from ....engine.history.documents import sent_document
    from ...formats import json_text
    from ...output import emit
    from ...views.history.stored_run import sent_text

    emit(json_text(sent_document(stored)) if as_json else sent_text(stored))
