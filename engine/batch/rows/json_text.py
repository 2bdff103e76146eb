"""JSON of rows, read so that all of it can be written again: whole numbers of any size, and finite ones only."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec


def ordinary_value(data: bytes) -> Any:
    """What `exact_value` makes of `data`, in a fifth of the time; None where that has to look and say what is wrong."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def exact_value(written: str) -> Any:
    """The value of any JSON, also with half surrogate pairs. Raises `ValueError`."""
    try:
        return _DECODER.decode(written)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _float(written: str) -> float:
    value = float(written)
    return value if math.isfinite(value) else _no_number(written)


_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_float=_float)
