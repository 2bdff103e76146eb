"""What rows expect, held against their answers while the batch runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from ....providers.errors import ThinkdialError
from ....providers.schema import Json
from ...checks.expectation import named_part, text_part
from ...checks.judgement import judge_apart
from ...checks.terms import ExpectTerms
from ...results.result import Result
from ...runs.jobs import Options
from ..caller import RowCaller
from .rows import Row

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ...planning.prepare import Prompt
    from ...runs.beside.second_call import Shaper
    from ...runs.beside.side_calls import Ask
    from ...runs.checks.examination import Examiner
    from ..options import BatchOptions
    from ..resources import Resources


class Examination(Protocol):
    """Holds answers against what is expected of them."""

    def waits(self, row: Row, caller: RowCaller) -> bool:
        """Whether a sample of `row` is judged when all of them are there."""
        ...

    async def examine(self, result: Result, row: Row, caller: RowCaller, among: Sequence[Result]) -> Result:
        """The result with whether it passes, and why not. `among` are the samples of its row, itself included."""
        ...

    async def shaped(self, result: Result, row: Row, caller: RowCaller) -> Result:
        """The result before it is examined: with its answer in the shape that a second call gives it."""
        return result


class OfText(Examination):
    """An examination by a look at the text of the answer."""

    def waits(self, row: Row, caller: RowCaller) -> bool:
        return False

    async def examine(self, result: Result, row: Row, caller: RowCaller, among: Sequence[Result]) -> Result:
        return result if row.expect is None else await _examined_text(result, row.expect)


async def _examined_text(result: Result, expect: Json) -> Result:
    passed, note = await judge_apart(text_part(expect), result)
    if passed is not False and result.status == "ok" and (beyond := named_part(expect)):
        passed, note = None, f"expect.{beyond[0][0]} is not judged of an answer by itself"
    return replace(result, passed=passed, expect_note=note)


class ShapedRows(Examination):
    """An examination of answers that a second call has put into their shape."""

    def __init__(self, inner: Examination, shaper: Shaper) -> None:
        self._inner, self._shaper = inner, shaper

    def waits(self, row: Row, caller: RowCaller) -> bool:
        return self._inner.waits(row, caller)

    async def examine(self, result: Result, row: Row, caller: RowCaller, among: Sequence[Result]) -> Result:
        return await self._inner.examine(result, row, caller, among)

    async def shaped(self, result: Result, row: Row, caller: RowCaller) -> Result:
        return await self._shaper.shaped(result, caller.shape(row), row.text)


def looks_at_rows(options: BatchOptions, config: Config, resources: Resources, run_id: str) -> Examination:
    """What is done with each answer of a batch before it is written: it is shaped, where that was asked for, and held
    against what is expected. Raises as `checks_of_rows` does.
    """
    checks = checks_of_rows(options, config, resources, run_id)
    if options.calls.shape_with is None:
        return checks
    from ...runs.beside.second_call import Shaper, unthinking

    return ShapedRows(checks, Shaper(beside_batch(config, resources, run_id, unthinking(options.calls))))


def checks_of_rows(options: BatchOptions, config: Config, resources: Resources, run_id: str) -> Examination:
    """What holds the answers of a batch against what rows, options or profiles expect.

    Judges are paid from the purse of the batch, and entered in its books. Raises `UsageError` and `ConfigError` for
    what is expected of all answers and cannot be judged.
    """
    has_more = bool(config.checks) or any(profile.expect is not None for profile in config.profiles.values())
    if not has_more and options.expect is None and not options.calls.repeats:
        return OfText()
    from ...runs.checks.examination import Examiner, judges_in
    from ...targets.bare_environment import key_variables, without_keys

    terms = ExpectTerms(config.checks, Path(), anywhere=True)
    if options.expect is not None:
        judges_in([terms.checked(options.expect)], config, None, repeats=options.calls.repeats)

    ask = beside_batch(config, resources, run_id, Options())
    return OfRows(Examiner(config.checks, without_keys(os.environ, key_variables(config)), ask), terms)


def beside_batch(config: Config, resources: Resources, run_id: str, options: Options) -> Ask:
    """Calls beside those of a batch: paid from its purse, and entered in its books."""
    from ...runs.beside.side_calls import numbers_of_side_calls
    from ...runs.call import make_call
    from ...runs.jobs import make_jobs
    from ...targets.target import one_selection

    async def ask(profile: str, question: Prompt) -> Result:
        selection = one_selection([profile], config)
        selection = replace(selection, profile=replace(selection.profile, schema=None))
        (job,) = make_jobs([selection], question, config, options)
        if job.ready is None:
            raise ThinkdialError(job.refused.message if job.refused is not None else "it cannot be called")
        booking = None if resources.sums is None else resources.sums.booking()
        return await make_call(
            job.ready, resources.surroundings, run_id=run_id, index=next(numbers_of_side_calls), purse=resources.purse,
            begin=None if booking is None else booking.begin, keep=None if booking is None else booking.keep,
        )  # fmt: skip

    return ask


class OfRows(Examination):
    """An examination by `examiner`, of what rows expect, else their profiles."""

    def __init__(self, examiner: Examiner, terms: ExpectTerms) -> None:
        self._examiner, self._terms = examiner, terms
        self._usual: dict[str, Json | None] = {}

    def waits(self, row: Row, caller: RowCaller) -> bool:
        expect = self._expected(row, caller)
        is_shared = expect is not None and any(kind == "agree" for kind, _ in named_part(expect))
        return is_shared and not caller.ladder(row)

    async def examine(self, result: Result, row: Row, caller: RowCaller, among: Sequence[Result]) -> Result:
        try:
            return await self._examiner.examine(self._expected(row, caller), result, row.text, among)
        except ThinkdialError as error:  # the answer was paid for all the same
            return replace(result, passed=None, expect_note=error.message)

    def _expected(self, row: Row, caller: RowCaller) -> Json | None:
        if row.expect is not None:
            return row.expect
        profile = caller.target.profile
        if profile.name not in self._usual:
            from ...runs.checks.examination import expectation_for

            self._usual[profile.name] = expectation_for(profile, None, self._terms)
        return self._usual[profile.name]
