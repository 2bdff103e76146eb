"""The receipt of one answer in one line, and everything that a person should be told about a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from ....engine.results.result import Result
from ....providers.errors import Failure
from ....providers.untrusted import one_line
from ..line import BAD, CAUTION, QUIET, STRONG, Line
from ..numbers import LONGEST_NAME, dollars, rate, seconds, tokens
from .continuity import went_along
from .dial import asked, check_of, is_substituted, labels, think_path
from .phrases import explanation, failure_hint, failure_sentence, state_words, verdict_words

_COST_SOURCES = {
    "provider": "provider's bill", "catalogue": "provider's list", "table": "price table", "profile": "profile's price",
}  # fmt: skip
_SEPARATOR = " · "
_A_MODEL = "\0"
SIMULATED = "simulated"
"""The code of the warning that no provider was called."""

_TOLD_ABOVE = frozenset({SIMULATED, "empty_answer", "dose_spans", "dose_beyond", "dose_unknown"})
"""Warnings that the numbers table and the answers say themselves."""


def receipt_line(
    result: Result, width: int | None = None, *, with_past: bool = True, named: bool = False, number: int | None = None
) -> Line:
    """Return asked → sent → measured, verdict, times, cost and what went along; broken between its parts at `width`.

    `with_past` False leaves out what went along of earlier turns: it is said above already. With `named` profile and
    model come first; `number` is the run's in the history.
    """
    mark, words, style = verdict_words(result) if result.status == "ok" else state_words(result)
    who, model = one_line(result.profile, LONGEST_NAME), one_line(result.model, LONGEST_NAME)
    parts = [
        ((who if model in who else f"{who} ({model})") if named else "", STRONG),
        (think_path(result) + (" reasoning tokens" if result.reasoning.tokens is not None else ""), STRONG),
        (f"{mark} {words}", style),
        _check(result),
        (f"{tokens(result.usage.output_tokens)} output", ""),
        (f"first answer {seconds(result.latency.first_answer_s)}", ""),
        (f"total {seconds(result.latency.total_s)}", ""),
        (f"{rate(result.latency.output_tokens_per_s)} tok/s", ""),
        (_cost(result), ""),
        (_tools(result), ""),
        (_rounds(result), ""),
        (went_along(result) if with_past else "", ""),
    ]
    if cached := _cache(result):
        parts.append((cached, ""))
    if result.model_reported and result.model_reported != result.model:
        parts.append((f"served by {one_line(result.model_reported, LONGEST_NAME)}", ""))
    if number is not None:
        parts.append((f"run {number}", QUIET))
    pieces: list[tuple[str, str]] = []
    used = 0
    for text, style in parts:
        if not text:
            continue
        length = 0 if width is None else Line((text, style)).cell_len
        if pieces and width is not None and used + len(_SEPARATOR) + length > width:
            pieces.append(("\n", ""))
            used = 0
        elif pieces:
            pieces.append((_SEPARATOR, QUIET))
            used += len(_SEPARATOR)
        pieces.append((text, style))
        used += length
    return Line(*pieces)


MOST_NAMED = 24
"""Results that a remark names."""


def notes(results: Sequence[Result], *, after_comparison: bool = False) -> list[Line]:
    """Return what differs from the wish, cannot be settled or went wrong: one line each, for all whom it concerns.

    `after_comparison` leaves out what the numbers table and the answers have just said: substituted levels, failures,
    starved answers, and that it was a simulation.
    """
    said = [
        (result, words, style)
        for result in results
        for words, style in (_said_once(result) if after_comparison else [*_said_above(result), *_said_once(result)])
        if words
    ]
    return [Line((f"{', '.join(whom)}: ", STRONG), (words, style)) for whom, words, style in together(said, results)]


def failures(results: Sequence[Result]) -> list[Line]:
    """What went wrong, alone: one line each, for all whom it concerns."""
    said = [(result, _failed(result.error), BAD) for result in results if result.error]
    return [Line((f"{', '.join(whom)}: ", STRONG), (words, style)) for whom, words, style in together(said, results)]


def _failed(error: Failure) -> str:
    return " ".join(filter(None, (failure_sentence(error), failure_hint(error))))


def _said_above(result: Result) -> list[tuple[str, str]]:
    said = [(note_words(result), "")] if is_substituted(result.think) else []
    if result.error:
        said.append((_failed(result.error), BAD))
    if result.think.verdict == "starved":
        said.append((explanation(result), BAD))
    said += [(one_line(warning.message), CAUTION) for warning in result.warnings if warning.code in _TOLD_ABOVE]
    return said


def _said_once(result: Result) -> list[tuple[str, str]]:
    note = note_words(result)
    # What is assumed of a model is a warning of its own, in the same words for all its results.
    assumed = result.think.fidelity == "assumed" and ";" not in note
    said = [] if is_substituted(result.think) or assumed else [(note, "")]
    for warning in result.warnings:
        words = one_line(warning.message, 1000)
        if words not in (note, one_line(result.think.note or "")) and warning.code not in _TOLD_ABOVE:
            said.append((words, CAUTION))
    # That a model cannot be turned off says already why it was thinking.
    told = result.think.verdict == "starved" or (result.think.verdict == "unwanted" and is_substituted(result.think))
    if not told:
        said.append((explanation(result), CAUTION))
    if result.passed is not None or result.expect_note or result.checks:
        from ..checks.outcome import check_notes

        said += check_notes(result)
    if result.escalation is not None:
        from ..checks.escalation import bill_words

        said.append((bill_words(result.escalation), ""))
    is_told = any(warning.code == "cost" for warning in result.warnings)
    return said if is_told else [*said, (one_line(result.cost.note or "", 300), "")]


def _check(result: Result) -> tuple[str, str]:
    words, style = check_of(result)
    return words.replace("\n", _SEPARATOR), style


def _cost(result: Result) -> str:
    if result.cost.usd is None:
        return "cost –"
    source = _COST_SOURCES.get(result.cost.source or "")
    lost = f" + {result.cost.lost_attempts} lost attempt{'s'[: result.cost.lost_attempts > 1]}"
    return dollars(result.cost.usd) + (f" ({source})" if source else "") + (lost if result.cost.lost_attempts else "")


def _tools(result: Result) -> str:
    """How often the provider's own tools ran: `search ×2`; `?` where no count came."""
    used = [f"{one_line(one.name, 40)} ×{'?' if one.uses is None else one.uses}" for one in result.server_tools]
    return ", ".join(used)


