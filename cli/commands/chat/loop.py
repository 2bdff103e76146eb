"""The loop of a chat: a line is read, and is a command of ours or the next turn, until somebody leaves."""

from __future__ import annotations

from contextlib import suppress

from ....engine.costs.estimate import text_tokens
from ....engine.planning.prepare import checked_text
from ....engine.sessions.drafts import Draft, forget_draft, keep_draft, read_draft
from ....providers.errors import ThinkdialError
from ....providers.turns.turn import plain_text
from ....providers.untrusted import one_line
from ...confirmation import agreed
from ...exit_codes import ExitCode, code_of
from ...output import complain, say
from .dialogue import Dialogue
from .lines import Messages
from .mentions import MentionedFile, mentions_in, with_files
from .slash import Leave, SlashCommand, command_in, message_of

SHOWN_LINES = 3
"""So much of a file is shown before it is sent."""


class Loop:
    """Reads and answers. `attached` are files that go along with the first message."""

    def __init__(self, dialogue: Dialogue, messages: Messages, attached: tuple[MentionedFile, ...] = ()) -> None:
        self._dialogue, self._messages, self._attached = dialogue, messages, attached
        self._session = dialogue.conversation.session.id
        self._draft = Draft()

    def run(self) -> ExitCode:
        """Until the end of the input. On a pipe the first turn that fails ends it, with its exit code."""
        if self._messages.is_typed:
            self._bring_back()
        while True:
            try:
                typed = self._messages.read(self._who(), self._draft)
            except KeyboardInterrupt:
                if not self._messages.is_typed:
                    return ExitCode.INTERRUPTED
                self._drop_line()
                continue
            if typed is None:
                return ExitCode.OK
            if not typed.text.strip():
                continue
            try:
                code = self._take(typed)
            except Leave:
                self._put(Draft())
                return ExitCode.OK
            except KeyboardInterrupt:
                self._broken_off()
                code = ExitCode.INTERRUPTED
            except ThinkdialError as error:
                complain(error)
                code = code_of(error)
            if self._dialogue.talk.is_terminated:
                return ExitCode.INTERRUPTED
            if code is not ExitCode.OK and not self._messages.is_typed:
                say("the chat ends here: what follows on standard input was not sent")
                return code

    def _take(self, typed: Draft) -> ExitCode:
        """A line: a command, or a turn."""
        text = typed.text.strip("\n")
        self._put(typed)
        command, rest = command_in(text) or (None, message_of(text))
        if command is None:
            return self._turn(rest, typed)
        if command.has_message:
            return self._put_to_many(command, rest, typed)
        self._put(Draft())  # the key for the line before brings it back
        return command.run(self._dialogue, rest) or ExitCode.OK

    def _put_to_many(self, command: SlashCommand, rest: str, typed: Draft) -> ExitCode:
        """A command with a message, which comes back where it was not answered."""
        names, _, message = rest.partition(" ")
        composed = self._composed(message, typed) if message.strip() else ""
        if composed is None:
            return ExitCode.USAGE
        code = command.run(self._dialogue, f"{names} {composed}") or ExitCode.OK
        if code is ExitCode.OK:
            self._put(Draft())
        return code

    def _turn(self, message: str, typed: Draft) -> ExitCode:
        """The next turn of the session."""
        composed = self._composed(message, typed)
        if composed is None:
            return ExitCode.USAGE
        spoken = self._dialogue.ask(composed)
        if spoken.is_kept:
            self._attached = ()
            self._put(Draft())
        if spoken.interrupted and self._messages.is_typed:
            say("stopped; what had come is kept" if spoken.is_kept else "stopped; nothing had come, nothing is kept")
        return spoken.code

    def _broken_off(self) -> None:
        """A second Ctrl-C came before the first had its effect: see what the session has of the turn."""
        before = len(self._dialogue.conversation.turns)
        with suppress(ThinkdialError):
            self._dialogue.talk.go_on()
        is_kept = len(self._dialogue.conversation.turns) > before
        if is_kept:
            self._put(Draft())
        say("stopped; what had come is kept" if is_kept else "stopped")

    def _composed(self, message: str, typed: Draft) -> str | None:
        """The message with the files that go along, which are shown first; None where they may not."""
        message = checked_text(message, "the message")
        if not self._messages.is_typed:
            return with_files(message, self._attached)
        files = (*self._attached, *self._mentioned(message, typed))
        return with_files(message, files) if self._may_send(files) else None

    def _mentioned(self, message: str, typed: Draft) -> tuple[MentionedFile, ...]:
        """The files that a typed message mentions, told."""
        found = mentions_in(message, typed.pasted)
        for name in found.unknown:
            say(f"note: @{name} names no file here; it is sent as it is written")
        for name in found.pasted:
            say(f"note: @{name} was pasted and not typed, so that the file is not read; type it to send it")
        return found.files

    def _may_send(self, files: tuple[MentionedFile, ...]) -> bool:
        """Show the files that go along; whether they may."""
        for file in files:
            lines = file.text.strip("\n").split("\n")
            count = f"{len(lines):,} line{'s' if len(lines) != 1 else ''}"
            say(f"@{file.name}: {count}, {len(file.text):,} characters, ~{text_tokens(file.text):,} tokens")
            for line in lines[:SHOWN_LINES]:
                say(f"  | {one_line(line, 72)}")
            if len(lines) > SHOWN_LINES:
                say("  | …")
        return not files or self._dialogue.yes or agreed("Send it along?" if len(files) == 1 else "Send them along?")

    def _who(self) -> str:
        """What stands before the line: who is asked next, and how."""
        try:
            voice = self._dialogue.voice
        except ThinkdialError:
            return "(nobody: /profile NAME)"
        return f"{one_line(voice.selection.profile.name, 32)}@{voice.think}"

    def _bring_back(self) -> None:
        """The text that was not answered when the chat ended the last time."""
        draft, turns = read_draft(self._session), self._dialogue.conversation.turns
        if turns and draft.text.strip() and plain_text(turns[-1].asked).startswith(draft.text.strip("\n")):
            draft = Draft()  # its answer was cut, and the turn is kept
        self._put(draft)
        if draft.text and self._messages.can_recall:
            say("what you had typed is back")
        elif draft.text:
            say("this was typed and not answered:")
            for line in draft.text.split("\n"):
                say(f"  | {one_line(line)}")

    def _drop_line(self) -> None:
        had_text = bool(read_draft(self._session).text)
        self._put(Draft())
        if not had_text:
            say("Ctrl-D leaves")

    def _put(self, draft: Draft) -> None:
        """Remember what was typed and is not answered, in the file as well."""
        if not self._messages.is_typed:
            return
        self._draft = draft
        if draft.text:
            keep_draft(self._session, draft)
        else:
            forget_draft(self._session)
