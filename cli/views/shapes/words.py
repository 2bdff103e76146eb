"""Whether an answer has the shape that was asked for, and how that was asked, in short words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ....engine.results.result import Result
from ....engine.shapes.words import VALUELESS
from ....providers.errors import first_of
from ....providers.untrusted import one_line
from ..numbers import LONGEST_NAME, dollars

if TYPE_CHECKING:
    from ....engine.shapes.figures import ShapeFigures

GOOD, CAUTION, BAD, QUIET = "green", "magenta", "red", "dim"

_HOW = {
    "native": "", "tool": " (by tool)", "prompt": " (by prompt)", "two_calls": " (by a second call)",
    "unsupported": " (not asked)",
}  # fmt: skip


def shape_words(result: Result) -> tuple[str, str]:
    """`✓ fits (by prompt)`, `✗ 2 schema errors`, `✓ JSON, fenced`, with a style; empty where no JSON was asked for."""
    shape, errors = result.shape, result.schema_errors
    if shape is None:
        return "", ""
    how = _HOW[shape.fidelity]
    if shape.second is not None:
        how = f" (by {one_line(shape.second.profile, LONGEST_NAME)}, {dollars(shape.second.usd)})"
    if shape.fidelity == "two_calls" and (shape.second is None or shape.form is None):
        return f"✗ not put into its shape{how}", BAD
    if shape.form is not None and shape.form in VALUELESS:
        return f"✗ {_FORMS[shape.form]}{how}", BAD
    if errors is None:
        return f"? not held against the schema{how}", QUIET
    form = _FORMS.get(shape.form or "", "")
    if errors:
        return f"✗ {len(errors)} schema error{'s' if len(errors) > 1 else ''}{how}", BAD
    words = "fits" if shape.requested == "schema" else "JSON"
    return f"✓ {words}{f', {form}' if form else ''}{how}", CAUTION if form else GOOD


_FORMS: Mapping[str, str] = {
    "fenced": "fenced", "in_words": "among words", "repeated": "twice", "encoded_twice": "encoded twice",
    "in_reasoning": "as reasoning", "cut": "cut JSON", "empty": "no JSON", "not_json": "no JSON",
}  # fmt: skip

_MOST_PLACES = 4


def fit_words(results: Sequence[Result]) -> str:
    """`2 of 3 fit their schema`: of the answers of which JSON was asked; empty where none was."""
    asked = [result for result in results if result.shape is not None and result.shape.form is not None]
    if not asked:
        return ""
    fit, unknown = sum(one.schema_errors == () for one in asked), sum(one.schema_errors is None for one in asked)
    told = _of_what({one.shape.requested for one in asked if one.shape is not None}, len(asked))
    return f"{fit} of {len(asked)} {told}" + (f", {unknown} not known" if unknown else "")


def _of_what(requested: set[str], answers: int) -> str:
    plural = "" if answers > 1 else "s"
    return f"fit{plural} the schema" if "schema" in requested else f"{'are' if plural == '' else 'is'} JSON"


def figure_words(figures: ShapeFigures) -> str:
    """`12 of 14 fit; 1 fenced, 1 cut JSON; wrong at born (2), tags[] (1)`."""
    forms = _counted({_FORMS[name]: times for name, times in figures.forms.items() if name in _FORMS})
    places = [f"{one_line(place, 60)} ({times:,})" for place, times in figures.places.items()]
    parts = [
        f"{figures.fit:,} of {figures.answers:,} fit",
        f"of {figures.unknown:,} that is not known" if figures.unknown else "",
        forms,
        f"wrong at {first_of(places, _MOST_PLACES)}" if places else "",
    ]
    return "; ".join(part for part in parts if part)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{times:,} {words}" for words, times in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
