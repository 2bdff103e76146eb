"""The loop of a chat: a line is read, and is a command of ours or the next turn, until somebody leaves."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ....engine.costs.estimate import text_tokens
from ....engine.planning.prepare import checked_text
from ....engine.sessions.drafts import Draft, forget_draft, keep_draft, read_draft
from ....providers.errors import ThinkdialError
from ....providers.turns.turn import plain_text
from ....providers.untrusted import one_line
from ...confirmation import agreed
from ...exit_codes import ExitCode, code_of
from ...output import complain, say
from ...views.sessions.enclosed_file import file_lines
from .dialogue import Dialogue
from .lines import Messages
from .mentions import mentions_in
from .slash import Leave, SlashCommand, command_in, message_of

if TYPE_CHECKING:
    from ....engine.attachments.attachment import Attachment
    from ....engine.sessions.tool_outputs import Outputs


class Loop:
    """Reads and answers."""

    def __init__(self, dialogue: Dialogue, messages: Messages) -> None:
        self._dialogue, self._messages = dialogue, messages
        self._session = dialogue.conversation.session.id
        self._draft = Draft()

    def run(self, outputs: Outputs = ()) -> ExitCode:
        """Until the end of the input. On a pipe the first turn that fails ends it, with its exit code.

        `outputs` are what tools gave that the last turn called: they are sent before anything is read.
        """
        if outputs:
            code = self._dialogue.answer_calls(outputs)
            if code is not ExitCode.OK:
                return code
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
        """The message, whose files are told and enclosed; None where they may not go along."""
        message = checked_text(message, "the message")
        mentioned = self._mentioned(message, typed) if self._messages.is_typed else ()
        self._dialogue.enclose(mentioned)
        return message if not self._messages.is_typed or self._may_send() else None

    def _mentioned(self, message: str, typed: Draft) -> tuple[Attachment, ...]:
        """The files that a typed message mentions, and a word on what is not read."""
        wishes = self._dialogue.base.sending.beside.wishes
        found = mentions_in(message, typed.pasted, lambda words: say(f"note: {words}"), wishes)
        for name in found.unknown:
            say(f"note: @{name} names no file here; it is sent as it is written")
        for name in found.pasted:
            say(f"note: @{name} was pasted and not typed, so that the file is not read; type it to send it")
        return found.files

    def _may_send(self) -> bool:
        """Show the files that go along; whether they may."""
        files = self._dialogue.enclosed
        for file in files:
            for line in file_lines(file, text_tokens(file.piece().text) if file.kind == "text" else None):
                say(line)
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
