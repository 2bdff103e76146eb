"""How far a running batch is, as values: worked out of what its lanes and its tally say whenever somebody asks."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol

from msgspec import Struct

from ...providers.errors import Failure
from ..runs.hands.order import Hands
from .output.summary import Group, Tally

WINDOW_S = 30.0
_ENOUGH = 10
"""Results in the window from which on its rate says more than that of the whole run."""

_FIRST_RATE_S = 1.0

Activity = Literal["running", "waiting", "held", "finishing", "stopped", "done", "given_up"]
"""What a profile is doing. `waiting` is for rows; one that is `held` was asked by its provider to pause."""


class Standing(Struct, frozen=True):
    """One lane at this moment. `waiting` rows have not been begun; once it `has_all` no more come."""

    name: str
    waiting: int
    in_flight: int
    at_once: int
    rpm: float | None
    tpm: float | None
    held_until: float | None
    has_all: bool
    broken: Failure | None


class ProfileProgress(Struct, frozen=True):
    """One profile at one moment, or all of them together.

    `results` came in this run, `earlier` ones in runs before it. `total` counts both, and is a guess while the input is
    being read. `rpm` and `tpm` are the limits in force, configured or learned; `rate` is results a second. `usd` sums
    the known costs of this run. None is unknown.
    """

    name: str
    activity: Activity
    results: int
    earlier: int
    total: int | None
    is_guess: bool
    failed: int
    retries: int
    waiting: int
    in_flight: int
    at_once: int
    rpm: float | None
    tpm: float | None
    tokens: int | None
    usd: Decimal | None
    usd_unknown: int
    rate: float | None
    left_s: float | None
    held_s: float | None
    broken: Failure | None

    @property
    def done(self) -> int:
        return self.results + self.earlier

    @property
    def share(self) -> float | None:
        """How much of it is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else None


class BatchProgress(Struct, frozen=True):
    """A batch at one moment. `together` is the sum of its profiles; the time left is that of the slowest."""

    profiles: tuple[ProfileProgress, ...]
    together: ProfileProgress
    elapsed_s: float
    bad_rows: int
    is_stopping: bool
    crew: CrewStanding | None = None


class CrewStanding(Struct, frozen=True):
    """The workers at one moment. `refused` are names of nodes and why they get no calls."""

    workers: int
    nodes: int
    silent: int
    refused: tuple[tuple[str, str], ...]
    under_way: int


class BatchHands(Hands, Protocol):
    """Workers that make the calls of a batch."""

    def standing(self) -> CrewStanding: ...


class Running(Protocol):
    """A batch that runs. `share_read` is how much of its input has been read, where somebody knows."""

    def progress(self, share_read: float | None = None) -> BatchProgress: ...


class Taken(Struct, frozen=True):
    """What has been read: results asked of each profile, and how many of them an earlier run has."""

    asked: Mapping[str, int]
    skipped: Mapping[str, int]
    bad_rows: int
    is_over: bool
    share_read: float | None


class Gauge:
    """Reads the progress of one batch. It remembers how many results there were a while ago, for the rates."""

    def __init__(self, clock: Callable[[], float], hands: BatchHands | None = None) -> None:
        self._clock, self._began, self._hands = clock, clock(), hands
        self._rates: dict[str, _Rate] = {}

    def read(self, standings: Iterable[Standing], tally: Tally, taken: Taken, *, is_stopping: bool) -> BatchProgress:
        """The progress at this moment."""
        now = self._clock()
        groups: defaultdict[str, list[Group]] = defaultdict(list)
        for group in list(tally.groups.values()):  # the batch goes on meanwhile, perhaps in another thread
            groups[group.profile].append(group)
        retries: defaultdict[str, int] = defaultdict(int)
        for (name, _), times in list(tally.again.items()):
            retries[name] += times
        lanes: defaultdict[str, list[Standing]] = defaultdict(list)
        for one in standings:
            lanes[one.name].append(one)
        profiles = tuple(
            self._profile(_merged(own, now), groups[name], retries[name], taken, now, is_stopping=is_stopping)
            for name, own in lanes.items()
        )
        crew = None if self._hands is None else self._hands.standing()
        return BatchProgress(profiles, _together(profiles), now - self._began, taken.bad_rows, is_stopping, crew)

    def _profile(
        self, lane: Standing, groups: Sequence[Group], retries: int, taken: Taken, now: float, *, is_stopping: bool
    ) -> ProfileProgress:
        results = sum(group.results for group in groups)
        earlier = taken.skipped.get(lane.name, 0)
        total, is_guess = (None, False) if lane.broken is not None else _total(taken, lane.name)
        held_s = None if lane.held_until is None or lane.held_until <= now else lane.held_until - now
        activity = _activity(lane, held_s, is_stopping=is_stopping)
        rate = self._rate(lane.name, results, now, is_over=activity == "done")
        open_ = None if total is None else max(0, total - earlier - results)
        has_tokens = any(group.output_known for group in groups)
        return ProfileProgress(
            name=lane.name,
            activity=activity,
            results=results,
            earlier=earlier,
            total=total,
            is_guess=is_guess,
            failed=sum(group.failed for group in groups),
            retries=retries,
            waiting=lane.waiting,
            in_flight=lane.in_flight,
            at_once=lane.at_once,
            rpm=lane.rpm,
            tpm=lane.tpm,
            tokens=sum(group.input_tokens + group.output_tokens for group in groups) if has_tokens else None,
            usd=_sum(group.usd for group in groups if group.usd_known),
            usd_unknown=sum(group.usd_unknown for group in groups),
            rate=None if activity == "given_up" else rate,
            left_s=open_ / rate if rate and open_ is not None and activity not in ("done", "given_up") else None,
            held_s=held_s,
            broken=lane.broken,
        )

    def _rate(self, name: str, results: int, now: float, *, is_over: bool) -> float | None:
        rate = self._rates.get(name)
        if rate is None:
            rate = self._rates[name] = _Rate(self._began)
        of_late = rate.of_late(results, now)
        return rate.mean(results) if is_over else of_late


