"""Rows of a trial, round by round, as the thread that reads them is given them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from thinkdial.engine.batch.rows.rows import Row
from thinkdial.engine.trials.arms import Arm, Sample, records_of
from thinkdial.engine.trials.candidates import TrialArm
from thinkdial.engine.trials.feed import RowFeed
from thinkdial.engine.trials.standings import Rules
from thinkdial.providers.errors import Failure
from thinkdial.providers.think import parse_think


def test_a_profile_that_is_given_up_is_told_also_when_all_its_results_have_come() -> None:
    arms = [Arm("good", "low"), Arm("refused", "low")]
    rows = [Row(number, number, str(number), "?", b"") for number in range(40)]
    feed = RowFeed([TrialArm(arm, parse_think("low")) for arm in arms], records_of(arms), Rules(len(rows), 0.5), rows)
    lanes = {arm.profile: SimpleNamespace(pace=SimpleNamespace(broken=None), in_flight=0) for arm in arms}
    batch: Any = SimpleNamespace(lanes=lanes, stopping=False, ended=SimpleNamespace(broken={}))
    feed.attach(batch)
    asked: dict[str, int] = {"good": 0, "refused": 0}
    for row in feed.rows():
        (profile,) = row.profiles
        asked[profile] += 1
        if profile == "refused":
            lanes["refused"].pace.broken = Failure("auth", "the key was refused")
        feed.take(row, Sample(None, is_answered=False) if profile == "refused" else Sample(passed=True, usd=0.001))
    assert feed.records["refused@low"].trouble == "the key was refused"
    assert feed.records["good@low"].trouble is None and asked == {"good": asked["good"], "refused": 10}
