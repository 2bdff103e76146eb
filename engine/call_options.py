"""What a caller of the library may say beside prompt and profiles, and what the engine understands by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import inf
from typing import TypedDict, TypeVar, cast

from ..providers.errors import UsageError, did_you_mean
from ..providers.think import Think, parse_think
from .planning.prepare import Prompt, checked_text
from .runs.forecasts import Note
from .runs.jobs import Options
from .runs.observer import Observer

_Number = TypeVar("_Number", int | None, float | None)

ThinkValue = str | int
"""A value of the dial: a level, `auto`, or a budget in tokens (`8000`, `"8k"`)."""

Usd = Decimal | float | str
"""An amount in US dollars. A float is taken as it prints: `0.1` is exactly 0.10."""


class PlanOptions(TypedDict, total=False):
    """What may be said of a call before it is made; what is left out is as configured.

    `system`: the system prompt. `max_output`: most output tokens, reasoning included where the model counts it so.
    `stream`: whether a stream is asked for. `strict_think`: send nothing that is worse than `mapped`. `emulate`: ask
    models without reasoning for it by prompt, labelled so.
    """

    system: str | None
    max_output: int | None
    stream: bool
    strict_think: bool
    emulate: bool


class CallOptions(PlanOptions, total=False):
    """The same, and what only matters while a call is made.

    `timeout`: seconds without a byte. `retries`: after the first attempt. `observer`: hears deltas and results as they
    come, on the event loop; an error of its own ends the run, and is raised.
    """

    timeout: float | None
    retries: int | None
    observer: Observer | None


class ClientOptions(TypedDict, total=False):
    """What `Client` may be told beside its configuration.

    `max_cost` bounds what all calls of the client cost together, in USD; for `budget.per_run_usd` a client is one run.
    `allow_unpriced` lets calls pass whose price is not known. `history` False keeps no run (a budget by day or month
    still keeps the sums); otherwise it is as configured. `note` hears lines for people.
    """

    max_cost: Usd | None
    allow_unpriced: bool
    history: bool | None
    note: Note


class RunOptions(CallOptions, ClientOptions, total=False):
    """What the calls without a client of the caller's take: both."""


PLAN_OPTIONS = frozenset(PlanOptions.__annotations__)
CALL_OPTIONS = frozenset(CallOptions.__annotations__)
CLIENT_OPTIONS = frozenset(ClientOptions.__annotations__)


def check_names(options: Iterable[str], known: frozenset[str], what: str) -> None:
    """Raise `UsageError` for an option that `what` does not know: a limit that nobody hears of would not hold."""
    for name in options:
        if name not in known:
            hint = "it is one of thinkdial.Client" if name in CLIENT_OPTIONS else None
            raise UsageError(f"{name!r} is no option of {what}{did_you_mean(name, known)}", hint=hint)


def apart(options: RunOptions) -> tuple[ClientOptions, CallOptions]:
    """Options for a client, and those for its call. Raises `UsageError` for a name that is neither."""
    check_names(options, CLIENT_OPTIONS | CALL_OPTIONS, "a call")
    ours = {name: value for name, value in options.items() if name in CLIENT_OPTIONS}
    rest = {name: value for name, value in options.items() if name in CALL_OPTIONS}
    return cast("ClientOptions", ours), cast("CallOptions", rest)


def prompt_of(text: str, options: PlanOptions) -> Prompt:
    """The prompt with its system prompt. Raises `UsageError` for an empty one, and for what is no text."""
    if not text.strip():
        raise UsageError("the prompt is empty")
    system = options.get("system")
    return Prompt(checked_text(text, "the prompt"), checked_text(system, "system") if system else None)


def options_of(sweep: tuple[Think, ...], options: CallOptions) -> Options:
    """The options as the engine takes them. Raises `UsageError` for a number that is out of range."""
    return Options(
        sweep,
        _within("max_output", options.get("max_output"), 1),
        _within("timeout", options.get("timeout"), 0.001),
        _within("retries", options.get("retries"), 0, 20),
        not options.get("stream", True),
        options.get("emulate", False),
    )


def _within(name: str, value: _Number, least: float, most: float = inf) -> _Number:
    if value is not None and not least <= value <= most:
        bounds = f"at least {least:g}" if most == inf else f"from {least:g} to {most:g}"
        raise UsageError(f"{name} is {bounds}, not {value}")
    return value


def think_of(value: ThinkValue) -> Think:
    """One value of the dial. Raises `UsageError`."""
    return parse_think(str(value))


def sweep_of(values: ThinkValue | Sequence[ThinkValue] | None) -> tuple[Think, ...]:
    """The think values in their order, without repetition; a text may be a comma list, as on the command line."""
    if values is None:
        return ()
    if isinstance(values, str):
        values = values.split(",")
    listed: Sequence[ThinkValue] = [values] if isinstance(values, int) else values
    return tuple(dict.fromkeys(think_of(value) for value in listed))


def names_of(profiles: str | Sequence[str]) -> list[str]:
    """The names, of which a single one may stand alone."""
    return [profiles] if isinstance(profiles, str) else list(profiles)