@dataclass(slots=True)
class _Rate:
    """Results a second of one profile. `samples` are (moment, results so far), one a second at most."""

    began: float
    samples: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    last_at: float | None = None

    def of_late(self, results: int, now: float) -> float | None:
        """That of late, or of the whole run while results are few; None before there is one to tell."""
        samples = self.samples
        if not samples or now - samples[-1][0] >= 1:
            if self.last_at is None or not samples or samples[-1][1] != results:
                self.last_at = now
            samples.append((now, results))
        while len(samples) > 2 and now - samples[1][0] >= WINDOW_S:
            samples.popleft()
        since, before = samples[0]
        if results - before >= _ENOUGH and now - since >= _FIRST_RATE_S:
            return (results - before) / (now - since)
        return results / (now - self.began) if results and now - self.began >= _FIRST_RATE_S else None

    def mean(self, results: int) -> float | None:
        """That until the last one came."""
        span = (self.last_at or self.began) - self.began
        return results / span if results and span >= _FIRST_RATE_S else None


def _merged(lanes: Sequence[Standing], now: float) -> Standing:
    """The lanes of one profile, of which there is one for each think value in a profile's name, as one."""
    if len(lanes) == 1:
        return lanes[0]
    working = [lane for lane in lanes if lane.broken is None]
    held = [lane.held_until for lane in working if lane.held_until is not None and lane.held_until > now]
    return Standing(
        name=lanes[0].name,
        waiting=sum(lane.waiting for lane in lanes),
        in_flight=sum(lane.in_flight for lane in lanes),
        at_once=sum(lane.at_once for lane in lanes),
        rpm=max((lane.rpm for lane in lanes if lane.rpm is not None), default=None),
        tpm=max((lane.tpm for lane in lanes if lane.tpm is not None), default=None),
        held_until=min(held) if held and len(held) == len(working) else None,
        has_all=all(lane.has_all for lane in lanes),
        broken=None if working else lanes[0].broken,
    )


def _total(taken: Taken, name: str) -> tuple[int | None, bool]:
    """Results to be had of a profile, earlier ones among them, and whether that is a guess."""
    asked, share = taken.asked.get(name, 0), taken.share_read
    if taken.is_over:
        return asked, False
    return (max(asked, round(asked / share)), True) if share and asked else (None, False)


def _activity(lane: Standing, held_s: float | None, *, is_stopping: bool) -> Activity:
    if lane.broken is not None:
        return "given_up"
    is_idle = not lane.waiting and not lane.in_flight
    if lane.has_all and is_idle:
        return "done"
    if is_stopping:
        return "finishing" if lane.in_flight else "stopped"
    if held_s is not None:
        return "held"
    return "waiting" if is_idle else "running"


def _together(profiles: Sequence[ProfileProgress]) -> ProfileProgress:
    totals = [one.done if one.activity == "given_up" else one.total for one in profiles]
    left = [one.left_s for one in profiles if one.activity not in ("done", "given_up")]
    rates = [one.rate for one in profiles if one.rate is not None and one.activity != "done"]
    tokens = [one.tokens for one in profiles if one.tokens is not None]
    return ProfileProgress(
        name="",
        activity="running",
        results=sum(one.results for one in profiles),
        earlier=sum(one.earlier for one in profiles),
        total=None if None in totals else sum(total or 0 for total in totals),
        is_guess=any(one.is_guess for one in profiles),
        failed=sum(one.failed for one in profiles),
        retries=sum(one.retries for one in profiles),
        waiting=sum(one.waiting for one in profiles),
        in_flight=sum(one.in_flight for one in profiles),
        at_once=sum(one.at_once for one in profiles),
        rpm=None,
        tpm=None,
        tokens=sum(tokens) if tokens else None,
        usd=_sum(one.usd for one in profiles if one.usd is not None),
        usd_unknown=sum(one.usd_unknown for one in profiles),
        rate=sum(rates) if rates else None,
        left_s=max((one for one in left if one is not None), default=None) if None not in left else None,
        held_s=None,
        broken=None,
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal | None:
    known = list(amounts)
    return sum(known, Decimal(0)) if known else None
