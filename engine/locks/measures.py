"""Results of probes -> what a lock keeps of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from ..checks.expectation import judge_answer
from ..results.result import Result
from .lock import LockEntry, Probe, ProbeSamples


def with_results(entry: LockEntry, results: Mapping[str, Sequence[Result]], probes: Iterable[Probe]) -> LockEntry:
    """The entry with what these results show. They are by the id of their probe; under others they only tell who
    answered."""
    asked = {probe.id: probe for probe in probes}
    every = [result for some in results.values() for result in some]
    whole = [result for result in every if result.status == "ok"]
    samples = {name: _samples(results[name], probe) for name, probe in asked.items() if results.get(name)}
    return replace(
        entry,
        served=tuple(sorted({result.model_reported for result in whole if result.model_reported})),
        answered=len(whole),
        failed=len(every) - len(whole),
        simulated=any(result.simulated for result in every),
        samples=samples,
    )


def _samples(results: Sequence[Result], probe: Probe) -> ProbeSamples:
    whole = [result for result in results if result.status == "ok"]
    judged = [judge_answer(probe.expect, result)[0] for result in whole]
    reasoning = [result.reasoning.tokens for result in whole if result.reasoning.tokens_source != "estimated"]
    return ProbeSamples(
        tuple(tokens for tokens in reasoning if tokens is not None),
        tuple(result.usage.output_tokens for result in whole if result.usage.output_tokens is not None),
        tuple(int(passed) for passed in judged if passed is not None),
    )
