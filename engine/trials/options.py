"""What the caller of a trial says: which rows and arms, what is to be shown, and how much may be asked."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ...providers.errors import UsageError
from ..batch.options import BatchOptions
from ..checks.gates import Gate
from ..planning.option_names import check_number

CONFIDENCE = 0.95


class TrialOptions(Struct, frozen=True):
    """The options of one trial. `batch` says where the rows are, where results go, whom to ask, and at what cost.

    `target` is the pass rate to be reached; without one no arm may be shown to pass more often. `most_rows` are taken
    at most, in an order that `seed` decides. `samples_from` are outputs of batches that hold some of the samples.
    `gate` says what must not be true of the results of the choice.
    """

    batch: BatchOptions
    target: float | None = None
    confidence: float = CONFIDENCE
    seed: int = 0
    most_rows: int | None = None
    samples_from: tuple[Path, ...] = ()
    gate: Gate | None = None

    def check(self) -> None:
        """Raise `UsageError` for what cannot be."""
        check_number("target", self.target, whole=False)
        check_number("confidence", self.confidence, whole=False)
        check_number("seed", self.seed, whole=True)
        check_number("max_rows", self.most_rows, whole=True)
        if self.target is not None and not 0 < self.target < 1:
            raise UsageError(
                f"a target of {self.target:g}: a pass rate that can be shown lies between 0 and 1",
                hint="for instance 0.9: the lower bound of the pass rate has to reach it",
            )
        if not 0.5 <= self.confidence < 1:
            raise UsageError(f"a confidence of {self.confidence:g} is not from 0.5 to 1", hint="for instance 0.95")
        if self.most_rows is not None and self.most_rows < 1:
            raise UsageError(f"{self.most_rows} rows: at least one is asked")
