"""Prompt caches: what a request says of them, on each route, and when; and that nothing is bound to it."""

from __future__ import annotations

from typing import Any

import pytest

from thinkdial.engine.planning.fates import Past, SessionPlace
from thinkdial.engine.planning.prepare import Prompt, prepare, with_prompt
from thinkdial.profiles import facts
from thinkdial.providers.think import AUTO
from thinkdial.providers.turns.prefix import prefix_of

from .vendors import (
    AZURE,
    BEDROCK,
    CLAUDE,
    DEEPSEEK,
    GEMINI,
    INVOKE,
    OPENAI,
    OPENAI_CHAT,
    OPENROUTER,
    XAI,
    Place,
    ask,
    body_of,
    turn_from,
)

MARK = {"cache_control": {"type": "ephemeral"}}
POINT = {"cachePoint": {"type": "default"}}


def marks(value: Any) -> int:
    """How many marks there are anywhere in `value`."""
    if isinstance(value, dict):
        return ("cache_control" in value or "cachePoint" in value) + sum(map(marks, value.values()))
    return sum(map(marks, value)) if isinstance(value, list) else 0


def single(place: Place, prompt: Prompt, **profile: Any) -> Any:
    return prepare(place.target(**profile), AUTO, prompt, facts.reference())


@pytest.mark.parametrize("place", [CLAUDE, INVOKE, OPENROUTER])
def test_claude_has_its_last_prompts_marked_from_the_second_turn_on(place: Place) -> None:
    body = body_of(ask(place, turns=[turn_from("claude signed")]))
    asked = [message for message in body["messages"] if message["role"] == "user"]
    assert [message["content"][-1]["cache_control"] for message in asked] == [{"type": "ephemeral"}] * 2
    assert marks(body) == 2
    assert marks(body_of(ask(place, turns=[]))) == 0


def test_never_more_than_the_two_newest_prompts_are_marked() -> None:
    turns = [turn_from("claude signed", number) for number in range(1, 8)]
    messages = body_of(ask(CLAUDE, turns=turns))["messages"]
    assert marks(messages) == 2 and marks(messages[-3:]) == 2


def test_converse_has_points_of_its_own() -> None:
    body = body_of(ask(BEDROCK, turns=[turn_from("bedrock signed")]))
    asked = [message for message in body["messages"] if message["role"] == "user"]
    assert [message["content"][-1] for message in asked] == [POINT, POINT]


@pytest.mark.parametrize("place", [OPENAI, OPENAI_CHAT, AZURE, XAI])
def test_one_key_names_all_requests_of_a_session(place: Place) -> None:
    def key(session: str, count: int) -> Any:
        past = Past(tuple(turn_from("claude signed", number) for number in range(1, count + 1)))
        prompt = Prompt("And now?", past=Past(past.turns, place=SessionPlace("tea", session, count + 1)))
        return body_of(single(place, prompt)).get("prompt_cache_key")

    assert key("a", 0) is None
    assert key("a", 1) == key("a", 2) != key("b", 1)
    assert key("a", 1) and key("a", 1) != "a"


@pytest.mark.parametrize("place", [DEEPSEEK, GEMINI])
def test_nothing_is_asked_for_where_it_is_automatic(place: Place) -> None:
    body = body_of(ask(place, turns=[turn_from("claude signed")]))
    assert marks(body) == 0 and "prompt_cache_key" not in body


def test_a_profile_turns_it_off_and_on() -> None:
    turns = (turn_from("claude signed"),)
    assert marks(body_of(single(CLAUDE, Prompt("And now?", past=Past(turns)), cache=False))) == 0
    body = body_of(single(CLAUDE, Prompt("Once.", system="Be brief."), cache=True))
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Once.", **MARK}]}]
    assert body["system"] == [{"type": "text", "text": "Be brief.", **MARK}]
    body = body_of(single(BEDROCK, Prompt("Once.", system="Be brief."), cache=True))
    assert body["system"] == [{"text": "Be brief."}, POINT]
    assert body["messages"] == [{"role": "user", "content": [{"text": "Once."}, POINT]}]


def test_the_next_row_of_a_batch_is_marked_as_well() -> None:
    first = single(CLAUDE, Prompt("One.", system="Be brief."), cache=True)
    body = body_of(with_prompt(first, Prompt("Two.", system="Be brief.")))
    assert body["messages"][0]["content"] == [{"type": "text", "text": "Two.", **MARK}]


def test_a_profile_that_asks_for_itself_is_left_alone() -> None:
    asked = Prompt("And now?", past=Past((turn_from("claude signed"),)))
    body = body_of(single(CLAUDE, asked, params={"cache_control": {"type": "ephemeral", "ttl": "1h"}}))
    assert body["cache_control"]["ttl"] == "1h" and marks(body["messages"]) == 0


@pytest.mark.parametrize("place", [CLAUDE, BEDROCK, INVOKE, OPENROUTER])
def test_what_is_bound_to_a_prefix_does_not_see_the_marks(place: Place) -> None:
    turns = (turn_from("claude signed"),)
    prompt = Prompt("And now?", system="Be brief.", past=Past(turns))
    bodies = [body_of(single(place, prompt, cache=cache)) for cache in (False, None, True)]
    assert len({prefix_of(body) for body in bodies}) == 1


def test_a_key_that_a_server_refuses_can_be_left_out() -> None:
    prepared = ask(OPENAI, turns=[turn_from("claude signed")])
    assert "prompt_cache_key" in prepared.plan.optional
