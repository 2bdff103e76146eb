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


@pytest.fixture(scope="session")
def published_text() -> str:
    from genai_prices.data_snapshot import get_snapshot

    return json.dumps(plain(get_snapshot().providers))


@pytest.fixture
def published(published_text: str) -> list[dict[str, Any]]:
    """A fresh copy, to be changed at will."""
    return json.loads(published_text)