def _rounds(result: Result) -> str:
    if not result.rounds:
        return ""
    from ..tools.runs import rounds_words

    return rounds_words(result)


def _cache(result: Result) -> str:
    """What the provider's prompt cache saved, or what writing to it has cost and when that is made up for."""
    saved, after = result.cost.cache_saved_usd, result.cost.cache_pays_after
    if not saved:
        return ""
    if saved > 0:
        return f"cache saved {dollars(saved)}"
    if after is None:
        return f"cache cost {dollars(-saved)}"
    readers = "the next turn that reads it" if after == 1 else f"{after} turns that read it"
    return f"cache cost {dollars(-saved)}, paid back by {readers}"


def note_words(result: Result, limit: int = 0) -> str:
    """The note of the think value, which names a budget as it was typed: `8k tokens`."""
    words, typed = one_line(result.think.note or "", limit), asked(result.think)
    return re.sub(rf"\b{result.think.requested} tokens", f"{typed} tokens", words) if typed.endswith("k") else words


def together(
    said: Iterable[tuple[Result, str, str]], results: Sequence[Result]
) -> Iterator[tuple[list[str], str, str]]:
    """Join what is said of results, in words with a style: the names of all whom it concerns, the words, the style.

    A profile of which all results are concerned is named once. Where the words name the model and several models are
    meant, they say `each`.
    """
    grouped: dict[tuple[str, str], list[tuple[Result, str]]] = {}
    for result, words, style in said:
        model = one_line(result.model)
        key = re.sub(rf"(?<![\w.-]){re.escape(model)}(?![\w-])", _A_MODEL, words) if model else words
        grouped.setdefault((key, style), []).append((result, model))
    for (key, style), members in grouped.items():
        models = list(dict.fromkeys(model for _, model in members))
        words = key.replace(_A_MODEL, models[0] if len(models) == 1 else "each")
        yield names_of([result for result, _ in members], results), words, style


def names_of(chosen: Sequence[Result], results: Sequence[Result]) -> list[str]:
    """How to call these of the results: by the profile where all of it are meant, by cell where all samples are.

    Of very many only the first are named, and how many more there are.
    """
    own = {id(result) for result in chosen}
    wanting = [result for result in results if id(result) not in own]
    profiles = {result.profile for result in wanting}
    cells = {(result.profile, result.think.requested) for result in wanting}
    named: dict[str, None] = {}
    for result, label in zip(results, labels(results), strict=True):
        if id(result) not in own:
            continue
        cell = label.partition(" #")[0]
        if result.profile not in profiles:
            label = cell.partition("@")[0]
        elif (result.profile, result.think.requested) not in cells:
            label = cell
        named[label] = None
    more = len(named) - MOST_NAMED
    return [*named] if more <= 1 else [*islice(named, MOST_NAMED), f"{more:,} more"]
