"""The `expect:` of a profile, as it is written: whether it can be judged is said where it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..yaml_file import Section
from .files import OutsideError, file_below


def read_expect(section: Section) -> dict[str, Any] | None:
    """What answers of the profile have to be. Plain text is the exact answer, a number the number.

    A file that `schema` names becomes its whole path: it lies below the folder of the configuration file that names it.
    """
    value = section.plain("expect")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | dict):
        raise section.bad("expect", "must be a mapping such as {contains: yes}, a text, or a number")
    if not isinstance(value, dict):
        return {"number" if isinstance(value, int | float) else "exact": value}
    found: dict[str, Any] = {str(name): inner for name, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] plain YAML
    if isinstance(named := found.get("schema"), str):
        try:
            found["schema"] = str(file_below(Path(section.place.file).parent, named))
        except OutsideError as error:
            raise section.bad("expect", f"schema: {error}") from None
    return found
