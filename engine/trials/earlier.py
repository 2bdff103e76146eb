"""Samples that are there already: in the output that a trial goes on with, and in outputs of other batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ...providers.errors import UsageError
from ...providers.json_values import obj
from ..batch.output.works import PASSING_KINDS
from .arms import Arm, Records, Sample, records_of
from .guard import Guard
from .report import TrialEnd, TrialReport, report_of
from .samples import lines_of, sample_in
from .standings import Rules

if TYPE_CHECKING:
    from ..batch.rows.rows import Row
    from ..batch.storage.memory import OutputMemory
    from .candidates import TrialArm
    from .options import TrialOptions


def take_remembered(
    memory: OutputMemory, candidates: Sequence[TrialArm], rows: Sequence[Row], records: Records, guard: Guard
) -> int:
    """Take in what the output holds of this trial, which the batch will not ask again. How many samples that were."""
    if not memory.resumed:
        return 0
    lines = {str(document.get("work")): sample_in(document) for document in memory.documents()}
    for document in memory.documents():
        guard.add_line(document)
    taken = 0
    for one in candidates:
        record = records[one.arm.name]
        for place, row in enumerate(rows):
            work = one.work(row)
            if work is None or memory.state(work) not in ("done", "failed"):
                continue
            record.add(place, lines.get(work.token, Sample(None, is_answered=False)))
            taken += 1
    return taken


def take_others(
    options: TrialOptions, candidates: Sequence[TrialArm], rows: Sequence[Row], records: Records, guard: Guard
) -> tuple[int, int]:
    """Take in samples of other outputs: how many of them were asked the very same, and how many lines were not."""
    if not options.samples_from:
        return 0, 0
    places: dict[str, tuple[str, int]] = {}
    for one in candidates:
        for place, row in enumerate(rows):
            if (work := one.work(row)) is not None:
                places[work.token] = one.arm.name, place
    taken = others = 0
    for path in options.samples_from:
        for document in lines_of(path):
            found = places.get(str(document["work"]))
            if found is None or _passes_by_itself(document):
                others += 1
            elif found[1] not in records[found[0]].samples:
                records[found[0]].add(found[1], sample_in(document))
                guard.add_line(document)
                taken += 1
    return taken, others


def report_of_outputs(options: TrialOptions) -> TrialReport:
    """What outputs of batches show by themselves, without their rows and without a call. Raises `UsageError`.

    Of rows that were repeated only the first sample counts.
    """
    options.check()
    guard = Guard(options.gate, is_strict=options.batch.calls.is_strict)
    samples: dict[Arm, dict[str, Sample]] = {}
    for path in options.samples_from:
        for document in lines_of(path):
            if document.get("repeat") not in (None, 1):
                continue  # further samples of a row would count as further rows
            guard.add_line(document)
            think = obj(document.get("think")).get("requested")
            model, is_simulated = str(document.get("model") or ""), document.get("simulated") is True
            arm = Arm(str(document.get("profile")), str(think), model, (), is_simulated)
            samples.setdefault(arm, {})[str(document.get("row_id"))] = sample_in(document)
    if not samples:
        raise UsageError("there are no results in it")
    ids = list(dict.fromkeys(row for own in samples.values() for row in own))
    places = {row: place for place, row in enumerate(ids)}
    records = records_of(samples)
    for arm, own in samples.items():
        for row, sample in own.items():
            records[arm.name].add(places[row], sample)
    if not any(record.n for record in records.values()):
        raise UsageError(
            "none of the results was judged, so that nothing passes",
            hint="name the file of the rows, with --expect where they have no expectation of their own",
        )
    rules = Rules(len(ids), options.target, options.confidence)
    report = report_of(records, rules, TrialEnd.NO_CALLS, seed=options.seed)
    return replace(report, gate_failures=tuple(guard.failures(report.chosen)))


def _passes_by_itself(document: Mapping[str, Any]) -> bool:
    """Whether a line holds an error that is not the row's: it is asked again."""
    return obj(document.get("error")).get("kind") in PASSING_KINDS
