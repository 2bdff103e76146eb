"""The options that several commands of `thinkdial config` share."""

from __future__ import annotations

from typing import Annotated

import typer

ConfigKey = Annotated[
    str,
    typer.Argument(
        metavar="KEY", help="Such as defaults.think or profiles.claude.model; a key with a dot in it in double quotes."
    ),
]
InProject = Annotated[
    bool, typer.Option("--project", help="In the project's .thinkdial.yaml instead of your own file.")
]
