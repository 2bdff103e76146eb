"""What ids of models are put together of, and the lines of models that are known wherever they are served: data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from msgspec import Struct

from .. import facts
from ..card import ModelCard
from ..sections.section import Section
from .card_file import read_card
from .id_pattern import fits
from .model_id import IdWords


class Maker(Struct, frozen=True):
    """Who makes models: what they are called, in lower case, and the provider whose cards are the vendor's own."""

    name: str
    ids: str
    cards: str | None = None


class Makers(Struct, frozen=True):
    """All of `vendors.yaml`: the words of ids, the vendors by name, and cards of lines that no vendor's API has."""

    words: IdWords
    listed: Mapping[str, Maker]
    lines: tuple[ModelCard, ...]

    def maker_of(self, name: str) -> Maker | None:
        """Who makes what is called `name`, a bare id."""
        return next((vendor for vendor in self.listed.values() if fits(vendor.ids, name.lower())), None)

    def distance(self, provider: str, name: str) -> int:
        """0 for the provider of who makes what is called `name`, 1 for everybody else."""
        maker = self.maker_of(name.rpartition("/")[2])
        return 0 if maker is not None and maker.cards == provider else 1

    def line_of(self, name: str) -> ModelCard | None:
        """What is known of the line of models that `name`, a bare id, belongs to."""
        return next((card for card in self.lines if card.matches(name.lower())), None)


@cache
def vendors() -> Makers:
    """The shipped ones."""
    return facts.read_packaged("vendors.yaml", Makers, _makers)


def _makers(root: Section) -> Makers:
    root.only(("checked_on", "regions", "prefixes", "same", "hosts", "vendors", "models"))
    listed: dict[str, Maker] = {}
    names: dict[str, str] = {}
    for name in (all_of := root.section("vendors") or root):
        section = all_of.section(name)
        if section is None:
            raise all_of.bad(name, "is empty")
        section.only(("names", "ids", "cards"))
        listed[name] = Maker(name, section.text("ids") or "", section.text("cards"))
        names |= dict.fromkeys(section.texts("names"), name)
    return Makers(_words(root, names), listed, _lines(root))


def _words(root: Section, names: dict[str, str]) -> IdWords:
    return IdWords(root.texts("regions"), root.texts("prefixes"), root.texts("same"), root.texts("hosts"), names)


def _lines(root: Section) -> tuple[ModelCard, ...]:
    checked_on, spelled = root.text("checked_on"), facts.spellings()
    return tuple(
        read_card(section, checked_on, known=False, known_spellings=spelled) for section in root.sections("models")
    )
