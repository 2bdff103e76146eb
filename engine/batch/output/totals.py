"""The totals of all that an output holds, found while it is read anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...checks.gates import Gate, GateTally
from .summary import Tally

if TYPE_CHECKING:
    from ....profiles.profile import Reference
    from ..rows.digests import DigestMap
    from ..storage.memory import OutputMemory
    from ..storage.plain_line import PlainLine


class OutputTotals:
    """Is told the lines of earlier runs while the file is opened, and reads those of this run in the end."""

    def __init__(self, reference: Reference, gate: Gate | None) -> None:
        self._reference, self._gate = reference, gate
        self._begin()

    def _begin(self) -> None:
        self.tally = Tally(reference=self._reference)
        self.gates = None if self._gate is None else GateTally(self._gate)

    def hear(self, document: Callable[[], Mapping[str, Any]], plain: PlainLine | None) -> None:
        """Count one line: its `document`, or what is known of it where it is a `plain` one (`Hear`)."""
        if plain is None:
            self.tally.add(document())
        else:
            self.tally.add_plain(plain)
        if self.gates is not None:
            self.gates.add_line(document())

    def _add(self, documents: Iterable[Mapping[str, Any]]) -> None:
        for document in documents:
            self.tally.add(document)
            if self.gates is not None:
                self.gates.add_line(document)

    def close(self, memory: OutputMemory, order: DigestMap | None, this_run: Tally) -> None:
        """Count the lines of this run as well, with what only `this_run` knows, and put the file in `order`.

        Only where lines stand for earlier ones, which are moved away, all is read again.
        """
        is_superseding = memory.has_old_lines
        if not is_superseding:
            self._add(memory.added())
        memory.tidy(order)
        if is_superseding:
            self._begin()
            self._add(memory.documents())
        self.tally.profiles = {**this_run.profiles, **self.tally.profiles}
        self.tally.skipped, self.tally.again = this_run.skipped, this_run.again
