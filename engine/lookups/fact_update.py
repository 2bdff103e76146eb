"""A newer fact file: fetched or read, proved to be whole, told in words, and kept for later runs."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast
from urllib.parse import urljoin

from msgspec import Struct
from msgspec.structs import asdict

from ...profiles import facts
from ...profiles.card import BudgetRange, ModelCard
from ...profiles.cards.id_pattern import fits_glob
from ...profiles.cards.resolution import card_for
from ...profiles.cards.retirement import listed_ends
from ...profiles.disk import read_bounded
from ...profiles.price_corrections import Correction, corrections
from ...profiles.updates.fact_file import FactFile, read_fact_file
from ...profiles.updates.stored import MOST_BYTES, forget, keep, remove, stored_facts
from ...providers.errors import ConfigError, UsageError
from ...providers.schema import HttpRequest
from ..costs.prices.quote import Quote, Wanted, quote
from ..exchange.connections.body import LOOK_UP_S, TooLargeError, read_body
from ..exchange.connections.errors import CannotSendError, TransportError
from ..exchange.transport import Transport, read_transport_error
from ..targets.target import bare_address, is_loopback

ADDRESS_VARIABLE = "THINKDIAL_FACTS_URL"
FILE_NAME = "facts.yaml"
TIMEOUT_S = 30.0
MOST_HASH_BYTES = 1024
MOST_REDIRECTS = 4
HALF = Decimal("0.5")
PROOF = "the hash proves that the file came whole, not who wrote it"
_KEPT = "the facts that are there already stay in use"
_TOLD = (
    "control", "levels", "can_be_off", "absent", "budget", "visibility", "spelling", "dialects", "context_tokens",
    "max_output_tokens", "retires", "retired", "successor", "unverified",
)  # fmt: skip
"""The fields of a card whose change is told."""


class NewFacts(Struct, frozen=True):
    """A fact file that was checked and is not yet in use.

    `changes` tells in words what it does to the facts in use, `falls` which prices fall by half or more, and `hashed`
    whether there was a hash to prove that it is whole.
    """

    file: FactFile
    text: str
    source: str
    sha256: str
    hashed: bool
    changes: tuple[str, ...]
    falls: tuple[str, ...]


def default_address(environment: dict[str, str]) -> str | None:
    """Where a fact file is fetched without an address: what the variable says, else the release page of the project."""
    from importlib.metadata import PackageNotFoundError, metadata

    if given := environment.get(ADDRESS_VARIABLE):
        return given
    try:
        listed = metadata("thinkdial").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    named = {name.strip().lower(): url.strip() for name, _, url in (str(one).partition(",") for one in listed)}
    releases = named.get("releases")
    return f"{releases.rstrip('/')}/latest/download/{FILE_NAME}" if releases else None


def fetched_facts(url: str | None, environment: dict[str, str]) -> NewFacts:
    """The fact file at `url`, checked. Raises `UsageError` or `ConfigError`; what is in use stays in use then."""
    address = url or default_address(environment)
    if address is None:
        raise UsageError(
            "no address of a fact file is known",
            hint=f"pass --url, or --from FILE for one that you have, or set {ADDRESS_VARIABLE}",
        )
    if not address.startswith("https://") and not is_loopback(address):
        raise UsageError("facts are fetched by https only", hint="http is for this machine's own addresses")
    data, proof = asyncio.run(_fetched(address))
    return _checked(data, proof.decode("ascii", "replace").split()[0:1], bare_address(address))


def read_facts(path: Path) -> NewFacts:
    """A fact file of this machine, with the hash that lies beside it as FILE.sha256, if there is one."""
    try:
        data = read_bounded(path, MOST_BYTES)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint=_KEPT) from None
    try:
        proof = read_bounded(path.with_name(f"{path.name}.sha256"), MOST_HASH_BYTES).decode("ascii", "replace")
    except (OSError, ValueError):
        proof = ""
    return _checked(data, proof.split()[0:1], str(path))


def use_facts(new: NewFacts, at: datetime, *, accept: bool) -> Path:
    """Keep the file and use it from now on. Raises `ConfigError` for prices that fall by half, unless accepted."""
    if new.falls and not accept:
        raise ConfigError(
            f"a price falls by half or more: {'; '.join(new.falls)}",
            hint=f"pass --accept if that is right; {_KEPT}",
        )
    path = keep(new.text, new.source, new.sha256, at.isoformat(timespec="seconds"))
    read_anew()
    return path


def remove_facts() -> bool:
    """Go back to the shipped facts. Whether there was something to remove."""
    removed = remove()
    read_anew()
    return removed


def read_anew() -> None:
    """Look at the stored fact file anew."""
    forget()
    corrections.cache_clear()
    listed_ends.cache_clear()


def _checked(data: bytes, proof: list[str], source: str) -> NewFacts:
    found = hashlib.sha256(data).hexdigest()
    if proof and proof[0].lower() != found:
        raise ConfigError(f"{source} is not the file that its hash is of: it came damaged or changed", hint=_KEPT)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{source} is no text", hint=_KEPT) from None
    file = read_fact_file(text, source)
    in_use = stored_facts()
    if in_use is not None and file.date < in_use.date:
        raise ConfigError(
            f"{source} is of {file.date}, older than the facts in use, of {in_use.date}",
            hint="thinkdial facts remove goes back to those of the release",
        )
    changes, falls = list(_changes(file)), list(_falls(file))
    return NewFacts(file, text, source, found, bool(proof), tuple(changes), tuple(falls))


def _changes(file: FactFile) -> Iterator[str]:
    for name, cards in file.cards.items():
        for card in cards:
            yield from _card_change(name, card)
    for one in file.prices:
        yield _price_change(one)
    for end in file.ends:
        follows = f"; use {end.retirement.successor}" if end.retirement.successor else ""
        yield f"{end.provider}: models {end.match} end on {end.retirement.on}{follows}"


def _card_change(provider: str, card: ModelCard) -> Iterator[str]:
    before = card_for(facts.shipped_provider(provider), card.example)
    if not before.known:
        levels = f", levels {', '.join(card.levels)}" if card.levels else ""
        off = "can be off" if card.can_be_off else "cannot be off"
        yield f"{provider}/{card.example}: new: {card.control}{levels}, {off}"
        return
    different = [name for name in _TOLD if getattr(before, name) != getattr(card, name)]
    told = "; ".join(f"{name} {_worded(getattr(before, name))} → {_worded(getattr(card, name))}" for name in different)
    yield f"{provider}/{card.example}: {told or 'the same facts, of a newer day'}"


def _worded(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, cast("tuple[object, ...]", value))) or "none"
    if isinstance(value, BudgetRange):
        return f"{value.min} to {value.max}"
    return str(value)


def _price_change(one: Correction) -> str:
    names = ", ".join(one.models)
    if one.price is None:
        how = f"as {one.like}" if one.like else "other terms"
        return f"prices of {names}: {how} ({one.why})"
    amounts = asdict(one.price)
    told = [f"{name} {usd:f}" for name, usd in amounts.items() if isinstance(usd, Decimal)]
    before = next((rates for name in one.models if (rates := _rates_now(name)) is not None), None)
    was = f"; now {before[0]:f} and {before[1]:f}" if before is not None else "; no price is known now"
    return f"prices of {names}: {', '.join(told)}{was}"


def _falls(file: FactFile) -> Iterator[str]:
    """The prices that fall by half or more, for every model that a pattern is known to mean."""
    for one in file.prices:
        if one.price is None:
            continue
        for name in _meant(one):
            before = _rates_now(name)
            if before is None:
                continue
            for kind, was, new in (("input", before[0], one.price.input), ("output", before[1], one.price.output)):
                if was > 0 and new <= was * HALF:
                    yield f"{name} {kind} {was:f} → {new:f}"


def _meant(one: Correction) -> Iterator[str]:
    for pattern in one.models:
        if not set(pattern) & set("*?["):
            yield pattern
            continue
        table, _, _ = pattern.partition("/")
        for provider in facts.providers().values():
            if provider.prices != table:
                continue
            for card in (card for name in provider.models for card in facts.cards(name)):
                if fits_glob(pattern, known := f"{table}/{card.example}".lower()):
                    yield known


def _rates_now(name: str) -> tuple[Decimal, Decimal] | None:
    table, _, model = name.partition("/")
    found = quote(Wanted(table, model, datetime.now(UTC), {}, 1, 1))
    return (found.rates.input, found.rates.output) if isinstance(found, Quote) else None


async def _fetched(address: str) -> tuple[bytes, bytes]:
    async with Transport() as transport:
        data = await _get(transport, address, MOST_BYTES)
        return data, await _get(transport, f"{address}.sha256", MOST_HASH_BYTES)


async def _get(transport: Transport, address: str, most_bytes: int) -> bytes:
    """What is at `address`, also behind redirects, which release pages love; by https only."""
    for _ in range(MOST_REDIRECTS):
        request = HttpRequest("GET", address, (("accept", "*/*"),), b"")
        try:
            async with transport.open(request, None, idle_timeout_s=TIMEOUT_S) as response:
                if response.status in (301, 302, 303, 307, 308) and (there := response.headers.get("location")):
                    address = _redirected(address, there)
                    continue
                if response.status != 200:
                    raise ConfigError(f"{bare_address(address)} answered HTTP {response.status}", hint=_KEPT)
                return await read_body(response.chunks, most_bytes, "the fact file", LOOK_UP_S)
        except TooLargeError as error:
            raise ConfigError(str(error), hint=_KEPT) from None
        except (TransportError, CannotSendError) as error:
            failed = read_transport_error(error, address, TIMEOUT_S)
            raise ConfigError(f"the facts cannot be fetched: {failed.message}", hint=_KEPT) from None
    raise ConfigError(f"{bare_address(address)} sends from one address to the next", hint=_KEPT)


def _redirected(address: str, there: str) -> str:
    target = urljoin(address, there)
    if not target.startswith("https://") and not (is_loopback(address) and is_loopback(target)):
        raise ConfigError(f"{bare_address(address)} sends to an address without https", hint=_KEPT)
    return target
