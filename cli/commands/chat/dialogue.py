"""One chat: the session that it holds, who answers next, and what it has cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from ....engine.sessions.conversation import Conversation
from ....providers.errors import UsageError
from ...exit_codes import ExitCode
from ...output import say
from ..run.answer import Answered, answer_in_session
from ..run.talk import Talk, selected

if TYPE_CHECKING:
    from ....engine.results.result import Result
    from ....engine.runs.jobs import Options
    from ....engine.targets.target import Selection
    from ....providers.think import Think
    from ..run.answer import Inquiry


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a turn went, and whether the session has it."""

    code: ExitCode
    is_kept: bool
    interrupted: bool = False


class Dialogue:
    """A conversation that goes on for as long as somebody wants.

    `base` is what holds for all its calls. `profile` and `sweep` are what the next one is asked with, where it is not
    as before. `spent_usd` is what was taken of its limits, and `results` are its answers.
    """

    def __init__(self, talk: Talk, base: Inquiry, profile: str | None, sweep: tuple[Think, ...], *, yes: bool) -> None:
        self.talk, self.base, self.yes = talk, base, yes
        self.sweep = sweep
        self.spent_usd = Decimal(0)
        self.results: list[Result] = []
        self._profile: str | None = None
        if profile is not None:
            self.choose(profile)

    @property
    def conversation(self) -> Conversation:
        return self.talk.turn.conversation

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

    def next(self) -> tuple[Selection, Think]:
        """Who is asked next, and with what think value. Raises `UsageError` where nobody is chosen."""
        voice = selected(self.talk.turn, self._options, self.chosen, self.base.settings)
        return voice.selection, voice.think

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

    def ask(self, text: str) -> Spoken:
        """Send `text` as the next turn. Raises `ThinkdialError` where it cannot be sent."""
        self.look_again()
        tip = self.conversation.session.tip
        prompt = replace(self.base.prompt, text=text)
        asked = replace(self.base, prompt=prompt, options=self._options, spent_usd=self.spent_usd)
        answered = answer_in_session(asked, self.talk, self.chosen, yes=self.yes)
        if isinstance(answered, Answered):
            self.spent_usd += answered.finished.spent_usd
            self.results.append(answered.result)
        self.talk.go_on()
        is_kept = self.conversation.session.tip != tip
        if isinstance(answered, ExitCode):
            return Spoken(answered, is_kept)
        if answered.result.answer and not is_kept:
            say("note: this answer is not in the session, which goes on without it")
        return Spoken(answered.code, is_kept, answered.finished.interrupted)
