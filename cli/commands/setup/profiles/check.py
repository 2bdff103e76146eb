"""`thinkdial profiles check`: which profiles are ready, and why others are not."""

from __future__ import annotations

from typing import Annotated

import typer

from ....exit_codes import ExitCode
from ....options import AsJson, ConfigFile, Profiles


def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Profiles or groups; all of them without.")
    ] = None,
    profile: Profiles = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask each provider for its list of models. No prompt is sent.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", min=0.001, help="How long a provider may take.")
    ] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> ExitCode:
    """Check every layer of the YAML, and say which profiles are ready and why others are not.

    Without --online nothing is sent. With it, each provider is asked once for a list that costs nothing: whether the
    host answers, takes the key, and lists the model. Exits with 1 when a profile is not ready, and with 2 when the YAML
    is wrong.

    Example:  thinkdial profiles check --online -p claude -p gpt
    """
    from .....engine.lookups.documents import check_document
    from .....engine.lookups.profile_check import check_profiles
    from ....formats import json_text
    from ....output import console, emit, rendered, say
    from ....selection import load_config
    from ....views.setup.check_table import check_table

    chosen = [*(names or []), *(profile or [])]
    settings = load_config(config, chosen, quiet=True)
    checked = check_profiles(chosen, settings, online=online, timeout_s=timeout)
    if json:
        emit(json_text(check_document(checked, online=online)))
    else:
        emit(rendered(check_table(checked, console().width, online=online)))
        for note in settings.notes:
            say(f"note: {note}")
    return ExitCode.OK if all(one.is_ready for one in checked) else ExitCode.SOME_FAILED
