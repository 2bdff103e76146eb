"""Over many conversations: nothing opaque reaches a stranger, and each entry says of the body what is true."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from thinkdial.engine.planning.fates import ContinuityOptions
from thinkdial.providers.turns.turn import Turn

from .vendors import ROUTES, SECRET, SOURCES, THOUGHT, Place, answered, ask, body_of, holds

CONVERSATIONS = 400


def marked(document: Any, number: int) -> Any:
    """The same answer with values and words that no other turn has."""
    words = json.dumps(document).replace(SECRET, f"0paque{number}x+/_=").replace(THOUGHT, f"thought {number}x")
    return json.loads(words.replace("Said.", f"Said {number}x."))


def conversation(dice: random.Random) -> tuple[list[Turn], Place, ContinuityOptions]:
    """Up to seven turns over random routes, each asked with all that was before it; and where it goes on."""
    options = ContinuityOptions(
        carry_reasoning=dice.random() < 0.3,
        keep_reasoning=dice.choice(("provider", "provider", "all", "last", "none")),
    )
    turns: list[Turn] = []
    for number in range(1, dice.randint(2, 8)):
        source = dice.choice(list(SOURCES))
        place, document = SOURCES[source]
        turn = answered(ask(place, f"Asked {number}x?", turns, options), marked(document, number), number)
        turns.append(turn if dice.random() < 0.9 else type(turn)(**{**fields(turn), "is_cut": True}))
    homes = [SOURCES[name][0] for name in SOURCES]
    return turns, dice.choice([*ROUTES.values(), *homes]), options


def fields(turn: Turn) -> dict[str, Any]:
    return {name: getattr(turn, name) for name in Turn.__dataclass_fields__}


@pytest.mark.parametrize("seed", range(CONVERSATIONS))
def test_nothing_opaque_reaches_a_stranger_and_every_entry_is_true_of_the_body(seed: int) -> None:
    turns, place, options = conversation(random.Random(seed))
    before = [turn.pieces for turn in turns]
    prepared = ask(place, "And now?", turns, options)
    body = body_of(prepared)
    assert [turn.pieces for turn in turns] == before
    told = {(fate.turn, fate.position): fate for fate in prepared.continuity.fates}
    for turn in turns:
        is_home = (turn.origin.provider, turn.origin.dialect) == (place.provider, place.dialect)
        for position, piece in enumerate(turn.pieces):
            fate = told.get((turn.number, position))
            for value in piece.opaque.values():
                assert fate is not None and holds(body, value) is (fate.fate == "kept"), (seed, piece, fate)
                assert is_home or not holds(body, value), (seed, piece, fate)
            if piece.is_reasoning:
                assert fate is not None and fate.reason
                is_there = holds(body, piece.text) if piece.text else fate.fate == "kept"
                assert is_there is (fate.fate in ("kept", "converted")), (seed, piece, fate)
            elif piece.kind == "text":
                assert holds(body, piece.text), (seed, piece)
        assert holds(body, f"Asked {turn.number}x?")
    assert {turn for turn, _ in told} <= {turn.number for turn in turns}


@pytest.mark.parametrize("seed", range(0, CONVERSATIONS, 8))
def test_the_users_words_and_the_answers_stand_in_their_order(seed: int) -> None:
    turns, place, options = conversation(random.Random(seed))
    words = json.dumps(body_of(ask(place, "And now?", turns, options)), ensure_ascii=False)
    marks = [mark for turn in turns for mark in (f"Asked {turn.number}x?", f"Said {turn.number}x.")]
    places = [words.index(mark) for mark in [*marks, "And now?"]]
    assert places == sorted(places)
