"""What a lock holds: probes, and for each chosen profile and think value what came of them. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from ...providers.schema import Json
from ..results.result import CostSource

LOCK_SCHEMA = "thinkdial.lock/1"

MeasureName = Literal["reasoning_tokens", "output_tokens", "passed"]
MEASURES: tuple[MeasureName, ...] = ("reasoning_tokens", "output_tokens", "passed")


class Probe(Struct, frozen=True):
    """A prompt that is asked when the lock is written and whenever it is checked; `expect` judges its answers."""

    id: str
    prompt: str
    system: str | None = None
    expect: Json | None = None


class LockedRequest(Struct, frozen=True):
    """The request of the first probe, as far as it can be told without a key, an account or the prompt.

    `hash` stands for all of it; `parts` has a hash for the address, the headers and each field of the body, so that it
    can be said what has changed. `native` is what the dial became.
    """

    hash: str
    dialect: str
    fidelity: str
    native: Json
    parts: Mapping[str, str]


class LockedPrice(Struct, frozen=True):
    """USD per million tokens of a short prompt, and who says so. `cached_input` None: it has no price of its own."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None
    source: CostSource


class ProbeSamples(Struct, frozen=True):
    """What the whole answers to one probe took; a figure that was not reported is missing from its list."""

    reasoning_tokens: tuple[int, ...] = ()
    output_tokens: tuple[int, ...] = ()
    passed: tuple[int, ...] = ()
    """1 for an answer that was as expected, else 0."""

    def of(self, measure: MeasureName) -> tuple[int, ...]:
        return getattr(self, measure)


class LockEntry(Struct, frozen=True):
    """One profile at one think value. `served` are the names under which the answering model was reported.

    `answered` are whole answers, `failed` the others. `samples` are by the id of the probe.
    """

    profile: str
    think: str
    provider: str
    model: str
    request: LockedRequest
    price: LockedPrice | None = None
    simulated: bool = False
    served: tuple[str, ...] = ()
    answered: int = 0
    failed: int = 0
    samples: Mapping[str, ProbeSamples] = field(default_factory=dict[str, ProbeSamples])

    @property
    def name(self) -> str:
        return f"{self.profile}@{self.think}"

    def values(self, measure: MeasureName) -> list[int]:
        """All values of one measure, probe by probe."""
        return [value for one in self.samples.values() for value in one.of(measure)]


class Lock(Struct, frozen=True):
    """A lock (`thinkdial.lock/1`). `repeat` is how often each probe was asked."""

    written_at: str
    version: str
    repeat: int
    probes: tuple[Probe, ...]
    entries: tuple[LockEntry, ...]


class LockReading(Struct, frozen=True):
    """An entry as it is now, or why it could not be read; both where only a part of it could."""

    entry: LockEntry | None
    problem: str | None = None


Progress = Callable[[int, int], None]
"""Hears how many of how many probes have been asked."""
