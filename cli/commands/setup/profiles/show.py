"""`thinkdial profiles show`: one profile as it results from all layers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A profile.")],
    json: AsJson = False,
    config: ConfigFile = None,
) -> ExitCode:
    """Show one profile as it results from all layers, with its provider's part.

    Example:  thinkdial profiles show claude
    """
    import yaml

    from .....engine.targets.documents import whole_profile_document
    from .....engine.targets.profile_summary import profile_summary
    from .....engine.targets.target import select
    from .....profiles.config import load
    from .....providers.untrusted import harmless
    from ....formats import json_text
    from ....output import emit

    settings = load(config)
    summary = profile_summary(select([name], settings)[0].profile, settings)
    document = whole_profile_document(summary, settings.defaults)
    dump: Any = vars(yaml)["safe_dump"]  # its stubs are partly unknown
    emit(json_text(document) if json else harmless(dump(document, sort_keys=False, allow_unicode=True)))
    return ExitCode.OK
