"""Whether an answer has the shape that was asked for, and how that was asked, in short words."""

from __future__ import annotations

from ....engine.results.result import Result
from ....providers.untrusted import one_line
from ..numbers import LONGEST_NAME, dollars

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
    if shape.form in ("cut", "empty", "not_json"):
        return f"✗ {_FORMS[shape.form]}{how}", BAD
    if errors is None:
        return f"? not held against the schema{how}", QUIET
    form = _FORMS.get(shape.form or "", "")
    if errors:
        return f"✗ {len(errors)} schema error{'s' if len(errors) > 1 else ''}{how}", BAD
    words = "fits" if shape.requested == "schema" else "JSON"
    return f"✓ {words}{f', {form}' if form else ''}{how}", CAUTION if form else GOOD


_FORMS = {
    "fenced": "fenced", "in_words": "among words", "repeated": "twice", "encoded_twice": "encoded twice",
    "in_reasoning": "as reasoning", "cut": "cut JSON", "empty": "no JSON", "not_json": "no JSON",
}  # fmt: skip
