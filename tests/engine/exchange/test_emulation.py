"""Reasoning by prompt: opt-in, only where a model cannot reason, always labelled, never left in the answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from msgspec.structs import replace

from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import parse_think

from ..conftest import builtin


def prepared(model: str, provider: str, think: str, *, emulate: bool = True) -> Any:
    config = builtin()
    target = resolve(Profile(name="p", provider=provider, model=model), config)
    return prepare(target, parse_think(think), Prompt("hi", "be brief"), config.reference, emulate=emulate)


def test_a_model_that_cannot_reason_is_asked_by_prompt() -> None:
    call = prepared("gpt-4o", "openai", "high")
    assert call.plan.fidelity == "emulated"
    assert call.plan.native == {}
    body = json.loads(call.request.body)
    assert body["instructions"].startswith("be brief\n\n")
    assert "<think>" in body["instructions"]
    assert {notice.code for notice in call.plan.notices} >= {"think_emulated"}


def test_it_is_opt_in() -> None:
    call = prepared("gpt-4o", "openai", "high", emulate=False)
    assert call.plan.fidelity == "unsupported"
    assert "<think>" not in call.request.body.decode()


def test_models_that_reason_and_options_that_ask_for_nothing_are_left_alone() -> None:
    for model, provider, think in (
        ("claude-opus-5-5", "anthropic", "high"),
        ("gpt-6-sol", "openai", "high"),
        ("gpt-4o", "openai", "off"),
        ("gpt-4o", "openai", "auto"),
        ("some-new-model", "anthropic", "high"),
    ):
        call = prepared(model, provider, think)
        assert not call.emulated, (model, think)
        assert "<think>" not in call.request.body.decode()


def test_the_tags_are_taken_out_of_the_answer_of_any_dialect(kit: Any, wire: Any) -> None:
    words = ["<thi", "nk>six times ", "seven</th", "ink>\n\n42"]
    events = [
        {"type": "message_start", "message": {"model": "claude-3-5-haiku-latest", "usage": {"input_tokens": 9}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": w}} for w in words),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 30}},
        {"type": "message_stop"},
    ]

    async def go() -> Any:
        async with kit.Server(wire.http(wire.events(*events), kind="text/event-stream")) as server:
            profile = Profile(
                name="p", provider="anthropic", model="claude-3-5-haiku-latest", base_url=server.url, emulate=True,
                api_key_env=("MY_KEY",),
            )  # fmt: skip
            return await kit.run([replace(profile)], think="high")

    (result,), _ = asyncio.run(go())
    assert result.answer.strip() == "42"
    assert result.reasoning.text == "six times seven"
    assert result.reasoning.visibility == "inline"
    assert result.think.fidelity == "emulated"
    assert result.usage.output_tokens == 30
