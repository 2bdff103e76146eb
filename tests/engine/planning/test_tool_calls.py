"""Calls and results between wires: what is demanded, stand-ins, ids, and what has no counterpart."""

from __future__ import annotations

from typing import Any

from thinkdial.engine.planning.fates import ContinuityOptions
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Turn

from .vendors import (
    BEDROCK,
    CALLED,
    CLAUDE,
    DEEPSEEK,
    GEMINI,
    HOST,
    MISTRAL,
    OPENAI,
    SECRET,
    THOUGHT,
    Place,
    answered,
    ask,
    body_of,
    candidate,
    chat,
    holds,
    output_text,
    reasoning,
    response,
    turn_from,
)


def with_result(prepared_for: Place, turn: Turn, **options: Any) -> list[Turn]:
    """The turn, and one after it that answers its calls."""
    results = tuple(TurnPiece("result", "seen", id=piece.id) for piece in turn.pieces if piece.kind == "call")
    after = Turn(2, (*results, TurnPiece("text", "Well?")), (TurnPiece("text", "Done."),), turn.origin)
    return [turn, after]


def test_what_a_wire_demands_stays_whatever_is_chosen() -> None:
    turn = answered(ask(DEEPSEEK, "First?"), chat("", "tool_calls", reasoning_content=THOUGHT, tool_calls=[CALLED]))
    turns = with_result(DEEPSEEK, turn)
    prepared = ask(DEEPSEEK, turns=turns, options=ContinuityOptions(keep_reasoning="none"))
    assert [(fate.fate, fate.reason) for fate in prepared.continuity.fates] == [
        ("kept", "deepseek demands it on turns with calls")
    ]
    assert body_of(prepared)["messages"][1] == {
        "role": "assistant", "content": None, "reasoning_content": THOUGHT, "tool_calls": [CALLED]
    }  # fmt: skip


def test_calls_from_elsewhere_have_an_empty_field_where_it_is_demanded() -> None:
    turn = answered(ask(OPENAI, "First?"), response(reasoning(encrypted_content=SECRET), function_call("call_1")))
    messages = body_of(ask(DEEPSEEK, turns=with_result(OPENAI, turn)))["messages"]
    assert messages[1]["reasoning_content"] == "" and messages[1]["tool_calls"][0]["id"] == "call_1"
    assert messages[2] == {"role": "tool", "tool_call_id": "call_1", "content": "seen"}


def function_call(id_: str, **fields: Any) -> dict[str, Any]:
    known = {"type": "function_call", "id": "fc_1", "call_id": id_, "name": "look", "arguments": '{"at":1}'}
    return {**known, **fields}


def test_calls_from_elsewhere_have_the_documented_stand_in_where_a_signature_is_demanded() -> None:
    calls = response(function_call("call_1"), function_call("call_2"))
    prepared = ask(GEMINI, turns=with_result(OPENAI, answered(ask(OPENAI, "First?"), calls)))
    assert [(fate.kind, fate.fate) for fate in prepared.continuity.fates] == [("signature", "dummy")]
    parts = body_of(prepared)["contents"][1]["parts"]
    assert parts[0]["thoughtSignature"] == "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
    assert "thoughtSignature" not in parts[1]
    assert [part["functionResponse"]["name"] for part in body_of(prepared)["contents"][2]["parts"][:2]] == ["look"] * 2
    signed = candidate({"functionCall": {"name": "look", "args": {}}, "thoughtSignature": SECRET})
    own = ask(GEMINI, turns=with_result(GEMINI, answered(ask(GEMINI, "First?"), signed)))
    assert [(fate.kind, fate.fate) for fate in own.continuity.fates] == [("signature", "kept")]
    assert body_of(own)["contents"][1]["parts"][0]["thoughtSignature"] == SECRET


def test_ids_of_calls_become_what_the_next_wire_takes() -> None:
    turn = answered(ask(OPENAI, "First?"), response(function_call("call_with-a_long.id")))
    messages = body_of(ask(MISTRAL, turns=with_result(OPENAI, turn)))["messages"]
    id_ = messages[1]["tool_calls"][0]["id"]
    assert len(id_) == 9 and id_.isalnum() and messages[2]["tool_call_id"] == id_
    nameless = answered(ask(GEMINI, "First?"), candidate({"functionCall": {"name": "look", "args": {}}}))
    messages = body_of(ask(HOST, turns=with_result(GEMINI, nameless)))["messages"]
    assert messages[1]["tool_calls"][0]["id"] == messages[2]["tool_call_id"] != None  # noqa: E711


def test_calls_without_a_result_and_results_without_a_call_are_left_out() -> None:
    turn = answered(ask(OPENAI, "First?"), response(output_text("Said."), function_call("call_1")))
    lost = Turn(2, (TurnPiece("result", "lost", id="call_9"), TurnPiece("text", "Well?")), (), turn.origin)
    prepared = ask(OPENAI, turns=[turn, lost])
    assert [(fate.turn, fate.kind, fate.fate) for fate in prepared.continuity.fates] == [
        (1, "call", "dropped"), (2, "result", "dropped")
    ]  # fmt: skip
    assert not holds(body_of(prepared), "call_1") and not holds(body_of(prepared), "lost")


def test_tools_of_earlier_calls_are_declared_where_calls_are_refused_otherwise_and_none_may_be_called() -> None:
    turn = answered(ask(OPENAI, "First?"), response(function_call("call:1|x", name="functions.look up")))
    body = body_of(ask(CLAUDE, turns=with_result(OPENAI, turn)))
    assert body["tools"] == [{"name": "functions_look_up", "input_schema": {"type": "object"}}]
    assert body["tool_choice"] == {"type": "none"}
    called, given = body["messages"][1]["content"][0], body["messages"][2]["content"][0]
    assert called["name"] == "functions_look_up" and called["id"] == given["tool_use_id"] and ":" not in called["id"]
    converse = body_of(ask(BEDROCK, turns=with_result(OPENAI, turn)))
    assert [tool["toolSpec"]["name"] for tool in converse["toolConfig"]["tools"]] == ["functions_look_up"]
    assert "tools" not in body_of(ask(CLAUDE, turns=[turn_from("openai ciphertext")]))


def test_declared_tools_are_those_of_the_profile_where_it_has_some() -> None:
    turn = answered(ask(OPENAI, "First?"), response(function_call("call_1")))
    own = {"tools": [{"name": "look", "input_schema": {"type": "object", "properties": {"at": {}}}}]}
    body = body_of(ask(CLAUDE.target(params=own), turns=with_result(OPENAI, turn)))
    assert body["tools"] == own["tools"] and "tool_choice" not in body


def test_a_word_of_the_model_stands_between_results_and_the_user_where_it_is_demanded() -> None:
    turn = answered(ask(OPENAI, "First?"), response(function_call("call_1")))
    messages = body_of(ask(MISTRAL, turns=with_result(OPENAI, turn)))["messages"]
    assert [(message["role"], message["content"]) for message in messages] == [
        ("user", "First?"), ("assistant", None), ("tool", "seen"), ("assistant", "…"), ("user", "Well?"),
        ("assistant", "Done."), ("user", "Again?"),
    ]  # fmt: skip
