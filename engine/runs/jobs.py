"""Chosen profiles, think values and options -> the calls to make. Nothing is sent here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from ...profiles.config import Config
from ...profiles.profile import Reference
from ...profiles.state.compactions import CompactionMeans
from ...providers.errors import ConfigError, Failure, joined
from ...providers.think import Think
from ..exchange.retry import Patience
from ..planning.fates import Past
from ..planning.prepare import Prepared, Prompt, Twin, prepare, sent_prompt, with_notice, with_prompt, with_repeat
from ..planning.think_plan import AimReceipt, unmeasured
from ..results.result import Forecast
from ..targets.authorize import Authorize, authorization
from ..targets.keys import Key, account_label
from ..targets.simulated import is_simulated
from ..targets.target import Selection, Target, refuse_ended, resolve, think_values

if TYPE_CHECKING:
    from ...profiles.shapes.shape import Shape
    from ..tools.toolset import ToolsWish
    from .rounds.limits import ToolSupply

Choose = Callable[[Target, Think, Reference, Callable[[Think], Prepared]], tuple[Think, AimReceipt]]
"""Chooses a think value for a dose; it may ask how the call would be with another. Raises `ConfigError`."""


class ReadyCall(Struct, frozen=True):
    """A call that can be made: what is sent, with what credential, and how patiently."""

    prepared: Prepared
    key: Key | None
    authorize: Authorize | None
    patience: Patience


class Job(Struct, frozen=True):
    """One call to make, or (`refused`) the reason why it cannot be made. `forecast` was made before it was sent.

    `repeat` is the number of the sample, from 1; None where there is but one.
    """

    profile: str
    model: str
    think: Think
    patience: Patience
    target: Target | None = None
    prepared: Prepared | None = None
    key: Key | None = None
    refused: Failure | None = None
    authorize: Authorize | None = None
    forecast: Forecast | None = None
    repeat: int | None = None

    @property
    def twins(self) -> tuple[Twin, ...]:
        """The think values that it stands for beside its own."""
        return () if self.prepared is None else self.prepared.asked.twins

    @property
    def ready(self) -> ReadyCall | None:
        """The call itself; None where it cannot be made."""
        if self.prepared is None or self.refused is not None:
            return None
        return ReadyCall(self.prepared, self.key, self.authorize, self.patience)


class Options(Struct, frozen=True):
    """What the options say; None leaves it to the profile and the configured defaults."""

    sweep: tuple[Think, ...] = ()
    max_output_tokens: int | None = None
    timeout_s: float | None = None
    retries: int | None = None
    no_stream: bool = False
    emulate: bool = False
    account_key: bytes | None = None
    """What accounts are labelled with, in the turns of a session."""
    base_url: Callable[[str], str | None] | None = None
    """Where a provider is really called, by its name: how the demonstration reaches the simulator."""

    is_simulated: bool = False
    """Whether that is a simulator of our own."""

    compaction: CompactionMeans | None = None
    """How the provider is asked to make the conversation short, and for nothing else."""

    is_strict: bool = False
    """Whether a think value that the provider refuses is an error, whatever else it would take."""

    repeat: int = 1
    """How many samples are taken of each profile and think value."""

    shape: Shape | None = None
    """What answers have to be, where the prompt itself does not say it; None leaves it to the profile."""

    run_tools: ToolSupply | None = None
    """The user's own tools that models may have run; they are declared beside the others."""

    server_tools: tuple[str, ...] | None = None
    """Tools that the provider is to run itself, where the prompt does not say it; None is as the profile has it."""
    shape_with: str | None = None
    """Answers come as they like, and this profile puts them into their shape in a second call; `""` chooses one."""

    tools: ToolsWish | None = None
    """What models may call, where the prompt itself does not say it; None leaves it to the profile."""

    choose: Choose | None = None
    """Chooses think values for doses; without it they are chosen without any knowledge."""

    times: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often a profile was named, by `Selection.label`, where that is more than once: so many times more samples."""

    @property
    def repeats(self) -> bool:
        """Whether anything is asked more than once."""
        return self.repeat > 1 or any(times > 1 for times in self.times.values())

    def samples(self, label: str) -> tuple[int | None, ...]:
        """The numbers of the samples to take of each think value; `None` alone where nothing is repeated."""
        wanted = self.repeat * self.times.get(label, 1)
        return (None,) if wanted <= 1 else tuple(range(1, wanted + 1))


def shape_in_options(schema: str | None, json_mode: bool) -> Shape | None:
    """The shape of answers that `--schema` and `--json-mode` say. Raises `UsageError` for what is none."""
    if schema is None and not json_mode:
        return None
    from ..shapes.short_form import shape_of_options  # much to import, which only schemas need

    return shape_of_options(schema, json_mode)


def with_runnable(prompt: Prompt, supply: ToolSupply) -> Prompt:
    """The prompt with the tools that may be run declared beside the others, and with turns to go on from."""
    return replace(prompt, tools=supply.declared(prompt.tools), past=prompt.past or Past())


def server_tools_in(said: Sequence[str] | None, place: str = "--server-tool") -> tuple[str, ...] | None:
    """The tools that `--server-tool` names; None where it is not said. Raises `UsageError` for what is none."""
    if not said:
        return None if said is None or place.startswith("-") else ()
    from ..server_tools.request import checked_names  # which few calls need

    return checked_names(said, place)


def tools_in_options(said: object, choice: str | None, place: str = "--tool") -> ToolsWish | None:
    """What models may call, by files and declarations. Raises `UsageError` for what is none, and for no such choice."""
    if not said and choice is None:
        return None
    from ..tools.toolset import tools_said  # much to import, which only tools need

    return tools_said(said, choice, place)


def second_call_in_options(wanted: bool, profile: str | None) -> str | None:
    """Who puts answers into their shape in a second call, as `Options.shape_with` says it."""
    return profile if profile is not None else "" if wanted else None


def make_jobs(
    selections: Sequence[Selection],
    prompt: Prompt,
    config: Config,
    options: Options,
    environment: Mapping[str, str] = os.environ,
) -> list[Job]:
    """A job for each profile, think value and sample. What cannot be called becomes a job that says why.

    Think values of a profile whose requests are the same bytes, and are not repeated, share one job.

    Raises `ConfigError` when nothing at all can be called.
    """
    jobs: list[Job] = []
    problems: list[ConfigError] = []
    for selection in selections:
        profile = selection.profile
        target: Target | None = None
        key: Key | None = None
        authorize: Authorize | None = None
        unusable: ConfigError | None = None
        try:
            target = resolved(selection, config, options)
            key, authorize = authorization(target, environment)
        except ConfigError as error:
            unusable = error
        for think in think_values(selection, options.sweep, config):
            prepared: Prepared | None = None
            problem = unusable
            if target is not None and problem is None:
                try:
                    prepared = prepare_one(target, think, prompt, config, options, key)
                except ConfigError as error:
                    problem = error
            refused = None if problem is None else Failure("config", problem.message, hint=problem.hint)
            samples = options.samples(selection.label)
            patience = patience_of(target, config, options)
            jobs += (
                Job(
                    profile.name,
                    profile.model,
                    think,
                    patience,
                    target,
                    None if prepared is None else with_repeat(prepared, repeat),
                    key,
                    refused,
                    authorize,
                    repeat=repeat,
                )
                for repeat in samples
            )
            if problem is not None:
                problems.append(problem)
    if jobs and all(job.refused is not None for job in jobs):
        raise joined(problems)
    return _without_twins(jobs) if len(jobs) > 1 else jobs


def _without_twins(jobs: Sequence[Job]) -> list[Job]:
    """The jobs whose requests differ, and samples of the same; each of the others is told by the one made for it."""
    from ..planning.twins import standing_for, twins_among  # which a single call does not need

    calls = [None if job.refused is not None or job.repeat is not None else job.prepared for job in jobs]
    stand_ins = twins_among(calls)
    kept: list[Job] = []
    for place, job in enumerate(jobs):
        if place in stand_ins:
            continue
        others = (calls[other] for other, made in stand_ins.items() if made == place)
        told = [other for other in others if other is not None]
        kept.append(replace(job, prepared=standing_for(job.prepared, told)) if job.prepared and told else job)
    return kept


def prepare_one(
    target: Target, think: Think, prompt: Prompt, config: Config, options: Options, key: Key | None = None
) -> Prepared:
    """The plan and the request of one call.

    Raises `ConfigError` when params and dial contradict each other, `UsageError` for files that it does not take.
    """
    stream = config.defaults.stream if target.profile.stream is None else target.profile.stream
    limit = options.max_output_tokens or target.profile.max_output_tokens or config.defaults.max_output_tokens

    if options.shape is not None and prompt.shape is None:
        prompt = replace(prompt, shape=options.shape)
    if options.server_tools is not None and prompt.server_tools is None:
        prompt = replace(prompt, server_tools=options.server_tools)
    if options.tools is not None and prompt.tools is None:
        prompt = replace(prompt, tools=options.tools)
    if options.run_tools is not None:
        prompt = with_runnable(prompt, options.run_tools)
    if options.shape_with is not None:
        prompt = replace(prompt, shape=shaped_later(target, prompt.shape, options.shape_with))

    def prepared_as(think: Think, aim: AimReceipt | None = None) -> Prepared:
        try:
            return prepare(
                target,
                think,
                prompt,
                config.reference,
                max_output_tokens=limit,
                stream=stream and not options.no_stream,
                emulate=options.emulate,
                account=None if options.account_key is None else account_label(options.account_key, key),
                is_strict=options.is_strict,
                compaction=options.compaction,
                aim=aim,
            )
        except ConfigError as error:
            if prompt.tools is None and target.profile.tools is None:
                raise
            from ..tools.takers import with_tool_takers

            raise with_tool_takers(error, config) from None

    if prompt.server_tools:
        from ..server_tools.takers import check_server_tools

        check_server_tools(target, prompt.server_tools, config)
    if prompt.asked:
        from ..attachments.takers import with_takers
        from ..planning.inputs.attached import AttachmentError, as_parts

        try:
            as_parts(target, sent_prompt(target, prompt).asked)
        except AttachmentError as error:
            raise with_takers(error, config, prompt) from None
    if think.aim is None or not think.is_open:
        prepared = prepared_as(think)
    else:
        choose = options.choose
        chosen = (
            unmeasured(think, think.aim) if choose is None else choose(target, think, config.reference, prepared_as)
        )
        prepared = prepared_as(*chosen)
    if prompt.past is None and prepared.may_pause:
        return with_prompt(prepared, replace(prompt, past=Past()))
    if prompt.past is None or not prompt.past.counts:
        return prepared
    from ..costs.cache_loss import loss_notice

    lost = loss_notice(prepared, datetime.now(UTC))
    return prepared if lost is None else with_notice(prepared, lost)


def shaped_later(target: Target, said: Shape | None, by: str) -> Shape | None:
    """The shape that is said, else that of the profile, as `by` makes it of a free answer; None where there is none."""
    from ..shapes.for_target import shape_said

    if said is None and target.profile.schema is not None:
        said = shape_said(target.profile.schema, f"{target.profile.name}: schema")
    return None if said is None else replace(said, by=by)


def resolved(selection: Selection, config: Config, options: Options) -> Target:
    """What a call to the selected profile needs. Raises `ConfigError` when something is missing."""
    replaced = options.base_url(selection.profile.provider) if options.base_url else None
    target = resolve(selection.profile, config, base_url=replaced)
    if options.is_simulated or (target.profile.simulated is not None and is_simulated(target.profile, target.base_url)):
        return replace(target, is_simulated=True)
    return target if replaced else refuse_ended(target)


def patience_of(target: Target | None, config: Config, options: Options) -> Patience:
    """How long and how often: as the options say, else the profile, else the defaults."""
    profile, defaults = (target.profile if target else None), config.defaults

    def first(*values: float | None) -> float:
        return next(value for value in values if value is not None)

    return Patience(
        idle_s=first(options.timeout_s, profile.timeout if profile else None, defaults.timeout),
        total_s=first(profile.total_timeout if profile else None, defaults.total_timeout),
        retries=int(first(options.retries, profile.retries if profile else None, defaults.retries)),
    )
