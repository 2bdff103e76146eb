"""The same remark once: what is said of several results in the same words, but for the model's name, is one line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ....engine.results.result import Result
from ....providers.untrusted import one_line
from .dial import asked, labels

_MODEL = "\0"


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
        key = re.sub(rf"(?<![\w.-]){re.escape(model)}(?![\w-])", _MODEL, words) if model else words
        grouped.setdefault((key, style), []).append((result, model))
    for (key, style), members in grouped.items():
        models = list(dict.fromkeys(model for _, model in members))
        words = key.replace(_MODEL, models[0] if len(models) == 1 else "each")
        yield names_of([result for result, _ in members], results), words, style


def names_of(chosen: Sequence[Result], results: Sequence[Result]) -> list[str]:
    """How to call these of the results: by the profile where all of it are meant, by cell where all samples are."""
    own = {id(result) for result in chosen}
    named: dict[str, None] = {}
    for result, label in zip(results, labels(results), strict=True):
        if id(result) not in own:
            continue
        others = [other for other in results if other.profile == result.profile]
        samples = [other for other in others if other.think.requested == result.think.requested]
        cell = label.partition(" #")[0]
        if all(id(other) in own for other in others):
            label = cell.partition("@")[0]
        elif all(id(other) in own for other in samples):
            label = cell
        named[label] = None
    return list(named)
