"""Pieces of text lose their tags as the answer does; what stood between them is reasoning that came in tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from thinkdial.engine.exchange.reader import ResponseReader
from thinkdial.providers.errors import Failure
from thinkdial.providers.fold import Fold
from thinkdial.providers.turns.pieces import TurnPiece


@pytest.fixture
def host(speak: Callable[..., Any]) -> Any:
    return speak("openai-chat")


def chat(content: str, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content, **fields}, "finish_reason": "stop"}]}


def told(reply: Any) -> list[tuple[str, str, str]]:
    return [(piece.kind, piece.carrier, piece.text) for piece in reply.pieces]


@pytest.mark.parametrize(
    ("content", "pieces"),
    [
        ("<think>Hm.</think>\n\nSaid.", [("thinking", "tags", "Hm."), ("text", "content", "Said.")]),
        ("Hm.</think>Said.", [("thinking", "tags", "Hm."), ("text", "content", "Said.")]),
        ("<think></think>Said.", [("text", "content", "Said.")]),
        ("<think>Hm.", [("thinking", "tags", "Hm.")]),
        ("Said: `</think>` closes.", [("text", "content", "Said: `</think>` closes.")]),
        ("a < b", [("text", "content", "a < b")]),
        (
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Said.",
            [("thinking", "tags", "Hm."), ("text", "content", "Said.")],
        ),
    ],
)
def test_a_text_is_split_as_the_answer_is(host: Any, content: str, pieces: list[tuple[str, str, str]]) -> None:
    whole = host.whole(chat(content))
    assert told(whole) == pieces
    chunks = [{"choices": [{"delta": {"content": letter}}]} for letter in content]
    streamed = host.stream(*chunks, {"choices": [{"delta": {}, "finish_reason": "stop"}]}, done=True)
    assert streamed.pieces == whole.pieces
    assert "".join(text for kind, _, text in told(whole) if kind == "text") == whole.answer


def test_what_came_in_a_field_is_not_kept_a_second_time(host: Any) -> None:
    reply = host.whole(chat("<think>Hm.</think>Said.", reasoning_content="Hm."))
    assert told(reply) == [("thinking", "reasoning_content", "Hm."), ("text", "content", "Said.")]
    other = host.whole(chat("<think>More.</think>Said.", reasoning_content="Hm."))
    assert told(other)[1:] == [("thinking", "tags", "More."), ("text", "content", "Said.")]


def test_what_had_come_before_a_break_is_kept() -> None:
    reader, fold = ResponseReader(200, "text/event-stream", {}, "openai-chat", {}), Fold()
    lost = Failure("connection", "it broke")
    data = b'data: {"choices": [{"delta": {"reasoning_content": "Hm", "content": "Sai"}}]}\n\n'
    for delta in (*reader.feed(data), *reader.break_off(lost)):
        fold.add(delta)
    assert fold.reply().pieces == [
        TurnPiece("thinking", "Hm", "reasoning_content", is_whole=False),
        TurnPiece("text", "Sai", "content", is_whole=False),
    ]
