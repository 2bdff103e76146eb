"""YAML -> what each provider's batch API takes, and on which terms."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import TypeVar

from msgspec import Struct

from ..providers.batches.registry import WIRES
from ..providers.errors import ConfigError
from .cards.id_pattern import fits
from .facts import packaged
from .sections.section import Section

T = TypeVar("T")

FILE = "batches.yaml"

_KEYS = (
    "wire", "endpoints", "most_rows", "most_bytes", "window", "hours", "price_share", "refused_fields",
    "refused_models", "sources",
)  # fmt: skip


class BatchTerms(Struct, frozen=True):
    """The terms of one provider's batches.

    `endpoints` maps the dialects that it takes to what their rows call. `most_rows` is None where only bytes count.
    `window` is how long a batch may take as the wire spells it, `hours` the same as a number. `price_share` is what
    is left of the usual price. `refused_fields` are paths of a body that fail in every row.
    """

    wire: str
    endpoints: Mapping[str, str]
    most_rows: int | None
    most_bytes: int
    window: str
    hours: int
    price_share: Decimal
    refused_fields: tuple[str, ...] = ()
    refused_models: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def refuses(self, model: str) -> bool:
        return any(fits(pattern, model) for pattern in self.refused_models)


@cache
def batch_terms() -> Mapping[str, BatchTerms]:
    """The terms by the provider's name."""
    root = packaged(FILE)
    return {name: _read(section) for name in root if (section := root.section(name)) is not None}


def _read(section: Section) -> BatchTerms:
    section.only(_KEYS)
    return BatchTerms(
        wire=_needed(section, "wire", section.choice("wire", WIRES)),
        endpoints={name: str(path) for name, path in section.mapping("endpoints").items()},
        most_rows=section.whole("most_rows", least=1),
        most_bytes=_needed(section, "most_bytes", section.whole("most_bytes", least=1, most=2**40)),
        window=_needed(section, "window", section.text("window")),
        hours=_needed(section, "hours", section.whole("hours", least=1)),
        price_share=_needed(section, "price_share", section.dollars("price_share")),
        refused_fields=section.texts("refused_fields"),
        refused_models=section.texts("refused_models"),
        sources=section.texts("sources"),
    )


def _needed(section: Section, key: str, value: T | None) -> T:
    if value is None:
        raise ConfigError(f"{section.place}: {section.path}{key} is missing")
    return value
