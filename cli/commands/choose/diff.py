"""`thinkdial diff`: two stored results side by side, their answers word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...common_options import AsJson, Force, Output
from ...exit_codes import ExitCode
from ...options import Format, OutputFormat

if TYPE_CHECKING:
    from ...views.choose.difference import DiffForm, NamedDifference

FORMS = (Format.TABLE, Format.JSON, Format.MD, Format.TEXT, Format.HTML)
TEXT_WIDTH = 80


def diff(
    first: Annotated[
        str,
        typer.Argument(
            metavar="RUN[:PROFILE]",
            help="A stored result: a run by number, last, or the beginning of its id; of many results one by its"
            " PROFILE or PROFILE@THINK.",
        ),
    ],
    second: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN[:PROFILE]", help="The other one. Without it: the two results of a run that has two."
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Show the answers whole, not only what is near the differences.")
    ] = False,
    output_format: OutputFormat = None,
    json: AsJson = False,
    output: Output = None,
    force: Force = False,
) -> ExitCode:
    """Show what is different between two stored results: the answers word by word, and the figures side by side.

    Example:  thinkdial diff last:claude last:gpt
    """
    from ....engine.history.queries import named_pair
    from ....engine.results.difference import difference
    from ....providers.errors import UsageError
    from ...formats import chosen_format
    from ...output import emit, write_file
    from ...views.choose.difference import NamedDifference

    form = chosen_format(output_format, json, output, Format.TABLE, force=force)
    if form not in FORMS:
        raise UsageError(f"diff has no --format {form}", hint=f"there are {', '.join(FORMS)}")
    a, b = named_pair(first, second)
    found = difference(a.result, b.result, same_prompt=a.prompt == b.prompt and a.system == b.system)
    text = _text(NamedDifference(a.name, b.name, found), form, "whole" if whole else "cut", written=output is not None)
    if output is None:
        emit(text)
    else:
        write_file(output, text)
    return ExitCode.OK


def _text(found: NamedDifference, form: Format, shown: DiffForm, *, written: bool) -> str:
    from ....engine.results.difference import difference_document
    from ...formats import FILE_WIDTH, differences_text, json_text

    match form:
        case Format.JSON:
            return json_text(difference_document(found.found))
        case Format.MD:
            from ...views.choose.difference import difference_markdown

            return difference_markdown(found)
        case Format.HTML:
            from ...views.report.difference import differences_page

            return differences_page([found])
        case _:
            width = TEXT_WIDTH if form is Format.TEXT else FILE_WIDTH if written else None
            return differences_text([found], width=width, form=shown)
