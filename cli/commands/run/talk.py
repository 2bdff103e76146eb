"""A call that goes on with a session: who goes on, what is told before it is sent, and what is remembered after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ....engine.runs.jobs import Options
from ....engine.sessions.conversation import require_history
from ....engine.sessions.next_turn import NextTurn, end_turn, look_at, note_comparison, renew_turn, take_turn
from ....engine.sessions.settings import SessionSettings
from ....engine.sessions.vendors import first_seen, strangers
from ....engine.sessions.voices import after_call, options_in, profiles_in
from ....engine.targets.target import one_selection, think_values
from ....providers.errors import StoreError
from ...confirmation import agreed
from ...output import complain, is_terminal, say

if TYPE_CHECKING:
    from ....engine.planning.prepare import Prepared, Prompt
    from ....engine.results.result import Forecast, Result
    from ....engine.runs.jobs import Job
    from ....engine.runs.run import Finished
    from ....engine.sessions.context.outlook import Outlook
    from ....engine.sessions.tool_outputs import Outputs
    from ....engine.targets.target import Selection
    from ....profiles.config import Config
    from ....providers.think import Think
    from ...options import KeepOptions
    from ...talk_options import TalkOptions


class Talk:
    """A session that this process holds or looks at; `settings` are what it will remember, once there is an answer.

    Of the calls so far, `results` are what they brought, `spent_usd` what they took of their limits, and
    `is_terminated` whether a SIGTERM ended one.
    """

    def __init__(self, turn: NextTurn) -> None:
        self.turn = turn
        self.settings: SessionSettings | None = None
        self.results: list[Result] = []
        self.spent_usd = Decimal(0)
        self.is_terminated = False

    def count(self, finished: Finished) -> None:
        """Hear of calls that were made: what they cost counts against the limits of those to come."""
        self.results += finished.run.results
        self.spent_usd += finished.spent_usd
        self.is_terminated |= finished.terminated

    def remember(self, job: Job) -> None:
        """Let the session go on with the profile and the think value of `job`."""
        if job.target is not None:
            self.allow((job.target.provider.name,))
        self.settings = after_call(self._known, job)

    def allow(self, vendors: Iterable[str]) -> None:
        """Let these vendors see the conversation, with no question about it again."""
        known = self._known
        self.settings = replace(known, told=tuple(dict.fromkeys((*known.told, *vendors))))

    def keep(self) -> None:
        """Let the session stay at the end, although nothing was said in it."""
        if self.turn.opened is not None:
            self.turn = replace(self.turn, opened=replace(self.turn.opened, is_new=False))

    def go_on(self) -> None:
        """Look at the session again, which stays held: after a turn, or because something else has moved it."""
        self.turn = renew_turn(self.turn, self.settings)
        self.settings = None

    @property
    def _known(self) -> SessionSettings:
        return self.settings or self.turn.conversation.settings


@contextmanager
def held(talking: TalkOptions, config: Config, keeping: KeepOptions, system: str | None) -> Generator[Talk]:
    """The session's next turn, for this process alone until the end."""
    require_history(config.history.enabled, no_history=keeping.no_history)
    turn = take_turn(talking.session, SessionSettings(system=system))
    opened = turn.opened
    if opened is not None and not keeping.quiet:
        if opened.is_new:
            say(f"session {turn.conversation.name} begins{opened.like or ''}")
        if opened.recovered:
            say("the last turn was cut when its process was killed; what had come is kept")
    talk = Talk(turn)
    try:
        yield talk
    finally:
        end_turn(talk.turn, talk.settings)


def looked_at(talking: TalkOptions, config: Config, *, no_history: bool = False, begins: bool = False) -> NextTurn:
    """The session as it is, for what does not change it; `begins`: one that nobody has is taken as it would begin."""
    require_history(config.history.enabled, no_history=no_history)
    return look_at(talking.session, begins=begins)


def prompt_in(turn: NextTurn, prompt: Prompt, talking: TalkOptions, outputs: Outputs = ()) -> Prompt:
    """`prompt` with the turns before it, what was said of them, and what tools gave that the last of them called."""
    if outputs:
        from ....engine.sessions.tool_outputs import with_outputs

        prompt = with_outputs(prompt, outputs, turn.conversation.turns)
    mismatch = talking.on_mismatch.value if talking.on_mismatch else None
    return turn.prompt(prompt, carry_reasoning=talking.carry_reasoning, on_mismatch=mismatch, policy=talking.policy)


def foresight(turn: NextTurn) -> Callable[[Prepared, Forecast], Outlook]:
    """What gives the outlook of the session from a planned call."""
    from ....engine.sessions.context.outlooks import outlook_of

    return partial(outlook_of, turn.conversation)


class Voice(Struct, frozen=True):
    """Who is asked for the next turn, with what think value, and the options of the call."""

    selection: Selection
    think: Think
    options: Options


def selected(turn: NextTurn, options: Options, given: list[str] | None, config: Config) -> Voice:
    """Who goes on, by what is said and what the session remembers. Raises `UsageError` for nobody and for several."""
    options = options_in(turn, options, given)
    selection = one_selection(profiles_in(turn, given, config), config)
    return Voice(selection, think_values(selection, options.sweep, config)[0], options)


def note_compared(turn: NextTurn, finished: Finished, *, quiet: bool) -> None:
    """Remember a comparison in the session that it was made in, and say how to go on with one of its answers."""
    from shlex import quote

    if finished.number is None:
        return  # why it is not in the history is said already
    try:
        note_comparison(turn, finished.number, finished.run.results)
    except StoreError as error:  # the answers are there, and paid for
        complain(error)
        return
    name = turn.conversation.name
    if any(result.answer for result in finished.run.results) and not quiet:
        say(f"session {name} is as it was; to go on with one of these: thinkdial session pick {quote(name)} PROFILE")


def may_go(talk: Talk, jobs: Iterable[Job], *, yes: bool, quiet: bool) -> bool:
    """Say which vendors see the conversation for the first time; on a terminal, whether the user agrees."""
    conversation = talk.turn.conversation
    new = strangers(conversation, (job.target.provider.name for job in jobs if job.target is not None))
    if not new:
        return True
    words = first_seen(conversation, new)
    if yes or not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        if not quiet:
            say(words)
        return True
    if not agreed(f"{words}. Go on?"):
        return False
    talk.allow(new)
    return True
