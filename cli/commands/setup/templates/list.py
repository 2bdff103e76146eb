"""`thinkdial templates list`: the prompt templates of the configuration."""

from __future__ import annotations

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode


def list_(json: AsJson = False, config: ConfigFile = None) -> ExitCode:
    """List the prompt templates of your configuration, with their fields and where they stand.

    Example:  thinkdial templates list
    """
    from .....engine.batch.rows.templates import fields_in
    from .....profiles.config import load
    from ....formats import json_text
    from ....output import emit, listed, say
    from ....views.setup.template_list import template_document, template_table

    found = [(one, fields_in(one.prompt, f"template {one.name}")) for one in load(config).templates.values()]
    if json:
        rows = [template_document(one, fields) for one, fields in found]
        emit(json_text({"schema": "thinkdial.templates/1", "templates": rows}))
    elif found:
        emit(listed(lambda width: template_table(found, width)))
    else:
        say("there are no templates: they stand under `templates:` in a configuration (docs/setup.md)")
    return ExitCode.OK
