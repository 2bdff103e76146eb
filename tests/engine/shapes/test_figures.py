"""Figures of the shape of many answers, counted by hand."""

from __future__ import annotations

from thinkdial.engine.shapes.figures import MOST_PLACES, MOST_TOLD, ShapeTally, shape_seen


def test_answers_are_counted_by_what_they_are() -> None:
    tally = ShapeTally()
    assert tally.figures() is None
    for form, errors in (
        ("clean", ()), ("fenced", ()), ("clean", ("$.tags[0]: no", "$.tags[7]: no", "$.born: no")), ("clean", None),
        ("cut", ("$: the JSON is cut off",)), (None, None), ("clean", ("$: no object",)),
    ):  # fmt: skip
        seen = shape_seen("native", form, errors)
        if seen is not None:
            tally.add(seen)
    found = tally.figures()
    assert found is not None
    assert (found.answers, found.fit, found.unknown) == (6, 2, 1)
    assert found.forms == {"clean": 4, "fenced": 1, "cut": 1}
    assert found.places == {"$": 1, "born": 1, "tags[]": 1}


def test_places_are_bounded() -> None:
    tally = ShapeTally()
    for number in range(MOST_PLACES + 5):
        tally.add(shape_seen("native", "clean", (f"$.k{number}: no",)))  # type: ignore[arg-type]
    tally.add(shape_seen("native", "clean", ("$.k3: no",)))  # type: ignore[arg-type]
    found = tally.figures()
    assert found is not None and len(tally.places) == MOST_PLACES and len(found.places) == MOST_TOLD
    assert next(iter(found.places.items())) == ("k3", 2)
