"""The library's calls: `Client` on an event loop, and the same calls without one. Nothing prints, asks or exits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict, TypeVar, Unpack, cast

from ..profiles.config import Config, load
from ..providers.errors import UsageError, did_you_mean
from ..providers.think import Think, parse_think
from .api import ReadyRun, ready_run, settle_open_jobs
from .planning.prepare import Prompt
from .results.result import Result, Run
from .runs.forecasts import Note, unheard
from .runs.jobs import Options
from .runs.money import CostOptions, found_limits, purse_for, usd_of
from .runs.observer import Observer, Silent
from .targets.target import Selection, one_selection, select

if TYPE_CHECKING:
    from .costs.budget.purse import Purse
    from .exchange.transport import Transport
    from .runs.plans import Plans

_T = TypeVar("_T")

ThinkValue = str | int
"""A value of the dial: a level, `auto`, or a budget in tokens (`8000`, `"8k"`)."""

Usd = Decimal | float | str
"""An amount in US dollars. A float is taken as it prints: `0.1` is exactly 0.10."""

LONGEST_RUN_S = 3600.0


def load_config(path: str | Path | None = None, *, profiles: Sequence[str] = ()) -> Config:
    """All layers of the configuration; `path` is what `--config` is: a layer over the user's and the project's.

    A `provider/model` among `profiles` may need the provider of a plugin, which is looked for only then. What was left
    out of an untrusted project file stands in `notes`. Raises `ConfigError` with file, line and column.
    """
    given = None if path is None else Path(path)
    return load(given, also=[name.partition("/")[0] for name in profiles if "/" in name])


class CallOptions(TypedDict, total=False):
    """What a call may say beside its prompt, profiles and think value; what is left out is as configured.

    `system`: the system prompt. `max_output`: most output tokens, reasoning included where the model counts it so.
    `timeout`: seconds without a byte. `retries`: after the first attempt. `stream`: whether a stream is asked for.
    `strict_think`: send nothing that is worse than `mapped`. `emulate`: ask models without reasoning for it by prompt,
    labelled so. `observer`: hears deltas and results as they come, on the event loop.
    """

    system: str | None
    max_output: int | None
    timeout: float | None
    retries: int | None
    stream: bool
    strict_think: bool
    emulate: bool
    observer: Observer | None


class ClientOptions(TypedDict, total=False):
    """What `Client` may be told beside its configuration.

    `max_cost` bounds what all calls of the client cost together, in USD; for `budget.per_run_usd` a client is one run.
    `allow_unpriced` lets calls pass whose price is not known. `history` False keeps no run (a budget by day or month
    still keeps the sums); None is as configured. `note` hears lines for people.
    """

    max_cost: Usd | None
    allow_unpriced: bool
    history: bool | None
    note: Note


class RunOptions(CallOptions, ClientOptions):
    """What the calls without a client of the caller's take: both."""


class Client:
    """Asks models, over one transport, from one purse and into one history, until it is closed.

    `config` is what `--config` is, or a configuration that is loaded already.

    Failures are results, not exceptions. What raises, before anything is sent: `ConfigError` and `UsageError`,
    `BudgetError` when the calls cannot be afforded, `StrictPlanError` where `strict_think` forbids a plan.
    """

    def __init__(self, config: str | Path | Config | None = None, **options: Unpack[ClientOptions]) -> None:
        self._given_config = config
        self._loaded: Config | None = None
        max_cost = options.get("max_cost")
        self._max_cost = None if max_cost is None else usd_of(max_cost, "max_cost")
        self._allow_unpriced = options.get("allow_unpriced", False)
        self._keeps_history = options.get("history") is not False
        self._note = options.get("note", unheard)
        self._transport: Transport | None = None
        self._purse: Purse | None = None
        self._has_looked_for_limits = False
        self._calls = 0

    async def __aenter__(self) -> Self:
        from .exchange.transport import Transport

        self._transport = await Transport().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        transport, self._transport = self._transport, None
        purse, self._purse = self._purse, None
        if purse is not None:
            for words in await purse.close():
                self._note(words)
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
        """One answer of one profile, or of the configured default."""
        config = self._config((profile,) if profile else ())
        selections = [one_selection([profile] if profile else [], config)]
        run = await self._run("ask", selections, prompt, config, () if think is None else (_think(think),), options)
        return run.results[0]

    async def compare(
        self,
        prompt: str,
        profiles: str | Sequence[str] = (),
        *,
        think: ThinkValue | Sequence[ThinkValue] | None = None,
        **options: Unpack[CallOptions],
    ) -> Run:
        """The same prompt to many. `profiles` are names, groups, `provider/model`, each perhaps with `@think`.

        `results` are in the order of the profiles, and for each of them of the think values.
        """
        names = _names(profiles)
        config = self._config(names)
        return await self._run("compare", select(names, config), prompt, config, _sweep(think), options)

    def plan(
        self,
        prompt: str,
        profiles: str | Sequence[str] = (),
        *,
        think: ThinkValue | Sequence[ThinkValue] | None = None,
        **options: Unpack[CallOptions],
    ) -> Plans:
        """What would be sent, in the native fields of each model, and what it may cost. Needs no network and no key."""
        from .runs.plans import plan_calls

        names = _names(profiles)
        config = self._config(names)
        given = Prompt(prompt, options.get("system"))
        return plan_calls(select(names, config), given, config, _call_options(_sweep(think), options), note=self._note)

    def _config(self, names: Sequence[str]) -> Config:
        if isinstance(self._given_config, Config):
            return self._given_config
        if self._loaded is None or any("/" in name for name in names):
            self._loaded = load_config(self._given_config, profiles=names)
        return self._loaded

    async def _run(
        self,
        command: str,
        selections: Sequence[Selection],
        prompt: str,
        config: Config,
        sweep: tuple[Think, ...],
        options: CallOptions,
    ) -> Run:
        if self._transport is None:
            raise UsageError("the client is not open", hint="async with thinkdial.Client() as client: ...")
        left = self._max_cost
        if left is not None and self._purse is not None:
            left = max(Decimal(0), left - self._purse.spent_usd)
        ready = ready_run(
            selections,
            Prompt(prompt, options.get("system")),
            config,
            _call_options(sweep, options),
            command=command,
            cost=CostOptions(left, self._allow_unpriced),
            strict=options.get("strict_think", False),
            keeps_history=self._keeps_history,
            note=self._note,
        )
        if ready.question is not None:
            raise ready.question.refusal()
        made = await ready.make(options.get("observer") or Silent(), self._transport, self._share(config, ready))
        for words in made.notes:
            self._note(words)
        if made.problem is not None:
            self._note(f"this run is not in the history: {made.problem.message}")
        if made.interrupted:
            raise asyncio.CancelledError
        return made.run

    def _share(self, config: Config, ready: ReadyRun) -> Purse | None:
        """The part that a run takes of the client's purse, which is filled for the first of them."""
        if not self._has_looked_for_limits:
            from .costs.budget.limits import today

            self._has_looked_for_limits = True
            if self._max_cost is not None or config.budget.limits_anything:
                everybody = {*config.profiles, *config.budget.profiles, *(job.profile for job in ready.jobs)}
                found = found_limits(config, self._max_cost, everybody, today(), settle=settle_open_jobs)
                self._purse = purse_for(found.limits, (), LONGEST_RUN_S, allow_unpriced=self._allow_unpriced)
        first, self._calls = self._calls, self._calls + len(ready.jobs)
        profiles = [job.profile for job in ready.jobs if job.prepared is not None and job.refused is None]
        return None if self._purse is None else self._purse.share(first, profiles)


