"""Gates of a trial: what must not be true of the results of the arm that is chosen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ...providers.json_values import obj
from ..checks.gates import Gate, GateTally
from ..results.result import Result

_UNSEEN = "not_observed"


class Guard:
    """Counts the results of each arm for `gate`, which may be none. `is_strict`: thinking has to be seen."""

    def __init__(self, gate: Gate | None, *, is_strict: bool = False) -> None:
        self._gate, self._is_strict = gate or Gate(()), is_strict
        self._tallies: defaultdict[str, GateTally] = defaultdict(lambda: GateTally(self._gate))
        self._unseen = Counter[str]()

    def add(self, result: Result, row_id: str) -> None:
        """Count a result."""
        name = f"{result.profile}@{result.think.requested}"
        self._tallies[name].add(result, row_id)
        self._unseen[name] += result.status == "ok" and result.think.verdict == _UNSEEN

    def add_line(self, document: Mapping[str, Any]) -> None:
        """Count a line of a batch's output."""
        think = obj(document.get("think"))
        name = f"{document.get('profile')}@{think.get('requested')}"
        self._tallies[name].add_line(document)
        self._unseen[name] += document.get("status") == "ok" and think.get("verdict") == _UNSEEN

    def failures(self, chosen: str | None) -> Iterator[str]:
        """Which gates the results of the choice do not pass, in words; without a choice none of them does."""
        if chosen is None:
            yield from (f"{line}: nothing was chosen" for line in self._gate.lines)
            return
        yield from self._tallies[chosen].failures()
        if self._is_strict and (unseen := self._unseen[chosen]):
            yield f"{chosen}: --strict-think: thinking was asked for, and none was seen in {unseen:,} results"
