"""How many results the rows that were read ask for, and how many of them are there already. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ..output.works import Work
from .digests import DigestMap


class Demand:
    """Counts `asked` results by profile, and those `there` since an earlier run, as `is_done` knows of them."""

    def __init__(self, is_done: Callable[[Work], bool]) -> None:
        self.asked, self.there = Counter[str](), Counter[str]()
        self._is_done, self._claimed = is_done, DigestMap()

    def count(self, name: str, results: int) -> None:
        """Count results of which none is there."""
        self.asked[name] += results

    def take(self, name: str, works: Sequence[Work]) -> bool:
        """Count the works of one row. Whether one of them is still to be done."""
        done = self._is_done(works[0]) if len(works) == 1 else sum(map(self._is_done, works))
        self.asked[name] += len(works)
        self.there[name] += done
        return done < len(works)

    def begins(self, name: str, work: Work, *, is_shared: bool) -> bool:
        """Whether `work` is to be done now. `is_shared`: there are lanes beside this one that may have it too."""
        if is_shared and self._claimed.get(work.key) is not None:
            self.asked[name] -= 1
            return False
        if self._is_done(work):
            return False
        if is_shared:
            self._claimed.set(work.key, 1)
        return True
