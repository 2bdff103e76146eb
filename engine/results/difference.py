"""Two results beside each other: their figures, and their answers word by word. Pure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from .documents import plain
from .result import Result
from .word_changes import WordChanges, word_changes

DIFFERENCE_SCHEMA = "thinkdial.difference/1"

SIDE_KEYS = ("run_id", "id", "created_at", "profile", "think", "provider", "model", "status", "simulated")
"""What a difference tells of each of its results, besides the figures."""

FigureUnit = Literal["tokens", "s", "usd", "tokens/s", "words"]
FigureValue = int | float | Decimal | str | None


class FigurePair(Struct, frozen=True):
    """One figure of both results; None where nobody has told it.

    `unit` is `words` for what is no number, and then `change` and `ratio` are None. `change` is b less a; `ratio` is b
    by a, None where a is 0.
    """

    name: str
    unit: FigureUnit
    a: FigureValue
    b: FigureValue
    change: int | float | Decimal | None
    ratio: float | None

    @property
    def differs(self) -> bool:
        return self.a != self.b


class Difference(Struct, frozen=True):
    """What is different in `b` from `a` (`thinkdial.difference/1`).

    `same_prompt` says whether both were asked the same, None where that is not known. One sample of each shows how
    these two differ, and not how their models do.
    """

    a: Result
    b: Result
    figures: tuple[FigurePair, ...]
    answer: WordChanges
    same_prompt: bool | None = None


def difference(a: Result, b: Result, *, same_prompt: bool | None = None) -> Difference:
    """What is different in `b` from `a`: every figure, and the answer word by word, in time that grows with it."""
    figures = tuple(_pair(name, unit, value(a), value(b)) for name, unit, value in _FIGURES)
    return Difference(a, b, figures, word_changes(a.answer, b.answer), same_prompt)


def difference_document(found: Difference) -> dict[str, Any]:
    """`thinkdial.difference/1`: who is compared, their figures, and the pieces of the answers in order."""
    answer = found.answer
    return {
        "schema": DIFFERENCE_SCHEMA,
        "a": _side(found.a),
        "b": _side(found.b),
        "same_prompt": found.same_prompt,
        "figures": [plain(figure) for figure in found.figures],
        "answer": {
            "words_a": answer.words_a,
            "words_b": answer.words_b,
            "words_same": answer.words_same,
            "same_share": None if answer.same_share is None else round(answer.same_share, 6),
            "is_complete": answer.is_complete,
            "pieces": [plain(piece) for piece in answer.pieces],
        },
    }


def _side(result: Result) -> dict[str, Any]:
    return {name: result.think.requested if name == "think" else getattr(result, name) for name in SIDE_KEYS}


_FIGURES: tuple[tuple[str, FigureUnit, Callable[[Result], FigureValue]], ...] = (
    ("model", "words", lambda result: result.model),
    ("model_reported", "words", lambda result: result.model_reported),
    ("think", "words", lambda result: result.think.requested),
    ("fidelity", "words", lambda result: result.think.fidelity),
    ("verdict", "words", lambda result: result.think.verdict),
    ("status", "words", lambda result: result.status),
    ("finish", "words", lambda result: result.finish),
    ("passed", "words", lambda result: None if result.passed is None else "yes" if result.passed else "no"),
    ("input_tokens", "tokens", lambda result: result.usage.input_tokens),
    ("reasoning_tokens", "tokens", lambda result: result.reasoning.tokens),
    ("output_tokens", "tokens", lambda result: result.usage.output_tokens),
    ("first_answer_s", "s", lambda result: result.latency.first_answer_s),
    ("total_s", "s", lambda result: result.latency.total_s),
    ("output_tokens_per_s", "tokens/s", lambda result: result.latency.output_tokens_per_s),
    ("usd", "usd", lambda result: result.cost.usd),
)


def _pair(name: str, unit: FigureUnit, a: FigureValue, b: FigureValue) -> FigurePair:
    if unit == "words" or isinstance(a, str | None) or isinstance(b, str | None):
        return FigurePair(name, unit, a, b, None, None)
    change = Decimal(b) - Decimal(a) if isinstance(a, Decimal) or isinstance(b, Decimal) else b - a
    return FigurePair(name, unit, a, b, change, float(b) / float(a) if a else None)
