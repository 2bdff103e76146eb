"""Answers beside each other: who, how much thought, the reasoning, the answer, and why one is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....engine.results.result import Result
from ....providers.json_values import is_blank
from ....providers.untrusted import harmless
from ..beside import Paragraphs, SideBySide, Stacked
from ..line import BAD, BAR, CAUTION, QUIET, STRONG, Line, line_of
from ..paragraphs import paragraphs_of
from ..sheet import Sheet
from ..wrap import COLUMN_DIVIDER, columns_that_fit, wrap
from .continuity import went_along
from .dial import check_of, labels, think_path
from .excerpt import ReasoningView, excerpt, thought
from .phrases import model_words, reasoning_words, state_words, verdict_words, why_not_whole

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

_NARROWEST = 36
_WIDEST = 120
_EXCERPT_LINES = 6

MOST_LAID_OUT = 200_000
"""Characters of one text. To lay out more takes half a minute, and nobody reads it in a column."""


def answers(
    results: Sequence[Result],
    width: int,
    *,
    reasoning: ReasoningView = "excerpt",
    remarks: Sequence[str] = (),
    view: ReasoningView = "full",
    linear: bool = False,
) -> Sheet:
    """Return the answers in equal columns of at least 36 characters, in as many rows as it takes, else stacked.

    `remarks` stand in the heads of the answers. In a `view` of excerpts only the first lines of an answer are shown.
    `linear` puts one below the other without lines between them, as they are to be heard.
    """
    if linear:
        return _one_by_one(results, width, reasoning, remarks, view)
    per_row = columns_that_fit(len(results), width, _NARROWEST)
    column = min((width - len(COLUMN_DIVIDER) * (per_row - 1)) // per_row, _WIDEST)
    parts: list[RenderableType] = []
    names = labels(results)
    for start in range(0, len(results), per_row):
        chosen = range(start, min(start + per_row, len(results)))
        rows: list[list[Line | Stacked]] = [
            [_heading(results[i], names[i], remarks[i] if remarks else "") for i in chosen]
        ]
        if reasoning != "none":
            rows.append([_reasoning(results[i], column, reasoning) for i in chosen])
        rows.append([_answer(results[i], view) for i in chosen])
        parts += [*([Line()] if parts else []), SideBySide(rows, per_row, column)]
    return Sheet(parts)


def _one_by_one(
    results: Sequence[Result], width: int, reasoning: ReasoningView, remarks: Sequence[str], view: ReasoningView
) -> Sheet:
    parts: list[RenderableType] = []
    for index, (result, name) in enumerate(zip(results, labels(results), strict=True)):
        parts.append(_heading(result, name, remarks[index] if remarks else ""))
        if reasoning != "none" and (words := _reasoning(result, width, reasoning, bar="")).plain:
            parts.append(words)
        parts += [_answer(result, view), Line()]
    return Sheet(parts[:-1])


def _heading(result: Result, label: str, remark: str) -> Line:
    mark, words, style = state_words(result)
    head = [(label, STRONG), ("  ", ""), (f"{mark} {words}", style), ("\n", ""), (model_words(result), QUIET)]
    head.append((f"\n{think_path(result)}", ""))
    if result.status == "ok":
        mark, words, style = verdict_words(result)
        head += [("  ", ""), (f"{mark} {words}", style)]
    words, style = check_of(result)
    if words:
        head.append((f"  {words}", style))
    if words := went_along(result):
        head.append((f"\n{words}", QUIET))
    if remark:
        head.append((f"\n{remark}", ""))
    return Line(*head)


def _reasoning(result: Result, width: int, view: ReasoningView, bar: str = BAR) -> Line:
    text, left_out = _laid_out(result.reasoning.text or "")
    words = reasoning_words(result)
    if not words:
        return Line()
    shown = [(f"reasoning: {words}", f"{QUIET} italic")]
    width -= len(bar)
    lines = excerpt(text, width) if view == "excerpt" else wrap(harmless(text).strip(), width)
    for line in lines if text.strip() else []:
        shown += [(f"\n{bar}", QUIET), thought(line)]
    if left_out and view != "excerpt":
        shown.append((f"\n{left_out}", CAUTION))
    return Line(*shown, ("\n", ""))


def _laid_out(text: str) -> tuple[str, str]:
    """What of `text` is laid out, and the words for what is not."""
    if len(text) <= MOST_LAID_OUT:
        return text, ""
    return text[
        :MOST_LAID_OUT
    ], f"[… {len(text) - MOST_LAID_OUT:,} more characters; --json and --format text have all …]"


class _FirstLines:
    """The first lines of what is rendered, and how many more there are."""

    def __init__(self, whole: RenderableType) -> None:
        self.whole = whole

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        lines = console.render_lines(self.whole, options.update(height=None), pad=False)
        more = len(lines) - _EXCERPT_LINES
        shown = lines if more <= 1 else lines[:_EXCERPT_LINES]
        for line in shown:
            yield from line
            yield Segment.line()
        if more > 1:
            yield line_of(f"[… {more} more lines …]", QUIET)


def whole_answer(answer: str) -> RenderableType:
    """All of an answer, as Markdown shows it."""
    if (paragraphs := paragraphs_of(harmless(answer))) is not None:
        return Paragraphs(paragraphs)
    from ..markdown import ModelMarkdown

    return ModelMarkdown(answer)


def _answer(result: Result, view: ReasoningView) -> Stacked:
    parts: list[RenderableType] = []
    if not is_blank(result.answer):
        answer, left_out = _laid_out(result.answer)
        whole = whole_answer(answer)
        parts.append(_FirstLines(whole) if view == "excerpt" else whole)
        if left_out:
            parts.append(line_of(left_out, CAUTION))
    if result.tool_calls:
        from ..tools.calls import call_lines

        parts += [line_of(line, style) for line, style in call_lines(result)]
    reasons = why_not_whole(result)
    if reasons:
        style = BAD if result.status != "ok" or not parts else CAUTION
        mark, _, _ = state_words(result)
        words = "\n".join(reasons)
        parts.append(line_of(f"{chr(10) if parts else ''}{'!' if mark == '✓' else mark} {words}", style))
    return Stacked(parts)
