"""Conversations over Bedrock, Vertex AI and Cohere, each of which reads, drops or refuses what comes back to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Talk, fates, strings

PROFILES = {
    "converse": ("bedrock", "/bedrock", "global.anthropic.claude-opus-5-5", "bedrock-converse"),
    "invoke": ("bedrock", "/bedrock", "global.anthropic.claude-opus-5-5", "bedrock-invoke"),
    "oss": ("bedrock", "/bedrock", "openai.gpt-oss-120b-1:0", "bedrock-converse"),
    "vertex": ("google-vertex", "/vertex/v1/projects/p/locations/global", "gemini-4-argon", "gemini-generate"),
    "vclaude": ("google-vertex", "/vertex/v1/projects/p/locations/global", "claude-opus-5-5", "anthropic-messages"),
    "studio": ("google", "/google", "gemini-4-argon", "gemini-generate"),
    "cohere": ("cohere", "/cohere", "command-a-plus-05-2026", "cohere-chat"),
}
KEEPING = ("converse", "invoke", "vertex", "vclaude", "cohere")


@pytest.fixture
def wide(talk: Talk, tmp_path: Path) -> Talk:
    entries = {
        name: {
            "provider": provider, "base_url": talk.simulator.base_url + where, "model": model, "dialect": dialect,
            "api_key_env": "SIM_KEY",
        }
        for name, (provider, where, model, dialect) in PROFILES.items()
    }  # fmt: skip
    talk.config = tmp_path / "wide.yaml"
    talk.config.write_text(json.dumps({"profiles": entries}), encoding="utf-8")
    return talk


def states(told: dict[str, Any], turn: int) -> set[str]:
    return {one["fate"] for one in told["continuity"] if one["turn"] == turn}


@pytest.mark.parametrize("own", KEEPING)
def test_state_goes_back_to_its_vendor_after_a_detour(wide: Talk, own: str) -> None:
    before = len(wide.requests)
    wide.ask("Is 91 a prime?", f"{own}@high")
    opaque = [value for turn in wide.turns() for piece in turn.pieces for value in piece.opaque.values()]
    assert opaque or own == "cohere"
    straight = wide.ask("And 97?", own)
    assert states(straight, 1) == {"kept"}, straight["continuity"]
    other = "cohere" if own != "cohere" else "converse"
    away = wide.ask("And 101?", other)
    assert states(away, 1) == {"dropped"} and not any(value in strings(wide.body()) for value in opaque)
    back = wide.ask("And 103?", own)
    assert (1, "kept") in fates(back) and all(value in strings(wide.body()) for value in opaque)
    for told in (straight, away, back):
        assert told["status"] == "ok" and told["attempts"] == 1, told
    assert {one.status for one in wide.requests[before:]} == {200}


def test_reasoning_that_nobody_has_signed_is_not_sent_to_bedrock(wide: Talk) -> None:
    wide.ask("Is 91 a prime?", "oss")
    assert any(piece.kind == "thinking" and not piece.opaque for turn in wide.turns() for piece in turn.pieces)
    told = wide.ask("And 97?", "oss")
    assert states(told, 1) == {"dropped"} and "reasoningContent" not in json.dumps(wide.body())
    claude = wide.ask("And 101?", "converse")
    assert claude["status"] == "ok" and claude["attempts"] == 1


@pytest.mark.parametrize(("first", "second"), [("vertex", "studio"), ("studio", "vertex"), ("vclaude", "converse")])
def test_what_one_of_two_addresses_has_signed_stays_with_it(wide: Talk, first: str, second: str) -> None:
    wide.ask("Is 91 a prime?", f"{first}@high")
    told = wide.ask("And 97?", second)
    assert states(told, 1) == {"dropped"} and told["attempts"] == 1 and told["status"] == "ok"
    back = wide.ask("And 101?", first)
    assert (1, "kept") in fates(back) and back["attempts"] == 1


@pytest.mark.parametrize("own", ["vertex", "converse", "invoke", "vclaude"])
def test_a_refused_signature_is_left_out_once_and_for_all(wide: Talk, own: str) -> None:
    from thinkdial.engine.history.blobs import compressed, unpacked
    from thinkdial.engine.history.store import Store

    wide.ask("Is 91 a prime?", f"{own}@high")
    with Store.open() as store, store.transaction() as connection:
        ((number, packed),) = connection.execute("SELECT number, document FROM turns").fetchall()
        document = unpacked(packed)
        for piece in document["pieces"]:
            if "opaque" in piece:
                piece["opaque"] = {name: value[:-8] + "AAAAAAAA" for name, value in piece["opaque"].items()}
        connection.execute("UPDATE turns SET document = ? WHERE number = ?", (compressed(document), number))
    told = wide.ask("And 97?", own)
    assert told["attempts"] == 2 and "state_refused" in {one["code"] for one in told["warnings"]}, told
    again = wide.ask("And 101?", own)
    assert again["attempts"] == 1 and "dropped" in states(again, 1)  # what can be read without it may stay
