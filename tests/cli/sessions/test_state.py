"""State that goes back: restored after a detour, bound to account and prefix, refused once and then left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from thinkdial.engine.history.blobs import compressed, unpacked
from thinkdial.engine.history.store import Store

from .conftest import GPT_COMPACTS, Talk, fates, strings, write_profiles

BINDING = "thinking-binding-controls-2026-08-01"


def opaque(talk: Talk, turn: int) -> set[str]:
    """The opaque values of a stored turn."""
    pieces = talk.turns()[turn - 1].pieces
    return {value for piece in pieces for value in piece.opaque.values() if isinstance(value, str)}


@contextmanager
def changed(talk: Talk, turn: int) -> Iterator[dict[str, Any]]:
    """The stored document of a turn, to be changed."""
    number = talk.way()[turn - 1]["node"]
    with Store.open() as store, store.transaction() as connection:
        (blob,) = connection.execute("SELECT document FROM turns WHERE number = ?", (number,)).fetchone()
        document: dict[str, Any] = unpacked(blob)
        yield document
        connection.execute("UPDATE turns SET document = ? WHERE number = ?", (compressed(document), number))


def spoil(talk: Talk, turn: int) -> None:
    """Let the vendor no longer know what it made: every opaque value of a stored turn is changed."""
    with changed(talk, turn) as document:
        for piece in document["pieces"]:
            known = piece.get("opaque", {})
            piece["opaque"] = {name: f"{value[:-8]}AAAA{value[-4:]}" for name, value in known.items()}


@pytest.mark.parametrize("own", ["opus", "gpt", "gemini", "grok", "router", "mistral", "deepseek", "groq", "cerebras"])
def test_a_detour_over_other_vendors_leaves_what_is_ones_own(talk: Talk, own: str) -> None:
    other = "gpt" if own != "gpt" else "opus"
    talk.ask("Is 91 a prime?", own)
    sent = talk.ask("Are you sure?", other)
    assert {fate for turn, fate in fates(sent) if turn == 1} <= {"dropped"}
    assert not opaque(talk, 1).intersection(strings(talk.body()))
    back = talk.ask("And 97?", own)
    assert (1, "kept") in fates(back) and (2, "kept") not in fates(back)
    assert opaque(talk, 1) <= set(strings(talk.body()))
    thought = "".join(piece.text for piece in talk.turns()[0].pieces if piece.is_reasoning and not piece.opaque)
    assert thought in "".join(strings(talk.body()))


@pytest.mark.parametrize("own", ["opus", "gpt", "gemini", "grok", "router"])
def test_what_is_refused_is_left_out_at_once_and_remembered(talk: Talk, own: str) -> None:
    talk.ask("Is 91 a prime?", own)
    spoil(talk, 1)
    told = talk.ask("And 97?", own)
    assert (told["status"], told["attempts"]) == ("ok", 2)
    assert "state_refused" in [warning["code"] for warning in told["warnings"]]
    assert "kept" not in dict(fates(told)).values() and (1, "dropped") in fates(told)
    dead = talk.way()[0]["dead"]
    assert dead
    again = talk.ask("And 101?", own)
    assert again["attempts"] == 1 and not opaque(talk, 1).intersection(strings(talk.body()))
    reasons = {one["reason"] for one in again["continuity"] if one["turn"] == 1 and one["fate"] == "dropped"}
    assert any("has refused it" in reason for reason in reasons), reasons
    assert (2, "kept") in fates(again) and talk.way()[0]["dead"] == dead


def test_a_changed_prefix_is_left_out_before_the_vendor_would(talk: Talk, key: str) -> None:
    for prompt in ("Is 91 a prime?", "And 97?", "And 101?"):
        talk.ask(prompt, "opus", "--system", "Be brief.")
    whole = talk.body()
    told = talk.ask("And 103?", "opus", "--system", "Be long.")
    assert fates(told, "thinking") == [(1, "dropped"), (2, "dropped"), (3, "dropped")]
    assert not any(opaque(talk, turn).intersection(strings(talk.body())) for turn in (1, 2, 3))

    # What the vendor does with the same history when it gets it all.
    history = [*whole["messages"], {"role": "assistant", "content": _blocks(talk, 3)}]
    asked = {
        **whole,
        "stream": False,
        "system": talk.body()["system"],
        "messages": [*history, {"role": "user", "content": "And 103?"}],
        "thinking": {**whole["thinking"], "block_binding": {"prefix_mismatch_behavior": "drop_block"}},
    }
    url = f"{talk.simulator.base_url}/anthropic/v1/messages"
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01", "anthropic-beta": BINDING}
    reply = httpx2.post(url, json=asked, headers=headers, trust_env=False).json()
    dropped = [entry["path"] for entry in reply["input_transformations"]]
    assert dropped == [f"messages.{place}.content.0" for place in (1, 3, 5)]
    del asked["thinking"]
    refused = httpx2.post(url, json=asked, headers=headers, trust_env=False)
    assert refused.status_code == 400 and "bound to a different conversation" in refused.text


def _blocks(talk: Talk, turn: int) -> list[dict[str, Any]]:
    thinking, text = talk.turns()[turn - 1].pieces
    return [{"type": "thinking", "thinking": thinking.text, **thinking.opaque}, {"type": "text", "text": text.text}]


def test_a_starved_turn_is_followed_by_one_that_is_legal(talk: Talk) -> None:
    for own in ("opus", "gpt", "gemini", "grok"):
        talk.name = own
        talk.ask("Is 91 a prime?", own)
        write_profiles(talk.config, talk.simulator.base_url, **{own: {"max_output_tokens": 40}})
        starved = talk.ask("And 97?", own, ok=None)
        assert (starved["finish"], bool(starved["answer"])) == ("length", own == "grok"), starved
        write_profiles(talk.config, talk.simulator.base_url)
        told = talk.ask("And 101?", own)
        assert (told["status"], told["attempts"]) == ("ok", 1)
        assert (1, "kept") in fates(told)


def test_another_key_takes_along_what_is_not_bound_to_the_account(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {"opus": "kept", "sonnet": "dropped", "gpt": "dropped", "gemini": "kept", "router": "kept"}
    for own, fate in expected.items():
        monkeypatch.setenv("SIM_KEY", "the-first-key")
        talk.name = own
        talk.ask("Is 91 a prime?", own)
        monkeypatch.setenv("SIM_KEY", "another-key")
        told = talk.ask("And 97?", own)
        assert told["attempts"] == 1
        state = {one["fate"]: one["reason"] for one in told["continuity"] if one["kind"] != "summary"}
        assert list(state) == [fate], (own, told["continuity"])
        assert fate == "kept" or "another account" in state["dropped"]


def test_a_key_that_has_changed_back_finds_its_own(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, fate in (("one", None), ("two", "dropped"), ("one", "kept")):
        monkeypatch.setenv("SIM_KEY", f"key-number-{key}")
        told = talk.ask("Go on.", "sonnet")
        found = [one["fate"] for one in told["continuity"] if one["turn"] == 1]
        assert found == ([] if fate is None else [fate])


def test_claude_is_asked_to_say_what_it_leaves_out(talk: Talk) -> None:
    """The table of who reads whose blocks is dated: here the vendor reads less than it says."""
    talk.ask("Is 91 a prime?", "fable")
    with changed(talk, 1) as document:
        document["origin"] |= {"model": "claude-opus-5-5", "served": None}
    own = {"headers": {"anthropic-beta": "effort-2025-11-24"}}
    write_profiles(talk.config, talk.simulator.base_url, opus=own)
    told = talk.ask("And 97?", "opus")
    assert talk.requests[-1].headers["anthropic-beta"] == f"effort-2025-11-24,{BINDING}"
    (state,) = [one for one in told["continuity"] if one["kind"] == "thinking"]
    assert (state["fate"], state["reason"]) == ("dropped", "anthropic left it out (model binding mismatch)")


def test_what_the_vendor_leaves_out_after_all_is_told(talk: Talk) -> None:
    """A model that binds state to nothing we know of: the report goes before the plan."""
    talk.ask("Is 91 a prime?", "gpt")
    write_profiles(talk.config, talk.simulator.base_url, gpt={"params": {"reasoning": {"context": "current_turn"}}})
    told = talk.ask("And 97?", "gpt")
    state = [one for one in told["continuity"] if one["kind"] == "encrypted"]
    assert [one["fate"] for one in state] == ["dropped"], state
    assert "turn boundary" in state[0]["reason"]


CLAUDE_COMPACTS = {
    "params": {"context_management": {"edits": [{"type": "compact_20260112"}]}},
    "headers": {"anthropic-beta": "compact-2026-01-12"},
}


@pytest.mark.parametrize(
    ("own", "changed_entry", "words", "other"),
    [("gpt", GPT_COMPACTS, 2500, "opus"), ("opus", CLAUDE_COMPACTS, 160_000, "gpt")],
)
def test_a_vendors_short_form_goes_back_to_it_and_the_full_turns_to_all_others(
    talk: Talk, own: str, changed_entry: dict[str, Any], words: int, other: str
) -> None:
    write_profiles(talk.config, talk.simulator.base_url, **{own: changed_entry})
    long = "word " * words
    first = talk.ask(long, own)
    short = talk.ask("And now?", own)
    kinds = [piece.kind for turn in talk.turns() for piece in turn.pieces]
    assert "compaction" in kinds
    told = talk.ask("And then?", own)
    assert any(one["kind"] == "compaction" and one["fate"] == "kept" for one in told["continuity"]), told["continuity"]
    assert told["usage"]["input_tokens"] < words
    assert first["usage"]["input_tokens"] + short["usage"]["input_tokens"] > words  # what the summary read is billed
    away = talk.ask("And elsewhere?", other)
    lost = [one for one in away["continuity"] if one["kind"] == "compaction"]
    assert lost and {one["fate"] for one in lost} == {"dropped"}
    assert away["usage"]["input_tokens"] > words and any(long.strip() in text for text in strings(talk.body()))
    back = talk.ask("And back?", own)
    assert any(one["kind"] == "compaction" and one["fate"] == "kept" for one in back["continuity"])
    assert back["status"] == "ok" and back["attempts"] == 1


def test_who_was_cut_off_before_a_word_goes_on_as_well(talk: Talk) -> None:
    starved = talk.ask("Is 91 a prime?", "gpt", "--max-output", "16", ok=None)
    assert starved["answer"] == "" and len(talk.turns()) == 1
    ended = talk.cli("ask", "And 97?", "--session", talk.name, "--json", "--config", talk.config)
    assert ended.code == 0 and ended.json["results"][0]["profile"] == "gpt", ended.everything
