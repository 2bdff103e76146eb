"""Sixty turns over many vendors, with forks, rewinds, compactions and switches back: nothing is lost or refused."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from .conftest import GPT_COMPACTS, Talk, dollars, fates, strings, write_profiles

TURNS = 60
STATE = ("thinking", "redacted", "encrypted", "signature", "summary", "compaction")
VENDORS = ("opus", "gpt", "gemini", "mistral", "grok", "deepseek", "router", "sonnet")


@pytest.mark.slow
def test_sixty_turns_over_eight_routes(talk: Talk) -> None:
    chance = random.Random(13)
    ways: dict[str, list[tuple[str, str]]] = {talk.name: []}
    write_profiles(talk.config, talk.simulator.base_url, gpt=GPT_COMPACTS)
    compacted = set[str]()
    before, paid = len(talk.requests), Decimal(0)
    for number in range(TURNS):
        way = ways[talk.name]
        if number and number % 9 == 0:
            at = chance.randrange(1, len(way) + 1)
            name = f"fork {number}"
            talk.run("fork", talk.name, name, "--at", str(at))
            ways[name] = way[:at]
            compacted |= {name} if talk.name in compacted else set[str]()
            talk.name, way = name, ways[name]
        elif number and number % 7 == 0:
            back = chance.randrange(1, min(3, len(way)) + 1)
            talk.run("rewind", talk.name, str(back))
            del way[-back:]
        elif number % 11 == 10:
            talk.name = chance.choice(list(ways))
            way = ways[talk.name]
        if number % 25 == 24:
            talk.run("compact", talk.name, "-y", "--config", str(talk.config))
            compacted.add(talk.name)
        prompt = f"Question {number}: why is the sky {chance.choice(('blue', 'red', 'dark'))}, in {number} words?"
        told = talk.ask(prompt, chance.choice(VENDORS))
        assert (told["status"], told["attempts"]) == ("ok", 1), told
        assert told["session"]["turn"] == len(way) + 1
        paid += dollars(told["cost"]["usd"])
        way.append((prompt, told["answer"]))
        _judge(talk, told, [] if talk.name in compacted else way)

    sent = talk.requests[before:]
    assert [one.status for one in sent] == [200] * len(sent), Counter(one.status for one in sent)
    assert len(sent) == TURNS + len(compacted_at(talk)) > TURNS
    for name, way in ways.items():
        assert [(node["prompt"], node["answer"]) for node in talk.way(name) if node["kind"] == "turn"] == way
    assert any(piece.kind == "compaction" for name in ways for turn in talk.turns(name) for piece in turn.pieces)
    tree = talk.tree()
    turns = [node for node in tree["nodes"] if node["kind"] == "turn"]
    assert len(turns) == TURNS and {one["name"] for one in tree["sessions"]} == set(ways)
    assert sum((dollars(node["usd"]) for node in turns), Decimal(0)) == paid


def compacted_at(talk: Talk) -> list[int]:
    """The nodes of the tree that are compactions."""
    return [node["node"] for node in talk.tree()["nodes"] if node["kind"] == "compaction"]


def _judge(talk: Talk, told: dict[str, Any], way: list[tuple[str, str]]) -> None:
    """The body has all that was said, in its order; opaque state is in it exactly when the result says so."""
    said = strings(talk.body())
    places = [next(at for at, text in enumerate(said) if prompt in text) for prompt, _ in way]
    assert places == sorted(places)
    assert all(any(answer in text for text in said) for _, answer in way[:-1])
    turns = talk.turns()
    for turn in turns[:-1]:
        own = {value for piece in turn.pieces for value in piece.opaque.values() if isinstance(value, str)}
        sent = own.intersection(said)
        kept = any(at == turn.number and fate == "kept" for at, fate in fates(told, *STATE)) and bool(own)
        assert bool(sent) is kept, (turn.number, told["continuity"])
        assert not sent or turn.origin.provider == told["provider"]
