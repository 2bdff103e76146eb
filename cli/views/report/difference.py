"""Two results beside each other on a page: figures in a table, the answer with what is gone and what is new marked."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ....providers.untrusted import harmless, one_line
from ..choose.difference import FigureLine, NamedDifference, agreement, caveats, figure_lines
from .assets import page_of

_TAGS = {"same": "", "gone": "del", "new": "ins"}


class MarkedText(Struct, frozen=True):
    """A stretch of an answer, and the tag that it stands in, if any."""

    tag: str
    text: str


class DifferenceSection(Struct, frozen=True):
    """One difference as the page shows it. Everything is harmless text."""

    anchor: str
    name_a: str
    name_b: str
    caveats: tuple[str, ...]
    figures: tuple[FigureLine, ...]
    agreement: str
    pieces: tuple[MarkedText, ...]


def differences_page(differences: Sequence[NamedDifference]) -> str:
    """Return a page of these differences and nothing else."""
    sections = difference_sections(differences)
    title = f"{sections[0].name_a} and {sections[0].name_b}" if len(sections) == 1 else f"{len(sections)} differences"
    return page_of("difference_page.html", title=title, page_title=f"{title} · thinkdial", sections=sections)


def difference_sections(differences: Sequence[NamedDifference], prefix: str = "") -> list[DifferenceSection]:
    """The differences as sections of a page; `prefix` keeps their anchors apart from those of other runs."""
    return [
        DifferenceSection(
            anchor=f"{prefix}difference-{number}",
            name_a=one_line(named.name_a, 80),
            name_b=one_line(named.name_b, 80),
            caveats=tuple(words.removeprefix("! ") for words in caveats(named.found)),
            figures=tuple(figure_lines(named.found)),
            agreement=agreement(named.found),
            pieces=tuple(MarkedText(_TAGS[piece.kind], harmless(piece.text)) for piece in named.found.answer.pieces),
        )
        for number, named in enumerate(differences, 1)
    ]
