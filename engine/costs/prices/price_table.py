"""The price table: the one that was installed, or the one that `prices update` fetched.

Either is compiled once into a form of our own, which is kept on disk beside the mark of what it was made of: the
library takes longer to import than a short call takes altogether.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from msgspec import MsgspecError, Raw, Struct, msgpack

from ....profiles.disk import cache_place, make_private_directory, read_bounded, read_own, save_private, write_private
from ....providers.json_values import items, obj, parse_json, text
from .entries import Clause, PriceEntry, PriceList, find_entry

SCHEMA = "thinkdial.price-table/1"
MAX_BYTES = 32 * 1024 * 1024
FORM = b"thinkdial compiled prices 3\n"
"""Changes whenever the compiled form, or what it is made of a table, changes."""

FETCHED = "prices.json"
CHECKSUM_BYTES = 4
LIBRARY = "genai_prices"

T = TypeVar("T")


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


class CompiledTable(Struct, frozen=True, array_like=True):
    """A table in our own form, with the version of the library that read it. `lists` are read when they are needed."""

    version: str
    days: tuple[date, ...]
    """From which on prices hold, sorted."""
    aliases: tuple[tuple[str, Clause], ...]
    """Other names of providers."""
    lists: Mapping[str, Raw]
    fetched_at: str | None = None
    url: str | None = None

    def newest(self, today: date) -> date | None:
        return max((day for day in self.days if day <= today), default=None)


class PriceTable:
    """A table to look prices up in."""

    def __init__(self, compiled: CompiledTable) -> None:
        self.compiled = compiled
        self._read: dict[str, PriceList] = {}
        self._entries: dict[tuple[str, int], PriceEntry] = {}

    def price_list(self, provider: str) -> PriceList | None:
        """What it has of the provider with this id."""
        if provider not in self._read and provider in self.compiled.lists:
            self._read[provider] = _decoder(PriceList).decode(self.compiled.lists[provider])
        return self._read.get(provider)

    def find(self, provider: str, model: str) -> tuple[PriceEntry, bool] | None:
        """The entry of `model`, and whether it is this provider's own: not where it is one of those behind it."""
        name = provider.lower().strip()
        if name not in self.compiled.lists:
            name = next((listed for listed, names in self.compiled.aliases if names.fits(name)), name)
        own = self.price_list(name)
        if own is None:
            return None
        behind = [self.price_list(other) for other in own.behind]
        found = find_entry(model, [own, *(one for one in behind if one is not None)])
        return None if found is None else (self._entry(*found), found[0] is own)

    def _entry(self, of: PriceList, number: int) -> PriceEntry:
        key = (of.id, number)
        if key not in self._entries:
            self._entries[key] = of.entry(number)
        return self._entries[key]


class PriceTables(Struct, frozen=True):
    """The tables in use: the one that was fetched goes first."""

    fetched: PriceTable | None

    def of(self, provider: str) -> PriceTable:
        """The table to look `provider` up in: the fetched one, where it has this provider."""
        is_fetched = self.fetched is not None and provider in self.fetched.compiled.lists
        return self.fetched if self.fetched is not None and is_fetched else _installed()


def cache_file() -> Path:
    """Where a fetched table is kept."""
    return cache_place() / FETCHED


def price_tables() -> PriceTables:
    """Those in use now."""
    fetched = _fetched(cache_place())
    return PriceTables(fetched if isinstance(fetched, PriceTable) else None)


def table_for(provider: str) -> PriceTable:
    """The table to look `provider` up in."""
    return price_tables().of(provider)


def warm() -> None:
    """Read what every look-up needs."""
    if not isinstance(_fetched(cache_place()), PriceTable):
        _installed()


def forget() -> None:
    """Read the stored tables anew at the next look-up."""
    _installed.cache_clear()
    _fetched.cache_clear()


def price_data(today: date) -> PriceData:
    """What is in use."""
    fetched = _fetched(cache_place())
    used = fetched.compiled if isinstance(fetched, PriceTable) else _installed().compiled
    problem = fetched if isinstance(fetched, str) else None
    return PriceData(used.version, used.newest(today), used.fetched_at, used.url, problem)


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
def _installed() -> PriceTable:
    path, mark = cache_file().with_name("prices-installed.bin"), _mark()
    kept = _kept(path, mark)
    if kept is None:
        from .library_table import installed

        kept = _compiled(installed())
        _keep(path, mark, kept)
    return PriceTable(kept)


