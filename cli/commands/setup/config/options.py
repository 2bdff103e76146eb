"""The options that several commands of `thinkdial config` share."""

from __future__ import annotations

from typing import Annotated

from ....framework.declared import argument, option

ConfigKey = Annotated[
    str,
    argument(
        metavar="KEY", help="Such as defaults.think or profiles.claude.model; a key with a dot in it in double quotes."
    ),
]
InProject = Annotated[bool, option("--project", help="In the project's .thinkdial.yaml instead of your own file.")]
