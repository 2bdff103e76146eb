"""What a batch says of itself in the end."""

from __future__ import annotations

from decimal import Decimal

from thinkdial.engine.batch.end import BatchEnd, BatchOutcome, Ended, LeftBehind
from thinkdial.engine.batch.output.summary import Tally
from thinkdial.engine.results.result import Cost


def test_finished_it_is_only_when_nothing_is_missing() -> None:
    ended = Ended(3, 0, Tally(skipped=2), finished=False)
    ended.hold(2, is_known=True, finished=True)
    assert ended.finished and (ended.expected, ended.written, ended.missing) == (2, 2, 0)
    ended.hold(2, is_known=False, finished=True)  # there may be more to do that nobody has read
    assert not ended.finished and (ended.expected, ended.missing) == (None, 0)
    ended.hold(2, is_known=True, finished=False)
    assert not ended.finished
    ended.hold(5, is_known=True, finished=True)
    assert not ended.finished and (ended.expected, ended.written, ended.missing) == (5, 2, 3)
    assert BatchEnd(ended, ended.tally).outcome is BatchOutcome.SOME_FAILED
    ended.passing = 1  # a line that a key has ended stands for nothing
    ended.tally.skipped = 5
    ended.hold(5, is_known=True, finished=True)
    assert ended.missing == 1 and not ended.finished


def test_what_workers_have_left_behind_is_told_with_its_cost() -> None:
    left = LeftBehind()
    assert left.words == []
    left.add(Cost(lost_attempts=1, lost_usd=Decimal("0.011")), again=True)
    left.add(Cost(lost_attempts=1, lost_usd=Decimal("0.02")), again=True)
    left.add(Cost(lost_attempts=1), again=False)
    again, unanswered = left.words
    assert again.startswith("2 calls of lost workers were asked again") and "0.031 USD" in again, again
    assert unanswered == "1 call of lost workers may be billed, unanswered (at an unknown price)"
