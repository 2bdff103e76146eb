"""How often answers had the shape that was asked for, and what was wrong with the others. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from .words import VALUELESS, SchemaProblem

MOST_PLACES = 1_000
"""Different places that are counted. A schema may have any number of them, and an answer says keys of its own."""

MOST_TOLD = 10
LONGEST_PLACE = 120
_INDEX = re.compile(r"\[\d+\]")


class ShapeSeen(Struct, frozen=True):
    """What is counted of one answer of which JSON was asked. `errors` are None where they are not known."""

    fidelity: str
    form: str
    errors: tuple[str, ...] | None


class ShapeFigures(Struct, frozen=True):
    """Of `answers` of which JSON was asked, how many `fit`, and of how many that is `unknown`.

    `fidelities` and `forms` count answers: how they were asked, and how the JSON came. `places` are the fields with the
    most answers that do not fit there, without the numbers of list items; the whole answer is `$`.
    """

    answers: int
    fit: int
    unknown: int
    fidelities: Mapping[str, int]
    forms: Mapping[str, int]
    places: Mapping[str, int]


@dataclass(slots=True)
class ShapeTally:
    """Counts answers one by one, however many."""

    answers: int = 0
    fit: int = 0
    unknown: int = 0
    fidelities: Counter[str] = field(default_factory=Counter[str])
    forms: Counter[str] = field(default_factory=Counter[str])
    places: Counter[str] = field(default_factory=Counter[str])

    def add(self, seen: ShapeSeen) -> None:
        """Count one answer."""
        self.answers += 1
        self.fidelities[seen.fidelity] += 1
        self.forms[seen.form] += 1
        self.fit += seen.errors == ()
        self.unknown += seen.errors is None
        if seen.errors and seen.form not in VALUELESS:
            for place in _places(seen.errors):
                if place in self.places or len(self.places) < MOST_PLACES:
                    self.places[place] += 1

    def figures(self) -> ShapeFigures | None:
        """The figures at this moment; None where no answer of a shape has come."""
        if not self.answers:
            return None
        places = sorted(self.places.items(), key=lambda entry: (-entry[1], entry[0]))
        return ShapeFigures(
            self.answers, self.fit, self.unknown, dict(self.fidelities), dict(self.forms), dict(places[:MOST_TOLD])
        )


def shape_seen(fidelity: str, form: str | None, errors: Iterable[str] | None) -> ShapeSeen | None:
    """What is counted of an answer; None where none came whole, so that nothing was held against a schema."""
    return None if form is None else ShapeSeen(fidelity, form, None if errors is None else tuple(errors))


def _places(errors: Iterable[str]) -> set[str]:
    return {_INDEX.sub("[]", SchemaProblem.parse(error).place)[:LONGEST_PLACE] or "$" for error in errors}
