"""`session compact` by each vendor's own means, or by a summary: shorter for who reads it, whole for all others."""

from __future__ import annotations

import pytest

from .conftest import Talk, dollars, fates, strings

OWN = {"opus": True, "sonnet": True, "gpt": True, "grok": True, "gemini": False, "mistral": False, "deepseek": False}
LONG = "what is asked has an answer that is known and one that is not, and both are told. " * 20


def compact(talk: Talk) -> str:
    ended = talk.cli("session", "compact", talk.name, "-y", "--config", talk.config)
    assert ended.code == 0, ended.everything
    return ended.err


@pytest.mark.parametrize("own", OWN)
def test_a_compacted_session_takes_less_and_has_lost_nothing(talk: Talk, own: str) -> None:
    before = len(talk.requests)
    for number in range(3):
        talk.ask(f"Question {number}: {LONG}", own)
    full = talk.ask("How much is it now?", own)["usage"]["input_tokens"]
    said = compact(talk)
    assert ("itself" in said) is OWN[own] and "the full turns stay" in said

    short = talk.ask("And now?", own)
    assert short["attempts"] == 1 and short["usage"]["input_tokens"] < full / 2, (full, short["usage"])
    assert not any("Question 1" in text for text in strings(talk.body())) or own == "gpt"  # keeps what was asked
    kept = [one for one in short["continuity"] if one["kind"] == "compaction" and one["fate"] == "kept"]
    assert bool(kept) is OWN[own]
    assert "server_reference" not in {one["kind"] for one in short["continuity"]}

    other = "gpt" if own != "gpt" else "opus"
    away = talk.ask("And elsewhere?", other)
    assert "kept" not in dict(fates(away)).values()
    everything = " ".join(strings(talk.body()))
    if OWN[own]:  # nobody else reads a vendor's own form: the full turns go instead
        assert all(f"Question {number}" in everything for number in range(3))
    back = talk.ask("And back?", own)
    assert (back["status"], back["attempts"]) == ("ok", 1)
    assert back["usage"]["input_tokens"] < away["usage"]["input_tokens"] + full / 2
    assert compact(talk) and talk.ask("And once more?", own)["status"] == "ok"

    nodes = talk.way()
    assert [node["kind"] for node in nodes].count("compaction") == 2
    turns = [node for node in nodes if node["kind"] == "turn"]
    assert [node["prompt"] for node in turns][:3] == [f"Question {number}: {LONG}" for number in range(3)]
    assert all(dollars(node["usd"]) > 0 for node in nodes)
    assert {one.status for one in talk.requests[before:]} == {200}


def test_a_rewind_to_before_it_goes_back_to_the_full_turns(talk: Talk) -> None:
    for number in range(3):
        talk.ask(f"Question {number}: {LONG}", "opus")
    compact(talk)
    talk.ask("And now?", "opus")
    talk.run("rewind", talk.name, "2")
    told = talk.ask("Again?", "opus")
    assert (1, "kept") in fates(told, "thinking") and not fates(told, "compaction")
    assert any("Question 1" in text for text in strings(talk.body()))
