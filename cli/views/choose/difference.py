"""Two results beside each other: their figures in columns, and the answers with marks around what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.text import Text

from ....engine.results.difference import Difference, FigurePair, FigureValue, difference
from ....engine.results.result import Run
from ....engine.results.word_changes import WordPiece
from ....providers.json_values import is_blank
from ....providers.untrusted import harmless, one_line
from ..grid import Column, ruled
from ..line import BAD, CAUTION, GOOD, QUIET, STRONG
from ..numbers import UNKNOWN, dollars, rate, seconds, tokens
from ..quotation import fenced, inline
from ..run.dial import labels
from ..wrap import wrap
from .sides import LEAST_WIDTH, sides

WIDEST = 110
"""Columns of text that are still read with ease."""
MOST_ALIKE = 600
"""Characters of a stretch that both have, above which its middle is left out."""
KEPT_ALIKE = 240
"""Characters of it that stay beside what differs."""
NARROWEST_VALUE = 10

_NAMES = {
    "model": "model", "model_reported": "served by", "think": "think asked", "fidelity": "fidelity",
    "verdict": "verdict", "status": "status", "finish": "finish", "passed": "passed", "input_tokens": "input tokens",
    "reasoning_tokens": "reasoning tokens", "output_tokens": "output tokens", "first_answer_s": "first answer",
    "total_s": "total", "output_tokens_per_s": "tokens/s", "usd": "cost",
}  # fmt: skip
_MARKS = {"gone": ("[-", "-]"), "new": ("{+", "+}"), "same": ("", "")}
_STYLES = {"gone": BAD, "new": GOOD, "same": ""}
_BLANKS = str.maketrans({"\n": "↵", " ": "·", "\t": "→"})

DiffForm = Literal["cut", "whole"]


class NamedDifference(Struct, frozen=True):
    """A difference, and what its two sides are called: `run 12, claude@high`."""

    name_a: str
    name_b: str
    found: Difference


class FigureLine(Struct, frozen=True):
    """One figure as people read it: its name, both values, and what is between them."""

    name: str
    a: str
    b: str
    change: str
    differs: bool


def difference_view(named: NamedDifference, width: int, *, form: DiffForm = "cut") -> Group:
    """Return both names, the table of figures, and the answers with marks around what differs.

    They are one text, or from `LEAST_WIDTH` columns on two, beside each other."""
    found = named.found
    heads = [
        Text.assemble((f"{letter}  ", STRONG), one_line(name, width - 3))
        for letter, name in (("A", named.name_a), ("B", named.name_b))
    ]
    pieces, body = list(marked_pieces(found.answer.pieces, form)), Text()
    for piece in pieces:
        body.append(piece.text, _STYLES[piece.kind])
    parts: list[RenderableType] = [*heads, Text(""), ruled(_columns(figure_lines(found), width)), Text("")]
    parts += [Text(line, CAUTION) for said in caveats(found) for line in wrap(said, min(width, WIDEST))]
    legend = Text.assemble("   ", ("[-only in A-]", BAD), " ", ("{+only in B+}", GOOD))
    parts.append(Text.assemble((agreement(found), STRONG), legend if _differs(found) else ""))
    if _differs(found) and width >= LEAST_WIDTH:
        parts += [Text(""), sides(pieces, width)]
    elif _differs(found) and body.plain.strip():
        body.rstrip()
        body.expand_tabs(4)
        parts += [Text(""), Constrain(body, min(width, WIDEST))]
    return Group(*parts)


def first_with_others(run: Run) -> list[NamedDifference]:
    """The difference of the first result of a run to each of the others; of repeated ones the first samples."""
    results = [result for result in run.results if result.repeat in (None, 1)]
    names = labels(results)
    return [
        NamedDifference(names[0], name, difference(results[0], result, same_prompt=True))
        for name, result in zip(names[1:], results[1:], strict=True)
    ]


def difference_markdown(named: NamedDifference, *, level: int = 1) -> str:
    """Return the same as Markdown; the marked answer stands in a fence that nothing in it can end."""
    found = named.found
    rows = [
        f"| {' | '.join(inline(cell) for cell in (line.name, line.a, line.b, line.change))} |"
        for line in figure_lines(found)
    ]
    parts = [
        f"{'#' * level} {inline(f'{named.name_a} and {named.name_b}')}",
        "\n".join(
            [f"|  | {inline(named.name_a)} | {inline(named.name_b)} | difference |", "|---|---:|---:|---:|", *rows]
        ),
        *map(inline, caveats(found)),
        f"**{inline(agreement(found))}**" + (" (`[-only in the first-]`, `{+only in the second+}`)" * _differs(found)),
    ]
    if _differs(found):
        parts.append(fenced("".join(piece.text for piece in marked_pieces(found.answer.pieces, "whole"))))
    return "\n\n".join(parts) + "\n"


def agreement(found: Difference) -> str:
    """How far the answers are the same, in words."""
    answer = found.answer
    if is_blank(found.a.answer) and is_blank(found.b.answer):
        return "Neither has an answer"
    if not _differs(found):
        return "The answers are the same, word by word"
    share = answer.same_share or 0
    least = "" if answer.is_complete else "at least "
    percent = "under 1 %" if 0 < share < 0.01 else "over 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"
    return f"Answers: {least}{percent} of the words are the same"


def caveats(found: Difference) -> Iterator[str]:
    """What somebody has to know who reads the difference."""
    if found.same_prompt is False:
        yield "! The prompts were not the same."
    if found.a.simulated != found.b.simulated:
        yield "! One of the two is SIMULATED: no provider made it."
    elif found.a.simulated:
        yield "SIMULATED, both: no provider made them."
    if not found.answer.is_complete:
        yield "! What is too long, or repeats itself too much, was not compared further; it stands as changed in whole."


def figure_lines(found: Difference) -> list[FigureLine]:
    """The figures that either has. What is a word is left out where both have the same, unless it is the verdict's."""
    lines: list[FigureLine] = []
    for pair in found.figures:
        always = pair.name in ("fidelity", "verdict", "reasoning_tokens", "output_tokens", "total_s", "usd")
        if pair.name == "model_reported" and (pair.a, pair.b) == (found.a.model, found.b.model):
            continue
        if not always and (pair.a is pair.b is None or (pair.unit == "words" and not pair.differs)):
            continue
        lines.append(
            FigureLine(_NAMES[pair.name], _shown(pair, pair.a), _shown(pair, pair.b), _change(pair), pair.differs)
        )
    return lines


