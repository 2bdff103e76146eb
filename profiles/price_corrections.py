"""What the published price lists say and the price table does not, read when something is priced: `prices.yaml` about
whole families of models, and `prices-missing.yaml` about single ones that the table does not list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache

from msgspec import Struct, field
from msgspec.structs import replace

from ..providers.errors import ConfigError
from . import facts
from .cards.id_pattern import before_wildcard, fits_glob
from .price_list import read_price
from .profile import Price
from .sections.section import Section
from .updates.stored import stored_facts

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEYS = (
    "models", "since", "always", "table_says", "like", "listed_by", "price", "cached_input_factor",
    "cache_write_1h_factor", "terms", "uplift", "hosts", "regions", "days", "priced_at", "elsewhere", "why",
    "sources", "checked_on",
)  # fmt: skip


class Term(Struct, frozen=True):
    """How a term is priced that the table has no prices for: by a factor, like another term, or as another model.

    `model` is a name in which {model} stands for the one that was asked for. `cached_as_input`: the discount does not
    stack with the cache's, cached input costs as much as input.
    """

    factor: Decimal | None = None
    like: str | None = None
    model: str | None = None
    cached_as_input: bool = False


class OtherList(Struct, frozen=True):
    """What another list says, in USD per million tokens, while nobody's own page settles it."""

    source: str
    input: Decimal
    output: Decimal


class Correction(Struct, frozen=True, eq=False):
    """One thing that the table does not say about `models`, which are patterns of `provider/model` in its own ids.

    `like` and `price` replace what the table says: another model's prices, or these. They do so while the table has no
    such model, or still says `table_says` (input and output), or `always`. The factors make a price of input where the
    table has none for it. `uplift` is a factor, for requests to `hosts` or processed in `regions`. On `days` a request
    costs what it would at `priced_at`. `listed_by` is the list of the host behind the colon of `model:host`, with
    {host} for its name. Dates and times are UTC. `elsewhere` is what other lists say, shown beside it.
    """

    models: tuple[str, ...]
    why: str
    sources: tuple[str, ...]
    checked_on: str
    since: date | None = None
    always: bool = False
    table_says: tuple[Decimal, Decimal] | None = None
    like: str | None = None
    listed_by: str | None = None
    price: Price | None = None
    cached_input_factor: Decimal | None = None
    cache_write_1h_factor: Decimal | None = None
    terms: Mapping[str, Term] = field(default_factory=dict[str, Term])
    uplift: Decimal | None = None
    hosts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    priced_at: time | None = None
    elsewhere: tuple[OtherList, ...] = ()
    begins: tuple[str, ...] = ("",)
    """With one of these each name begins that a pattern fits."""

    def applies_to(self, name: str, at: datetime) -> bool:
        """Whether it is about `name`, a `provider/model` in lower case, on the day of `at`."""
        if not name.startswith(self.begins):  # hundreds of names are held against hundreds of these in one list
            return False
        return any(fits_glob(glob, name) for glob in self.models) and (self.since is None or at.date() >= self.since)

    @property
    def providers(self) -> set[str]:
        """Those whose models it can be about; the empty text for all."""
        heads = {glob.partition("/")[0] for glob in self.models}
        return {"" if set(head) & set("*?[") else head for head in heads}

    def lifts(self, host: str | None, region: str | None) -> bool:
        """Whether its uplift holds for a request to `host`, processed in `region`."""
        in_region = region is not None and region in self.regions
        return in_region or (host is not None and any(fits_glob(glob, host) for glob in self.hosts))


class CorrectionFile(Struct, frozen=True):
    """The corrections of one file, the version of the table that they were checked against, and when."""

    table: str
    checked_on: str
    listed: tuple[Correction, ...]


class Corrections(Struct, frozen=True):
    """All of them, and `near` by the provider that they may be about, those about any under the empty text."""

    table: str
    checked_on: str
    listed: tuple[Correction, ...]
    near: Mapping[str, list[Correction]]

    def about(self, name: str, at: datetime) -> list[Correction]:
        """Those that apply to `name`, a `provider/model` in lower case, on the day of `at`."""
        near = self.near.get(name.partition("/")[0], self.near[""])
        return [one for one in near if one.applies_to(name, at)]


