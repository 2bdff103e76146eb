"""`thinkdial help`: the help of the program, or of one command."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ....exit_codes import ExitCode


def help_(
    ctx: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]...", help="A command, such as compare or history show.")
    ] = None,
) -> ExitCode:
    """Show the help of the program, or of one command, as --help does; `help variables` lists what variables set.

    Example:  thinkdial help history show
    """
    from .....providers.errors import UsageError, did_you_mean
    from ....output import emit

    if command == ["variables"]:
        from ....framework.variables import variables
        from ....output import console
        from ....views.setup.variable_list import variable_text

        emit(variable_text(variables(ctx.find_root().command), console().width))
        return ExitCode.OK
    found: Any = ctx.parent
    if found is None:  # nobody calls it but the program
        return ExitCode.OK
    for name in command or []:
        group = found.command
        commands: Any = getattr(group, "commands", {})
        if name not in commands:
            of = f" of {found.command_path}" if found.parent is not None else ""
            names = list(commands)
            raise UsageError(
                f"{name!r} is no command{of}{did_you_mean(name, names)}",
                hint=f"there are {', '.join(names)}" if names else f"{found.command_path} has no commands of its own",
            )
        found = type(found)(commands[name], info_name=name, parent=found, **_settings(found))
    emit(f"{found.get_help()}\n")
    return ExitCode.OK


def _settings(above: Any) -> dict[str, Any]:
    return {"help_option_names": above.help_option_names, "max_content_width": above.max_content_width}
