"""Conversations from files go on anywhere: each body is legal, and nothing that a file brings is in it but words."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from thinkdial.engine.planning.fates import ContinuityOptions
from thinkdial.engine.sessions.forms.form import form_of_value
from thinkdial.engine.sessions.forms.lists import file_of_transcript, read_list
from thinkdial.engine.sessions.forms.session_file import session_document
from thinkdial.engine.sessions.forms.session_reader import read_session
from thinkdial.providers.registry import NAMES
from thinkdial.providers.turns.turn import Turn

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


@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize("seed", range(60))
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


@pytest.mark.parametrize("form", LISTS)
def test_the_form_is_told_by_its_content(form: str) -> None:
    told = [form_of_value(LISTS[form](Dice(seed))) for seed in range(60)]
    odd = {name for name in told if name != form}
    assert odd <= {"openai-chat"}, "what has no mark is a plain chat"
