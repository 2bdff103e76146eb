"""What is to be said of think values below a table: substituted, assumed, and asked once for several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....engine.results.result import Result
from ....providers.untrusted import one_line
from ..numbers import LONGEST_NAME
from .dial import ASSUMED, ASSUMED_WORDS, DOUBTED, asked, is_doubted, is_substituted
from .receipt import note_words, together


def think_notes(results: Sequence[Result]) -> Iterator[str]:
    """The notes behind the marks of the think values, one line each, of whomever it is the same."""
    said: list[tuple[Result, str, str]] = []
    for result in results:
        if not result.attempts:
            continue
        if is_doubted(result) and result.aim is not None:
            said.append((result, f"{one_line(result.aim.words, 300)}; {result.aim.doubt}", DOUBTED))
        elif is_substituted(result.think):
            said.append((result, note_words(result, 300) or result.think.fidelity, "*"))
        elif result.think.fidelity == "assumed":
            said.append((result, f"assumed, {ASSUMED_WORDS}", ASSUMED))
    for whom, words, mark in together(said, results):
        yield f"{mark} {', '.join(whom)}: {words}"
    yield from twin_notes(results)


def twin_notes(results: Sequence[Result]) -> Iterator[str]:
    """Which think values were asked once, because their requests are the same bytes."""
    alike: dict[tuple[str, str], dict[str, None]] = {}
    for result in results:
        if result.same_request:
            twins = ", ".join(f"@{asked(twin)}" for twin in result.same_request)
            alike.setdefault((twins, asked(result.think)), {})[one_line(result.profile, LONGEST_NAME)] = None
    for (twins, think), names in alike.items():
        yield f"= {', '.join(names)} {twins}: same request as @{think}, asked once"
