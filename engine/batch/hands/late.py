"""Answers that come when their calls were given up as lost: kept while they are wanted, else counted."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ...results.result import Result
from .member import CrewMember, OpenCall


class LateAnswers:
    """What silent workers may still tell. `open_calls` are those whose answer somebody waits for, by their work."""

    def __init__(self, open_calls: Mapping[object, OpenCall]) -> None:
        self._open = open_calls
        self._owed: dict[int, OpenCall] = {}
        """Calls of which their worker may still tell."""
        self._early: dict[object, Result] = {}
        """Answers to works that are about to be asked again."""
        self._unanswered: set[object] = set()
        """Works whose last attempt was lost."""
        self.kept = self.repeated = 0
        self.usd = Decimal(0)

    def lost(self, call: OpenCall, *, owed: bool) -> None:
        """A call is given up; `owed`: its worker may still be heard of."""
        self._unanswered.add(call.work)
        if owed:
            self._owed[call.id] = call

    def answered(self, work: object) -> None:
        """There is an answer to a work."""
        self._unanswered.discard(work)

    def forget(self, member: CrewMember) -> None:
        """A worker will not be heard of any more."""
        for number in [number for number, call in self._owed.items() if call.member is member]:
            del self._owed[number]

    def early(self, work: object) -> Result | None:
        """The answer to a work that is asked again, if it has come by now."""
        found = self._early.pop(work, None)
        if found is not None:
            self._unanswered.discard(work)
            self.kept += 1
        return found

    def take(self, number: int, result: Result) -> None:
        """Hear of a call that was given up."""
        call = self._owed.pop(number, None)
        if call is None:
            return
        successor = self._open.get(call.work)
        wanted = call.work in self._unanswered or (successor is not None and not successor.answer.done())
        if result.status not in ("ok", "partial") or not wanted:
            self.repeated += 1
            self.usd += result.cost.usd or Decimal(0)
        elif successor is None or successor.answer.done():
            self._early[call.work] = result
        else:
            self.kept += 1
            self._unanswered.discard(call.work)
            if (member := successor.member) is not None and not member.take_back(successor):
                member.calls.pop(successor.id, None)
                self._owed[successor.id] = successor  # it is paid for too
            successor.answer.set_result(result)

    @property
    def words(self) -> list[str]:
        """What there is to tell of them."""
        words: list[str] = []
        if self.kept:
            words.append(f"{counted(self.kept)} answered late by workers that had been given up, and kept")
        if self.repeated:
            words.append(
                f"{counted(self.repeated)} answered late, and not needed any more: {self.usd:f} USD of what is counted"
                " as lost"
            )
        return words


def counted(calls: int) -> str:
    """So many calls, in words."""
    return f"{calls:,} call" + ("" if calls == 1 else "s")
