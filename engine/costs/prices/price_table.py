"""The price table: the one that was installed, or the one that `prices update` fetched."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from ....profiles.disk import read_bounded, save_private
from ....providers.errors import ConfigError
from ....providers.json_values import items, obj, parse_json, text

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot

SCHEMA = "thinkdial.price-table/1"
MAX_BYTES = 32 * 1024 * 1024
NEEDED = ("anthropic", "google", "openai")
LEAST_SHARE = 2
"""A download with less than one in so many of the installed providers is not the whole table."""
DEAREST = Decimal(100_000)
LONGEST_REGEX = 300
_BACKTRACKING = re.compile(r"\)[*+{]|\\[1-9]|[*+}][*+{]")
"""What can make a short expression run for ever: a repeated group, a back reference, a repeated repetition."""


class PriceData(Struct, frozen=True):
    """Which table is in use. `newest` is the day of its newest price that has a date; `fetched_at` when it was fetched.

    `problem` says why a fetched table is not used.
    """

    version: str
    newest: date | None
    fetched_at: str | None = None
    url: str | None = None
    problem: str | None = None

    @property
    def words(self) -> str:
        newest = f", newest dated price {self.newest}" if self.newest else ""
        if self.fetched_at:
            return f"updated {self.fetched_at[:10]} from {self.url}{newest}"
        return f"{self.version}, as installed{newest}"


class _Fetched(Struct, frozen=True):
    providers: Mapping[str, Mapping[str, Any]]
    fetched_at: str
    url: str


def cache_file() -> Path:
    """Where a fetched table is kept."""
    return _cache_file(*map(os.environ.get, _PLACES))


@cache
def _cache_file(*_: str | None) -> Path:
    """The same, found once for each environment: every result that is priced asks."""
    from platformdirs import user_cache_path

    return user_cache_path("thinkdial", appauthor=False) / "prices.json"


_PLACES = ("XDG_CACHE_HOME", "HOME", "LOCALAPPDATA", "USERPROFILE")


def table_for(provider: str) -> DataSnapshot:
    """The table to look up `provider` in: of a fetched one only this provider and those that it falls back to."""
    return _table(provider, cache_file())


def warm() -> None:
    """Read what every look-up needs."""
    from genai_prices.data_snapshot import get_snapshot

    get_snapshot()
    _fetched(cache_file())


def _words(error: Exception) -> str:
    """What is wrong, on one line of a sane length."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:200]
    return str(error).partition("\n")[0][:200] or type(error).__name__


@cache
def _table(provider: str, path: Path) -> DataSnapshot:
    from genai_prices.data_snapshot import DataSnapshot, get_snapshot

    fetched = _fetched(path)
    if not isinstance(fetched, _Fetched) or provider not in fetched.providers:
        return get_snapshot()
    behind = [name for name in _fallbacks(fetched.providers[provider]) if name in fetched.providers]
    try:
        parsed = _parsed([fetched.providers[name] for name in (provider, *behind)])
    except Exception:  # it was sound when it was stored; whatever changed it must not stop the pricing
        return get_snapshot()
    return DataSnapshot(parsed, from_auto_update=False)


def forget() -> None:
    """Read the stored table anew at the next look-up."""
    _table.cache_clear()
    _fetched.cache_clear()


def price_data(today: date) -> PriceData:
    """What is in use. Slow: it reads the whole table."""
    from importlib.metadata import version

    from genai_prices.data_snapshot import get_snapshot

    installed = f"genai-prices {version('genai-prices')}"
    fetched = _fetched(cache_file())
    if isinstance(fetched, _Fetched):
        try:
            newest = _newest(_parsed(list(fetched.providers.values())), today)
            return PriceData(installed, newest, fetched.fetched_at, fetched.url)
        except Exception as error:
            fetched = f"the fetched table cannot be used ({type(error).__name__}); thinkdial prices update mends it"
    return PriceData(installed, _newest(get_snapshot().providers, today), problem=fetched)


