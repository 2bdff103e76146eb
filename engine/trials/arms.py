"""Arms of a trial and what is known of them: which rows each was asked, and what came. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean

from msgspec import Struct, field


class Arm(Struct, frozen=True):
    """A profile with one think value. `same_as` are think values whose requests are the very same, and asked once.

    `is_simulated`: a simulator answers, which says nothing of any model.
    """

    profile: str
    think: str
    model: str = ""
    same_as: tuple[str, ...] = ()
    is_simulated: bool = False

    @property
    def name(self) -> str:
        return f"{self.profile}@{self.think}"


class Sample(Struct, frozen=True):
    """What one row came to with one arm. `passed` is None where it was not answered, or could not be judged.

    `usd` is None where the cost is not known; `is_answered` says whether an answer came at all.
    """

    passed: bool | None
    usd: float | None = None
    is_answered: bool = True
    reasoning_tokens: int | None = None
    output_tokens: int | None = None
    total_s: float | None = None


class ArmRecord(Struct):
    """All samples of one arm, by the place of their row in the order of the trial.

    `trouble` is why it can be asked no more. `judged_bits` and `passed_bits` have a bit for each row.
    """

    arm: Arm
    samples: dict[int, Sample] = field(default_factory=dict[int, Sample])
    trouble: str | None = None
    n: int = 0
    passed: int = 0
    judged_bits: int = 0
    passed_bits: int = 0

    def add(self, row: int, sample: Sample) -> None:
        """Take in a sample; the first one of a row counts."""
        if row in self.samples:
            return
        self.samples[row] = sample
        if sample.passed is None:
            return
        self.n += 1
        self.judged_bits |= 1 << row
        if sample.passed:
            self.passed += 1
            self.passed_bits |= 1 << row

    @property
    def rate(self) -> float | None:
        """The share of judged answers that pass."""
        return self.passed / self.n if self.n else None

    @property
    def unanswered(self) -> int:
        """Rows that it gave no answer to."""
        return sum(not sample.is_answered for sample in self.samples.values())

    @property
    def unjudged(self) -> int:
        """Answers of which nobody knows whether they pass."""
        return sum(sample.is_answered and sample.passed is None for sample in self.samples.values())

    @property
    def costs(self) -> list[float]:
        """What its answers cost in USD, as far as that is known."""
        return [one.usd for one in self.samples.values() if one.usd is not None and one.is_answered]

    @property
    def is_priced(self) -> bool:
        """Whether the cost of every answer is known: else it may be dearer than it looks."""
        answered = [one.usd for one in self.samples.values() if one.is_answered]
        return bool(answered) and None not in answered

    @property
    def mean_usd(self) -> float | None:
        """What an answer costs; None unless all costs are known."""
        return fmean(self.costs) if self.is_priced else None

    @property
    def spent_usd(self) -> float:
        """The sum of the known costs, those of failed calls among them."""
        return sum(one.usd for one in self.samples.values() if one.usd is not None)

    def missing(self, rows: int) -> Iterable[int]:
        """The places of the rows that it was not asked yet, in order."""
        return (row for row in range(rows) if row not in self.samples)


def only_in_first(first: ArmRecord, second: ArmRecord) -> tuple[int, int]:
    """Of the rows that both were judged by: how many only the first passes, and how many only one of them passes."""
    both = first.judged_bits & second.judged_bits
    apart = (first.passed_bits ^ second.passed_bits) & both
    return (first.passed_bits & apart).bit_count(), apart.bit_count()


def cost_differences(first: ArmRecord, second: ArmRecord) -> list[float]:
    """By how many USD the first is dearer, for each row that both answered at a known cost."""
    found: list[float] = []
    for row, sample in first.samples.items():
        other = second.samples.get(row)
        if other is None or sample.usd is None or other.usd is None or not (sample.is_answered and other.is_answered):
            continue
        found.append(sample.usd - other.usd)
    return found


def records_of(arms: Iterable[Arm]) -> dict[str, ArmRecord]:
    """Empty records, by the names of arms."""
    return {arm.name: ArmRecord(arm) for arm in arms}


Records = Mapping[str, ArmRecord]
