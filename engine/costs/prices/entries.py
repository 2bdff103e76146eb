"""The price table in a form of our own: an entry is found by a name, its prices are chosen by time and terms. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Literal

from msgspec import Raw, Struct, msgpack

_DAY_WITHOUT_DASHES = r"-(20\d\d)(\d\d)(\d\d)(?=[-:]|$)"

Kind = Literal["equals", "starts", "ends", "contains", "regex", "any", "all"]


class Clause(Struct, frozen=True, array_like=True):
    """What a name must be like, both in lower case: `any` and `all` have parts, the other kinds a text."""

    kind: Kind
    text: str = ""
    parts: tuple[Clause, ...] = ()

    def fits(self, name: str) -> bool:
        match self.kind:
            case "equals":
                return name == self.text
            case "starts":
                return name.startswith(self.text)
            case "ends":
                return name.endswith(self.text)
            case "contains":
                return self.text in name
            case "regex":
                return re.search(self.text, name) is not None
            case "any":
                return any(part.fits(name) for part in self.parts)
            case "all":
                return all(part.fits(name) for part in self.parts)


class When(Struct, frozen=True, array_like=True):
    """From a day on, or between two times of each day; all in UTC."""

    since: date | None = None
    start: time | None = None
    end: time | None = None

    def holds(self, at: datetime) -> bool:
        """`at` without a zone is in UTC."""
        at = at if at.tzinfo is None else at.astimezone(UTC)
        if self.since is not None:
            return at.date() >= self.since
        if self.start is None or self.end is None:
            return True
        hour = at.time()
        if self.end < self.start:  # over midnight
            return hour >= self.start or hour < self.end
        return self.start <= hour < self.end


ALWAYS = When()


class Steps(Struct, frozen=True, array_like=True):
    """A price that changes with the size of the input: above so many tokens it is another one, for all of them."""

    base: Decimal
    above: tuple[tuple[int, Decimal], ...] = ()
    """Sorted, the smallest size first."""


Amounts = Mapping[str, Decimal | Steps]
"""USD per million tokens, by the table's name of what is paid for."""


class Dated(Struct, frozen=True, array_like=True):
    when: When
    amounts: Amounts


class Variant(Struct, frozen=True, array_like=True):
    """Amounts on terms of their own; without any, the terms cost what none do."""

    terms: Mapping[str, str]
    when: When
    amounts: Amounts


class PriceEntry(Struct, frozen=True, array_like=True):
    """One entry of the table: a model, whatever its names."""

    id: str
    prices: tuple[Dated, ...]
    """The last that holds counts, the first where none does."""
    variants: tuple[Variant, ...] = ()

    def amounts(self, at: datetime, terms: Mapping[str, str] | None = None) -> Amounts:
        """What is listed for a request at `at` on these terms; each amount is of the first variant that has one."""
        found = next((one for one in reversed(self.prices) if one.when.holds(at)), None)
        found = found or next(iter(self.prices), None)
        standard: Amounts = {} if found is None else found.amounts
        if not terms:
            return standard
        special: dict[str, Decimal | Steps] = {}
        for variant in self.variants:
            if variant.when.holds(at) and all(terms.get(key) == value for key, value in variant.terms.items()):
                special = {**variant.amounts, **special}
        return {**standard, **special}

    def offers(self, at: datetime) -> list[Variant]:
        """The variants that hold at `at`."""
        return [variant for variant in self.variants if variant.when.holds(at)]


class PriceList(Struct, frozen=True, array_like=True):
    """What the table has of one provider. Where an entry is missing, those of the providers `behind` it are taken.

    The first entry that a name fits is meant. All that names are held against has the number of the entry that it leads
    to, and `patterns` are those that are no plain text, in the order of the entries. `entries` are read one by one.
    """

    id: str
    urls: tuple[str, ...]
    behind: tuple[str, ...]
    entries: tuple[Raw, ...]
    names: Mapping[str, int]
    """Whole names."""
    starts: tuple[tuple[str, int], ...]
    ends: tuple[tuple[str, int], ...]
    contained: tuple[tuple[str, int], ...]
    patterns: tuple[tuple[int, Clause], ...]

    def entry(self, number: int) -> PriceEntry:
        """The entry of this number."""
        return _decoder().decode(self.entries[number])

    def number_of(self, name: str) -> int | None:
        """The number of the entry that is meant; None where no entry is."""
        end = len(self.entries)
        first = min(
            self.names.get(name, end),
            *[number for text, number in self.starts if name.startswith(text)],
            *[number for text, number in self.ends if name.endswith(text)],
            *[number for text, number in self.contained if text in name],
            end,
        )
        first = next((number for number, clause in self.patterns if number < first and clause.fits(name)), first)
        return None if first == end else first


@cache
def _decoder() -> msgpack.Decoder[PriceEntry]:
    return msgpack.Decoder(PriceEntry)


def spellings(name: str) -> tuple[str, ...]:
    """A name as it is asked for, and with the day in it as the table writes days."""
    name = name.lower()
    if "-20" not in name:
        return (name,)
    dashed = re.sub(_DAY_WITHOUT_DASHES, _dashed, name)
    return (name,) if dashed == name else (name, dashed)


def _dashed(found: re.Match[str]) -> str:
    try:
        return f"-{date(*map(int, found.groups()))}"
    except ValueError:
        return found[0]


def find_entry(name: str, lists: Sequence[PriceList]) -> tuple[PriceList, int] | None:
    """The first list that has an entry for `name`, and the number of it there."""
    for spelled in spellings(name):
        for one in lists:
            if (number := one.number_of(spelled)) is not None:
                return one, number
    return None
