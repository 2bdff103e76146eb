"""Answers held against what is expected of them: their text, then programs, their agreement, and judges."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from ....profiles.checks.definitions import AgreeCheck, CheckDefinition, CommandCheck, JudgeCheck
from ....providers.errors import ConfigError, UsageError
from ....providers.schema import Json
from ...checks.agreement import agreement_of, normalized
from ...checks.command import judge_by_command
from ...checks.expectation import LONGEST_NOTE, named_part, text_part
from ...checks.judgement import judge_apart
from ...checks.terms import ExpectTerms
from ...results.checked import CheckKind, CheckOutcome
from ...results.result import Result
from ...targets.target import one_selection
from ..beside.side_calls import Ask
from .judge import MakeMark, judge

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ....profiles.profile import Profile

PROGRAMS_AT_ONCE = 4
JUDGES_AT_ONCE = 8


class Examiner(Struct, frozen=True):
    """Holds answers against expectations. `environment` is that of programs, `ask` reaches judges."""

    checks: Mapping[str, CheckDefinition]
    environment: Mapping[str, str]
    ask: Ask
    make_mark: MakeMark = field(default=partial(secrets.token_hex, 12))
    _programs: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PROGRAMS_AT_ONCE))
    _judges: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(JUDGES_AT_ONCE))

    async def examine(self, expect: Json | None, result: Result, task: str, among: Sequence[Result] = ()) -> Result:
        """`result` with whether it passes, and why not. `among` are the results of its run, itself included.

        All that is expected has to hold. What costs nothing is looked at first, and once something fails nothing more
        is. Of what cannot be judged the outcome is unknown.
        """
        if expect is None or result.status != "ok":
            return result
        passed, note = await judge_apart(text_part(expect), result)
        if text_part(expect) is None and result.think.verdict == "empty":
            passed, note = False, "the answer is empty"
        verdicts, outcomes = [passed] if text_part(expect) is not None or passed is False else [], list[CheckOutcome]()
        for kind, name in named_part(expect):
            if False in verdicts:
                break
            outcome = await self._outcome(kind, name, result, task, among)
            if outcome is None:
                verdicts.append(None)
                note = "it is the answer that the others are compared with"
                continue
            outcomes.append(outcome)
            verdicts.append(outcome.passed)
            if outcome.passed is not True and note is None:
                note = f"{outcome.kind} {outcome.name}".strip() + f": {outcome.note}"
        passed = False if False in verdicts else None if None in verdicts else True
        note = None if passed else (note or "")[:LONGEST_NOTE]
        return replace(result, passed=passed, expect_note=note, checks=tuple(outcomes))

    async def _outcome(
        self, kind: CheckKind, name: str | float, result: Result, task: str, among: Sequence[Result]
    ) -> CheckOutcome | None:
        check = AgreeCheck(float(name)) if isinstance(name, int | float) else self.checks[name]
        called = "" if isinstance(name, int | float) else name
        match check:
            case CommandCheck():
                async with self._programs:
                    said = await judge_by_command(check, result.answer, self.environment)
                return CheckOutcome(kind, called, said.passed, said.note)
            case AgreeCheck():
                return _agrees(called, check, result, among)
            case JudgeCheck():
                if check.against == result.profile:
                    return None
                other = _beside(result, [one for one in among if one.profile == check.against])
                async with self._judges:
                    return await judge(called, check, self.ask, task, result, other, self.make_mark)


def _beside(result: Result, others: Sequence[Result]) -> Result | None:
    """The answer that `result` is compared with: the same sample, where there are several, and the same think value."""
    if not others:
        return None
    return min(others, key=lambda one: (one.repeat != result.repeat, one.think.requested != result.think.requested))


def expectation_for(profile: Profile, said: Json | None, terms: ExpectTerms) -> Json | None:
    """What is expected of answers of `profile`: what was `said`, else what the profile says. Raises `ConfigError`."""
    if said is not None or profile.expect is None:
        return said
    try:
        return terms.checked(profile.expect)
    except UsageError as error:
        raise ConfigError(
            f"{profile.place or profile.name}: {profile.name}: {error.message}", hint=error.hint
        ) from None


def judges_in(
    expects: Sequence[Json], config: Config, compared: Sequence[str] | None, *, repeats: bool = False
) -> tuple[str, ...]:
    """The profiles of the judges that are asked. Raises where one of them, or of those `compared`, is not there.

    `compared` are the profiles of one run; None in a batch, whose rows come one by one: there answers
    can be compared with those of the same row alone, where it `repeats`.
    """
    names: dict[str, None] = {}
    for expect in expects:
        for kind, name in named_part(expect):
            if compared is None and kind == "agree" and not repeats:
                raise UsageError(
                    "expect.agree needs several answers to a row", hint="--repeat 5 asks each row five times"
                )
            check = config.checks.get(name) if isinstance(name, str) else None
            if not isinstance(check, JudgeCheck):
                continue
            if check.against is not None and check.against not in (compared or ()):
                raise UsageError(
                    f"expect.judge: {name} compares with answers of {check.against}, which is not asked here",
                    hint=f"compare with -p {check.against} as well",
                )
            names[one_selection([check.profile], config).profile.name] = None
    return tuple(names)


def _agrees(name: str, check: AgreeCheck, result: Result, among: Sequence[Result]) -> CheckOutcome:
    """Whether enough of the answers say what this one says: its own samples, where there are some, else all."""
    whole = [one for one in among if one.status == "ok" and one.answer.strip()]
    own = [one for one in whole if (one.profile, one.think.requested) == (result.profile, result.think.requested)]
    compared = [one.answer for one in (own if len(own) > 1 else whole)]
    found = agreement_of(compared)
    if not among:
        return CheckOutcome("agree", name, None, "its other samples did not come in the same run")
    if found is None:
        return CheckOutcome("agree", name, None, "there is no other answer to agree with")
    share = sum(normalized(answer) == normalized(result.answer) for answer in compared) / len(compared)
    if share >= check.share:
        return CheckOutcome("agree", name, True, share=share)
    note = f"{share:.0%} of {found.answers} answers say this, and {check.share:.0%} have to"
    return CheckOutcome("agree", name, False, note, share=share)
