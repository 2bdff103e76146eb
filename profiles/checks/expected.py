"""The `expect:` and `schema:` of a profile, as they are written: whether they are any is said where they are used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from ...providers.json_values import parse_json
from ..disk import read_bounded
from ..sections.section import Section
from .files import OutsideError, file_below

MOST_BYTES = 2**20


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


def read_schema(section: Section) -> dict[str, Any] | str | None:
    """JSON Schema, its short form, or `json`. A file, `*.json`, lies below the folder of the configuration file.

    Raises `ConfigError` for a file that cannot be read, and for a value that is neither text nor a mapping.
    """
    value = section.plain("schema")
    if value is None or isinstance(value, dict):
        return cast("dict[str, Any] | None", value)
    if not isinstance(value, str):
        raise section.bad("schema", "must be JSON Schema, a short form such as 'name, age int', a file, or json")
    if not value.endswith(".json"):
        return value
    try:
        found = parse_json(read_bounded(Path(file_below(Path(section.place.file).parent, value)), MOST_BYTES))
    except OutsideError as error:
        raise section.bad("schema", str(error)) from None
    except OSError as error:
        raise section.bad("schema", f"{value} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise section.bad("schema", f"{value} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise section.bad("schema", f"{value} is no JSON Schema: {json.dumps(found)[:60]}")
    return cast("dict[str, Any]", found)
