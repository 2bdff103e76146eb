"""`thinkdial profiles schema`: the JSON Schema of the configuration, or of results."""

from __future__ import annotations

from typing import Annotated

import typer

from ....exit_codes import ExitCode


def schema(
    result: Annotated[bool, typer.Option("--result", help="The schema of results and runs instead.")] = False,
) -> ExitCode:
    """Print the JSON Schema of the configuration, for editors; or, with --result, of what --json prints.

    Example:  thinkdial profiles schema > thinkdial.schema.json
    """
    from .....profiles.facts import packaged_text
    from ....output import emit

    emit(packaged_text(f"schemas/{'result' if result else 'config'}.schema.json"))
    return ExitCode.OK
