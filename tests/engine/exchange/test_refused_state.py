"""A provider that refuses pieces of earlier turns is asked once more without them, and the result says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.planning.fates import ContinuityOptions, Past
from thinkdial.profiles.state.context import ContextPolicy
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Origin, Turn, said

PIECES = (TurnPiece("thinking", "Hm.", "thinking", {"signature": "sig=="}), TurnPiece("text", "It is 42.", "text"))
CLAUDE = {"provider": "anthropic", "model": "claude-sonnet-4-6", "retries": 0, "stream": False}


@pytest.mark.parametrize(
    "message",
    [
        "context_management: Extra inputs are not permitted",
        "Unexpected value(s) `compact-2026-01-12` for the `anthropic-beta` header.",
    ],
)
def test_who_does_not_compact_on_the_way_is_asked_without_it(
    exchange: Any, wire: Any, answer: bytes, message: str
) -> None:
    def compacting(url: str) -> Past:
        return replace(past()(url), policy=ContextPolicy(60_000, when_full="compact"))

    ran = exchange(refusal(wire, message), answer, past=compacting, **CLAUDE)
    first, second = ran.server.asked
    assert "context_management" in first.body and "compact-2026-01-12" in first.headers["anthropic-beta"]
    assert "context_management" not in second.body and "compact" not in second.headers.get("anthropic-beta", "")
    assert second.body["messages"] == first.body["messages"] and ran.result.answer == "Still 42."
    assert [notice.code for notice in ran.result.warnings] == ["compaction_refused"]


def past(**options: Any) -> Callable[[str], Past]:
    def made(url: str) -> Past:
        origin = Origin("anthropic", url, "anthropic-messages", "claude-sonnet-4-6")
        return Past((Turn(1, said("First?"), PIECES, origin),), ContinuityOptions(**options))

    return made


def refusal(wire: Any, message: str, status: int = 400) -> bytes:
    kind = "invalid_request_error" if status == 400 else "not_found_error"
    return wire.http(json.dumps({"type": "error", "error": {"type": kind, "message": message}}), status)


@pytest.fixture
def answer(wire: Any) -> bytes:
    content = [{"type": "text", "text": "Still 42."}]
    message = {"type": "message", "model": "m", "stop_reason": "end_turn", "content": content, "usage": {}}
    return wire.http(json.dumps(message))


@pytest.mark.parametrize(
    ("message", "status"),
    [("messages.1.content.0: Invalid `signature` in `thinking` block", 400),
     ("The block is bound to a different conversation", 400), ("Item with id 'rs_1' not found.", 404)],
)  # fmt: skip
def test_it_is_asked_once_more_without_them(exchange: Any, wire: Any, answer: bytes, message: str, status: int) -> None:
    ran = exchange(refusal(wire, message, status), answer, past=past(), **CLAUDE)
    first, second = (asked.body["messages"][1]["content"] for asked in ran.server.asked)
    assert first[0]["signature"] == "sig==" and second == "It is 42."
    assert ran.result.answer == "Still 42." and ran.result.status == "ok"
    assert [notice.code for notice in ran.result.warnings].count("state_refused") == 1


def test_a_second_refusal_is_told_as_it_is(exchange: Any, wire: Any) -> None:
    ran = exchange(refusal(wire, "Invalid `signature` in `thinking` block"), past=past(), **CLAUDE)
    assert len(ran.server.asked) == 2 and ran.result.error is not None


def test_other_refusals_and_chosen_errors_are_not_tried_again(exchange: Any, wire: Any, answer: bytes) -> None:
    ran = exchange(refusal(wire, "max_tokens is too large"), answer, past=past(), **CLAUDE)
    assert len(ran.server.asked) == 1 and ran.result.error is not None
    chosen = past(on_mismatch="error")
    ran = exchange(refusal(wire, "The block is bound to a different conversation"), answer, past=chosen, **CLAUDE)
    assert len(ran.server.asked) == 1 and ran.result.error is not None
