"""What a provider says it did to earlier turns is read from streams and whole bodies alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DROPPED = {"type": "thinking_dropped", "reason": "model_binding_mismatch", "path": "messages[1].content[0]"}
EDIT = {"type": "clear_thinking_20251015", "cleared_thinking_turns": 2}


def test_anthropic_names_blocks_and_edits(speak: Callable[..., Any]) -> None:
    report = {"input_transformations": [DROPPED], "context_management": {"applied_edits": [EDIT]}}
    whole = {"type": "message", "stop_reason": "end_turn", "content": [], "usage": {}, **report}
    assert speak("anthropic-messages").whole(whole).changes == (DROPPED, EDIT)
    started = {"type": "message_start", "message": {"model": "m", "usage": {}, "input_transformations": [DROPPED]}}
    ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, **report}
    assert speak("anthropic-messages").stream(started, ended).changes == (DROPPED, EDIT)


def test_openai_names_items(speak: Callable[..., Any]) -> None:
    removed = {"id": "rs_1", "action": "removed", "reason": "turn_boundary"}
    body = {"object": "response", "status": "completed", "output": [], "input_transformations": [removed]}
    assert speak("openai-responses").whole(body).changes == (removed,)
    ended = {"type": "response.completed", "response": body}
    assert speak("openai-responses").stream(ended).changes == (removed,)


def test_who_reports_nothing_changed_nothing(speak: Callable[..., Any]) -> None:
    body = {"object": "response", "status": "completed", "output": [], "input_transformations": ["x", None]}
    assert speak("openai-responses").whole(body).changes == ()
