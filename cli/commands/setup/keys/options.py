"""The options of the commands about keys, each with its one help text."""

from __future__ import annotations

from typing import Annotated

import typer

KeyName = Annotated[
    str, typer.Argument(metavar="NAME", help="A provider, or a profile; profile:NAME where both have the name.")
]
