"""The row function: one row, one profile, one think value -> one result. Whoever makes it, it is prepared here."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from ...profiles.config import Config
from ...providers.errors import ConfigError, Failure, UsageError
from ...providers.schema import Notice
from ...providers.think import Think
from ...providers.turns.pieces import FILE_MARK
from ..costs.budget.purse import Purse
from ..exchange.surroundings import Surroundings
from ..planning.option_names import OptionNames
from ..planning.plan import ThinkPlan
from ..planning.prepare import Prepared, Prompt, Twin, with_prompt, with_repeat
from ..planning.twins import twins_among
from ..results.assembly import unsent_result
from ..results.result import Cost, Result
from ..runs.call import Begin, Keep, make_call
from ..runs.jobs import Options, ReadyCall, patience_of, prepare_one, resolved, shaped_later, with_runnable
from ..runs.observer import Silent
from ..runs.strictness import refuse_unless_strict
from ..targets.authorize import authorization, by_key
from ..targets.keys import Key
from ..targets.target import Selection, select, think_values
from .output.works import Work
from .rows.digests import digest_after, framed
from .rows.rows import Row

if TYPE_CHECKING:
    from ...profiles.shapes.shape import Shape
    from ..exchange.files.uploads import Uploads
    from ..runs.hands.order import Hands
    from ..runs.rounds.loop import RoundBooks, ToolKit

SILENT = Silent()

MOST_TEMPLATES = 256
"""Requests that are kept as patterns: rows may each have an output limit of their own."""


class RowCaller:
    """Calls one profile for any row. Raises `ConfigError` when the profile cannot be called at all.

    `system` is for rows without a system prompt; `concurrency` goes before the profile's own limit. `uploads` gives the
    files that the batch has at providers, once one of them is needed.

    A call is one attempt: whoever paces the calls decides on another one.
    """

    def __init__(
        self,
        selection: Selection,
        config: Config,
        options: Options,
        *,
        run_id: str,
        environment: Mapping[str, str] = os.environ,
        extra: tuple[Notice, ...] = (),
        system: str | None = None,
        concurrency: int | None = None,
        uploads: Callable[[], Uploads] | None = None,
        kit: ToolKit | None = None,
        calls: bool = True,
    ) -> None:
        """`calls` False: it tells works and makes no call, so that it needs no key."""
        self.target = resolved(selection, config, options)
        limits = self.target.profile.limits
        self.limits = limits if concurrency is None else replace(limits, concurrency=concurrency)
        self.name = self.target.profile.name
        self.patience = patience_of(self.target, config, options)
        self._once = replace(self.patience, retries=0)
        self._selection, self._config, self._options = selection, config, options
        self._key, self._authorize = (
            authorization(self.target, environment) if calls else (None, by_key(self.target, None))
        )
        self._run_id, self._extra, self._system, self._uploads = run_id, extra, system, uploads
        self.kit = kit or self._continuing()
        self._templates: dict[tuple[Think, int | None], Prepared] = {}
        self._samples = options.samples(selection.label)
        self._sweep = think_values(selection, options.sweep, config)
        self._distinct: dict[int | None, dict[Think, tuple[Twin, ...]]] = {}
        self._parameters = self._parameters_digest()
        self._terms: dict[tuple[Think, tuple[Think, ...], int | None], tuple[str, bytes]] = {}
        """What a think value is called, and what of a work's digest does not depend on the row."""

    def _continuing(self) -> ToolKit | None:
        """What goes on with answers that the provider pauses, where it may do so."""
        names = self._options.server_tools
        if not (self.target.profile.server_tools if names is None else names):
            return None
        from ..runs.rounds.loop import CONTINUING  # which few batches need
        from ..server_tools.request import may_pause

        return CONTINUING if may_pause(self.target, names) else None

    @property
    def key(self) -> Key | None:
        """The credential that its calls carry."""
        return self._key

    @property
    def samples(self) -> int:
        """How many samples are taken of each row and think value."""
        return len(self._samples)

    def thinks(self, row: Row) -> tuple[Think, ...]:
        """The think values for `row`: its own, else those of the profile's name, the option and the configuration.

        Of those whose requests are the same bytes, and are not repeated, only the first; not of a row with a past.
        """
        if row.think is not None and self._selection.think is None:
            return (row.think,)
        if ladder := self.ladder(row):
            return ladder[:1]
        sweep = self._sweep
        if len(sweep) == 1 or len(self._samples) > 1 or row.past is not None or row.asked:
            return sweep
        distinct = self._distinct.get(row.max_output)
        if distinct is None:
            if len(self._distinct) >= MOST_TEMPLATES:
                self._distinct.clear()
            distinct = self._distinct[row.max_output] = self._distinct_of(row, sweep)
        return tuple(distinct)

    def ladder(self, row: Row) -> tuple[Think, ...]:
        """The think values that `row` goes up where its check fails; none where the profile's name says the value."""
        return row.escalate if self._selection.think is None else ()

    def _distinct_of(self, row: Row, sweep: tuple[Think, ...]) -> dict[Think, tuple[Twin, ...]]:
        """The think values of the sweep that differ in what is sent, each with those that do not differ from it."""
        prompt = self._asked(row)
        calls: list[Prepared | None] = []
        for think in sweep:
            try:
                calls.append(self._prepare(row, think, prompt))
            except ConfigError:  # the row itself will say it
                calls.append(None)
        stand_ins = twins_among(calls)
        distinct: dict[Think, tuple[Twin, ...]] = {think: () for at, think in enumerate(sweep) if at not in stand_ins}
        for place, made in stand_ins.items():
            if (call := calls[place]) is not None:
                distinct[sweep[made]] = (*distinct[sweep[made]], Twin(call.think, call.plan))
        return distinct

    def works(self, row: Row) -> list[tuple[Think, Work]]:
        """All that is asked for `row`: each sample of each think value."""
        return [(think, self.work(row, think, repeat)) for think in self.thinks(row) for repeat in self._samples]

    def asks(self, row: Row) -> int:
        """How many works there are for `row`."""
        return len(self.thinks(row)) * len(self._samples)

    def work(self, row: Row, think: Think, repeat: int | None = None) -> Work:
        """What a result for `row` is recognised by: everything that its answer depends on, and which sample it is."""
        ladder = self.ladder(row)
        known = self._terms.get((think, ladder, row.max_output))
        if known is None:
            if len(self._terms) >= MOST_TEMPLATES:
                self._terms.clear()
            thoughts = ">".join(map(str, ladder or (think,)))
            known = str(think), framed(thoughts, str(row.max_output or ""), self._parameters)
            self._terms[think, ladder, row.max_output] = known
        name, terms = known
        return Work(row.id, self.name, name, digest_after(row.digest, terms), repeat)

    def prepared(self, row: Row, think: Think, repeat: int | None = None) -> Prepared:
        """The request for `row`. Raises `ConfigError` when params and dial contradict each other."""
        made = self._prepared(row, think)
        return made if repeat is None else with_repeat(made, repeat)

    def _prepared(self, row: Row, think: Think) -> Prepared:
        prompt = self._asked(row)
        if row.past is not None or row.asked:
            return self._prepare(row, think, prompt)
        template = self._templates.get((think, row.max_output))
        if template is None:
            if len(self._templates) >= MOST_TEMPLATES:
                self._templates.clear()
            template = self._prepare(row, think, prompt)
            if twins := self._distinct.get(row.max_output, {}).get(think):
                template = replace(template, asked=replace(template.asked, twins=twins))
            self._templates[think, row.max_output] = template
        if template.may_pause:
            prompt = replace(prompt, past=prompt.past or template.asked.prompt.past)
        return with_prompt(template, prompt)

    def _asked(self, row: Row) -> Prompt:
        options = self._options
        prompt = Prompt(
            row.text, row.system or self._system, row.earlier, row.past, asked=row.asked,
            shape=self.shape(row), stand_ins=row.stand_ins, server_tools=options.server_tools,
            tools=row.tools or options.tools,
        )  # fmt: skip
        return prompt if options.run_tools is None else with_runnable(prompt, options.run_tools)

    def shape(self, row: Row) -> Shape | None:
        """What the answer to `row` has to be, as far as not the profile alone says it."""
        shape, by = row.shape or self._options.shape, self._options.shape_with
        return shape if by is None else shaped_later(self.target, shape, by)

    def _prepare(self, row: Row, think: Think, prompt: Prompt) -> Prepared:
        options = self._options
        if row.max_output is not None:
            options = replace(options, max_output_tokens=row.max_output)
        try:
            return prepare_one(self.target, think, prompt, self._config, options)
        except UsageError as error:  # a file that the model does not take
            raise ConfigError(error.message, hint=error.hint) from None

    def call(
        self,
        prepared: Prepared,
        surroundings: Surroundings,
        *,
        index: int = 0,
        purse: Purse | None = None,
        begin: Begin | None = None,
        keep: Keep | None = None,
        hands: Hands | None = None,
        work: object = None,
    ) -> Coroutine[Any, Any, Result]:
        """One attempt, whatever comes of it (`make_call`)."""
        ready = ReadyCall(prepared, self._key, self._authorize, self._once)
        return make_call(
            ready, surroundings, run_id=self._run_id, extra=self._extra,
            index=index, purse=purse, begin=begin, keep=keep, is_paced=True, hands=hands, work=work,
            uploads=self._uploads() if self._uploads and FILE_MARK.encode() in prepared.request.body else None,
        )  # fmt: skip

    def call_with_tools(
        self,
        prepared: Prepared,
        surroundings: Surroundings,
        kit: ToolKit,
        books: RoundBooks,
        indexes: Callable[[], int],
        purse: Purse | None,
        *,
        hands: Hands | None = None,
        work: object = None,
        left_behind: Callable[[Cost], bool],
    ) -> Coroutine[Any, Any, Result]:
        """All rounds until there is an answer, each with the retries of the profile: nobody makes them all again."""
        from ..runs.rounds.loop import make_rounds  # which few batches need

        ready = ReadyCall(prepared, self._key, self._authorize, self.patience)
        uploads = self._uploads() if self._uploads and FILE_MARK.encode() in prepared.request.body else None
        return make_rounds(
            ready, surroundings, kit, books, run_id=self._run_id, extra=self._extra, index=indexes(),
            observer=SILENT, purse=purse, uploads=uploads, indexes=indexes, hands=hands, work=work,
            left_behind=left_behind,
        )  # fmt: skip

    def refused(self, think: Think, problem: ConfigError | Failure, repeat: int | None = None) -> Result:
        """The result of a call that cannot be made."""
        failed = problem if isinstance(problem, Failure) else Failure("config", problem.message, hint=problem.hint)
        model, now = self.target.profile.model, datetime.now(UTC)
        return unsent_result(self.target, self.name, model, think, failed, run_id=self._run_id, at=now, repeat=repeat)

    def _parameters_digest(self) -> str:
        """What of the profile and the options changes the answer."""
        profile, options = self.target.profile, self._options
        chosen: dict[str, Any] = {
            "provider": profile.provider,
            "dialect": self.target.dialect,
            "model": profile.model,
            "base_url": self.target.base_url if profile.base_url else None,
            "max_output_tokens": options.max_output_tokens or profile.max_output_tokens,
            "params": profile.params,
            "system": self._system or profile.system,
            "emulate": options.emulate or profile.emulate,
        }
        shape = options.shape
        if shape is not None or profile.schema is not None:
            chosen["schema"] = profile.schema if shape is None else [shape.word, shape.schema]
        tools = profile.server_tools if options.server_tools is None else options.server_tools
        if tools:
            chosen["server_tools"] = tools
        if options.tools is not None or profile.tools is not None:
            from ..tools.toolset import wish_document

            said = None if options.tools is None else wish_document(options.tools)
            chosen["tools"] = [said, profile.tools, profile.tool_choice]
        if options.shape_with is not None:
            chosen["shape_with"] = options.shape_with
        if options.run_tools is not None:
            chosen["run_tools"] = [options.run_tools.names, options.run_tools.limits.rounds]
        return json.dumps(chosen, sort_keys=True, default=str)


