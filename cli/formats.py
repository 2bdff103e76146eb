"""A finished run in the format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.results.documents import result_document
from ..engine.results.forms import form_of
from ..engine.results.json_pieces import json_pieces
from ..engine.results.result import Result, Run
from ..providers.errors import ConfigError, UsageError
from ..providers.untrusted import harmless_json, harmless_pieces
from .options import Format, PrintOptions, ReasoningView
from .output import (
    complain,
    emit_pieces,
    has_styles,
    is_heard,
    is_terminal,
    rendered,
    say,
    screen_width,
    show_line,
    unfolded_width,
    write_file,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..engine.runs.run import Finished
    from ..profiles.profile import Reference
    from .views.choose.difference import DiffForm, NamedDifference

FILE_WIDTH = 120


def chosen_format(
    given: Format | None,
    as_json: bool,
    output: Path | Sequence[Path] | None,
    otherwise: Format,
    *,
    force: bool = False,
) -> Format:
    """The format: as asked, else by the suffix of the (first) output file.

    Raises `UsageError` when two are asked for, for a page that would be poured onto a terminal, for a file whose
    suffix says no format, and for one that is not ours to replace without `force`.
    """
    outputs = [output] if isinstance(output, Path) else list(output or ())
    if as_json and given not in (None, Format.JSON):
        raise UsageError(f"--json and --format {given} contradict each other")
    if given is Format.HTML and not outputs and is_terminal(sys.stdout):
        raise UsageError("--format html makes a page for a browser", hint="-o report.html writes it to a file")
    if outputs:
        from .files.output_files import checked_form

        otherwise = checked_form(outputs, Format, force=force, said=as_json or given is not None) or otherwise
    if as_json:
        return Format.JSON
    return given or otherwise


def json_text(document: object) -> str:
    """JSON for people and programs: readable characters as they are, dangerous ones escaped."""
    return "".join(json_text_pieces(document))


def json_text_pieces(document: object) -> Iterator[str]:
    """The same in pieces, none of which is long."""
    yield from map(harmless_json, json_pieces(document, indent=2))
    yield "\n"


def json_lines(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        yield from map(harmless_json, json_pieces(result_document(result)))
        yield "\n"


def _cells_markdown(run: Run) -> str:
    """The table of the cells of a run with samples; else empty."""
    if not any(result.repeat is not None for result in run.results):
        return ""
    from ..engine.cells.cell import cells_of
    from ..engine.cells.stars import samples_needed
    from .views.cells.cells_markdown import cells_markdown

    cells = cells_of(run.results)
    return cells_markdown(cells, samples_needed(sum(cell.samples > 0 for cell in cells)))


def formatted(
    run: Run,
    form: Format,
    reasoning: ReasoningView,
    reference: Reference | None,
    differences: Sequence[NamedDifference] = (),
) -> Iterable[str] | None:
    """The text of `run` in `form`, in pieces, none of which is long; None for the table, which depends on where it is
    printed."""
    match form:
        case Format.JSON:
            return json_text_pieces(_document(run, differences))
        case Format.JSONL:
            return json_lines(run.results)
        case Format.CSV:
            from .views.run import export

            return export.run_csv(run.results)
        case Format.MD:
            from .views.run import export

            whole = export.run_markdown(run, reasoning=reasoning.value, cells=_cells_markdown(run))
            if not differences:
                return whole
            from .views.choose.difference import difference_markdown

            told = (difference_markdown(named, level=3) for named in differences)
            return chain(whole, ("\n## Differences\n",), (f"\n{one}" for one in told))
        case Format.HTML:
            from .views.report.page import report_pieces

            return report_pieces(
                [run],
                with_reasoning=reasoning is not ReasoningView.NONE,
                reference=reference,
                differences=differences,
            )
        case Format.TEXT:
            from .views.run import export

            whole = export.run_text(run, reasoning=reasoning.value)
            if not differences:
                return whole
            return chain(whole, ("\n", differences_text(differences, width=export.TEXT_WIDTH)))
        case Format.TABLE:
            return None


def _document(run: Run, differences: Sequence[NamedDifference]) -> dict[str, Any]:
    from ..engine.cells.documents import compared_document

    document = compared_document(run)
    if differences:
        from ..engine.results.difference import difference_document

        document["differences"] = [difference_document(named.found) for named in differences]
    return document


def differences_text(
    differences: Sequence[NamedDifference], *, width: int | None = None, form: DiffForm = "cut"
) -> str:
    """Differences as wide as the terminal; with a `width` as wide as that, and without colours."""
    from .views.choose.difference import difference_view

    columns = width or screen_width()
    return "\n".join(rendered(difference_view(named, columns, form=form), width=width) for named in differences)


def print_run(
    run: Run,
    form: Format,
    printing: PrintOptions,
    reference: Reference | None = None,
    differences: Sequence[NamedDifference] = (),
    *,
    answer_alone: bool = False,
    answers: ReasoningView = ReasoningView.FULL,
    show: Callable[[Iterable[str]], None] = emit_pieces,
) -> bool:
    """Print to stdout or write to files. False when one could not be written: then stdout got it.

    `answers` says how much of them the table shows; `show` puts what people read on stdout.
    With `answer_alone` files whose names say Markdown or text get the one answer, unless a format was asked for.

    `reference` is the configuration's; without it the shipped table says which think value is more than which.
    `differences` between the results follow them.
    """
    if not printing.output:
        text = _text(run, form, printing.reasoning, None, reference, differences, answers)
        (show if form in (Format.TABLE, Format.TEXT, Format.MD) else emit_pieces)(text)
        return True
    written = True
    for path in printing.output:
        own = form if printing.says_form else form_of(path, Format) or form
        alone = answer_alone and not printing.says_form and own in (Format.MD, Format.TEXT)

        def made(alone: bool = alone, own: Format = own, path: Path = path) -> Iterable[str]:
            if alone:
                return answer_pieces(run.results[0].answer)
            return _text(run, own, printing.reasoning, path, reference, differences, answers)

        try:
            write_file(path, made())
        except ConfigError as error:
            complain(error)
            say("the results follow on standard output, so that nothing is lost")
            emit_pieces(made())
            written = False
    return written


def answer_pieces(answer: str) -> Iterator[str]:
    """An answer alone, harmless, and with a line break at its end."""
    piece = "\n"
    for piece in harmless_pieces(answer):
        yield piece
    yield "" if piece.endswith("\n") else "\n"


def _text(
    run: Run,
    form: Format,
    reasoning: ReasoningView,
    output: Path | None,
    reference: Reference | None,
    differences: Sequence[NamedDifference],
    answers: ReasoningView,
) -> Iterable[str]:
    pieces = formatted(run, form, reasoning, reference, differences)
    if pieces is None:
        width = None if output is None else FILE_WIDTH
        pieces = [table_text(run, reasoning, width=width, shown_answers=answers)]
        if differences:
            pieces.append(f"\n{differences_text(differences, width=width)}")
    return pieces


def table_text(
    run: Run, reasoning: ReasoningView, *, width: int | None = None, shown_answers: ReasoningView = ReasoningView.FULL
) -> str:
    """Answers, numbers and totals, as wide as the terminal; with a `width` as wide as that, and without colours."""
    from .views.line import Line, line_of
    from .views.run.answers import answers
    from .views.run.rows import totals

    columns, shown, remarks = width or screen_width(), run.results, list[str]()
    spread = width or unfolded_width()
    if any(result.repeat is not None for result in run.results):
        from ..engine.cells.cell import cells_of, typical_of
        from ..engine.cells.stars import samples_needed
        from .views.cells.cell_table import cells_table
        from .views.cells.cell_words import agreement_words

        cells = cells_of(run.results)
        asked = [cell for cell in cells if cell.samples]
        shown = typical_of(run.results)
        remarks = [agreement_words(cell) for cell in asked]
        numbers = cells_table(cells, run.results, spread, samples_needed(len(asked)))
    else:
        from .views.run.table import numbers_table

        numbers = numbers_table(run.results, spread)
    above: list[RenderableType] = []
    if shown_answers is not ReasoningView.NONE:
        linear = width is None and is_heard()
        view, reasons = shown_answers.value, reasoning.value
        above = [answers(shown, columns, reasoning=reasons, remarks=remarks, view=view, linear=linear), Line()]
    if any(result.shape is not None for result in shown):
        from .views.shapes.fields import fields_view

        fields = fields_view(shown, spread)
        above += [] if fields is None else [fields, Line()]
    if any(result.tool_calls for result in shown):
        from .views.tools.calls import calls_view

        calls = calls_view(shown, spread)
        above += [] if calls is None else [calls, Line()]
    return rendered(
        *above,
        numbers,
        line_of(f"\n{totals(run)}", "dim"),
        width=width or (spread if spread > columns or not has_styles() else None),
    )


def print_notes(results: Sequence[Result], *, after_comparison: bool) -> None:
    """What people should know beside the numbers, on stderr."""
    from .views.run import receipt

    for line in receipt.notes(results, after_comparison=after_comparison):
        show_line(line)


def print_aftermath(finished: Finished) -> None:
    """What became of the run beside its results: limits that it passed, and a history that could not take it."""
    for note in finished.notes:
        say(f"note: {note}")
    if finished.problem is not None:
        hint = f"; {finished.problem.hint}" if finished.problem.hint else ""
        say(f"note: this run is not in the history: {finished.problem.message}{hint}")
