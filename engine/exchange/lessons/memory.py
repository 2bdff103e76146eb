"""Remembers what endpoints have taught about models, for as long as the transport to them lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....providers.errors import Failure
from ...planning.prepare import Prepared

if TYPE_CHECKING:
    from .remedies import Lesson

MOST_MODELS = 512
MOST_EACH = 8


class Lessons:
    """Lessons by endpoint and model. The same refusal is paid for once, and told with every result that it changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], list[Lesson]] = {}

    def learn(self, prepared: Prepared, lesson: Lesson) -> None:
        """Keep what the endpoint of `prepared` has taught about its model."""
        key = _key(prepared)
        if key not in self._known and len(self._known) >= MOST_MODELS:
            self._known.clear()
        known = self._known.setdefault(key, [])
        if lesson not in known and len(known) < MOST_EACH:
            known.append(lesson)

    def applied(self, prepared: Prepared) -> Prepared:
        """The call as its endpoint takes it, as far as that has been learnt."""
        if not self._known:
            return prepared
        from .remedies import heeded

        for lesson in self._known.get(_key(prepared), ()):
            prepared = heeded(prepared, lesson) or prepared
        return prepared


def hint_of(failed: Failure, prepared: Prepared) -> str | None:
    """What to do about a failure that has no remedy; the table of remedies is read when one is asked for."""
    from .remedies import hint_for

    return hint_for(failed, prepared)


def _key(prepared: Prepared) -> tuple[str, str]:
    return prepared.request.url, prepared.call.model
