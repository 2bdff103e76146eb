"""The price table as its publisher serves it: JSON, made from the installed one."""

from __future__ import annotations

import dataclasses
import json
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest


def plain(thing: Any) -> Any:
    """The JSON form of the library's own types."""
    if type(thing).__name__ == "ModelPrice":
        return {key: plain(value) for key, value in vars(thing).items() if value is not None and key[0] != "_"}
    if dataclasses.is_dataclass(thing):
        named = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing) if f.name[0] != "_"}
        return {name.rstrip("_"): plain(value) for name, value in named.items() if value is not None}
    if isinstance(thing, (list, tuple)):
        return [plain(one) for one in thing]
    if isinstance(thing, Decimal):
        return float(thing)
    return thing.isoformat() if isinstance(thing, (date, time)) else thing


def shortened(table: list[dict[str, Any]], *whole: str) -> list[dict[str, Any]]:
    """A table of every provider, with all models of those named and the first two of each other: quick to read."""
    return [one if one["id"] in whole else one | {"models": one["models"][:2]} for one in table]


@pytest.fixture(scope="session")
def published_text() -> str:
    """The whole table."""
    from genai_prices.data_snapshot import get_snapshot

    return json.dumps(plain(get_snapshot().providers))


@pytest.fixture(scope="session")
def short_text(published_text: str) -> str:
    return json.dumps(shortened(json.loads(published_text), "openai", "mistral"))


@pytest.fixture
def published(short_text: str) -> list[dict[str, Any]]:
    """A fresh copy of a table with fewer models, to be changed at will."""
    return json.loads(short_text)
