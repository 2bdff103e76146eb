"""Gates at the end of a command: what failed, on stderr, and the exit code that says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..providers.untrusted import one_line
from .exit_codes import ExitCode
from .output import say

if TYPE_CHECKING:
    from ..engine.checks.gates import Gate
    from ..engine.results.result import Result

MOST_SAID = 20


def gated(code: ExitCode, results: Sequence[Result], gate: Gate | None, *, strict: bool = False) -> ExitCode:
    """`code`, or that of a gate where `results` do not pass it. `strict`: thinking that was asked for must be seen."""
    if gate is None and not strict:
        return code
    failures = [] if gate is None else gate.failures(results)
    if strict:
        failures += [
            f"{result.profile} @{result.think.requested}: --strict-think: thinking was asked for, and none was seen"
            for result in results
            if result.status == "ok" and result.think.verdict == "not_observed"
        ]
    return code_after(code, failures)


def code_after(code: ExitCode, failures: Iterable[str]) -> ExitCode:
    """Say which gates failed. That goes before single failed results, and after all else that went wrong."""
    listed = list(failures)
    for words in listed[:MOST_SAID]:
        say(f"gate failed: {one_line(words, 300)}")
    if len(listed) > MOST_SAID:
        say(f"gate failed: {len(listed) - MOST_SAID:,} more")
    return ExitCode.GATE if listed and code in (ExitCode.OK, ExitCode.SOME_FAILED) else code
