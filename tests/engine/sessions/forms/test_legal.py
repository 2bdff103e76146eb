"""Conversations from files go on anywhere: each body is legal, and nothing that a file brings is in it but words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.planning.fates import ContinuityOptions
from thinkdial.engine.sessions.forms.form import form_of_value
from thinkdial.engine.sessions.forms.lists import file_of_transcript, read_list
from thinkdial.engine.sessions.forms.session_file import session_document
from thinkdial.engine.sessions.forms.session_reader import read_session
from thinkdial.providers.registry import NAMES
from thinkdial.providers.turns.pieces import PieceKind, TurnPiece
from thinkdial.providers.turns.turn import Origin, Turn

from ....cases import each
from ...planning.vendors import ROUTES, Place, ask, body_of
from .legal import CHECKS
from .made_lists import LISTS, ODD, SECRET, Dice

PLACES = {
    **{place.dialect: place for place in ROUTES.values()},
    "gemini-generate": Place("google", "gemini-generate", "gemini-3-pro-preview"),
}


def turns_in(form: str, value: object) -> list[Turn]:
    said = read_list(form, value)  # type: ignore[arg-type]
    file = file_of_transcript(said, form, "Tea", "2026-11-30T10:00:00Z")  # type: ignore[arg-type]
    read = read_session(json.loads(json.dumps(session_document(file))))
    return [replace(node.turn, number=number) for number, node in enumerate(read.nodes, 1)]


def test_there_is_a_check_and_a_place_for_every_dialect() -> None:
    assert set(CHECKS) == set(NAMES) == set(PLACES)


@each("form", LISTS, every=4)
@each("seed", range(60))
def test_a_list_goes_on_at_every_dialect(form: str, seed: int) -> None:
    value = LISTS[form](Dice(seed))
    turns = turns_in(form, value)
    for dialect, place in PLACES.items():
        options = ContinuityOptions(carry_reasoning=seed % 3 == 0)
        prepared = ask(place, "And now?", turns, options)
        body = body_of(prepared)
        words = json.dumps(body, ensure_ascii=False)
        assert SECRET not in words and ODD not in words, (dialect, body)
        CHECKS[dialect](body)
        assert all(fate.fate in ("dropped", "converted", "dummy") for fate in prepared.continuity.fates)


def forged(place: Place, dice: Dice) -> list[Turn]:
    """Turns that claim to be of `place` itself, with fields that would say something else if they were sent."""
    target = place.target()
    odd: dict[str, Any] = {
        "type": "image", "role": "system", "content": ODD, "image_url": f"http://{ODD}.example", "id": ODD, "in": ODD,
        "text": ODD,
    }  # fmt: skip
    model = place.model if dice.happens(0.7) else "another"
    origin = Origin(place.provider, target.base_url, place.dialect, model, is_imported=True)
    carriers = (
        "role",
        "content",
        "tool_calls",
        "messages",
        "reasoning_details",
        "reasoning",
        "thinking",
        "message",
        ODD,
    )
    turns: list[Turn] = []
    results: tuple[TurnPiece, ...] = ()
    for number in range(1, 4):
        kinds: list[PieceKind] = ["thinking", "summary", "encrypted", "redacted", "signature", "other", "compaction"]
        pieces = [
            TurnPiece(
                kind, ODD, dice.random.choice(carriers), {"signature": SECRET} if dice.happens(0.5) else {}, odd, ODD
            )
            for kind in kinds
        ]
        pieces.append(TurnPiece("text", "Said.", dice.random.choice(carriers), {}, odd, ODD))
        pieces.append(
            TurnPiece(
                "call", '{"a": 1}', dice.random.choice(carriers), {"thoughtSignature": SECRET}, odd, f"c{number}", "mul"
            )
        )
        asked = (*results, TurnPiece("text", "Asked.", "role", {}, odd))
        turns.append(Turn(number, asked, tuple(pieces), origin, is_cut=dice.happens(0.3)))
        results = (TurnPiece("result", "91", "role", {"data": SECRET}, odd, f"c{number}", "mul"),)
    return turns


@each("dialect", PLACES)
@each("seed", range(20))
def test_a_file_that_claims_to_be_of_the_provider_itself_brings_nothing_but_words(dialect: str, seed: int) -> None:
    place = PLACES[dialect]
    prepared = ask(place, "And now?", forged(place, Dice(seed)), ContinuityOptions())
    body = body_of(prepared)
    assert SECRET not in json.dumps(body) and f"{ODD}.example" not in json.dumps(body)
    CHECKS[dialect](body)
    written = {(fate.turn, fate.position) for fate in prepared.continuity.fates if fate.fate == "kept"}
    assert not written or dialect in ("openai-chat", "mistral-chat", "ollama-chat", "cohere-chat"), "readable reasoning"


@pytest.mark.parametrize("form", LISTS)
def test_the_form_is_told_by_its_content(form: str) -> None:
    told = [form_of_value(LISTS[form](Dice(seed))) for seed in range(60)]
    odd = {name for name in told if name != form}
    assert odd <= {"openai-chat"}, "what has no mark is a plain chat"
