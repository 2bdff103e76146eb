"""What a caller of the library may say beside prompt and profiles, and what the engine understands by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast, get_args

from msgspec.structs import replace

from ..profiles.state.context import ContextPolicy, KeepReasoning, WhenFull
from ..providers.errors import UsageError, did_you_mean
from ..providers.think import Think, parse_think
from .attachments.wishes import FileOptions, wishes_of
from .checks.escalation import checked_levels
from .doses.chooser import choose_dose
from .planning.fates import OnMismatch
from .planning.option_names import LIBRARY, names_said, text_said, within
from .planning.prepare import Prompt, checked_text
from .runs.forecasts import Note
from .runs.jobs import Options, server_tools_in, tools_in_options
from .runs.observer import Observer

if TYPE_CHECKING:
    from ..profiles.shapes.shape import Shape
    from .batch.options import BatchOptions, Workers
    from .batch.values import OnResult, Rows
    from .checks.gates import Gate
    from .checks.terms import Expected
    from .tools.definitions import Tool
    from .trials.options import TrialOptions

MOST_CONCURRENCY = 4096

_WORDS: Mapping[str, tuple[str, ...]] = {
    "on_mismatch": get_args(OnMismatch), "keep_reasoning": get_args(KeepReasoning), "when_full": get_args(WhenFull),
}  # fmt: skip

ThinkValue = str | int
"""A value of the dial: a level, `auto`, or a budget in tokens (`8000`, `"8k"`)."""

Usd = Decimal | float | str
"""An amount in US dollars. A float is taken as it prints: `0.1` is exactly 0.10."""


class RequestOptions(TypedDict, total=False):
    """What may be said of every request; what is left out is as configured.

    `system`: the system prompt. `max_output`: most output tokens, reasoning included where the model counts it so.
    `stream`: whether a stream is asked for. `emulate`: ask models without reasoning for it by prompt, labelled so.
    `schema`: JSON Schema that answers have to fit, or its short form `"name, age int, tags [str]"`. `json_mode`: any
    JSON. `server_tools`: tools that the providers run themselves (`["search"]`), `[]` for none. `tools`: functions that
    models may call, as files, declarations of any vendor's form, or `Tool`s; `tool_choice`: `auto`, `none`, `required`,
    or the name of one; nothing is run. `shape_with`: who shapes a free answer in a second call, `""` for the cheapest.
    """

    system: str | None
    max_output: int | None
    stream: bool
    emulate: bool
    schema: Mapping[str, Any] | str | None
    json_mode: bool
    server_tools: Sequence[str] | None
    tools: str | Path | Mapping[str, Any] | Sequence[str | Path | Mapping[str, Any] | Tool] | None
    tool_choice: str | None
    shape_with: str | None


class AttemptOptions(RequestOptions, total=False):
    """The same, and what matters while it is sent: `timeout` in seconds without an event, `retries` after the first."""

    timeout: float | None
    retries: int | None


class ConversationOptions(TypedDict, total=False):
    """In which conversation a call is made. `session`: the name of a session; `ask` begins one that nobody has.
    `carry_reasoning`: readable reasoning that cannot go back goes along as a labelled note. `on_mismatch`: signed
    reasoning whose prefix has changed is left out (`drop`), or is an error. The rest is the context policy of this
    call: the most input tokens, of which turns reasoning stays, what is done when it is full, and who sums up.
    `tool_outputs`: what the tools gave that the last turn called, by the id or the name of the call (a text, or what
    becomes JSON); the prompt may be empty then.
    """

    session: str | None
    carry_reasoning: bool
    on_mismatch: OnMismatch | None
    max_input_tokens: int | None
    keep_reasoning: KeepReasoning | None
    when_full: WhenFull | None
    summary_profile: str | None
    tool_outputs: Mapping[str, Any] | None


class PlanOptions(RequestOptions, ConversationOptions, FileOptions, total=False):
    """What may be said of a call before it is made. `strict_think`: send nothing that is worse than `mapped`.

    `repeat` (not of `ask`): how many samples are taken of each profile and think value. `attachments` are files and
    addresses that go along, `KIND:` in front of a name says what it is; they stand where the prompt has
    `{{file:NAME}}`, else after it. `remote_urls`: addresses are sent as they are, for the provider to fetch.
    """

    strict_think: bool
    repeat: int
    attachments: Sequence[str | Path]
    remote_urls: bool


class CallOptions(PlanOptions, AttemptOptions, total=False):
    """The same, and what only matters while a call is made.

    `expect`: what answers are held against, as a row of a batch says it; `passed` of each result tells. `observer`
    hears deltas and results as they come, on the event loop, before they are checked; an error of its own ends the run,
    and is raised. `concurrency`: calls at once, 64 unless it is said. `escalate` (of `ask` alone) are think values from
    little to much, each asked only where the check of the one before fails; `escalation` tells. `run_tools` names tools
    of the configuration that are run when they are called, in up to `max_rounds` calls; `rounds` and `tool_runs` tell.
    """

    observer: Observer | None
    concurrency: int | None
    expect: Expected | None
    escalate: ThinkValue | Sequence[ThinkValue] | None
    run_tools: str | Sequence[str] | None
    max_rounds: int | None


class RowOptions(AttemptOptions, FileOptions, total=False):
    """What may be said of a batch. `system`, `max_output` and what else a row may say are for rows that do not.
    `template`: the prompt from the fields of a row, in Jinja2. `concurrency`: calls at once for each profile, at most.
    `repeat`: how many samples are taken of each row, profile and think value. `expect` is for rows that expect nothing,
    `escalate` for those that say no think value. `allow_files`: rows may name files outside of their folder. With an
    output: `retry_failed` runs rows again whose results in it have failed, and `ordered` puts it in the order of the
    rows in the end. `on_result` hears each result once it is written; an error of its own ends the batch, and is
    raised. `run_tools` and `max_rounds` are those of a call. `shard`: only the rows of one part of the input, `"3/16"`,
    or `"auto"` where a scheduler says which. `workers` make the calls: so many processes, or `Workers` on a cluster.
    """

    template: str | None
    concurrency: int | None
    repeat: int
    retry_failed: bool
    ordered: bool
    expect: Expected | None
    escalate: ThinkValue | Sequence[ThinkValue] | None
    allow_files: bool
    shard: str | None
    workers: int | Workers | None
    on_result: OnResult | None
    run_tools: str | Sequence[str] | None
    max_rounds: int | None


class TuneOptions(AttemptOptions, FileOptions, total=False):
    """What may be said of a trial. `template`, `concurrency`, `expect` and `allow_files` are those of a batch.

    `confidence` is how sure all that is said has to be, 0.95 by default. `max_rows` are taken at most, in an order that
    `seed` decides. `samples_from` are outputs of batches, or of trials, that have some of the samples. `gate` says what
    must not be true of the results of the choice: `gate_failures` tells.
    """

    template: str | None
    concurrency: int | None
    expect: Expected | None
    allow_files: bool
    confidence: float
    seed: int
    max_rows: int | None
    samples_from: str | Path | Sequence[str | Path]
    gate: Gate | None


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


class BatchRunOptions(RowOptions, ClientOptions, total=False):
    """The same for a batch."""


class TuneRunOptions(TuneOptions, ClientOptions, total=False):
    """The same for a trial."""


PLAN_OPTIONS = frozenset(PlanOptions.__annotations__)
CALL_OPTIONS = frozenset(CallOptions.__annotations__)
ASK_OPTIONS = CALL_OPTIONS - {"repeat"}
COMPARE_OPTIONS = CALL_OPTIONS - {"escalate"}
ROW_OPTIONS = frozenset(RowOptions.__annotations__)
TUNE_OPTIONS = frozenset(TuneOptions.__annotations__)
CLIENT_OPTIONS = frozenset(ClientOptions.__annotations__)


def check_names(options: Iterable[str], known: frozenset[str], what: str) -> None:
    """Raise `UsageError` for an option that `what` does not know: a limit that nobody hears of would not hold."""
    for name in options:
        if name not in known:
            hint = "it is one of thinkdial.Client" if name in CLIENT_OPTIONS else None
            raise UsageError(f"{name!r} is no option of {what}{did_you_mean(name, known)}", hint=hint)


def apart(options: RunOptions) -> tuple[ClientOptions, CallOptions]:
    """Options for a client, and those for its call. Raises `UsageError` for a name that is neither."""
    ours, rest = _apart(options, CALL_OPTIONS, "a call")
    return ours, cast("CallOptions", rest)


def rows_apart(options: BatchRunOptions) -> tuple[ClientOptions, RowOptions]:
    """The same for a batch."""
    ours, rest = _apart(options, ROW_OPTIONS, "a batch")
    return ours, cast("RowOptions", rest)


def tune_apart(options: TuneRunOptions) -> tuple[ClientOptions, TuneOptions]:
    """The same for a trial."""
    ours, rest = _apart(options, TUNE_OPTIONS, "a trial")
    return ours, cast("TuneOptions", rest)


def _apart(options: Mapping[str, object], known: frozenset[str], what: str) -> tuple[ClientOptions, dict[str, object]]:
    check_names(options, CLIENT_OPTIONS | known, what)
    ours = {name: value for name, value in options.items() if name in CLIENT_OPTIONS}
    return cast("ClientOptions", ours), {name: value for name, value in options.items() if name in known}


def session_of(options: ConversationOptions) -> str | None:
    """The session that a call is made in. Raises `UsageError` for what needs one, and for other odd options."""
    name = options.get("session")
    if name is None:
        for option in ConversationOptions.__annotations__:
            if options.get(option):
                raise UsageError(f"{option} is about earlier turns", hint="say in which session: session=NAME")
        return None
    for option, known in _WORDS.items():
        if (value := options.get(option)) not in (None, *known):
            raise UsageError(f"{option} is one of {', '.join(known)}, not {value!r}")
    within("max_input_tokens", options.get("max_input_tokens"), 1)
    return name


def policy_of(options: ConversationOptions) -> ContextPolicy:
    """The context policy that is said for one call."""
    limit, keep = options.get("max_input_tokens"), options.get("keep_reasoning")
    return ContextPolicy(limit, keep, options.get("when_full"), options.get("summary_profile"))


def prompt_of(text: str, options: PlanOptions) -> Prompt:
    """The prompt with its system prompt and what is attached.

    Raises `UsageError` for an empty one, for what is no text, and for files that cannot be read.
    """
    if not text.strip() and not options.get("tool_outputs"):
        raise UsageError("the prompt is empty")
    system = options.get("system")
    prompt = Prompt(checked_text(text, "the prompt"), checked_text(system, "system") if system else None)
    if not (names := names_said("attachments", options.get("attachments"))):
        return replace(prompt, converts=True) if options.get("convert") else prompt
    if "-" in names:
        raise UsageError("attachments: a program attaches files and addresses, not its standard input")
    from .attachments.beside import prompt_with

    return prompt_with(prompt, names, is_remote=options.get("remote_urls", False), wishes=wishes_of(options))


def options_of(sweep: tuple[Think, ...], options: AttemptOptions) -> Options:
    """The options as the engine takes them. Raises `UsageError` for a number that is out of range."""
    return Options(
        sweep,
        within("max_output", options.get("max_output"), 1),
        within("timeout", options.get("timeout"), 0.001),
        within("retries", options.get("retries"), 0, 20),
        not options.get("stream", True),
        options.get("emulate", False),
        shape=shape_in(options),
        server_tools=server_tools_in(names_said("server_tools", options.get("server_tools")), "server_tools"),
        tools=tools_in_options(options.get("tools"), options.get("tool_choice"), "tools"),
        shape_with=text_said("shape_with", options.get("shape_with")),
        choose=choose_dose,
    )


def shape_in(options: RequestOptions) -> Shape | None:
    """What answers have to be. Raises `UsageError` for a schema that is none, and for two wishes at once."""
    schema, json_mode = options.get("schema"), options.get("json_mode", False)
    if schema is None and not json_mode:
        return None
    from .shapes.for_target import ANY_JSON, shape_said

    if schema is not None and json_mode:
        raise UsageError("schema and json_mode: say one of them; a schema is JSON as well")
    return shape_said(ANY_JSON if schema is None else schema, "schema")


def batch_options_of(
    rows: Rows, output: str | Path | None, names: Sequence[str], sweep: tuple[Think, ...], options: RowOptions
) -> BatchOptions:
    """The options of a batch, but for what its client says. Raises `UsageError` for what cannot be meant."""
    from .batch.options import BatchOptions, placed, workers_said
    from .batch.values import row_source

    (source, form), (target, shard) = row_source(rows), placed(output, options.get("shard"), "shard")
    return BatchOptions(
        source,
        target or (lambda _: None),
        tuple(names),
        options_of(sweep, options),
        system=checked_text(system, "system") if (system := options.get("system")) else None,
        template=options.get("template"),
        input_form=form,
        concurrency=within("concurrency", options.get("concurrency"), 1, MOST_CONCURRENCY),
        retry_failed=options.get("retry_failed", False),
        ordered=output is not None and options.get("ordered", False),
        names=LIBRARY,
        expect=options.get("expect"),
        escalate=_ladder_of(sweep, options),
        allow_files=options.get("allow_files", False),
        files=wishes_of(options),
        shard=shard,
        workers=workers_said(options.get("workers")),
    )


def _ladder_of(sweep: tuple[Think, ...], options: RowOptions) -> tuple[Think, ...]:
    """The think values that rows go up. Raises `UsageError`."""
    levels = sweep_of(options.get("escalate"))
    if not levels:
        return ()
    if sweep:
        raise UsageError("escalate says the think values: leave out think")
    return checked_levels(levels, LIBRARY.escalate)


def trial_options_of(
    rows: Rows,
    output: str | Path | None,
    names: Sequence[str],
    sweep: tuple[Think, ...],
    target: float | None,
    options: TuneOptions,
) -> TrialOptions:
    """The options of a trial, but for what its client says. Raises `UsageError` for what cannot be meant."""
    from .trials.options import CONFIDENCE, TrialOptions

    of_rows = {name: value for name, value in options.items() if name in ROW_OPTIONS}
    paths = options.get("samples_from", ())
    given = TrialOptions(
        batch_options_of(rows, output, names, sweep, cast("RowOptions", of_rows)),
        target,
        options.get("confidence", CONFIDENCE),
        options.get("seed", 0),
        options.get("max_rows"),
        tuple(map(Path, [paths] if isinstance(paths, str | Path) else paths)),
        options.get("gate"),
    )
    given.check()
    return given


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
