"""The commands of a chat: lines that begin with a slash are for us and not for the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ....providers.errors import UsageError, did_you_mean
from ...output import aside, rendered, say, width_aside
from ...selection import one_value
from .dialogue import Dialogue

_COMMAND = re.compile(r"/([a-z?]+)(?:\s+(.*))?", re.DOTALL)


class Leave(Exception):  # noqa: N818 nothing went wrong
    """Somebody wants to end the chat."""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """`argument` is how its help names what follows it, empty for nothing."""

    name: str
    argument: str
    about: str
    run: Callable[[Dialogue, str], None]


def command_in(text: str) -> tuple[SlashCommand, str] | None:
    """The command in a line, with what follows it; None for a message. Raises `UsageError` for one that is unknown."""
    if not text.startswith("/") or text.startswith("//"):
        return None
    found = _COMMAND.fullmatch(text.strip())
    command = COMMANDS.get(f"/{found[1]}") if found else None
    if found is None or command is None:
        word = text.split(maxsplit=1)[0]
        raise UsageError(
            f"{word[:40]} is no command of a chat{did_you_mean(word, COMMANDS)}",
            hint="/help lists them; a message that begins with a slash is written with two: //",
        )
    rest = (found[2] or "").strip()
    if rest and not command.argument:
        raise UsageError(f"{command.name} takes nothing behind it")
    return command, rest


def message_of(text: str) -> str:
    """The message that a line stands for."""
    return text[1:] if text.startswith("//") else text


def _think(dialogue: Dialogue, rest: str) -> None:
    if rest:
        dialogue.sweep = (one_value(rest),)
    selection, think = dialogue.next()
    if rest and selection.think is not None:
        dialogue.choose(selection.profile.name)
        selection, think = dialogue.next()
    say(f"{selection.profile.name} is asked with --think {think}")


def _profile(dialogue: Dialogue, rest: str) -> None:
    if rest:
        dialogue.choose(rest)
    selection, think = dialogue.next()
    say(f"{selection.profile.name} ({selection.profile.provider}/{selection.profile.model}) goes on, --think {think}")


def _undo(dialogue: Dialogue, rest: str) -> None:
    from ....engine.sessions.queries import rewind_session

    if rest and not (rest.isascii() and rest.isdigit() and int(rest)):
        raise UsageError(f"/undo {rest}: say how many turns to go back, such as /undo 2")
    dialogue.look_again()
    moved = rewind_session(dialogue.name, to=None, back=int(rest or 1))
    dialogue.talk.go_on()
    turns = len(moved.turns)
    say(f"the session goes on after turn {turns}" if turns else "the session is at its beginning")


def _pick(dialogue: Dialogue, rest: str) -> None:
    from ....engine.sessions.queries import pick_answer

    dialogue.look_again()
    picked = pick_answer(dialogue.name, rest)
    dialogue.talk.go_on()
    dialogue.go_on_as_kept()
    say(f"the session goes on with {picked.settings.profile}: turn {len(picked.turns)}")


def _cost(dialogue: Dialogue, rest: str) -> None:
    from ...views.sessions.chat_facts import cost_lines

    most = dialogue.base.sending.max_cost
    _show("\n".join(cost_lines(dialogue.conversation, dialogue.results, most, dialogue.spent_usd)))


def _context(dialogue: Dialogue, rest: str) -> None:
    from ....engine.sessions.size import size_of_next
    from ...views.sessions.chat_facts import context_lines

    dialogue.talk.go_on()
    selection, think = dialogue.next()
    size = size_of_next(dialogue.talk.turn, selection, think, dialogue.base.settings)
    _show("\n".join(context_lines(dialogue.conversation, selection.profile.name, size)))


def _help(dialogue: Dialogue, rest: str) -> None:
    from ...views.sessions.chat_facts import help_table

    commands = [(f"{one.name} {one.argument}".rstrip(), one.about) for one in COMMANDS.values()]
    aside(rendered(help_table(commands, KEYS), width=None if width_aside() > 40 else 40))


def _quit(dialogue: Dialogue, rest: str) -> None:
    raise Leave


def _show(text: str) -> None:
    aside(f"{text}\n")


COMMANDS: Mapping[str, SlashCommand] = {
    one.name: one
    for one in (
        SlashCommand("/think", "[VALUE]", "Set the dial for what comes next, or show it.", _think),
        SlashCommand("/profile", "[NAME[@THINK]]", "Let another profile go on, or show which one does.", _profile),
        SlashCommand("/pick", "PROFILE[@THINK]", "Go on with that answer of the latest comparison.", _pick),
        SlashCommand("/undo", "[N]", "Go back by a turn, or by N; they stay in the session's tree.", _undo),
        SlashCommand("/cost", "", "Show what the session and this chat have cost.", _cost),
        SlashCommand("/context", "", "Show what goes along with the next message, and how full it gets.", _context),
        SlashCommand("/help", "", "Show these commands and keys.", _help),
        SlashCommand("/quit", "", "Leave, as Ctrl-D does.", _quit),
    )
}

KEYS = (
    ("Enter", "Send. Alt-Enter, Ctrl-J, or a backslash before Enter begin another line."),
    ("Ctrl-C", "Stop the answer and keep what came; on a line, drop the line."),
    ("Ctrl-D", "Leave."),
    ("Tab", "Complete a command, a profile, a think value or a file."),
    ("@FILE", "In a typed line: that file goes along, and is shown before it is sent."),
    ("//", "A message that begins with a slash."),
)