def marked_pieces(pieces: Sequence[WordPiece], form: DiffForm) -> Iterator[WordPiece]:
    """The pieces as harmless text with their marks, which say the same without colours; `cut` leaves out middles."""
    last = len(pieces) - 1
    for at, piece in enumerate(pieces):
        text = harmless(piece.text)
        if piece.kind == "same":
            yield WordPiece("same", _cut(text, is_first=at == 0, is_last=at == last) if form == "cut" else text)
            continue
        opening, closing = _MARKS[piece.kind]
        if text.isspace():
            yield WordPiece(piece.kind, f"{opening}{text.translate(_BLANKS)}{closing}")
            if piece.kind == "new" and "\n" in text:
                yield WordPiece("same", text)
            continue
        body = text.removesuffix(" ")
        yield WordPiece(piece.kind, f"{opening}{body}{closing}")
        if body != text:
            yield WordPiece("same", " ")


def _differs(found: Difference) -> bool:
    return any(piece.kind != "same" for piece in found.answer.pieces)


def _cut(text: str, *, is_first: bool, is_last: bool) -> str:
    """A stretch that both have without its middle; at an end of the answer only what is beside the difference."""
    if len(text) <= MOST_ALIKE:
        return text
    head = "" if is_first else text[:KEPT_ALIKE].rpartition(" ")[0]
    tail = "" if is_last else text[-KEPT_ALIKE:].partition(" ")[2]
    left_out = len(text[len(head) : len(text) - len(tail)].split())
    return f"{head} (… {left_out:,} words in both …) {tail}".strip(" ")


def _columns(lines: Sequence[FigureLine], width: int) -> list[Column]:
    name = max(len(line.name) for line in lines)
    change = max(len("difference"), *(len(line.change) for line in lines))
    room = max(NARROWEST_VALUE, (width - name - change - 6) // 2)
    return [
        Column("", "left", [Text(line.name, QUIET) for line in lines]),
        Column("A", "right", [Text("\n".join(wrap(line.a, room))) for line in lines]),
        Column("B", "right", [Text("\n".join(wrap(line.b, room))) for line in lines]),
        Column("difference", "right", [Text(line.change, STRONG if line.differs else QUIET) for line in lines]),
    ]


def _shown(pair: FigurePair, value: FigureValue) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return one_line(value.replace("_", " ") if pair.name in ("verdict", "finish") else value, 80)
    return _amount(pair, value)


def _amount(pair: FigurePair, value: float | Decimal) -> str:
    match pair.unit:
        case "usd":
            return dollars(Decimal(value))
        case "s":
            return seconds(float(value))
        case "tokens/s":
            return rate(float(value))
        case _:
            return tokens(int(value))


def _change(pair: FigurePair) -> str:
    if pair.change is None:
        return "differs" if pair.unit == "words" and pair.differs else "same" if pair.a == pair.b and pair.a else ""
    if not pair.change:
        return "same"
    sign = "-" if pair.change < 0 else "+"
    times = "" if pair.ratio is None else f" ({ratio_words(pair.ratio)})"
    return f"{sign}{_amount(pair, abs(pair.change))}{times}"


def ratio_words(ratio: float) -> str:
    """`3.3×`, `0.31×`, `12×`."""
    return f"{ratio:.2f}×" if ratio < 0.995 else f"{ratio:.1f}×" if ratio < 9.95 else f"{ratio:,.0f}×"
