"""A program as a check: it gets the answer on its standard input, and passes by ending with 0."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ...profiles.checks.definitions import CommandCheck
from ...providers.untrusted import one_line
from ..tool_runs.process import run_bounded

LONGEST_SAID = 160


class Judged(Struct, frozen=True):
    """Whether an answer passes, and why not; None is not known."""

    passed: bool | None
    note: str | None = None


async def judge_by_command(check: CommandCheck, answer: str, environment: Mapping[str, str]) -> Judged:
    """What the program says of `answer`.

    That it cannot be started, is killed or takes too long is not known to be the answer's fault.
    """
    name, given = check.argv[0], answer.encode("utf-8", "replace")
    ended = await run_bounded(check.argv, given, environment, check.timeout_s)
    if ended.problem is not None:
        return Judged(None, ended.problem)
    if ended.code == 0:
        return Judged(True)
    lines = [line for line in ended.tail.decode("utf-8", "replace").splitlines() if line.strip()]
    words = one_line(lines[-1], LONGEST_SAID) if lines else "it said nothing"
    return Judged(False, f"{name} ended with {ended.code}: {words}")
