"""What is to be said of think values below a table: substituted, assumed, and asked once for several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....engine.results.result import Result
from ....providers.untrusted import one_line
from ..numbers import LONGEST_NAME
from .dial import ASSUMED, ASSUMED_WORDS, DOUBTED, asked, is_doubted, is_substituted, labels


def think_notes(results: Sequence[Result]) -> Iterator[str]:
    """The notes behind the marks of the think values, one line each; of samples of the same they are the same."""
    for result, label in zip(results, labels(results), strict=True):
        name = label.partition(" #")[0]
        if not result.attempts:
            continue
        if is_doubted(result) and result.aim is not None:
            yield f"{DOUBTED} {name}: {one_line(result.aim.words, 300)}; {result.aim.doubt}"
        elif is_substituted(result.think):
            yield f"* {name}: {one_line(result.think.note or result.think.fidelity, 300)}"
        elif result.think.fidelity == "assumed":
            yield f"{ASSUMED} {one_line(result.model, 100)}: assumed, {ASSUMED_WORDS}"
    yield from twin_notes(results)


def twin_notes(results: Sequence[Result]) -> Iterator[str]:
    """Which think values were asked once, because their requests are the same bytes."""
    for result in results:
        if result.same_request:
            twins = ", ".join(f"@{asked(twin)}" for twin in result.same_request)
            name = one_line(result.profile, LONGEST_NAME)
            yield f"= {name} {twins}: same request as @{asked(result.think)}, asked once"
