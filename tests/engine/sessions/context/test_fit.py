"""A session that no longer fits: refused with what helps, or trimmed and told; and which reasoning stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from thinkdial.engine.costs.conversation_input import conversation_input
from thinkdial.engine.planning.fates import Past, SessionPlace
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.sessions.context.fit import fitted, policy_of
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles import facts
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.profiles.state.context import ContextPolicy
from thinkdial.providers.errors import Failure
from thinkdial.providers.think import AUTO
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Origin, Turn, said

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ORIGIN = Origin("anthropic", "https://api.anthropic.com", "anthropic-messages", "claude-sonnet-4-6")
LONG = "many words of an answer " * 200


def turns(count: int) -> list[Turn]:
    thought = TurnPiece("thinking", "so", "thinking", {"signature": "SIGNED"})
    return [
        Turn(number, said(f"Tell {number}."), (thought, TurnPiece("text", LONG)), ORIGIN, reasoning_tokens=50)
        for number in range(1, count + 1)
    ]


def call(said_before: Sequence[Turn], policy: ContextPolicy | None = None, **profile: Any) -> Prepared:
    made = Profile(name="p", provider="anthropic", model="claude-sonnet-4-6", max_output_tokens=1000, **profile)
    past = Past(tuple(said_before), place=SessionPlace("green tea", "i", 7), policy=policy or ContextPolicy())
    return prepare(resolve(made, load_builtin()), AUTO, Prompt("And now?", past=past), facts.reference())


def body(prepared: Prepared) -> dict[str, Any]:
    return json.loads(prepared.request.body)


def weight(prepared: Prepared) -> int:
    return conversation_input(prepared, prepared.asked.prompt, NOW).tokens


def test_what_fits_goes_as_it_is() -> None:
    prepared = call(turns(6))
    assert fitted(prepared, NOW) is prepared
    limit = ContextPolicy(max_input_tokens=weight(prepared))
    assert isinstance(fitted(call(turns(6), limit), NOW), Prepared)
    assert fitted(call([], ContextPolicy(max_input_tokens=1)), NOW) == call([], ContextPolicy(max_input_tokens=1))


@pytest.mark.parametrize("full", [None, "refuse", "compact"])
def test_what_does_not_fit_is_refused_with_what_helps(full: Any) -> None:
    found = fitted(call(turns(6), ContextPolicy(2000, when_full=full)), NOW)
    assert isinstance(found, Failure) and found.kind == "context_length"
    assert "2,000 are max_input_tokens of its context" in found.message
    for command in ("session compact 'green tea'", "--context-full trim", "session rewind 'green tea'"):
        assert command in (found.hint or "")


def test_the_window_is_a_limit_as_well_and_a_count_is_believed() -> None:
    found = fitted(call(turns(6)), NOW, counted=10**9)
    assert isinstance(found, Failure) and "the window of claude-sonnet-4-6" in found.message


@pytest.mark.parametrize("limit", [800, 2000, 3500])
def test_the_oldest_turns_are_left_out_and_told(limit: int) -> None:
    found = fitted(call(turns(6), ContextPolicy(limit, when_full="trim")), NOW)
    assert isinstance(found, Prepared) and weight(found) <= limit
    (notice,) = [notice for notice in found.plan.notices if notice.code == "context_trimmed"]
    past = found.asked.prompt.past
    assert past is not None and len(past.turns) == 6
    asked = [message["content"] for message in body(found)["messages"] if message["role"] == "user"]
    words = [content if isinstance(content, str) else content[-1]["text"] for content in asked]
    assert words == [*(f"Tell {number}." for number in range(past.after + 1, 7)), "And now?"]
    assert notice.message.startswith(
        f"turns 1 to {past.after} are left out: {limit:,} tokens" if past.after > 1 else "turn 1"
    )
    # One turn less would not have done.
    wider = call(turns(6)[past.after - 1 :])
    assert weight(wider) > limit


def test_a_prompt_that_is_too_much_alone_is_refused() -> None:
    assert isinstance(fitted(call(turns(6), ContextPolicy(5, when_full="trim")), NOW), Failure)


def test_an_option_goes_before_the_session_and_that_before_the_profile() -> None:
    profile = ContextPolicy(9000, "last", "trim", "short")
    made = policy_of(
        call(turns(1), ContextPolicy(max_input_tokens=50).over(ContextPolicy(70, "none")), context=profile)
    )
    assert made == ContextPolicy(50, "none", "trim", "short")


@pytest.mark.parametrize(("keep", "kept"), [(None, 3), ("provider", 3), ("all", 3), ("last", 1), ("none", 0)])
def test_which_reasoning_stays_may_stand_in_the_profile(keep: Any, kept: int) -> None:
    for prepared in (
        call(turns(3), context=ContextPolicy(keep_reasoning=keep)),
        call(
            turns(3),
            ContextPolicy(keep_reasoning=keep),
            context=ContextPolicy(keep_reasoning="none" if kept else "all"),
        ),
    ):
        if keep is None and prepared.target.profile.context.keep_reasoning:
            continue
        assert prepared.request.body.decode().count("SIGNED") == kept