class MakeCaller(Protocol):
    """How a lane's name becomes its row function, without its key where it makes no `calls`.

    Raises `UsageError` for a group, and `ConfigError` where it cannot be called.
    """

    def __call__(self, name: str, *, calls: bool = True) -> RowCaller: ...


def caller_maker(config: Config, options: Any, run_id: str, **more: Any) -> MakeCaller:
    """What makes the callers of one run."""

    def make(name: str, *, calls: bool = True) -> RowCaller:
        return RowCaller(selection_of_row(name, config), config, options, run_id=run_id, calls=calls, **more)

    return make


def refuse_worse_plans(profiles: Sequence[str], config: Config, options: Options, names: OptionNames) -> None:
    """Raise `StrictPlanError` for think values that a profile cannot take as they are, before any row is read."""
    plans: list[tuple[str, ThinkPlan]] = []
    for selection in select(profiles, config):
        target = resolved(selection, config, options)
        for think in think_values(selection, options.sweep, config):
            plans.append((selection.profile.name, prepare_one(target, think, Prompt("a row"), config, options).plan))
    refuse_unless_strict(plans, names)


def selection_of_row(name: str, config: Config) -> Selection:
    """The one profile that a row names. Raises `UsageError` for a group."""
    chosen = select([name], config)
    if len(chosen) != 1:
        raise UsageError(f"{name!r} is a group; a row names profiles")
    return chosen[0]
