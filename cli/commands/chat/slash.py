"""The commands of a chat: lines that begin with a slash are for us and not for the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ....providers.errors import UsageError, did_you_mean
from ...exit_codes import ExitCode
from ...output import aside, check_writable, rendered, say, width_aside, write_file
from ...selection import one_value
from ..run.talk import prompt_in
from ..sessions.exchange_form import ExchangeForm
from .dialogue import Dialogue

_COMMAND = re.compile(r"/([a-z?]+)(?:\s+(.*))?", re.DOTALL)


class Leave(Exception):  # noqa: N818 nothing went wrong
    """Somebody wants to end the chat."""


class SlashCommand(Struct, frozen=True):
    """`argument` is how its help names what follows it, empty for nothing; of `has_message` it ends with a message."""

    name: str
    argument: str
    about: str
    run: Callable[[Dialogue, str], ExitCode | None]
    has_message: bool = False


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
    voice = dialogue.voice
    say(f"{voice.selection.profile.name} is asked with --think {voice.think}")


def _profile(dialogue: Dialogue, rest: str) -> None:
    if rest:
        dialogue.choose(rest)
    profile = dialogue.voice.selection.profile
    say(f"{profile.name} ({profile.provider}/{profile.model}) goes on, --think {dialogue.voice.think}")


def _compare(dialogue: Dialogue, rest: str) -> ExitCode:
    names, _, text = rest.partition(" ")
    if not text.strip():
        raise UsageError("/compare needs profiles and a message", hint="/compare claude,gpt@high What do you think?")
    return dialogue.compare(names, text.strip())


def _pick(dialogue: Dialogue, rest: str) -> None:
    from ....engine.sessions.queries import pick_answer

    dialogue.look_again()
    picked = pick_answer(dialogue.name, rest)
    dialogue.talk.go_on()
    dialogue.go_on_as_kept()
    say(f"the session goes on with {picked.settings.profile}: turn {len(picked.turns)}")


def _undo(dialogue: Dialogue, rest: str) -> None:
    from ....engine.sessions.queries import rewind_session

    if rest and not (rest.isascii() and rest.isdigit() and len(rest) < 7):
        raise UsageError(f"/undo {rest[:20]}: say how many turns to go back, such as /undo 2")
    dialogue.look_again()
    moved = rewind_session(dialogue.name, to=None, back=int(rest or 1))
    dialogue.talk.go_on()
    turns = len(moved.turns)
    say(f"the session goes on after turn {turns}" if turns else "the session is at its beginning")


def _output(dialogue: Dialogue, rest: str) -> ExitCode | None:
    name, equals, value = rest.partition("=")
    if not equals:
        raise UsageError("/output needs a call and what its tool gave", hint='/output weather={"celsius": 7}')
    return dialogue.answer_calls(((name.strip(), value),))


def _cost(dialogue: Dialogue, rest: str) -> None:
    from ...views.sessions.chat_facts import cost_lines

    most = dialogue.base.sending.max_cost
    for line in cost_lines(dialogue.conversation, dialogue.talk.results, most, dialogue.talk.spent_usd):
        say(line)


def _context(dialogue: Dialogue, rest: str) -> None:
    from rich.text import Text

    from ....engine.planning.prepare import Prompt
    from ....engine.runs.plans import plan_calls
    from ....engine.sessions.context.fit import fitted_now
    from ....engine.sessions.context.outlooks import outlook_of
    from ....providers.turns.turn import plain_text
    from ...views.run.continuity import continuity_words, fate_lines
    from ...views.sessions.outlook import outlook_view

    dialogue.talk.go_on()
    conversation, voice = dialogue.conversation, dialogue.voice
    turns = conversation.turns
    if not turns:
        say(f"session {conversation.name}: no turn yet, so that nothing goes along")
        return
    prompt = prompt_in(dialogue.talk.turn, Prompt(plain_text(turns[-1].asked)), dialogue.base.talking)
    options = replace(voice.options, sweep=(voice.think,))
    entries, problems = plan_calls([voice.selection], prompt, dialogue.base.settings, options, fit=fitted_now)
    for problem in problems:
        raise problem
    for planned in entries:
        fates = planned.prepared.continuity.fates
        lines = [continuity_words(len(turns), fates), *fate_lines(fates)]
        outlook = outlook_of(conversation, planned.prepared, planned.forecast)
        aside(rendered(*(Text(line) for line in lines if line), outlook_view(outlook), width=width_aside()))


def _compact(dialogue: Dialogue, rest: str) -> ExitCode:
    return dialogue.compact(rest or None)


def _export(dialogue: Dialogue, rest: str) -> None:
    from ....engine.sessions.transfer import export_session

    forms = [form.value for form in ExchangeForm]
    first, _, second = rest.partition(" ")
    form, name = (first, second.strip()) if first in forms else (None, rest)
    form = form or ("md" if name.endswith(".md") else "thinkdial")
    if not name:
        raise UsageError("/export needs the name of a file", hint="/export tea.md, /export tea.json, /export md FILE")
    path = Path(name).expanduser()
    check_writable(path)
    if path.is_file():
        raise UsageError(f"{path} is there already", hint="name another file; nothing was written")
    written = export_session(dialogue.name, form)
    for remark in written.remarks:
        say(f"note: {remark}")
    write_file(path, written.text)
    say(f"wrote {path}")


def _help(dialogue: Dialogue, rest: str) -> None:
    from ...views.sessions.chat_facts import help_table

    commands = [(f"{one.name} {one.argument}".rstrip(), one.about) for one in COMMANDS.values()]
    text = rendered(help_table(commands, KEYS), width=max(40, width_aside()))
    aside("".join(f"{line.rstrip()}\n" for line in text.splitlines()))


def _quit(dialogue: Dialogue, rest: str) -> None:
    raise Leave


COMMANDS: Mapping[str, SlashCommand] = {
    one.name: one
    for one in (
        SlashCommand("/think", "[VALUE]", "Set the dial for what comes next, or show it.", _think),
        SlashCommand("/profile", "[NAME[@THINK]]", "Let another profile go on, or show which one does.", _profile),
        SlashCommand(
            "/compare", "NAME,NAME MESSAGE", "Put the conversation to many; it stays as it is.", _compare, True
        ),
        SlashCommand("/pick", "PROFILE[@THINK]", "Go on with that answer of the latest comparison.", _pick),
        SlashCommand("/undo", "[N]", "Go back by a turn, or by N; they stay in the session's tree.", _undo),
        SlashCommand("/output", "CALL=TEXT", "Say what a called tool gave; goes on when each call has it.", _output),
        SlashCommand("/cost", "", "Show what the session and this chat have cost.", _cost),
        SlashCommand("/context", "", "Show what goes along with the next message, and what it costs.", _context),
        SlashCommand("/compact", "[PROFILE]", "Make the earlier turns short; the full ones stay.", _compact),
        SlashCommand("/export", "[FORM] FILE", "Write the session to a file: .md to be read, else .json.", _export),
        SlashCommand("/help", "", "Show these commands and keys.", _help),
        SlashCommand("/quit", "", "Leave, as Ctrl-D does.", _quit),
    )
}

KEYS = (
    ("Enter", "Send. Alt-Enter, or a backslash before Enter, begins another line."),
    ("Ctrl-C", "Stop the answer and keep what came; on a line, drop the line."),
    ("Ctrl-D", "Leave."),
    ("Tab", "Complete a command, a profile, a think value or a file."),
    ("@FILE", "In a typed line: that file goes along, and is shown before it is sent."),
    ("//", "A message that begins with a slash."),
)
