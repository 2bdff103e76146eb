"""What judges of answers that are not there yet may cost: told before, and a part of every total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.checks.definitions import JudgeCheck
from ....profiles.config import Config
from ....providers.schema import Json
from ...checks.expectation import named_part
from ...checks.verdict import SYSTEM, Fence, judge_question
from ...costs.forecast import forecast
from ...planning.prepare import Prompt
from ...results.result import Forecast
from ...targets.target import one_selection
from ..jobs import Options
from ..plans import plan_calls

_MARKS = Fence("0" * 24, "1" * 24)
_WORD = "word "
"""About a token."""

_MOST_WORDS = 4096
"""Words of an expected answer that are written out to be counted."""


class JudgeCalls(Struct, frozen=True):
    """The calls of one check's judge, or with `check` empty those that put answers into their shape, each with its
    forecast, None where there is none. Fewer are made where a check before it fails."""

    check: str
    profile: str
    forecasts: tuple[Forecast | None, ...]

    @property
    def label(self) -> str:
        """What they are, for people."""
        return f"judge {self.check}" if self.check else "shape answers"


def judge_calls(
    expects: Mapping[str, Json],
    answers: Iterable[tuple[str, Forecast | None]],
    task: str,
    config: Config,
    options: Options,
    at: datetime,
) -> tuple[JudgeCalls, ...]:
    """What the judges of `answers` are asked: of each answer its profile, and what is foretold of it."""
    made: dict[str, list[Forecast | None]] = {}
    known: dict[tuple[str, int, int | None], Forecast | None] = {}
    for profile, answer in answers:
        for kind, name in named_part(expects.get(profile, {})):
            check = config.checks.get(name) if kind == "judge" and isinstance(name, str) else None
            if not isinstance(check, JudgeCheck) or check.against == profile:
                continue
            words = 0 if answer is None else answer.expected_output_tokens or 0
            key = (str(name), min(words, _MOST_WORDS), None if answer is None else answer.output_limit_tokens)
            if key not in known:
                known[key] = _one(check, task, key[1], key[2], config, options, at)
            made.setdefault(str(name), []).extend([known[key]] * _orders(check))
    checks = {name: config.checks[name] for name in made}
    return tuple(
        JudgeCalls(name, check.profile, tuple(made[name]))
        for name, check in checks.items()
        if isinstance(check, JudgeCheck)
    )


def _orders(check: JudgeCheck) -> int:
    return 1 if check.against is None else 2


def _one(
    check: JudgeCheck, task: str, words: int, limit: int | None, config: Config, options: Options, at: datetime
) -> Forecast | None:
    """The forecast of one call; its worst case is that of answers up to their limit."""
    answers = [_WORD * words] * _orders(check)
    question = Prompt(judge_question(check, task, answers, _MARKS), SYSTEM)
    calls = plan_calls([one_selection([check.profile], config)], question, config, options).calls
    if not calls:
        return None
    likely, prepared = calls[0].forecast, calls[0].prepared
    if limit is None:
        return replace(likely, high_usd=None)
    longest = likely.input_tokens + len(answers) * max(0, limit - words)
    return replace(likely, high_usd=forecast(prepared, question, at, counted_tokens=longest).high_usd)