@cache
def corrections() -> Corrections:
    """The shipped corrections, checked on the later of the days that they name, behind those of a newer fact file."""
    families, single = (
        facts.read_packaged(file, CorrectionFile, read_corrections) for file in ("prices.yaml", "prices-missing.yaml")
    )
    checked_on = max(families.checked_on, single.checked_on)
    listed = (*_newer(), *families.listed, *single.listed)
    return Corrections(families.table, checked_on, listed, _by_provider(listed))


def _by_provider(listed: Sequence[Correction]) -> Mapping[str, list[Correction]]:
    """A list for each provider, and one for all others: each look-up would else go through all of them."""
    near: dict[str, list[Correction]] = {"": []} | {name: [] for one in listed for name in one.providers}
    for one in listed:
        for name in near if "" in one.providers else one.providers:
            near[name].append(one)
    return near


def _newer() -> tuple[Correction, ...]:
    """Those of the fact file in use; none where this version cannot read them."""
    found = stored_facts()
    try:
        return () if found is None else tuple(read_newer(one, found.date) for one in found.root.sections("prices"))
    except ConfigError:
        return ()


def read_newer(section: Section, day: str) -> Correction:
    """A correction of a fact file of that day, which holds unless it says what the table must still say."""
    one = read_correction(section, day)
    return replace(one, always=one.table_says is None)


def read_corrections(root: Section) -> CorrectionFile:
    root.only(("table", "checked_on", "corrections"))
    checked_on = root.text("checked_on") or ""
    listed = tuple(read_correction(section, checked_on) for section in root.sections("corrections"))
    return CorrectionFile(root.text("table") or "", checked_on, listed)


def read_correction(section: Section, checked_on: str) -> Correction:
    """One correction. Raises `ConfigError` for one that is not whole."""
    section.only(_KEYS)
    why, sources, models = section.text("why"), section.texts("sources"), section.texts("models")
    if not why or not sources or not models:
        raise section.bad("why", "a correction needs models, why and sources")
    says = section.section("table_says")
    return Correction(
        models=tuple(model.lower() for model in models),
        why=why,
        sources=sources,
        checked_on=section.text("checked_on") or checked_on,
        since=date.fromisoformat(since) if (since := section.text("since")) else None,
        always=section.flag("always") or False,
        table_says=None
        if says is None
        else (says.dollars("input") or Decimal(0), says.dollars("output") or Decimal(0)),
        like=section.text("like"),
        listed_by=section.text("listed_by"),
        price=read_price(section.section("price")),
        cached_input_factor=section.dollars("cached_input_factor"),
        cache_write_1h_factor=section.dollars("cache_write_1h_factor"),
        terms=_terms(section.section("terms")),
        uplift=section.dollars("uplift"),
        hosts=section.texts("hosts"),
        regions=section.texts("regions"),
        days=tuple(DAYS.index(day) for day in section.texts("days")),
        priced_at=time.fromisoformat(at) if (at := section.text("priced_at")) else None,
        elsewhere=tuple(_other(other) for other in section.sections("elsewhere")),
        begins=tuple(before_wildcard(model.lower()) for model in models),
    )


def _other(section: Section) -> OtherList:
    section.only(("source", "input", "output"))
    source, entered, output = section.text("source"), section.dollars("input"), section.dollars("output")
    if source is None or entered is None or output is None:
        raise section.bad("source", "another list needs source, input and output")
    return OtherList(source, entered, output)


def _terms(section: Section | None) -> dict[str, Term]:
    found: dict[str, Term] = {}
    if section is None:
        return found
    for name in section:
        if (term := section.section(name)) is None:
            raise section.bad(name, "is empty")
        term.only(("factor", "like", "model", "cached_as_input"))
        found[name] = Term(
            term.dollars("factor"), term.text("like"), term.text("model"), term.flag("cached_as_input") or False
        )
    return found
