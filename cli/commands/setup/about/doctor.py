"""`thinkdial doctor`: what this installation is like, and what is wrong with it."""

from __future__ import annotations

import typer

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode


def doctor(ctx: typer.Context, json: AsJson = False, config: ConfigFile = None) -> ExitCode:
    """Look at Python, libraries, configuration, keys, history, facts, proxies, certificates and the terminal.

    The text can be pasted into a report: it has names of variables and files, and no key, address or prompt of yours.
    Nothing leaves this machine. Exits with 1 when something is wrong.

    Example:  thinkdial doctor > doctor.txt
    """
    from .....engine.lookups.health.diagnosis import diagnosis, doctor_document
    from ....output import console, emit, say
    from ....views.setup.diagnosis import diagnosis_text, verdict
    from .terminal import terminal_findings, variable_findings

    found = diagnosis(config, [*variable_findings(ctx.find_root().command), *terminal_findings()])
    if json:
        from ....formats import json_text

        emit(json_text(doctor_document(found)))
    else:
        emit(diagnosis_text(found, console().width))
        say(f"\n{verdict(found)}")
    return ExitCode.OK if all(one.state != "problem" for one in found) else ExitCode.SOME_FAILED
