"""Prints the price table of the library that is installed, shortened, as it is published."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import date, time
from decimal import Decimal
from typing import Any

from genai_prices.data_snapshot import get_snapshot

WHOLE = "openai"
MODELS = 3


def _plain(thing: Any) -> Any:
    """The JSON form of the library's own types."""
    if type(thing).__name__ == "ModelPrice":
        return {key: _plain(value) for key, value in vars(thing).items() if value is not None and key[0] != "_"}
    if dataclasses.is_dataclass(thing):
        named = {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing) if field.name[0] != "_"}
        return {name.rstrip("_"): _plain(value) for name, value in named.items() if value is not None}
    if isinstance(thing, (list, tuple)):
        return [_plain(one) for one in thing]
    if isinstance(thing, Decimal):
        return float(thing)
    return thing.isoformat() if isinstance(thing, (date, time)) else thing


if __name__ == "__main__":
    table = [_plain(provider) for provider in get_snapshot().providers]
    for provider in table:
        if provider["id"] != WHOLE:
            provider["models"] = provider["models"][:MODELS]
    json.dump(table, sys.stdout)
