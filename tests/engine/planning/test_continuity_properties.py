"""Over many conversations: nothing opaque reaches a stranger, and each entry says of the body what is true."""

from __future__ import annotations

import json
import random
from typing import Any

from msgspec.structs import replace

from thinkdial.engine.planning.fates import ContinuityOptions
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Turn

from ...cases import each
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
    return {name: getattr(turn, name) for name in Turn.__struct_fields__}


@each("seed", range(CONVERSATIONS), every=4)
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


@each("seed", range(0, CONVERSATIONS, 8))
def test_the_users_words_and_the_answers_stand_in_their_order(seed: int) -> None:
    turns, place, options = conversation(random.Random(seed))
    words = json.dumps(body_of(ask(place, "And now?", turns, options)), ensure_ascii=False)
    marks = [mark for turn in turns for mark in (f"Asked {turn.number}x?", f"Said {turn.number}x.")]
    places = [words.index(mark) for mark in [*marks, "And now?"]]
    assert places == sorted(places)


def compacted(turn: Turn) -> Turn:
    """The same turn, before whose answer its provider has compacted what stood before it."""
    value = f"c0mpact{turn.number}x+/_="
    if turn.origin.dialect == "anthropic-messages":
        content = f"Summary {turn.number}x."
        block = TurnPiece("compaction", content, "compaction", {"signature": value}, {"content": content})
    elif turn.origin.dialect == "openai-responses":
        block = TurnPiece("compaction", "", "compaction", {"encrypted_content": value}, {}, f"cmp_{turn.number}")
    else:
        return turn
    return replace(turn, pieces=(block, *turn.pieces))


@each("seed", range(CONVERSATIONS), every=4)
def test_of_what_was_compacted_on_the_way_either_all_goes_or_what_stands_for_it(seed: int) -> None:
    dice = random.Random(seed)
    turns, place, options = conversation(dice)
    turns = [compacted(turn) if dice.random() < 0.7 else turn for turn in turns]
    short = [turn.origin for turn in turns if turn.compacted_at is not None]
    if short and dice.random() < 0.8:  # back to one who can read it
        home = dice.choice(short)
        place = Place(home.provider, home.dialect, home.model)
    prepared = ask(place, "And now?", turns, options)
    body, first = body_of(prepared), prepared.continuity.turns[0]
    told = {(fate.turn, fate.position): fate for fate in prepared.continuity.fates}
    stands = first.compacted_at == 0 and not first.asked
    assert stands or first.number == 1
    for turn in turns:
        went, is_home = turn.number >= first.number, turn.origin.provider == place.provider
        assert holds(body, f"Asked {turn.number}x?") is (went and not (stands and turn.number == first.number))
        assert holds(body, f"Said {turn.number}x.") is went
        for position, piece in enumerate(turn.pieces):
            for value in piece.opaque.values():
                kept = went and told[turn.number, position].fate == "kept"
                assert holds(body, value) is kept and (is_home or not kept), (seed, piece)
    if stands:  # the newest one that can be read, and it is there
        assert told[first.number, 0].fate == "kept"
        assert not any(
            told[turn.number, 0].fate == "kept"
            for turn in turns
            if turn.number > first.number and turn.pieces[0].kind == "compaction"
        )
