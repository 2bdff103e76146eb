"""One chat: the session that it holds, who answers next, and what it has cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ....engine.sessions.conversation import Conversation
from ....providers.errors import UsageError
from ...exit_codes import ExitCode
from ...options import PRINTED, Format
from ...output import say
from ..run.answer import answer_in_session
from ..run.talk import Talk, Voice, selected

if TYPE_CHECKING:
    from ....engine.attachments.attachment import Attachment
    from ....engine.planning.prepare import Prompt
    from ....engine.results.result import Result
    from ....engine.runs.jobs import Options
    from ....engine.runs.run import Finished
    from ....engine.sessions.tool_outputs import Outputs
    from ....providers.think import Think
    from ..run.inquiry import Inquiry


class Spoken(Struct, frozen=True):
    """How a turn went, and whether the session has it."""

    code: ExitCode
    is_kept: bool
    interrupted: bool = False


class Dialogue:
    """A conversation that goes on for as long as somebody wants.

    `base` is what holds for all its calls. `profile` and `sweep` are what the next one is asked with, where it is not
    as before. `attached` are files that go along with the first message that is kept.
    """

    def __init__(
        self,
        talk: Talk,
        base: Inquiry,
        profile: str | None,
        sweep: tuple[Think, ...],
        *,
        yes: bool,
        attached: tuple[Attachment, ...] = (),
    ) -> None:
        self._attached = attached
        self._enclosed: tuple[Attachment, ...] = ()
        self._outputs: Outputs = ()
        self.talk, self.base, self.yes = talk, base, yes
        self.sweep = sweep
        self._profile: str | None = None
        self._compared: tuple[Result, ...] = ()
        if profile is not None:
            self.choose(profile)

    @property
    def conversation(self) -> Conversation:
        return self.talk.turn.conversation

    @property
    def enclosed(self) -> tuple[Attachment, ...]:
        """The files that go along with the next message."""
        return (*self._attached, *self._enclosed)

    def enclose(self, mentioned: tuple[Attachment, ...]) -> None:
        """Let these files go along with the next message, and with no other."""
        self._enclosed = mentioned

    def _prompt(self, text: str) -> Prompt:
        """The next message, with what is enclosed."""
        if not self.enclosed:
            return replace(self.base.prompt, text=text)
        from ....engine.attachments.placement import placed

        return replace(self.base.prompt, text=text, asked=placed(text, self.enclosed))

    @property
    def name(self) -> str:
        return self.conversation.name

    @property
    def chosen(self) -> list[str] | None:
        """The profile as `-p` would name it; None for the one of the last turn."""
        return None if self._profile is None else [self._profile]

    def choose(self, written: str) -> None:
        """Let another profile go on; `NAME@THINK` sets the dial as well. Raises `UsageError` for none or several."""
        from ....engine.targets.target import one_selection

        selection = one_selection([written], self.base.settings)
        self._profile = selection.profile.name
        if selection.think is not None:
            self.sweep = (selection.think,)

    def go_on_as_kept(self) -> None:
        """Let the session say who goes on."""
        self._profile, self.sweep = None, ()

    @property
    def voice(self) -> Voice:
        """Who is asked next, and how. Raises `UsageError` where nobody is chosen."""
        return selected(self.talk.turn, self._options, self.chosen, self.base.settings)

    @property
    def _options(self) -> Options:
        return replace(self.base.options, sweep=self.sweep)

    def look_again(self) -> None:
        """See the session as it is now. Raises `UsageError` where somebody else has moved it: nothing is sent then."""
        before = self.conversation.session
        self.talk.go_on()
        now = self.conversation.session
        if now.name != before.name:
            say(f"session {before.name} is called {now.name} now")
        if now.tip != before.tip:
            turns = len(self.conversation.turns)
            raise UsageError(
                f"session {now.name} was moved from elsewhere: it goes on after turn {turns}",
                hint="nothing was sent; send it again, or look first: /context",
            )

    @property
    def answers(self) -> list[str]:
        """What /pick can name: the answers of the latest comparison of this chat."""
        return [f"{result.profile}@{result.think.requested}" for result in self._compared if result.answer]

    def compare(self, written: str, text: str) -> ExitCode:
        """Put the conversation with `text` to the profiles that are named, without changing it."""
        from ....engine.targets.target import select
        from ..run.compare import compare_in_session

        selections = select(written.split(","), self.base.settings)
        self.look_again()
        asked = replace(
            self.base,
            prompt=self._prompt(text),
            options=self._options,
            form=Format.TABLE,
            printing=PRINTED,
        )
        code = compare_in_session(asked, self.talk, selections, yes=self.yes, after=self._note)
        self.talk.go_on()
        return code

    def compact(self, profile: str | None) -> ExitCode:
        """Make the earlier turns short, by the provider's own means or in a summary."""
        from ..run.compaction import compact_held

        self.look_again()
        base = self.base
        code = compact_held(
            self.talk, base.settings, base.sending, base.keeping, given=self.chosen, by=profile, yes=self.yes
        )
        self.talk.go_on()
        return code

    def _note(self, finished: Finished) -> None:
        self._compared = finished.run.results
        if self.answers and finished.number is not None and not self.base.keeping.quiet:
            say(f"the session is as it was; to go on with one of these: /pick {self.answers[0]}")

    def ask(self, text: str) -> Spoken:
        """Send `text` as the next turn. Raises `ThinkdialError` where it cannot be sent."""
        self.look_again()
        if self._outputs:
            self._outputs = ()
            say("note: what /output said is dropped: a message goes on as if nothing had been called")
        return self._turn(replace(self.base, prompt=self._prompt(text), options=self._options))

    def answer_calls(self, outputs: Outputs) -> ExitCode:
        """Say what tools gave that the last turn called. It goes on once each call has its output.

        Raises `UsageError` for a call that is not open, or has its output already.
        """
        from ....engine.sessions.tool_outputs import still_open

        self.look_again()
        given = (*self._outputs, *outputs)
        missing = still_open(given, self.conversation.turns, "an output")
        self._outputs = given if missing else ()
        if missing:
            say(f"still open: {', '.join(missing)}")
            return ExitCode.OK
        asked = replace(self.base, prompt=replace(self.base.prompt, text=""), options=self._options, outputs=given)
        return self._turn(asked).code

    def _turn(self, asked: Inquiry) -> Spoken:
        """Make the next turn. Raises `ThinkdialError` where it cannot be sent."""
        turns = len(self.conversation.turns)
        answered = answer_in_session(asked, self.talk, self.chosen, yes=self.yes)
        self.talk.go_on()
        is_kept = len(self.conversation.turns) > turns
        if is_kept:
            self._attached = ()
        if isinstance(answered, ExitCode):
            return Spoken(answered, is_kept)
        if answered.result.answer and not is_kept:
            say("note: this answer is not in the session, which goes on without it")
        return Spoken(answered.code(), is_kept, answered.finished.interrupted)
