"""Sessions made short over vendors that check what they made: nodes of the tree, from which a switch goes back."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.blobs import compressed, unpacked
from thinkdial.engine.history.store import Store

from .conftest import Talk, fates, strings, write_profiles

LONG = "Say it at length: " + "one two three four five six seven " * 60
SUMMARY = "[Summary of turns 1 to 2 of this conversation, by "


def kinds(talk: Talk) -> list[str]:
    return [node["kind"] for node in talk.way()]


def words_of(talk: Talk) -> str:
    """Everything that the last request said."""
    return "\n".join(strings(talk.body()))


def two_turns(talk: Talk, profile: str) -> None:
    talk.ask(f"First. {LONG}", profile)
    talk.ask(f"Second. {LONG}", profile)


@pytest.mark.parametrize("own", ["opus", "gpt", "grok"])
def test_a_provider_compacts_itself_where_it_can(talk: Talk, own: str) -> None:
    two_turns(talk, own)
    before = talk.ask(f"Third. {LONG}", own)["usage"]["input_tokens"]
    ended = talk.cli("session", "compact", talk.name, "--config", talk.config)
    assert ended.code == 0 and "compacted by" in ended.err and "the full turns stay" in ended.err, ended.everything
    assert kinds(talk) == ["turn", "turn", "turn", "compaction"]
    after = talk.ask("Fourth?", own)
    assert ("Second." in words_of(talk)) is (own == "gpt")  # whose endpoint gives the user's own words back
    assert (3, "kept") in fates(after)
    assert after["usage"]["input_tokens"] < before
    again = talk.ask("Fifth?", own)
    assert "Fourth?" in words_of(talk) and (3, "kept") in fates(again) and again["attempts"] == 1


@pytest.mark.parametrize("own", ["opus", "gpt"])
def test_another_vendor_gets_the_full_turns_and_the_way_back_the_short_form(talk: Talk, own: str) -> None:
    two_turns(talk, own)
    assert talk.cli("session", "compact", talk.name, "--config", talk.config).code == 0
    talk.ask("Third?", "gemini")
    assert all(said in words_of(talk) for said in ("First.", "Second.", "Third?"))
    back = talk.ask("Fourth?", own)
    assert "Third?" in words_of(talk) and (2, "kept") in fates(back)
    assert own != "opus" or "First." not in words_of(talk)


@pytest.mark.parametrize(("own", "by"), [("gemini", None), ("opus", "gpt"), ("deepseek", "mistral")])
def test_where_it_cannot_a_model_sums_up_and_that_is_labelled(talk: Talk, own: str, by: str | None) -> None:
    two_turns(talk, own)
    option = ("-p", by) if by else ()
    ended = talk.cli("session", "compact", talk.name, *option, "--config", talk.config)
    assert ended.code == 0 and f"summed up by {by or own}" in ended.err, ended.everything
    assert (f"{by} will see" in ended.err or by is None) or "for the first time" in ended.err
    for profile in (own, "groq"):
        talk.ask("And now?", profile)
        assert SUMMARY in words_of(talk) and "First." not in words_of(talk)


def test_a_compaction_is_a_node_that_can_be_gone_back_before(talk: Talk) -> None:
    two_turns(talk, "opus")
    assert talk.cli("session", "compact", talk.name, "-p", "gemini", "--config", talk.config).code == 0
    twice = talk.cli("session", "compact", talk.name, "--config", talk.config)
    assert twice.code == 2 and "nothing to compact" in twice.err
    shown = talk.cli("session", "show", talk.name, "--config", talk.config)
    assert "turns 1 to 2 summed up by gemini; they stay in full" in shown.out
    talk.ask("Third?", "opus")
    assert talk.cli("session", "rewind", talk.name, "--to", "2").code == 0
    talk.ask("Third again?", "opus")
    assert "First." in words_of(talk) and SUMMARY not in words_of(talk)


def test_what_it_cost_is_in_the_history_and_a_limit_holds_for_it(talk: Talk) -> None:
    two_turns(talk, "opus")
    refused = talk.cli("session", "compact", talk.name, "--max-cost", "0.0000001", "--config", talk.config)
    assert refused.code == 4 and kinds(talk) == ["turn", "turn"], refused.everything
    assert talk.cli("session", "compact", talk.name, "--config", talk.config).code == 0
    assert Decimal(talk.way()[-1]["usd"]) > 0


def test_a_session_without_a_turn_and_one_that_is_not_there(talk: Talk) -> None:
    assert talk.cli("session", "new", talk.name).code == 0
    empty = talk.cli("session", "compact", talk.name, "--config", talk.config, "-p", "opus")
    assert empty.code == 2 and "nothing to compact" in empty.err
    gone = talk.cli("session", "compact", "nobody", "--config", talk.config)
    assert gone.code == 2 and "nobody" in gone.err
    assert talk.cli("session", "show", "nobody").code == 2


def test_a_full_session_is_compacted_where_that_is_the_policy(talk: Talk) -> None:
    two_turns(talk, "gemini")
    limit = ("--context-tokens", "600")
    refused = talk.ask("Third?", "gemini", *limit, ok=False)
    assert refused["error"]["kind"] == "context_length" and refused["attempts"] == 0
    assert f"session compact {talk.name}" in refused["error"]["hint"]
    done = talk.ask("Third?", "gemini", *limit, "--context-full", "compact")
    assert done["session"]["turn"] == 3 and kinds(talk) == ["turn", "turn", "compaction", "turn"]
    assert SUMMARY in words_of(talk)


@pytest.mark.parametrize(
    ("own", "words", "limit", "field"),
    [("opus", 20_000, 60_000, "edits"), ("gpt", 300, 700, "compact_threshold")],
)
def test_a_provider_is_asked_to_compact_on_the_way_where_it_can(
    talk: Talk, own: str, words: int, limit: int, field: str
) -> None:
    policy = ("--context-tokens", str(limit), "--context-full", "compact")
    talk.ask("First. " + "one two three four " * words, own, *policy)
    assert "context_management" not in talk.body()  # there is nothing to compact yet
    done = talk.ask("Second?", own, *policy)
    asked = json.dumps(talk.body()["context_management"])
    assert field in asked and str(limit) in asked
    assert kinds(talk) == ["turn"] * 2 and done["attempts"] == 1
    assert {one["code"] for one in done["warnings"]} & {"context_compacted", "skipped"} == {"context_compacted"}
    assert done["usage"]["input_tokens"] > limit  # what the short form was made of is billed
    planned = talk.plan("Third?", own)["outlook"]["input_tokens"]
    after = talk.ask("Third?", own, *policy)
    assert (2, "kept") in fates(after) and after["attempts"] == 1
    assert "First." not in words_of(talk) and "Second?" not in words_of(talk)
    assert planned < limit and after["usage"]["input_tokens"] < limit
    away = talk.ask("Fourth?", "gemini")
    assert all(said in words_of(talk) for said in ("First.", "Second?", "Third?"))
    assert (2, "dropped") in fates(away)
    back = talk.ask("Fifth?", own)
    assert (2, "kept") in fates(back) and "First." not in words_of(talk) and back["attempts"] == 1
    assert "context_management" not in talk.body()  # nobody said so for this turn


def test_thinking_that_is_bound_to_what_was_compacted_is_left_out_and_told(talk: Talk) -> None:
    policy = ("--context-tokens", "50000", "--context-full", "compact", "--on-mismatch", "error")
    talk.ask("First. " + "one two three four " * 20_000, "opus@high", *policy)
    talk.ask("Second?", "opus@high", *policy)
    third = talk.ask("Third?", "opus@high", *policy)
    told = {one["kind"]: (one["fate"], one["reason"]) for one in third["continuity"] if one["turn"] == 2}
    assert told["compaction"][0] == "kept"
    assert told["thinking"] == ("dropped", "what was sent before it has been compacted, and it is bound to that")
    fourth = talk.ask("Fourth?", "opus@high", *policy)
    assert (3, "kept") in fates(fourth) and fourth["attempts"] == 1


def tamper() -> None:
    """Change what only the provider can read of compactions, as if its keys were others now."""
    with Store.open() as store, store.transaction() as connection:
        for number, packed in connection.execute("SELECT number, document FROM turns").fetchall():
            document = unpacked(packed)
            for piece in document["pieces"]:
                if piece["kind"] == "compaction":
                    piece["opaque"] = {name: value[:-8] + "AAAAAAAA" for name, value in piece["opaque"].items()}
            connection.execute("UPDATE turns SET document = ? WHERE number = ?", (compressed(document), number))


@pytest.mark.parametrize(("own", "within"), [("opus", False), ("gpt", False), ("gpt", True), ("grok", False)])
def test_one_that_the_vendor_refuses_is_never_sent_again(talk: Talk, own: str, within: bool) -> None:
    two_turns(talk, own)
    if within:
        talk.ask("Third?", own, "--context-tokens", "600", "--context-full", "compact")
    else:
        assert talk.cli("session", "compact", talk.name, "--config", talk.config).code == 0
    tamper()
    first = talk.ask("And now?", own)
    assert first["attempts"] == 2 and "state_refused" in {one["code"] for one in first["warnings"]}
    assert "First." in words_of(talk)
    second = talk.ask("And then?", own)
    assert second["attempts"] == 1 and "First." in words_of(talk)
    assert {one.status for one in talk.requests[-1:]} == {200}


def test_a_signed_block_goes_back_whole(talk: Talk) -> None:
    two_turns(talk, "opus")
    assert talk.cli("session", "compact", talk.name, "--config", talk.config).code == 0
    talk.ask("And now?", "opus")
    (block,) = talk.body()["messages"][0]["content"]
    assert block["type"] == "compaction" and block["content"].startswith("<summary>") and block["signature"]


def test_a_comparison_remembers_the_refused_one_too(talk: Talk) -> None:
    two_turns(talk, "opus")
    assert talk.cli("session", "compact", talk.name, "--config", talk.config).code == 0
    tamper()
    both = talk.cli("compare", "And?", "-p", "opus", "-p", "gemini", "--session", talk.name, "--config", talk.config)
    assert both.code == 0, both.everything
    talk.run("fork", talk.name, "anew")
    anew = talk.cli("session", "compact", "anew", "--config", talk.config)
    assert anew.code == 0, anew.everything  # one that nobody takes stands for nothing
    assert talk.ask("And now?", "opus")["attempts"] == 1 and "First." in words_of(talk)


def test_a_full_session_is_trimmed_where_that_is_the_policy(talk: Talk) -> None:
    two_turns(talk, "gpt")
    done = talk.ask("Third?", "gpt", "--context-tokens", "700", "--context-full", "trim")
    (told,) = [warning for warning in done["warnings"] if warning["code"] == "context_trimmed"]
    assert "left out" in told["message"] and "First." not in words_of(talk)
    assert done["session"]["turn"] == 3 and kinds(talk) == ["turn"] * 3
    talk.ask("Fourth?", "gpt")
    assert "First." in words_of(talk)


@pytest.mark.parametrize("profile", ["opus", "gemini"])
def test_the_next_turn_is_told_within_a_tenth_after_a_compaction(talk: Talk, profile: str) -> None:
    for number in range(3):
        talk.ask(f"Turn {number}. {LONG}", profile)
    assert talk.cli("session", "compact", talk.name, "-p", "gemini", "--config", talk.config).code == 0
    for number in range(3, 6):
        prompt = f"Turn {number}. {LONG}"
        told: Any = talk.cli("ask", prompt, "--session", talk.name, "--dry-run", "--json", "--config", talk.config)
        (plan,) = told.json["plans"]
        expected = plan["outlook"]["input_tokens"]
        counted = talk.ask(prompt, profile)["usage"]["input_tokens"]
        assert number == 3 or abs(expected - counted) <= counted / 10, (number, expected, counted)


@pytest.mark.parametrize(
    "own",
    [
        "opus",
        "gpt",
        "gemini",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("sonnet", "grok", "mistral", "deepseek")),
    ],
)
def test_what_was_compacted_is_compacted_again(talk: Talk, own: str) -> None:
    before = len(talk.requests)
    two_turns(talk, own)
    for _ in range(2):
        assert talk.cli("session", "compact", talk.name, "--config", talk.config).code == 0
        told = talk.ask("And now?", own)
        assert told["attempts"] == 1
        assert "server_reference" not in {one["kind"] for one in told["continuity"]}
        talk.ask("And elsewhere?", "gemini" if own != "gemini" else "gpt")
    assert kinds(talk).count("compaction") == 2 and kinds(talk).count("turn") == 6
    assert {one.status for one in talk.requests[before:]} == {200}


def test_an_older_claude_is_asked_to_keep_what_it_would_clear(talk: Talk, tmp_path: Path) -> None:
    older = {"model": "claude-sonnet-4-5"}
    talk.config = write_profiles(tmp_path / "older.yaml", talk.simulator.base_url, sonnet=older)
    talk.ask("First?", "sonnet@8k")
    kept = talk.ask("Second?", "sonnet@8k", "--context-reasoning", "all")
    assert kept["status"] == "ok" and (1, "kept") in fates(kept), kept
    assert talk.body()["context_management"]["edits"][0]["keep"] == "all"
    plain = talk.ask("Third?", "sonnet@8k", "--context-reasoning", "none")
    assert "context_management" not in talk.body() and {fate for _, fate in fates(plain)} == {"dropped"}
