"""`thinkdial profiles check`: which profiles are ready, and why others are not."""

from __future__ import annotations

from typing import Annotated

import typer

from .....profiles.profile import Profile
from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode
from ....options import Profiles


def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Profiles or groups; without, those you configured or have a key for."),
    ] = None,
    profile: Profiles = None,
    everything: Annotated[bool, typer.Option("--all", help="All profiles, also those that nobody set up.")] = False,
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

    Without --online nothing leaves this machine; a server on it that takes no connection is not ready. With it, each
    provider is asked once for a list that costs nothing: whether the host answers, takes the key, and lists the model.
    Exits with 1 when one of these profiles is not ready or there is none, and with 2 when the YAML is wrong.

    Example:  thinkdial profiles check --online -p claude -p gpt
    """
    from .....engine.lookups.documents import check_document
    from .....engine.lookups.profile_check import check_profiles, split_configured
    from ....formats import json_text
    from ....output import emit, listed, say
    from ....selection import load_config
    from ....views.setup.check_table import check_table, rest_words

    chosen = [*(names or []), *(profile or [])]
    settings = load_config(config, chosen, quiet=True)
    rest: list[Profile] = []
    hidden = 0
    looked_at = chosen
    if not chosen and not everything:
        own, rest = split_configured(settings)
        real = [one for one in own if one.simulated is None] or own
        hidden = len(own) - len(real)
        looked_at = [one.name for one in real]
    checked = check_profiles(looked_at, settings, online=online, timeout_s=timeout) if looked_at or everything else []
    if json:
        emit(json_text(check_document(checked, online=online, rest=rest)))
    else:
        if checked:
            emit(listed(lambda width: check_table(checked, width, online=online)))
        if rest:
            say(rest_words(rest, more=bool(checked)))
        if hidden:
            say(f"{hidden} profile{'' if hidden == 1 else 's'} of a simulator left out (--all shows them too)")
        for note in settings.notes:
            say(f"note: {note}")
    return ExitCode.OK if checked and all(one.is_ready for one in checked) else ExitCode.SOME_FAILED
