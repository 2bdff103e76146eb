"""The `tools:` of a profile, as they are written: whether they are any is said where they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from ..checks.files import OutsideError, file_below
from ..sections.section import Section


def read_declared(section: Section) -> tuple[Any, ...] | None:
    """Declarations, and whole paths of files with some. A file lies below the folder of the configuration file.

    Raises `ConfigError` for what is neither, and for a file that lies elsewhere.
    """
    value = section.plain("tools")
    if value is None:
        return None
    listed: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
    found: list[Any] = []
    for one in listed:
        if isinstance(one, str):
            try:
                found.append(str(file_below(Path(section.place.file).parent, one)))
            except OutsideError as error:
                raise section.bad("tools", str(error)) from None
        elif isinstance(one, dict):
            found.append(one)
        else:
            raise section.bad("tools", "must be files with declarations of functions, or declarations")
    return tuple(found)
