"""Fees of the tools that providers run themselves. `tool_fees.yaml` is read when one ran."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

from msgspec import Struct

from ....profiles.cards.id_pattern import fits_glob
from ....profiles.facts import packaged
from ....profiles.sections.section import Section

_NONE: Mapping[str, Decimal] = {}


class ToolFees(Struct, frozen=True):
    """USD per use, by the tool's name, for the models that fit one of the patterns."""

    models: tuple[str, ...]
    usd: Mapping[str, Decimal]


class Fees(Struct, frozen=True):
    """What tools cost, `parts` in words, and the tools whose fee nobody knows."""

    usd: Decimal
    parts: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def known_usd(self) -> Decimal | None:
        """What they cost as far as it is known; None where that is nothing."""
        return self.usd if self.parts or not self.unknown else None

    @property
    def note(self) -> str | None:
        """What a cost says about them."""
        said = [f"includes {self.usd.normalize():f} USD for {', '.join(self.parts)}"] if self.parts else []
        return "; ".join([*said, *(f"does not include fees for {tool}" for tool in self.unknown)]) or None


@cache
def tool_fees() -> tuple[ToolFees, ...]:
    """The shipped table."""
    root = packaged("tool_fees.yaml")
    root.only(("checked_on", "fees"))
    return tuple(_read(section) for section in root.sections("fees"))


def fees_of(tools: Mapping[str, int], provider: str | None, model: str) -> Fees:
    """The fees for `tools`, with the price table's names of provider and model."""
    name = f"{provider}/{model}".lower()
    fits = (one.usd for one in tool_fees() if any(fits_glob(pattern, name) for pattern in one.models))
    rates = next(fits, _NONE)
    due = {tool: (number, rates[tool]) for tool, number in tools.items() if rates.get(tool)}
    return Fees(
        usd=sum((number * rate for number, rate in due.values()), Decimal(0)),
        parts=tuple(f"{number} x {tool}" for tool, (number, _) in due.items()),
        unknown=tuple(tool for tool in tools if tool not in rates),
    )


def fee_of(tool: str, provider: str | None, model: str) -> Decimal | None:
    """What one use of `tool` costs; None where nobody says."""
    found = fees_of({tool: 1}, provider, model)
    return None if found.unknown else found.usd


def _read(section: Section) -> ToolFees:
    section.only(("models", "tools", "sources"))
    tools = section.section("tools")
    if tools is None or not section.texts("sources"):
        raise section.bad("tools", "a fee needs tools and sources")
    return ToolFees(section.texts("models"), {tool: tools.dollars(tool) or Decimal(0) for tool in tools})