def ask(
    prompt: str,
    profile: str | None = None,
    *,
    think: ThinkValue | None = None,
    config: str | Path | Config | None = None,
    **options: Unpack[RunOptions],
) -> Result:
    """`Client.ask` for one call, without an event loop."""

    async def call() -> Result:
        ours, rest = _apart(options)
        async with Client(config, **ours) as client:
            return await client.ask(prompt, profile, think=think, **rest)

    return _alone("ask", call)


def compare(
    prompt: str,
    profiles: str | Sequence[str] = (),
    *,
    think: ThinkValue | Sequence[ThinkValue] | None = None,
    config: str | Path | Config | None = None,
    **options: Unpack[RunOptions],
) -> Run:
    """`Client.compare` for one run, without an event loop."""

    async def call() -> Run:
        ours, rest = _apart(options)
        async with Client(config, **ours) as client:
            return await client.compare(prompt, profiles, think=think, **rest)

    return _alone("compare", call)


def plan(
    prompt: str,
    profiles: str | Sequence[str] = (),
    *,
    think: ThinkValue | Sequence[ThinkValue] | None = None,
    config: str | Path | Config | None = None,
    **options: Unpack[RunOptions],
) -> Plans:
    """`Client.plan`, which needs no event loop."""
    ours, rest = _apart(options)
    return Client(config, **ours).plan(prompt, profiles, think=think, **rest)


def _apart(options: RunOptions) -> tuple[ClientOptions, CallOptions]:
    """Options for a client, and those for its call. Raises `UsageError` for a name that is neither."""
    known = {*ClientOptions.__annotations__, *CallOptions.__annotations__}
    for name in options:
        if name not in known:
            raise UsageError(f"{name!r} is no option of a call{did_you_mean(name, known)}")
    ours = {name: value for name, value in options.items() if name in ClientOptions.__annotations__}
    rest = {name: value for name, value in options.items() if name in CallOptions.__annotations__}
    return cast("ClientOptions", ours), cast("CallOptions", rest)


def _call_options(sweep: tuple[Think, ...], options: CallOptions) -> Options:
    return Options(
        sweep,
        options.get("max_output"),
        options.get("timeout"),
        options.get("retries"),
        not options.get("stream", True),
        options.get("emulate", False),
    )


def _alone(name: str, call: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """What `call` gives, on an event loop of its own. Raises `UsageError` where one is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(call())
    raise UsageError(
        f"thinkdial.{name} cannot be called inside a running event loop",
        hint=f"use await client.{name}(...), in: async with thinkdial.Client() as client",
    )


def _think(value: ThinkValue) -> Think:
    return parse_think(str(value))


def _sweep(values: ThinkValue | Sequence[ThinkValue] | None) -> tuple[Think, ...]:
    """The think values in their order, without repetition; a text may be a comma list, as on the command line."""
    if values is None:
        return ()
    if isinstance(values, str):
        values = values.split(",")
    listed: Sequence[ThinkValue] = [values] if isinstance(values, int) else values
    return tuple(dict.fromkeys(_think(value) for value in listed))


def _names(profiles: str | Sequence[str]) -> list[str]:
    return [profiles] if isinstance(profiles, str) else list(profiles)
