"""Calls as they would be made: planned, forecast, and with the place of their keys. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from ...providers.errors import ConfigError, Failure, UsageError
from ..costs.forecast import forecast
from ..planning.prepare import Prepared, Prompt, with_notice
from ..results.result import Forecast
from ..targets.keys import describe_key, key_at_hand
from ..targets.target import Selection, refuse_ended, resolve, think_values
from .forecasts import Note, own_runs, unheard
from .jobs import Options, prepare_one
from .project_effect import ProjectEffect

if TYPE_CHECKING:
    from ...profiles.config import Config


class PlannedCall(Struct, frozen=True):
    """One call that would be made. `key_source` says where its key would come from; None where it needs none.

    `samples` is how many times it would be made: not at all where `same_request_as` names another think value of the
    profile whose request, of the same bytes, is made instead. `forecast` is that of one.
    """

    prepared: Prepared
    forecast: Forecast
    key_source: str | None
    samples: int = 1
    same_request_as: str | None = None


class Plans(NamedTuple):
    """What would be called, in the order of profiles and think values, and why the rest cannot be."""

    calls: tuple[PlannedCall, ...]
    problems: tuple[ConfigError | UsageError, ...]


def plan_calls(
    selections: Sequence[Selection],
    prompt: Prompt,
    config: Config,
    options: Options,
    *,
    note: Note = unheard,
    count: Callable[[Sequence[Prepared]], Mapping[int, int]] | None = None,
    fit: Callable[[Prepared], Prepared | Failure] | None = None,
) -> Plans:
    """Plan each profile and think value, of which those with the same bytes are made once.

    `count` gives input tokens by index, as the providers count them. `fit` gives a call of a session as it may go, or
    why its context is too full for it.
    """
    planned: list[Prepared] = []
    times: list[int] = []
    problems: dict[str, ConfigError | UsageError] = {}
    effect = ProjectEffect(config)
    for selection in selections:
        for think in think_values(selection, options.sweep, config):
            try:
                target = refuse_ended(resolve(selection.profile, config))
                key = None if options.account_key is None else key_at_hand(target)
                prepared = prepare_one(target, think, prompt, config, options, key)
                if (changed := effect.of(prepared, prompt, options)) is not None:
                    prepared = with_notice(prepared, changed)
                found = prepared if fit is None else fit(prepared)
                if isinstance(found, Failure):
                    raise ConfigError(f"profile {selection.profile.name}: {found.message}", hint=found.hint)
                planned.append(found)
                times.append(len(options.samples(selection.label)))
            except (ConfigError, UsageError) as error:
                problems.setdefault(error.message, error)
    stand_ins: dict[int, int] = {}
    if len(planned) > 1:
        from ..planning.twins import twins_among

        stand_ins = twins_among([call if count == 1 else None for call, count in zip(planned, times, strict=True)])
    counted: Mapping[int, int] = count(planned) if count is not None else {}
    now = datetime.now(UTC)
    with own_runs(note) as samples:
        calls = [
            PlannedCall(
                prepared,
                forecast(prepared, prompt, now, counted_tokens=counted.get(index), samples=samples),
                describe_key(prepared.target),
                0 if index in stand_ins else times[index],
                str(planned[stand_ins[index]].think) if index in stand_ins else None,
            )
            for index, prepared in enumerate(planned)
        ]
    return Plans(tuple(calls), tuple(problems.values()))
