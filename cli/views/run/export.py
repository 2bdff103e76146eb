"""A run as a file: Markdown for people who share it, plain text for a pager, CSV for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from io import StringIO
from itertools import chain
from string import whitespace

from ....engine.results.csv_columns import RUN_COLUMNS, calls_of, cells_of
from ....engine.results.result import Result, Run
from ....providers.json_values import is_blank
from ....providers.untrusted import LONG, csv_cell, harmless_pieces, is_formula, span_without
from ..quotation import fenced, inline, quoted_pieces
from ..wrap import line_spans, wrap, wrap_line, wrap_pieces
from .continuity import went_along
from .dial import labels, sent, think_path
from .excerpt import ReasoningView, excerpt
from .phrases import model_words, reasoning_words, state_words, why_not_whole
from .receipt import notes, receipt_line
from .rows import ResultRow, one_sample_words, rows, totals
from .think_notes import twin_notes

TEXT_WIDTH = 80

_Field = str | int | float | Decimal | None


def run_markdown(run: Run, reasoning: ReasoningView = "excerpt", cells: str = "") -> Iterator[str]:
    """The run as a Markdown document that nothing inside can break: table, notes, then every answer. In pieces.

    `cells` is the table of its cells, where it has samples.
    """
    between = ""
    for part in _markdown_parts(run, reasoning, cells):
        yield between
        yield from (part,) if isinstance(part, str) else part
        between = "\n\n"
    yield "\n"


def _markdown_parts(run: Run, reasoning: ReasoningView, cells: str) -> Iterator[str | Iterator[str]]:
    yield f"# Run {inline(run.run_id)}"
    yield "## Prompt"
    yield quoted_pieces(run.prompt)
    if run.files:
        from .files import file_lines

        yield "## Attached"
        yield "\n".join(f"- {inline(words)}" for words in file_lines(run))
    if run.system:
        yield "## System prompt"
        yield quoted_pieces(run.system)
    parts = ["## Cells", cells] if cells else []
    if any(result.shape is not None for result in run.results):
        from ..shapes.fields import fields_markdown

        parts += ["## Fields", told] if (told := fields_markdown(run.results)) else []
    if any(result.tool_calls for result in run.results):
        from ..tools.calls import calls_markdown

        parts += ["## Calls", called] if (called := calls_markdown(run.results)) else []
    parts += ["## Numbers", _markdown_table(run.results)]
    if said := notes(run.results):
        parts.append("\n".join(f"- {inline(line.plain)}" for line in said))
    yield from parts
    yield inline(totals(run))
    yield "## Answers"
    for result, label in zip(run.results, labels(run.results), strict=True):
        yield f"### {inline(label)}"
        yield inline(_subtitle(result))
        if along := went_along(result):
            yield inline(f"went along: {along}")
        if reasoning != "none" and (words := reasoning_words(result)):
            yield f"**Reasoning:** {inline(words)}"
            if not is_blank(text := result.reasoning.text or ""):
                shown = reasoning == "full"
                yield quoted_pieces(text, whitespace) if shown else fenced("\n".join(excerpt(text, TEXT_WIDTH)))
        if not is_blank(result.answer):
            yield "**Answer:**"
            yield quoted_pieces(result.answer)
        yield from (f"- {inline(line.strip())}" for line, _ in _calls(result))
        yield from (f"*{inline(line)}*" for line in why_not_whole(result))


def run_text(run: Run, reasoning: ReasoningView = "excerpt") -> Iterator[str]:
    """The run as plain text for 80 columns, in pieces: answers one below the other, receipts, notes, totals."""
    yield "Prompt\n"
    yield from _prose(run.prompt, "  ")
    if run.files:
        from .files import file_lines

        yield from _lines(["", "Attached", *_indented(file_lines(run), "  ")])
    if run.system:
        yield "\nSystem prompt\n"
        yield from _prose(run.system, "  ")
    names = labels(run.results)
    for result, label in zip(run.results, names, strict=True):
        head = wrap(f"{label} · {_subtitle(result)}", TEXT_WIDTH)
        yield from _lines(["", "=" * TEXT_WIDTH, *head, "-" * TEXT_WIDTH])
        if reasoning != "none" and (words := reasoning_words(result)):
            yield from _lines(wrap(f"reasoning: {words}", TEXT_WIDTH))
            text = result.reasoning.text or ""
            if not is_blank(text):
                if reasoning == "full":
                    yield from _prose(text, "| ", whitespace)
                else:
                    yield from _lines(_indented(excerpt(text, TEXT_WIDTH - 2), "| "))
            yield "\n"
        if not is_blank(result.answer):
            yield from _prose(result.answer, blanks="\r\n")
        yield from _lines(piece for line, _ in _calls(result) for piece in wrap_line(line, TEXT_WIDTH, "    "))
        reasons = why_not_whole(result)
        yield from _lines(piece for line in reasons for piece in wrap_line(f"! {line}", TEXT_WIDTH, "  "))
    lines = ["", "=" * TEXT_WIDTH]
    for result, label in zip(run.results, names, strict=True):
        lines += [label, *_indented(receipt_line(result, TEXT_WIDTH - 2).plain.split("\n"), "  ")]
    if said := notes(run.results):
        lines.append("")
        lines += [piece for line in said for piece in wrap_line(f"- {line.plain}", TEXT_WIDTH, "  ")]
    lines += ["", *wrap(totals(run), TEXT_WIDTH)]
    yield from _lines(lines)


def run_csv(results: Iterable[Result]) -> Iterator[str]:
    """The results as CSV in pieces, one row each; a cell that a spreadsheet would run starts with an apostrophe."""
    yield _csv_row(RUN_COLUMNS)
    for result in results:
        cells = _csv_cells(result)
        short: list[_Field] = []
        for name in RUN_COLUMNS:
            value = cells[name]
            if isinstance(value, str) and len(value) > LONG:
                yield _csv_row(short, ",") if short else ""
                yield from _long_cell(value)
                yield "\n" if name == RUN_COLUMNS[-1] else ","
                short = []
            else:
                short.append(value)
        yield _csv_row(short) if short else ""


def _csv_row(values: Iterable[_Field], end: str = "\n") -> str:
    out = StringIO()
    csv.writer(out, lineterminator=end).writerow(map(_csv_field, values))
    return out.getvalue()


def _long_cell(text: str) -> Iterator[str]:
    yield "\"'" if is_formula(text) else '"'
    for piece in harmless_pieces(text):
        yield piece.replace('"', '""')
    yield '"'


def _markdown_table(results: Sequence[Result]) -> str:
    heads = (
        "profile", "model", "asked → sent → measured", "reasoning", "output",
        "first answer", "total", "tokens/s", "cost", "verdict",
    )  # fmt: skip
    rules = ("---", "---", "---", *["---:"] * 6, "---")
    made = rows(results)
    body = [_markdown_row(row) for row in made]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rules, *body))
    said = [inline(line) for line in (*twin_notes(results), one_sample_words(results)) if line]
    return "\n\n".join([text, *said])


def _markdown_row(row: ResultRow) -> list[str]:
    return [
        inline(row.profile),
        inline(row.model),
        inline(f"{row.think} → {row.measured} {row.missed}".rstrip()),
        inline(f"{row.measured} {row.reasoning_share}".strip()),
        inline(row.output),
        inline(row.first_answer),
        inline(row.total),
        inline(row.rate),
        inline(row.cost),
        inline(" ".join(filter(None, (f"{row.mark} {row.verdict}", row.check[0])))),
    ]


def _subtitle(result: Result) -> str:
    mark, words, _ = state_words(result)
    return f"{model_words(result)} · {think_path(result)} · {mark} {words}"


def _prose(text: str, indent: str = "", blanks: str = "") -> Iterator[str]:
    """The lines of `text`, wrapped; code and tables are left as they are, for they break when wrapped. In pieces.

    Of `blanks` neither its beginning nor its end is shown.
    """
    fence = ""
    for start, end in line_spans(text, *span_without(blanks, text)):
        pieces = harmless_pieces(text, start, end)
        first = next(pieces, "")
        body = first.lstrip()
        marker = body[:3]
        is_fence = marker in ("```", "~~~") and (not fence or fence == marker)
        if is_fence:
            fence = "" if fence else marker
        if is_fence or fence or body.startswith("|") or first.startswith(("    ", "\t")):
            yield f"{indent}{first}" if end - start > LONG else f"{indent}{first}".rstrip()
            yield from pieces
            yield "\n"
        else:
            hanging = " " * (len(first) - len(body) + _bullet(body))
            yield from _lines(_indented(wrap_pieces(chain((first,), pieces), TEXT_WIDTH - 2, hanging), indent))


def _lines(lines: Iterable[str]) -> Iterator[str]:
    return (f"{line.rstrip()}\n" for line in lines)


def _bullet(body: str) -> int:
    """The width of a list mark, under which the wrapped lines of its item go on."""
    mark, _, rest = body[:TEXT_WIDTH].partition(" ")
    return len(mark) + 1 if rest and (mark in ("-", "*", "+") or mark.rstrip(".)").isdigit()) else 0


def _indented(lines: Iterable[str], indent: str) -> Iterator[str]:
    return (f"{indent}{line}" for line in lines)


def _csv_cells(result: Result) -> dict[str, _Field]:
    forecast, latency = result.forecast, result.latency
    return {
        **cells_of(result),
        "run_id": result.run_id,
        "passed": None if result.passed is None else str(result.passed).lower(),
        "think_sent": sent(result).replace(",", ""),
        "reasoning_tokens": result.reasoning.tokens,
        "total_tokens": result.usage.total_tokens,
        "forecast_low_usd": None if forecast is None else forecast.low_usd,
        "forecast_expected_usd": None if forecast is None else forecast.expected_usd,
        "forecast_likely_high_usd": None if forecast is None else forecast.likely_high_usd,
        "forecast_high_usd": None if forecast is None else forecast.high_usd,
        "connect_s": latency.connect_s,
        "first_reasoning_s": latency.first_reasoning_s,
        "output_tokens_per_s": latency.output_tokens_per_s,
        "tool_calls": calls_of(result),
        "warnings": " ".join(dict.fromkeys(warning.code for warning in result.warnings)),
    }


def _csv_field(value: _Field) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return csv_cell(value) if isinstance(value, str) else value


def _calls(result: Result) -> list[tuple[str, str]]:
    if not result.tool_calls:
        return []
    from ..tools.calls import call_lines

    return call_lines(result)
