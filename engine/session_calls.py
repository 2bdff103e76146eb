"""Calls of the library in a session: a turn is taken, made and given back; what is told goes to the client's `note`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from ..profiles.config import Config
from ..providers.errors import StoreError
from ..providers.think import Think
from ..providers.turns.pieces import TurnPiece
from .call_options import CallOptions, PlanOptions, options_of, policy_of, prompt_of
from .history.heads import TurnHead
from .history.store import database_path
from .planning.option_names import LIBRARY
from .planning.prepare import Prompt
from .results.result import Result, Run
from .runs.forecasts import Note
from .runs.jobs import Job, Options
from .runs.plans import Plans, plan_calls
from .runs.run import Finished
from .runs.samples import with_samples
from .sessions.context.compaction import compaction_call, is_due, store_compaction
from .sessions.context.fit import fitted_now
from .sessions.conversation import require_history
from .sessions.names import checked_name
from .sessions.next_turn import NextTurn, end_turn, look_at, note_comparison, renew_turn, take_turn
from .sessions.settings import SessionSettings
from .sessions.tool_outputs import ARGUMENT, given_outputs, with_outputs
from .sessions.vendors import first_seen, strangers
from .sessions.voices import after_call, labelled, options_in, profiles_in
from .targets.target import Selection, one_selection, select, think_values

_in_use: set[tuple[Path, str]] = set()
"""Histories and names of the sessions that a call of this process is adding a turn to."""


class Make(Protocol):
    """Makes calls: the client, over its transport and from its purse. `before` hears of them when none is made yet."""

    async def __call__(
        self,
        command: str,
        selections: Sequence[Selection],
        prompt: Prompt,
        config: Config,
        given: Options,
        options: CallOptions,
        *,
        turn: TurnHead | None = None,
        before: Before | None = None,
    ) -> Finished: ...


class Before(Protocol):
    def __call__(self, jobs: Sequence[Job], /) -> None: ...


async def ask_in(
    name: str,
    make: Make,
    prompt: str,
    profiles: Sequence[str],
    config: Config,
    sweep: tuple[Think, ...],
    options: CallOptions,
    *,
    note: Note,
    keeps_history: bool,
) -> Result:
    """The next turn of the session, which begins where nobody has it. Raises `StoreError` while another adds one."""
    require_history(config.history.enabled, no_history=not keeps_history)
    async with _held(name, SessionSettings(system=options.get("system")), note) as held:
        turn = held.turn
        given = options_in(turn, options_of(sweep, options), profiles)
        selection = one_selection(profiles_in(turn, profiles, config), config)
        think = think_values(selection, given.sweep, config)[0]
        asked = await asyncio.to_thread(_prompt_in, turn, prompt, options)
        if await asyncio.to_thread(is_due, turn, asked, selection, think, config, given):
            await _compact(held, make, config, note, profiles, options.get("summary_profile"))
            turn = held.turn
            asked = await asyncio.to_thread(_prompt_in, turn, prompt, options)
        if options.get("run_tools"):
            from .runs.rounds.kit import with_tools

            given = await with_tools(given, options.get("run_tools"), options.get("max_rounds"), config)

        async def turned(asked: Prompt, given: Options) -> Result:
            head = held.turn.head(asked, selection.profile.name, str(think))
            tell = _teller(held.turn, note)
            ready: list[Job] = []

            def before(jobs: Sequence[Job], /) -> None:
                ready.extend(jobs)
                tell(jobs)

            made = await make("ask", [selection], asked, config, given, options, turn=head, before=before)
            held.remember(made.run.results[0], ready)
            return made.run.results[0]

        if given.run_tools is None:
            return await turned(asked, given)
        from .runs.rounds.turns import in_rounds

        async def following(pieces: tuple[TurnPiece, ...]) -> Prompt:
            held.turn = await asyncio.to_thread(renew_turn, held.turn, held.settings)
            again = await asyncio.to_thread(_prompt_in, held.turn, prompt, {**options, "tool_outputs": None}, pieces)
            return replace(again, asked=pieces)

        return await in_rounds(asked, given, given.run_tools, turned, following)


async def compare_in(
    name: str,
    make: Make,
    prompt: str,
    profiles: Sequence[str],
    config: Config,
    sweep: tuple[Think, ...],
    options: CallOptions,
    *,
    note: Note,
    keeps_history: bool,
) -> Run:
    """The same prompt to many after the turns of the session, which stays as it is. Raises `StoreError`."""
    require_history(config.history.enabled, no_history=not keeps_history)
    turn = await asyncio.to_thread(look_at, name)
    sampled = with_samples(options_of(sweep, options), options.get("repeat"), profiles, config, note, LIBRARY)
    given = labelled(turn, sampled)
    asked = await asyncio.to_thread(_prompt_in, turn, prompt, options)
    finished = await make(
        "compare", select(profiles, config), asked, config, given, options, before=_teller(turn, note)
    )
    if finished.number is not None:
        with _said_instead(note):
            await asyncio.to_thread(note_comparison, turn, finished.number, finished.run.results)
    return finished.run


def plan_in(
    name: str,
    prompt: str,
    profiles: Sequence[str],
    config: Config,
    sweep: tuple[Think, ...],
    options: PlanOptions,
    *,
    note: Note,
) -> Plans:
    """What the next turn of the session would send. Raises `StoreError` where there is no such session."""
    require_history(config.history.enabled, no_history=False)
    turn = look_at(name)
    sampled = with_samples(options_of(sweep, {**options}), options.get("repeat"), profiles, config, note, LIBRARY)
    given = options_in(turn, sampled, profiles)
    names = profiles_in(turn, profiles, config)
    asked = _prompt_in(turn, prompt, options)
    return plan_calls(select(names, config), asked, config, given, note=note, fit=fitted_now)


async def compact_in(
    name: str, make: Make, config: Config, *, by: str | None, note: Note, keeps_history: bool
) -> Result:
    """Make the earlier turns of the session short. Raises `StoreError` where no compaction came."""
    require_history(config.history.enabled, no_history=not keeps_history)
    await asyncio.to_thread(look_at, name)  # one that nobody has is not begun
    async with _held(name, SessionSettings(), note) as held:
        return await _compact(held, make, config, note, (), by)


async def _compact(
    held: _HeldTurn, make: Make, config: Config, note: Note, profiles: Sequence[str], by: str | None
) -> Result:
    """Have the session compacted, by its provider or by a summary, and go on after that."""
    call = compaction_call(held.turn, config, Options(), given=profiles, by=by)
    tell = _teller(held.turn, note)
    finished = await make("session compact", [call.selection], call.prompt, config, call.options, {}, before=tell)
    result = finished.run.results[0]
    await asyncio.to_thread(store_compaction, held.turn, call, result)
    held.turn = await asyncio.to_thread(renew_turn, held.turn)
    turns = "turn 1 is" if call.covers == 1 else f"turns 1 to {call.covers} are"
    how = f"summed up by {result.profile}" if call.is_ours else f"compacted by {result.provider} itself"
    note(f"session {held.turn.conversation.name}: {turns} {how}; the full turns stay")
    return result


class _HeldTurn:
    """A session that a call adds a turn to; `settings` are what it will remember."""

    def __init__(self, turn: NextTurn) -> None:
        self.turn = turn
        self.settings: SessionSettings | None = None

    def remember(self, result: Result, jobs: Sequence[Job]) -> None:
        """Let the session go on with the profile, the think value and the tools of `result`, if it became a turn."""
        known = self.turn.conversation.settings
        if result.turn is not None and result.turn.pieces and jobs:
            told = tuple(dict.fromkeys((*known.told, result.provider)))
            self.settings = replace(after_call(known, jobs[0]), told=told)


@asynccontextmanager
async def _held(name: str, settings: SessionSettings, note: Note) -> AsyncGenerator[_HeldTurn]:
    """The session for this call alone. A cancellation waits until it is given back."""
    name = checked_name(name)
    key = (database_path(), name.casefold())
    if key in _in_use:
        raise StoreError(
            f"session {name} is in use by another call of this program",
            hint="one turn comes after the other; Session.fork goes another way",
        )
    _in_use.add(key)
    try:
        taking = asyncio.ensure_future(asyncio.to_thread(take_turn, name, settings))
        try:
            turn = await asyncio.shield(taking)
        except asyncio.CancelledError:
            await asyncio.to_thread(end_turn, await taking)
            raise
        held = _HeldTurn(turn)
        try:
            _tell_of_beginning(turn, note)
            yield held
        finally:
            with _said_instead(note):
                await asyncio.to_thread(end_turn, held.turn, held.settings)
    finally:
        _in_use.discard(key)


@contextmanager
def _said_instead(note: Note) -> Generator[None]:
    """What goes wrong with the history once an answer is there is told: the answer was paid for."""
    try:
        yield
    except StoreError as error:
        note(f"the session remembers nothing of this: {error.message}")


def _tell_of_beginning(turn: NextTurn, note: Note) -> None:
    opened = turn.opened
    if opened is not None and opened.is_new:
        note(f"session {turn.conversation.name} begins{opened.like or ''}")
    if opened is not None and opened.recovered:
        note("the last turn was cut when its process was killed; what had come is kept")


def _teller(turn: NextTurn, note: Note) -> Before:
    """What tells, before anything is sent, which vendors see the conversation for the first time."""

    def tell(jobs: Sequence[Job], /) -> None:
        vendors = (job.target.provider.name for job in jobs if job.target is not None and job.ready is not None)
        if new := strangers(turn.conversation, vendors):
            note(first_seen(turn.conversation, new))

    return tell


def _prompt_in(turn: NextTurn, prompt: str, options: PlanOptions, results: Sequence[TurnPiece] = ()) -> Prompt:
    """The prompt after the turns so far. `results` are what is said instead of words."""
    asked = Prompt("", options.get("system")) if results else prompt_of(prompt, options)
    if outputs := given_outputs(options.get("tool_outputs")):
        asked = with_outputs(asked, outputs, turn.conversation.turns, ARGUMENT)
    return turn.prompt(
        asked,
        carry_reasoning=options.get("carry_reasoning", False),
        on_mismatch=options.get("on_mismatch"),
        policy=policy_of(options),
    )
