"""What the exit status says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

from ..providers.errors import BudgetError, StrictPlanError, ThinkdialError, UnreadableError

if TYPE_CHECKING:
    from ..engine.results.result import Result


class ExitCode(IntEnum):
    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    ALL_FAILED = 3
    COST_LIMIT = 4
    STRICT_PLAN = 5
    GATE = 6
    CHANGED = 7
    UNREADABLE = 8
    INTERRUPTED = 130
    BROKEN_PIPE = 141


CODE_OF_ERROR: Mapping[type[ThinkdialError], ExitCode] = {
    BudgetError: ExitCode.COST_LIMIT,
    StrictPlanError: ExitCode.STRICT_PLAN,
    UnreadableError: ExitCode.UNREADABLE,
    ThinkdialError: ExitCode.USAGE,
}
"""What an error ends the program with; a class that is not named counts as the nearest one above it."""


def code_of(error: ThinkdialError) -> ExitCode:
    return next(CODE_OF_ERROR[kind] for kind in type(error).__mro__ if kind in CODE_OF_ERROR)


def code_for(results: Sequence[Result], *, interrupted: bool) -> ExitCode:
    """The exit code of a run. A partial answer counts as a failed one: something is missing."""
    if interrupted:
        return ExitCode.INTERRUPTED
    if any(result.error is not None and result.error.kind == "budget" for result in results):
        return ExitCode.COST_LIMIT
    failed = sum(result.status != "ok" for result in results)
    if failed == 0:
        return ExitCode.OK
    if failed < len(results):
        return ExitCode.SOME_FAILED
    if all(result.error is not None and result.error.kind == "config" for result in results):
        return ExitCode.USAGE
    return ExitCode.ALL_FAILED
