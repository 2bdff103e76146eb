"""`thinkdial chat`: a conversation in a loop."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from ...common_options import Yes
from ...exit_codes import ExitCode
from ...options import (
    KEPT,
    SENT,
    CheckOptions,
    Expect,
    KeepOptions,
    OneProfile,
    PrintOptions,
    ReasoningView,
    SendOptions,
    ShowReasoning,
    ThinkOne,
    ToolOutputs,
)
from ...talk_options import ALONE, TalkOptions
from ..sessions.exchange_form import ExchangeForm

if TYPE_CHECKING:
    from .dialogue import Dialogue
    from .lines import Messages

STEM = "chat"
"""How sessions are called that nobody has named: chat-1, chat-2."""


def chat(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="The session, begun if it is new. Without one a new session begins."),
    ] = None,
    profile: OneProfile = None,
    think: ThinkOne = None,
    sending: SendOptions = SENT,
    yes: Yes = False,
    talking: TalkOptions = ALONE,
    expect: Expect = None,
    tool_output: ToolOutputs = None,
    reasoning: ShowReasoning = ReasoningView.FULL,
    keeping: KeepOptions = KEPT,
) -> ExitCode:
    """Talk in a loop: each message is the next turn of a session. On a pipe each line is a message.

    --max-cost holds for the whole chat. /help lists what can be typed.

    Example:  thinkdial chat tea -p claude --think high
    """
    from ....engine.planning.prepare import Prompt
    from ....engine.sessions.drafts import read_draft
    from ....engine.sessions.queries import new_name
    from ....providers.errors import UsageError
    from ...formats import Format
    from ...output import is_terminal, noting, say
    from ...prompt import read_beside, read_texts
    from ...selection import load_config, one_value
    from ..run import talk
    from ..run.inquiry import Inquiry, outputs_in
    from ..run.ready import dollars_of, options_of
    from .dialogue import Dialogue
    from .loop import Loop

    if sum((name is not None, talking.session is not None, talking.go_on)) > 1:
        raise UsageError("NAME and --session NAME name a session, -c takes the latest: say one of them")
    named = name or talking.session
    if profile is not None and len(profile) > 1:
        raise UsageError("chat talks to one profile at a time", hint="/profile changes it, /compare asks many")
    sweep = (one_value(think),) if think is not None else ()
    dollars_of(sending.max_cost)
    CheckOptions(expect).expectation()
    outputs = outputs_in(tool_output)
    config = load_config(keeping.config, profile or [], quiet=keeping.quiet, shared=keeping.shared)
    note = noting(quiet=keeping.quiet)
    files = read_texts(sending.file or []) + read_beside(sending.beside, note)
    talking = replace(talking, session=None if talking.go_on else named or new_name(STEM))
    base = Inquiry(
        config, Prompt("", sending.system, converts=sending.convert), options_of(sending, sweep, config), Format.TEXT,
        sending,
        PrintOptions(reasoning), keeping, "chat", talking, CheckOptions(expect),
    )  # fmt: skip
    with talk.held(talking, config, keeping, sending.system) as held:
        dialogue = Dialogue(held, base, profile[0] if profile else None, sweep, yes=yes, attached=files)
        voice = dialogue.voice
        messages = _messages(dialogue)
        if messages.is_typed and not keeping.quiet:
            from ...output import width_aside
            from ...views.sessions.chat_facts import opening_lines

            for line in opening_lines(
                dialogue.conversation, f"{voice.selection.profile.name}@{voice.think}", width_aside()
            ):
                say(line)
        elif named is None and not talking.go_on and not keeping.quiet and not is_terminal(sys.stdin):
            say(f"thinkdial chat {dialogue.name} goes on with it later")
        try:
            return Loop(dialogue, messages).run(outputs)
        finally:
            if messages.is_typed and read_draft(dialogue.conversation.session.id).text:
                held.keep()


def _messages(dialogue: Dialogue) -> Messages:
    """Where messages come from: the editor where a terminal can show one."""
    from ...output import is_terminal
    from .lines import PipedLines, PlainLines

    if not is_terminal(sys.stdin):
        return PipedLines()
    if not is_terminal(sys.stderr) or os.environ.get("TERM") in (None, "", "dumb", "unknown"):
        return PlainLines()
    from ....engine.sessions.drafts import keep_draft
    from .completion import Vocabulary, proposals
    from .editor import Editor
    from .slash import COMMANDS

    config, session = dialogue.base.settings, dialogue.conversation.session.id
    words = Vocabulary(
        {one.name: one.about for one in COMMANDS.values()},
        tuple(config.profiles),
        tuple(config.groups),
        formats=tuple(ExchangeForm),
    )
    return Editor(
        lambda before: proposals(before, replace(words, answers=dialogue.answers)),
        lambda draft: keep_draft(session, draft),
    )