def checked(data: bytes) -> list[Mapping[str, Any]]:
    """The providers in a download, which is not to be trusted. Raises `ConfigError` for anything but a whole table."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        document = parse_json(data)
        if not isinstance(document, list):
            raise ValueError("it is no list of providers")
        raw = items(cast("Any", document))
        parsed = _parsed(list(raw))
    except RecursionError:
        raise ConfigError("the price data cannot be used: it is nested too deep") from None
    except Exception as error:
        raise ConfigError(f"the price data cannot be used: {_words(error)}") from None
    names = {provider.id for provider in parsed if provider.models}
    if missing := [name for name in NEEDED if name not in names]:
        raise ConfigError(f"the price data cannot be used: it has nothing on {', '.join(missing)}")
    if len(names) * LEAST_SHARE < len(get_snapshot().providers):
        raise ConfigError(f"the price data cannot be used: it has only {len(names)} providers")
    for expression in _expressions(parsed):
        _check_expression(expression)
    for price in _amounts(parsed):
        if not price.is_finite() or not 0 <= price <= DEAREST:
            raise ConfigError(f"the price data cannot be used: {price} is no price")
    return [obj(provider) for provider in raw]


def store(providers: list[Mapping[str, Any]], data: bytes, url: str, at: datetime) -> Path:
    """Keep a checked table for later runs. Raises `ConfigError` when it cannot be written."""
    import json

    path = cache_file()
    document = {
        "schema": SCHEMA,
        "fetched_at": at.isoformat(timespec="seconds"),
        "url": url,
        "sha256": hashlib.sha256(data).hexdigest(),
        "providers": providers,
    }
    save_private(path, json.dumps(document))
    forget()
    return path


@cache
def _fetched(path: Path) -> _Fetched | str | None:
    """The stored table; None when there is none, words when it cannot be read."""
    try:
        document = obj(parse_json(read_bounded(path, MAX_BYTES * 2)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return f"{path} cannot be read; thinkdial prices update writes it anew"
    named = {name: entry for entry in items(document.get("providers")) if (name := text(entry.get("id")))}
    fetched_at, url = text(document.get("fetched_at")), text(document.get("url"))
    if document.get("schema") != SCHEMA or not named or fetched_at is None or url is None:
        return f"{path} is no price table; thinkdial prices update writes it anew"
    return _Fetched(named, fetched_at, url)


def _fallbacks(provider: Mapping[str, Any]) -> list[str]:
    listed = provider.get("fallback_model_providers")
    return [name for name in cast("list[Any]", listed) if isinstance(name, str)] if isinstance(listed, list) else []


def _parsed(raw: list[Mapping[str, Any]]) -> list[Any]:
    """The library's own types, as its updater makes them."""
    import warnings

    from genai_prices import types

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # units of later versions, which nothing here is priced in
        return types._providers_from_raw(raw)  # pyright: ignore[reportPrivateUsage]


def _parts(thing: object) -> Iterator[object]:
    """`thing` and everything in it."""
    yield thing
    if isinstance(thing, (list, tuple)):
        for item in cast("list[object]", thing):
            yield from _parts(item)
    elif type(thing).__module__ == "genai_prices.types":
        for value in vars(thing).values():
            yield from _parts(value)


def _expressions(providers: list[Any]) -> Iterator[str]:
    from genai_prices.types import ClauseRegex

    return (part.regex for part in _parts(providers) if isinstance(part, ClauseRegex))


def _check_expression(expression: str) -> None:
    simple = expression.replace("\\)", "").replace("\\+", "").replace("\\*", "").replace("\\{", "").replace("\\}", "")
    try:
        re.compile(expression)
    except re.error:
        simple = ")*"
    if len(expression) > LONGEST_REGEX or _BACKTRACKING.search(simple) or len(re.findall(r"[*+]|,\}", simple)) > 2:
        raise ConfigError(f"the price data cannot be used: it matches models by {expression[:60]!r}")


def _amounts(providers: list[Any]) -> Iterator[Decimal]:
    return (part for part in _parts(providers) if isinstance(part, Decimal))


def _newest(providers: list[Any], today: date) -> date | None:
    """The newest day from which on a price holds, up to `today`."""
    from genai_prices.types import StartDateConstraint

    days = [part.start_date for part in _parts(providers) if isinstance(part, StartDateConstraint)]
    return max((day for day in days if day <= today), default=None)
