"""`thinkdial templates show`: one template."""

from __future__ import annotations

from typing import Annotated

import typer

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A template.")],
    json: AsJson = False,
    config: ConfigFile = None,
) -> ExitCode:
    """Show one template: its prompt and system prompt, its fields, and the values that they have by themselves.

    Example:  thinkdial templates show review
    """
    from .....engine.batch.rows.templates import fields_in
    from .....profiles.config import load
    from .....profiles.prompts.templates import template_named
    from ....formats import json_text
    from ....output import emit
    from ....views.setup.template_list import template_document, template_words

    one = template_named(name, load(config).templates)
    fields = fields_in(one.prompt, f"template {name}")
    emit(json_text(template_document(one, fields)) if json else template_words(one, fields))
    return ExitCode.OK