@cache
def _fetched(place: Path) -> PriceTable | str | None:
    """The table that is stored there; None when there is none, words when it cannot be used."""
    path = place / FETCHED
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return f"{path} cannot be read; thinkdial prices update writes it anew"
    beside, mark = path.with_suffix(".bin"), _mark(about)
    kept = _kept(beside, mark)
    if kept is None:
        kept = _read_fetched(path)
        if isinstance(kept, CompiledTable):
            _keep(beside, mark, kept)
    return kept if isinstance(kept, str) else PriceTable(kept)


def _read_fetched(path: Path) -> CompiledTable | str:
    """The table that was fetched, compiled; words when it cannot be used."""
    try:
        document = obj(parse_json(read_bounded(path, MAX_BYTES * 2)))
    except (OSError, ValueError, RecursionError):
        return f"{path} cannot be read; thinkdial prices update writes it anew"
    named = {name: entry for entry in items(document.get("providers")) if (name := text(entry.get("id")))}
    fetched_at, url = text(document.get("fetched_at")), text(document.get("url"))
    if document.get("schema") != SCHEMA or not named or fetched_at is None or url is None:
        return f"{path} is no price table; thinkdial prices update writes it anew"
    from .library_table import read_published

    try:
        return _compiled(read_published(list(named.values())), fetched_at, url)
    except Exception as error:  # it was sound when it was stored; whatever changed it must not stop the pricing
        return f"the fetched table cannot be used ({type(error).__name__}); thinkdial prices update mends it"


def _compiled(providers: list[Any], fetched_at: str | None = None, url: str | None = None) -> CompiledTable:
    from importlib.metadata import version

    from .library_table import clause, days_of, price_list

    lists = {provider.id: Raw(msgpack.encode(price_list(provider))) for provider in providers}
    aliases = [(provider.id, clause(provider.provider_match)) for provider in providers if provider.provider_match]
    installed = f"genai-prices {version('genai-prices')}"
    return CompiledTable(installed, days_of(providers), tuple(aliases), lists, fetched_at, url)


@cache
def _decoder(kind: type[T]) -> msgpack.Decoder[T]:
    return msgpack.Decoder(kind)


def _mark(*read: os.stat_result) -> bytes | None:
    """What a compiled table was made of: the library's version, its files, and those that were `read` beside them.

    None where the library is not made of files.
    """
    from importlib.util import find_spec

    found = find_spec(LIBRARY)
    if found is None or found.origin is None:
        return None
    room = Path(found.origin).parent
    try:
        about = [(room / name).stat() for name in ("data.py", "types.py")]
        with os.scandir(room.parent) as beside:
            named = [one.name for one in beside if one.name.startswith(f"{LIBRARY}-")]
        versions = sorted(name for name in named if name.endswith(".dist-info"))
    except OSError:
        return None
    seen = [(one.st_size, one.st_mtime_ns, one.st_ino) for one in (*about, *read)]
    return hashlib.sha256(FORM + repr((str(room), versions, seen)).encode()).digest()


def _kept(path: Path, mark: bytes | None) -> CompiledTable | None:
    """The compiled table at `path`, if it is of what `mark` says; one that is broken is none."""
    if mark is None:
        return None
    try:
        content = read_own(path, MAX_BYTES)
        body = content[len(mark) + CHECKSUM_BYTES :]
        return _decoder(CompiledTable).decode(body) if content.startswith(mark + _checksum(body)) else None
    except (OSError, MsgspecError, RecursionError):
        return None


def _keep(path: Path, mark: bytes | None, compiled: CompiledTable) -> None:
    """Keep it where that can be done; else the next process compiles it again."""
    if mark is None:
        return
    with suppress(OSError, MsgspecError, OverflowError):
        make_private_directory(path.parent)
        body = msgpack.encode(compiled)
        write_private(path, mark + _checksum(body) + body)


def _checksum(body: bytes) -> bytes:
    """Against damage: the lists in it are read one by one, long after it was opened."""
    return crc32(body).to_bytes(CHECKSUM_BYTES)
