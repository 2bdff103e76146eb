"""What a batch says of itself in the end."""

from __future__ import annotations

from decimal import Decimal

from thinkdial.engine.batch.end import BatchEnd, BatchOutcome, Ended, LeftBehind
from thinkdial.engine.batch.output.summary import Tally
from thinkdial.engine.results.result import Cost


def test_finished_it_is_only_when_nothing_is_missing() -> None:
    ended = Ended(3, 0, Tally(skipped=2), finished=False)
    ended.hold(2, finished=True)
    assert ended.finished and not ended.missing
    ended.hold(5, finished=True)
    assert not ended.finished and ended.missing == 3
    assert BatchEnd(ended, ended.tally).outcome is BatchOutcome.SOME_FAILED


def test_what_workers_have_left_behind_is_told_with_its_cost() -> None:
    left = LeftBehind()
    assert left.words == []
    left.add(Cost(lost_attempts=1, lost_usd=Decimal("0.011")), again=True)
    left.add(Cost(lost_attempts=1, lost_usd=Decimal("0.02")), again=True)
    left.add(Cost(lost_attempts=1), again=False)
    again, unanswered = left.words
    assert again.startswith("2 calls of lost workers were asked again") and "0.031 USD" in again, again
    assert unanswered == "1 call of lost workers may be billed, unanswered (at an unknown price)"
