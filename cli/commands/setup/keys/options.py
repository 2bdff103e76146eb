"""The options of the commands about keys, each with its one help text."""

from __future__ import annotations

from typing import Annotated

from ....framework.declared import argument

KeyName = Annotated[
    str, argument(metavar="NAME", help="A provider, or a profile; profile:NAME where both have the name.")
]
