"""The library's calls: `Client` on an event loop, and the same calls without one. Nothing prints, asks or exits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from msgspec.structs import replace

from ..profiles.config import Config, load
from ..providers.errors import UsageError
from .api import ready_run, run_batch, settle_open_jobs
from .call_options import (
    ASK_OPTIONS,
    CLIENT_OPTIONS,
    COMPARE_OPTIONS,
    MOST_CONCURRENCY,
    PLAN_OPTIONS,
    ROW_OPTIONS,
    TUNE_OPTIONS,
    CallOptions,
    ClientOptions,
    PlanOptions,
    RowOptions,
    ThinkValue,
    TuneOptions,
    batch_options_of,
    check_names,
    names_of,
    options_of,
    prompt_of,
    session_of,
    sweep_of,
    think_of,
    trial_options_of,
)
from .planning.option_names import LIBRARY, within
from .results.result import Result, Run
from .runs.forecasts import unheard
from .runs.money import CostOptions, usd_of
from .runs.observer import Silent
from .runs.open_purse import OpenPurse
from .runs.samples import with_samples
from .runs.strictness import refuse_unless_strict
from .targets.target import Selection, one_selection, select

if TYPE_CHECKING:
    from ..providers.think import Think
    from .batch.values import BatchRun, Rows
    from .exchange.transport import Transport
    from .history.heads import TurnHead
    from .planning.prepare import Prompt
    from .runs.jobs import Job, Options
    from .runs.plans import Plans
    from .runs.run import Finished
    from .trials.report import TrialReport

_T = TypeVar("_T")


def load_config(path: str | Path | None = None, *, profiles: Sequence[str] = ()) -> Config:
    """All layers of the configuration; `path` is what `--config` is: a layer over the user's and the project's.

    A `provider/model` among `profiles` may need the provider of a plugin, which is looked for only then. What was left
    out of an untrusted project file stands in `notes`. Raises `ConfigError` with file, line and column.
    """
    given = None if path is None else Path(path)
    return load(given, also=[name.partition("/")[0] for name in profiles if "/" in name])


class Client:
    """Asks models, over one transport, from one purse and into one history, until it is closed.

    Closing it ends what is under way: such calls return what came, `cancelled`, and batches are `interrupted`.
    `config` is what `--config` is, or a configuration that is loaded already. Several tasks may use it at once.

    Failures are results, not exceptions. What raises, before anything is sent: `ConfigError` and `UsageError`,
    `BudgetError` when the calls cannot be afforded, `StrictPlanError` where `strict_think` forbids a plan.
    """

    def __init__(self, config: str | Path | Config | None = None, **options: Unpack[ClientOptions]) -> None:
        check_names(options, CLIENT_OPTIONS, "Client")
        self._given_config = config
        self._loaded: Config | None = None
        self._keeps_history = options.get("history") is not False
        self._note = options.get("note", unheard)
        max_cost = options.get("max_cost")
        max_cost_usd = None if max_cost is None else usd_of(max_cost, "max_cost")
        self._cost = CostOptions(max_cost_usd, options.get("allow_unpriced", False))
        self._purse = OpenPurse(self._cost, settle=settle_open_jobs, note=self._note, names=LIBRARY)
        self._transport: Transport | None = None
        self._under_way: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        from .exchange.transport import Transport

        if self._is_closed or self._transport is not None:
            raise UsageError("a client is opened once", hint="make another: thinkdial.Client(...)")
        self._transport = await Transport().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_closed = True
        transport, self._transport = self._transport, None
        for task in self._under_way:
            task.cancel()
        try:
            if self._under_way:
                await asyncio.wait(self._under_way)
            await self._purse.close()
        finally:
            if transport is not None:
                await transport.__aexit__(kind, error, trace)

    async def ask(
        self,
        prompt: str,
        profile: str | None = None,
        *,
        think: ThinkValue | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """One answer of one profile, or of the configured default; in a `session`, its next turn."""
        check_names(options, ASK_OPTIONS, "ask")
        names = [profile] if profile else []
        config = self._config(names)
        sweep, levels = () if think is None else (think_of(think),), sweep_of(options.get("escalate"))
        if (session := session_of(options)) is not None:
            if levels:
                raise UsageError("escalate is for a question by itself: a session would have a turn for each attempt")
            from .session_calls import ask_in

            return await ask_in(
                session, self._make, prompt, names, config, sweep, options,
                note=self._note, keeps_history=self._keeps_history,
            )  # fmt: skip
        selections = [one_selection(names, config)]
        asked, given = await _asked(prompt, options), options_of(sweep, options)
        if levels:
            from .runs.checks.climb import climb_of, climb_with

            async def attempt(level: Think) -> Finished:
                return await self._make("ask", selections, asked, config, replace(given, sweep=(level,)), options)

            climb = climb_of(selections[0], levels, asked, config, given, expect=options.get("expect"), names=LIBRARY)
            return await climb_with(climb, attempt, self._note)
        return (await self._make("ask", selections, asked, config, given, options)).run.results[0]

    async def compare(
        self,
        prompt: str,
        profiles: str | Sequence[str] = (),
        *,
        think: ThinkValue | Sequence[ThinkValue] | None = None,
        **options: Unpack[CallOptions],
    ) -> Run:
        """The same prompt to many. `profiles` are names, groups, `provider/model`, each perhaps with `@think`.

        `results` are in the order of the profiles, and for each of them of the think values. A `session` stays as it
        is; `Session.pick` goes on with one of the answers.
        """
        check_names(options, COMPARE_OPTIONS, "compare")
        names, sweep = names_of(profiles), sweep_of(think)
        config = self._config(names)
        if (session := session_of(options)) is not None:
            from .session_calls import compare_in

            return await compare_in(
                session, self._make, prompt, names, config, sweep, options,
                note=self._note, keeps_history=self._keeps_history,
            )  # fmt: skip
        asked, given = await _asked(prompt, options), options_of(sweep, options)
        given = with_samples(given, options.get("repeat"), names, config, self._note, LIBRARY)
        return (await self._make("compare", select(names, config), asked, config, given, options)).run

    async def batch(
        self,
        rows: Rows,
        profiles: str | Sequence[str] = (),
        *,
        think: ThinkValue | Sequence[ThinkValue] | None = None,
        output: str | Path | None = None,
        **options: Unpack[RowOptions],
    ) -> BatchRun:
        """Every row to every profile with every think value, each at the pace that its provider allows.

        `rows` are a file (JSONL, CSV or lines), or prompts and mappings from any iterable, which is read in a thread
        while calls are made. An `output` (JSONL, or CSV by its name) remembers: the same batch goes on where it has
        stopped. Without one the results are in the `BatchRun`. A budget stops a batch, and raises nothing.
        """
        from .batch.budget import profiles_of
        from .batch.run import lane_names
        from .batch.values import ValueWatcher

        check_names(options, ROW_OPTIONS, "batch")
        self._require_open()
        asked = batch_options_of(rows, output, names_of(profiles), sweep_of(think), options)
        config = self._config(asked.profiles)
        calls = with_samples(asked.calls, options.get("repeat"), asked.profiles, config, self._note, LIBRARY)
        calls = await self._with_tools(calls, options, config)
        cost = replace(self._cost, spent_usd=self._purse.spent_usd)
        asked = replace(asked, calls=calls, cost=cost, keeps_history=self._keeps_history)
        names = lane_names(asked.profiles, config)
        watcher = ValueWatcher(asked, names, self._note, options.get("on_result"))
        async with self._purse.open_part(config, profiles_of(names, config)) as purse:
            end = await self._while_open(run_batch(asked, config, watcher, watcher, purse))
        return watcher.batch_run(end)

    async def tune(
        self,
        rows: Rows,
        profiles: str | Sequence[str] = (),
        *,
        think: ThinkValue | Sequence[ThinkValue] | None = None,
        target: float | None = None,
        output: str | Path | None = None,
        **options: Unpack[TuneOptions],
    ) -> TrialReport:
        """The cheapest of profiles and think values that passes the rows, with as few calls as that takes.

        `target`: a pass rate that its lower bound must reach; without one it must not be shown to be worse than the
        best. `outcome` says whether the choice is shown. An `output` (JSONL) remembers, so that the same trial goes on.
        """
        from .batch.budget import profiles_of
        from .trials.trial import TrialNotes, ready_trial

        check_names(options, TUNE_OPTIONS, "tune")
        self._require_open()
        given = trial_options_of(rows, output, names_of(profiles), sweep_of(think), target, options)
        config, cost = self._config(given.batch.profiles), replace(self._cost, spent_usd=self._purse.spent_usd)
        given = replace(given, batch=replace(given.batch, cost=cost, keeps_history=self._keeps_history))
        notes = TrialNotes(self._note)
        with ready_trial(given, config, notes) as ready:
            for words in ready.notes:
                self._note(words)
            async with self._purse.open_part(config, profiles_of(ready.profiles, config)) as purse:
                return (await self._while_open(ready.make(notes, purse))).report

    async def compact(self, session: str, profile: str | None = None) -> Result:
        """Make the earlier turns of a session short: by its provider's own means, or by a summary of `profile`.

        The full turns stay, and go again to whoever cannot read what came. Raises `StoreError` where nothing came.
        """
        from .session_calls import compact_in

        config, keeps = self._config([profile] if profile else []), self._keeps_history
        return await compact_in(session, self._make, config, by=profile, note=self._note, keeps_history=keeps)

    def plan(
        self,
        prompt: str,
        profiles: str | Sequence[str] = (),
        *,
        think: ThinkValue | Sequence[ThinkValue] | None = None,
        **options: Unpack[PlanOptions],
    ) -> Plans:
        """What would be sent, in the native fields of each model, and what it may cost.

        Needs no network, no key, and no open client. What cannot be called stands in `problems`.
        """
        from .runs.plans import plan_calls

        check_names(options, PLAN_OPTIONS, "plan")
        names = names_of(profiles)
        config = self._config(names)
        sweep = sweep_of(think)
        if (session := session_of(options)) is not None:
            from .session_calls import plan_in

            plans = plan_in(session, prompt, names, config, sweep, options, note=self._note)
        else:
            given = options_of(sweep, {**options})
            given = with_samples(given, options.get("repeat"), names, config, self._note, LIBRARY)
            plans = plan_calls(select(names, config), prompt_of(prompt, options), config, given, note=self._note)
        if options.get("strict_think"):
            made = (call.prepared for call in plans.calls)
            refuse_unless_strict(((one.target.profile.name, one.plan) for one in made), LIBRARY)
        return plans

    def _config(self, names: Sequence[str]) -> Config:
        """The configuration, read once; again when a name needs a provider that only a plugin may have."""
        if isinstance(self._given_config, Config):
            return self._given_config
        providers = {name.partition("/")[0] for name in names if "/" in name}
        if self._loaded is None or not providers <= {*self._loaded.providers}:
            self._loaded = load_config(self._given_config, profiles=names)
            for words in self._loaded.notes:
                self._note(words)
        return self._loaded

    def _require_open(self) -> Transport:
        if self._transport is None:
            state = "closed" if self._is_closed else "not open"
            raise UsageError(f"the client is {state}", hint="async with thinkdial.Client() as client: ...")
        return self._transport

    async def _while_open(self, running: Coroutine[Any, Any, _T]) -> _T:
        """How calls end. They are broken off when the client is closed; a cancellation is raised once that is done."""
        caller = asyncio.current_task()
        cancelled = 0 if caller is None else caller.cancelling()
        task = asyncio.create_task(running)
        self._under_way.add(task)
        try:
            end = await task
        except asyncio.CancelledError:
            if not self._is_closed or (caller is not None and caller.cancelling() > cancelled):
                raise
            raise UsageError("the client was closed while this was asked") from None
        finally:
            self._under_way.discard(task)
        if caller is not None and caller.cancelling() > cancelled:
            raise asyncio.CancelledError
        return end

    async def _with_tools(self, given: Options, options: CallOptions | RowOptions, config: Config) -> Options:
        """The same with the tools that models may have run."""
        names, rounds = options.get("run_tools"), options.get("max_rounds")
        if not names and rounds is None:
            return given
        from .runs.rounds.kit import with_tools  # which few calls need

        return await with_tools(given, names, rounds, config)

    async def _make(
        self,
        command: str,
        selections: Sequence[Selection],
        prompt: Prompt,
        config: Config,
        given: Options,
        options: CallOptions,
        *,
        turn: TurnHead | None = None,
        before: Callable[[Sequence[Job]], None] | None = None,
    ) -> Finished:
        transport = self._require_open()
        given = await self._with_tools(given, options, config)
        ready = ready_run(
            selections,
            prompt,
            config,
            given,
            command=command,
            cost=replace(self._cost, spent_usd=self._purse.spent_usd),
            strict=options.get("strict_think", False),
            keeps_history=self._keeps_history,
            note=self._note,
            names=LIBRARY,
            at_once=within("concurrency", options.get("concurrency"), 1, MOST_CONCURRENCY),
            turn=turn,
            expect=options.get("expect"),
        )
        if ready.question is not None:
            raise ready.question.refusal()
        if before is not None:
            before(ready.jobs)

        async def make() -> Finished:
            async with self._purse.part(config, ready.jobs) as purse:
                return await ready.make(options.get("observer") or Silent(), transport, purse)

        made = await self._while_open(make())
        for words in made.notes:
            self._note(words)
        if made.problem is not None:
            self._note(f"this run is not in the history: {made.problem.message}")
        return made


async def _asked(text: str, options: CallOptions) -> Prompt:
    """The prompt; files are read, fetched and converted beside the event loop."""
    return await asyncio.to_thread(prompt_of, text, options) if options.get("attachments") else prompt_of(text, options)
