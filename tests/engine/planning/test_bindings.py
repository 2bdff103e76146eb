"""What binds a piece to model, account, address and all that was sent before it; what is chosen, noted and written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.planning.fates import ContinuityOptions, Past
from thinkdial.engine.planning.prepare import Prompt, prepare, without_field, without_pieces
from thinkdial.profiles import facts
from thinkdial.providers.errors import UsageError
from thinkdial.providers.think import parse_think
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Turn

from ...cases import each
from .vendors import (
    CLAUDE,
    HOST,
    MISTRAL,
    OPENAI,
    OPENROUTER,
    SAID,
    SECRET,
    SIGNED,
    THOUGHT,
    XAI,
    ZAI,
    Place,
    answered,
    ask,
    body_of,
    chat,
    holds,
    message,
    output_text,
    reasoning,
    response,
    turn_from,
)

BACK = "it goes back as it came"


def test_a_piece_is_bound_to_what_its_rule_names() -> None:
    turn = turn_from("openai ciphertext")
    other_model = Place("openai", "openai-responses", "gpt-5.5")
    for prepared, reason in (
        (ask(other_model, turns=[turn]), "gpt-5.4 thought it; gpt-5.5 is not known to read that"),
        (ask(OPENAI, turns=[turn], account="b"), "it is bound to another account of openai"),
        (
            ask(OPENAI.target(base_url="https://proxy.example/v1"), turns=[turn]),
            "it came from https://api.openai.com/v1; this call goes to https://proxy.example/v1",
        ),
        (ask(OPENAI, turns=[replace(turn, dead=frozenset({0}))]), "openai has refused it"),
        (
            ask(OPENAI, turns=[replace(turn, origin=replace(turn.origin, is_imported=True))]),
            "it was imported; openai has not accepted it yet",
        ),
    ):
        assert [(fate.fate, fate.reason) for fate in prepared.continuity.fates] == [("dropped", reason)]
        assert not holds(body_of(prepared), SECRET)
    assert [fate.fate for fate in ask(OPENAI, turns=[turn], account=None).continuity.fates] == ["kept"]


@each(
    ("author", "reader", "fate"),
    [
        ("claude-opus-5", "claude-opus-5-5", "kept"),
        ("claude-haiku-5-5", "claude-opus-5-5", "kept"),
        ("claude-fable-5-1", "claude-opus-5-5", "dropped"),
        ("claude-opus-5-5", "claude-fable-5-1", "kept"),
        ("claude-fable-5-2", "claude-fable-5-1", "dropped"),
        ("claude-sonnet-5", "claude-sonnet-5-5", "kept"),
        ("claude-opus-5", "claude-sonnet-5-5", "dropped"),
        ("claude-sonnet-5-5", "claude-haiku-5-5", "dropped"),
        ("claude-opus-5", "claude-opus-4-8", "dropped"),
    ],
)
def test_whose_blocks_a_claude_model_reads_is_a_dated_table(author: str, reader: str, fate: str) -> None:
    place = Place("anthropic", "anthropic-messages", author)
    turn = answered(ask(place, "First?"), message(SIGNED, SAID))
    found = ask(replace(place, model=reader), turns=[turn]).continuity.fates
    assert [one.fate for one in found] == [fate], found


BOUND = Place("anthropic", "anthropic-messages", "claude-opus-5-5")


def conversation(place: Place, *prompts: str, system: str | None = None) -> list[Turn]:
    """Turns with a signed answer each, told apart by their numbers."""
    turns: list[Turn] = []
    for number, prompt in enumerate(prompts, 1):
        signed = {"type": "thinking", "thinking": f"{THOUGHT} {number}", "signature": f"{SECRET}{number}"}
        document = message(signed, {"type": "text", "text": f"Said {number}."})
        turns.append(answered(ask(place, prompt, turns, system=system), document, number))
    return turns


def test_pieces_that_are_bound_to_what_was_before_them_go_while_nothing_has_changed() -> None:
    turns = conversation(BOUND, "One?", "Two?", "Three?", system="Be brief.")
    prepared = ask(BOUND, turns=turns, system="Be brief.")
    assert [fate.fate for fate in prepared.continuity.fates] == ["kept"] * 3
    assert all(holds(body_of(prepared), f"{SECRET}{number}") for number in (1, 2, 3))


def test_a_changed_prefix_leaves_out_what_is_bound_to_it_or_refuses() -> None:
    turns = conversation(BOUND, "One?", "Two?", system="Be brief.")
    prepared = ask(BOUND, turns=turns, system="Be long.")
    why = "what was sent before it has changed, and it is bound to that"
    assert [(fate.fate, fate.reason) for fate in prepared.continuity.fates] == [("dropped", why)] * 2
    assert not holds(body_of(prepared), SECRET)
    with pytest.raises(UsageError, match="before turn 1"):
        ask(BOUND, turns=turns, options=ContinuityOptions(on_mismatch="error"), system="Be long.")
    unknown = replace(turns[0], origin=replace(turns[0].origin, prefix=None))
    found = ask(BOUND, turns=[unknown], system="Be brief.").continuity.fates
    assert [fate.reason for fate in found] == ["it is bound to what was sent before it, and that is not known"]


def test_what_is_kept_of_bound_reasoning_has_no_gap() -> None:
    turns = conversation(BOUND, "One?", "Two?", "Three?")
    turns[1] = replace(turns[1], dead=frozenset({0}))
    fates = ask(BOUND, turns=turns).continuity.fates
    assert [fate.fate for fate in fates] == ["dropped", "dropped", "kept"]
    assert fates[0].reason == "the reasoning of a later turn is left out, and what is kept must have no gap"
    unbound = [replace(turn, origin=replace(turn.origin, model=CLAUDE.model)) for turn in turns]
    assert [fate.fate for fate in ask(CLAUDE, turns=unbound).continuity.fates] == ["kept", "dropped", "kept"]


def test_what_the_model_was_never_shown_leaves_no_gap() -> None:
    turns = conversation(BOUND, "One?", "Two?", "Three?")
    turns[1] = replace(turns[1], origin=replace(turns[1].origin, model="claude-fable-5-1", served=None))
    assert [fate.fate for fate in ask(BOUND, turns=turns).continuity.fates] == ["kept", "dropped", "kept"]
    turns = conversation(BOUND, "One?", "Two?")
    turns[1] = replace(turns[1], is_cut=True)
    assert [fate.fate for fate in ask(BOUND, turns=turns).continuity.fates] == ["kept", "dropped"]


def test_a_refused_piece_is_left_out_of_the_same_call() -> None:
    turns = conversation(CLAUDE, "One?", "Two?")
    prepared = without_pieces(ask(CLAUDE, turns=turns), {2: frozenset({0})})
    assert [(fate.turn, fate.fate) for fate in prepared.continuity.fates] == [(1, "kept"), (2, "dropped")]
    assert holds(body_of(prepared), f"{SECRET}1") and not holds(body_of(prepared), f"{SECRET}2")


@pytest.mark.parametrize(
    ("keep", "fates"),
    [("provider", ["kept"] * 3), ("all", ["kept"] * 3), ("last", ["dropped", "dropped", "kept"]),
     ("none", ["dropped"] * 3)],
)  # fmt: skip
def test_which_reasoning_stays_is_chosen(keep: Any, fates: list[str]) -> None:
    turns = conversation(CLAUDE, "One?", "Two?", "Three?")
    prepared = ask(CLAUDE, turns=turns, options=ContinuityOptions(keep_reasoning=keep))
    assert [fate.fate for fate in prepared.continuity.fates] == fates
    assert [holds(body_of(prepared), f"{SECRET}{n}") for n in (1, 2, 3)] == [fate == "kept" for fate in fates]


@pytest.mark.parametrize("source", ["claude signed", "openai summary", "deepseek field", "llamacpp tags"])
def test_readable_reasoning_goes_along_as_a_note_if_that_is_wanted(source: str) -> None:
    turn = turn_from(source)
    prepared = ask(MISTRAL, turns=[turn], options=ContinuityOptions(carry_reasoning=True))
    assert [fate.fate for fate in prepared.continuity.fates] == ["converted"]
    assert prepared.continuity.fates[0].reason.endswith("; its words go along as a note")
    before, last = body_of(prepared)["messages"][-2:]
    assert before["content"] == "Said." and THOUGHT in last["content"] and last["content"].endswith("\n\nAgain?")
    assert "converted to text" in last["content"] and not holds(body_of(prepared), SECRET)


def test_a_note_never_carries_what_broke_off_or_what_nobody_can_read() -> None:
    options = ContinuityOptions(carry_reasoning=True)
    for turn in (turn_from("claude signed", is_cut=True), turn_from("claude redacted")):
        prepared = ask(MISTRAL, turns=[turn], options=options)
        assert [fate.fate for fate in prepared.continuity.fates] == ["dropped"]
        assert body_of(prepared)["messages"][-1]["content"] == "Again?"


def test_only_the_newest_notes_go_along() -> None:
    turns = conversation(CLAUDE, *(f"{number}?" for number in range(12)))
    found = ask(MISTRAL, turns=turns, options=ContinuityOptions(carry_reasoning=True)).continuity.fates
    assert [fate.fate for fate in found] == ["dropped"] * 4 + ["converted"] * 8


def test_the_first_turn_asks_for_the_state_that_later_ones_need() -> None:
    assert body_of(ask(OPENAI))["include"] == ["reasoning.encrypted_content"]
    listed = OPENAI.target(params={"include": ["web_search_call.results"]})
    assert body_of(ask(listed))["include"] == ["web_search_call.results"]
    assert "include" not in body_of(ask(replace(OPENAI, model="gpt-4o")))
    assert "include" not in body_of(ask(CLAUDE))


def test_ids_of_items_go_with_all_of_a_turn_or_with_none() -> None:
    turn = answered(ask(XAI, "First?"), response(reasoning(encrypted_content=SECRET), output_text("Said.")))
    assert [item.get("id") for item in body_of(ask(XAI, turns=[turn]))["input"]] == [None, "rs_1", "msg_1", None]
    without = body_of(ask(XAI, turns=[replace(turn, dead=frozenset({0}))]))["input"]
    assert without[1] == {"role": "assistant", "content": "Said."}


def test_what_the_providers_own_tools_did_goes_with_its_reasoning() -> None:
    searched = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "q"}}
    items = response(reasoning(encrypted_content=SECRET), searched, output_text("Said."))
    turn = answered(ask(OPENAI, "First?"), items)
    prepared = ask(OPENAI, turns=[turn])
    assert body_of(prepared)["input"][2] == searched
    assert [(fate.kind, fate.fate) for fate in prepared.continuity.fates] == [
        ("encrypted", "kept"), ("server_reference", "kept")
    ]  # fmt: skip
    without = ask(OPENAI, turns=[replace(turn, dead=frozenset({0}))])
    assert not holds(body_of(without), "ws_1")
    assert [fate.fate for fate in without.continuity.fates] == ["dropped", "dropped"]


def test_commentary_stays_at_home() -> None:
    items = response(output_text("Let me look.", phase="commentary"), output_text("Said.", phase="final_answer"))
    turn = answered(ask(OPENAI, "First?"), items)
    home = body_of(ask(OPENAI, turns=[turn]))["input"]
    assert [(item["content"], item.get("phase")) for item in home[1:3]] == [
        ("Let me look.", "commentary"), ("Said.", "final_answer")
    ]  # fmt: skip
    abroad = ask(CLAUDE, turns=[turn])
    assert body_of(abroad)["messages"][1]["content"] == "Said."
    assert [(fate.kind, fate.fate) for fate in abroad.continuity.fates] == [("text", "dropped")]


def test_one_wire_wants_the_user_and_the_model_in_turns() -> None:
    sonar = Place("perplexity", "openai-chat", "sonar-pro")
    empty = Turn(1, (TurnPiece("text", "First?"),), (), turn_from("host field").origin)
    assert body_of(ask(sonar, turns=[empty]))["messages"] == [{"role": "user", "content": "First?\n\nAgain?"}]
    assert [one["content"] for one in body_of(ask(HOST, turns=[empty]))["messages"]] == ["First?", "Again?"]


def test_an_entry_has_the_tokens_that_the_provider_counted_for_it() -> None:
    one = ask(CLAUDE, turns=[turn_from("claude signed", reasoning_tokens=312)]).continuity.fates
    assert [fate.tokens for fate in one] == [312] and one[0].document() == {
        "turn": 1, "kind": "thinking", "fate": "kept", "reason": BACK, "tokens": 312
    }  # fmt: skip
    two = answered(ask(CLAUDE, "First?"), message(SIGNED, {**SIGNED, "signature": "b"}, SAID))
    found = ask(CLAUDE, turns=[replace(two, reasoning_tokens=312)]).continuity.fates
    assert [fate.tokens for fate in found] == [None, None]


def test_plain_reasoning_in_two_places_goes_back_where_its_host_reads_it() -> None:
    twice = chat(
        "Said.", reasoning=THOUGHT, reasoning_details=[{"type": "reasoning.text", "text": THOUGHT, "index": 0}]
    )
    here = body_of(ask(HOST, turns=[answered(ask(HOST, "First?"), twice)]))["messages"][1]
    assert here == {
        "role": "assistant", "content": "Said.", "reasoning": THOUGHT, "reasoning_content": THOUGHT
    }  # fmt: skip
    gateway = body_of(ask(OPENROUTER, turns=[answered(ask(OPENROUTER, "First?"), twice)]))["messages"][1]
    assert gateway == {
        "role": "assistant",
        "content": "Said.",
        "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": THOUGHT}],
    }


def test_what_is_asked_for_can_be_left_out_again() -> None:
    prepared = ask(OPENAI)
    assert "include" in prepared.plan.optional and "include" not in prepared.plan.native
    assert "include" not in body_of(without_field(prepared, "include"))


def test_a_dialect_without_a_writer_gets_the_text_of_earlier_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    from thinkdial.engine.planning import conversation as module
    from thinkdial.providers.registry import dialect

    bare = SimpleNamespace(build_request=dialect("openai-chat").build_request)
    monkeypatch.setattr(module, "dialect", lambda _: bare)
    turns = [turn_from("claude signed"), turn_from("host field", 2)]
    prepared = ask(HOST, turns=turns)
    assert body_of(prepared)["messages"] == [
        {"role": role, "content": words}
        for role, words in (
            ("user", "First?"), ("assistant", "Said."), ("user", "First?"), ("assistant", "Said."), ("user", "Again?")
        )
    ]  # fmt: skip
    assert [fate.reason for fate in prepared.continuity.fates] == [
        "it is anthropic's; openai-compatible gets the text alone", "openai-chat takes nothing but text back"
    ]  # fmt: skip


def test_earlier_reasoning_is_asked_to_be_read_only_where_all_of_it_is_to_stay() -> None:
    everything = ContinuityOptions(keep_reasoning="all")
    qwen, zai = Place("qwen", "openai-chat", "qwen3.7-plus"), ZAI
    assert "preserve_thinking" not in body_of(ask(qwen))
    assert body_of(ask(qwen, options=everything))["preserve_thinking"] is True
    prepared = prepare(zai.target(), parse_think("high"), Prompt("Q", past=Past((), everything)), facts.reference())
    assert body_of(prepared)["thinking"]["clear_thinking"] is False
    assert "thinking" not in body_of(ask(zai, options=everything))  # no object of the dial, none for its sake


def test_where_a_model_runs_is_no_part_of_its_name() -> None:
    there = Place("bedrock", "bedrock-invoke", "us.anthropic.claude-sonnet-4-6")
    turn = answered(ask(there, "First?"), message(SIGNED, SAID))
    for name, fate in (("eu.anthropic.claude-sonnet-4-6", "kept"), ("eu.anthropic.claude-opus-4-6", "dropped")):
        assert [one.fate for one in ask(replace(there, model=name), turns=[turn]).continuity.fates] == [fate]


def test_all_reasoning_is_kept_where_the_provider_would_clear_it() -> None:
    old = Place("anthropic", "anthropic-messages", "claude-sonnet-4-5")
    turn = answered(ask(old, "First?"), message(SIGNED, SAID))
    clearing = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    for place, keep, sent in ((old, "all", clearing), (old, None, None), (old, "none", None), (CLAUDE, "all", None)):
        prepared = ask(place, turns=[turn], options=ContinuityOptions(keep_reasoning=keep))  # type: ignore[arg-type]
        assert body_of(prepared).get("context_management") == sent
        betas = dict(prepared.request.headers).get("anthropic-beta", "")
        assert ("context-management-2025-06-27" in betas) is (sent is not None)
        assert sent is None or "context_management" in prepared.plan.optional
