"""What stands for earlier turns, on each route: a provider's own piece at home, the full turns elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.costs.conversation_tokens import conversation_tokens
from thinkdial.engine.planning.compaction import compaction_pieces
from thinkdial.engine.planning.fates import Compaction, Past
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare, without_pieces
from thinkdial.profiles import facts
from thinkdial.profiles.state.compactions import CompactionMeans, compaction_means
from thinkdial.profiles.state.context import ContextPolicy
from thinkdial.providers.think import AUTO
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Turn, said

from ...cases import each
from .vendors import CLAUDE, OPENAI, ROUTES, SECRET, Place, answered, ask, body_of, holds, response

CLAUDE_BLOCK = TurnPiece("compaction", "All of it.", "compaction", {"signature": SECRET}, {"content": "All of it."})
OPENAI_ITEM = TurnPiece("compaction", "", "compaction", {"encrypted_content": SECRET}, {}, "cmp_1")
HOMES = {"claude": (CLAUDE, CLAUDE_BLOCK), "openai": (OPENAI, OPENAI_ITEM)}


def turns(home: Place, count: int = 3) -> tuple[Turn, ...]:
    origin = ask(home, "First?")
    made = [answered(origin, {"type": "message", "content": []}, number) for number in range(1, count + 1)]
    return tuple(
        replace(
            turn, asked=said(f"Asked {turn.number}."), pieces=(TurnPiece("text", f"Said {turn.number}."),), is_cut=False
        )
        for turn in made
    )


def going_on(place: Place, past: Past, prompt: str = "And now?", **more: Any) -> Prepared:
    return prepare(place.target(), AUTO, Prompt(prompt, past=past), facts.reference(), account="a", **more)


def compacted(home: Place, *pieces: TurnPiece, is_ours: bool = False, covers: int = 2) -> Past:
    said_before = turns(home)
    made = Compaction(covers, replace(said_before[0], asked=(), pieces=pieces), is_ours)
    return Past(said_before, compactions=(made,))


@each("route", ROUTES)
@each("name", HOMES)
def test_a_providers_own_piece_stays_at_home(name: str, route: str) -> None:
    home, piece = HOMES[name]
    prepared = going_on(ROUTES[route], compacted(home, piece))
    body = body_of(prepared)
    is_home = ROUTES[route] == home
    assert holds(body, SECRET) is is_home
    assert holds(body, "Asked 1.") is not is_home and holds(body, "Said 2.") is not is_home
    assert all(holds(body, words) for words in ("Asked 3.", "Said 3.", "And now?"))
    told = [(fate.turn, fate.kind, fate.fate) for fate in prepared.continuity.fates]
    assert told == ([(2, "compaction", "kept")] if is_home else [])


def test_it_stands_first_and_as_it_came() -> None:
    messages = body_of(going_on(CLAUDE, compacted(CLAUDE, CLAUDE_BLOCK)))["messages"]
    block = {"type": "compaction", "content": "All of it.", "signature": SECRET}
    assert messages[0] == {"role": "assistant", "content": [block]}
    items = body_of(going_on(OPENAI, compacted(OPENAI, OPENAI_ITEM)))["input"]
    assert items[0] == {"type": "compaction", "id": "cmp_1", "encrypted_content": SECRET}


@each("route", ROUTES)
def test_a_summary_of_ours_goes_anywhere_labelled(route: str) -> None:
    past = compacted(CLAUDE, TurnPiece("text", "They talked."), is_ours=True)
    prepared = going_on(ROUTES[route], past)
    label = f"[Summary of turns 1 to 2 of this conversation, by {CLAUDE.model}]\\nThey talked.\\n[End of the summary]"
    assert f"{label}\\n\\nAsked 3." in json.dumps(body_of(prepared), ensure_ascii=False)
    assert not holds(body_of(prepared), "Asked 1.")
    assert prepared.continuity.fates == ()


def test_a_summary_of_everything_stands_before_the_prompt() -> None:
    past = compacted(CLAUDE, TurnPiece("text", "They talked."), is_ours=True, covers=3)
    (message,) = body_of(going_on(OPENAI, past))["input"]
    assert message["content"].endswith("They talked.\n[End of the summary]\n\nAnd now?")


def test_the_newest_that_can_be_read_counts() -> None:
    older = compacted(CLAUDE, TurnPiece("text", "They talked."), is_ours=True).compactions[0]
    newer = replace(compacted(CLAUDE, CLAUDE_BLOCK).compactions[0], covers=3)
    past = Past(turns(CLAUDE), compactions=(older, newer))
    assert holds(body_of(going_on(CLAUDE, past)), SECRET)
    elsewhere = body_of(going_on(OPENAI, past))
    assert holds(elsewhere, "Asked 3.") and not holds(elsewhere, "Asked 2.")


@pytest.mark.parametrize("change", ["account", "imported", "model"])
def test_what_binds_a_piece_binds_a_compaction(change: str) -> None:
    past = compacted(OPENAI, OPENAI_ITEM)
    turn = past.compactions[0].turn
    changes = {"account": {"account": "b"}, "imported": {"is_imported": True}, "model": {"model": "x", "served": "x"}}
    bound = replace(turn, origin=replace(turn.origin, **changes[change]))
    body = body_of(going_on(OPENAI, replace(past, compactions=(Compaction(2, bound),))))
    assert not holds(body, SECRET) and holds(body, "Asked 1.")


def test_of_one_that_is_refused_nothing_is_left_and_the_turns_are_as_they_were() -> None:
    prepared = going_on(OPENAI, compacted(OPENAI, OPENAI_ITEM))
    again = without_pieces(prepared, {2: frozenset({0})})
    assert not holds(body_of(again), SECRET) and holds(body_of(again), "Asked 1.")
    past = again.asked.prompt.past
    assert past is not None and not any(turn.dead for turn in past.turns)


def test_what_it_stands_for_weighs_nothing() -> None:
    full, short = (going_on(CLAUDE, past) for past in (Past(turns(CLAUDE)), compacted(CLAUDE, CLAUDE_BLOCK)))
    assert conversation_tokens(short).text < conversation_tokens(full).text


def test_an_endpoint_of_its_own_gets_the_conversation_alone() -> None:
    means = compaction_means("openai", "openai-responses", "gpt-5.4")
    prepared = going_on(OPENAI, Past(turns(OPENAI)), "", compaction=means)
    assert prepared.request.url == "https://api.openai.com/v1/responses/compact"
    body = body_of(prepared)
    assert {*body} <= {"model", "input", "instructions", "prompt_cache_key"} and len(body["input"]) == 6
    again = without_pieces(prepared, {1: frozenset({0})})
    assert again.request.url == prepared.request.url


def test_anthropic_is_asked_in_a_usual_request() -> None:
    means = compaction_means("anthropic", "anthropic-messages", "claude-opus-5-5")
    prepared = going_on(CLAUDE, Past(turns(CLAUDE)), "", compaction=means)
    body = body_of(prepared)
    assert body["compaction"] == {"type": "summarize"} and body["messages"][-1]["role"] == "assistant"
    assert ("anthropic-beta", "compact-2026-09-04") in prepared.request.headers


def test_a_beta_of_the_profile_stays_beside_it() -> None:
    means = compaction_means("anthropic", "anthropic-messages", "claude-opus-5-5")
    target = CLAUDE.target(headers={"Anthropic-Beta": "other-1"})
    prepared = prepare(target, AUTO, Prompt("", past=Past(turns(CLAUDE))), facts.reference(), compaction=means)
    assert ("anthropic-beta", "other-1,compact-2026-09-04") in prepared.request.headers


@pytest.mark.parametrize(
    ("provider", "dialect", "model"),
    [("google", "gemini-generate", "gemini-4-argon"), ("openai", "openai-chat", "gpt-5.4"),
     ("anthropic", "anthropic-messages", "claude-3-haiku"), ("openrouter", "openai-responses", "openai/gpt-5.4")],
)  # fmt: skip
def test_nobody_else_is_known_to_compact(provider: str, dialect: str, model: str) -> None:
    assert compaction_means(provider, dialect, model) is None


def test_means_have_sources() -> None:
    for place in (("openai", "openai-responses", "gpt-6"), ("xai", "openai-responses", "grok-4.7")):
        means = compaction_means(*place)
        assert isinstance(means, CompactionMeans) and means.sources


def test_words_of_the_user_that_come_back_are_kept_as_items() -> None:
    asked = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Asked."}], "id": "msg_1"}
    item = {"type": "compaction", "id": "cmp_1", "encrypted_content": SECRET}
    turn = answered(going_on(OPENAI, Past(turns(OPENAI)), ""), response(asked, item))
    assert [piece.kind for piece in compaction_pieces(turn.pieces)] == ["other", "compaction"]
    past = replace(
        compacted(OPENAI), compactions=(Compaction(2, replace(turn, asked=(), pieces=compaction_pieces(turn.pieces))),)
    )
    assert body_of(going_on(OPENAI, past))["input"][:2] == [asked, item]
    assert compaction_pieces((TurnPiece("text", "Nothing."),)) == ()


def within(home: Place, piece: TurnPiece, **changes: Any) -> Past:
    """Three turns, of which the second began with a compaction."""
    first, second, third = turns(home)
    return Past((first, replace(second, pieces=(piece, *second.pieces), **changes), third))


@each("route", ROUTES)
@each("name", HOMES)
def test_one_that_came_within_a_turn_stands_for_all_before_it_at_home(name: str, route: str) -> None:
    home, piece = HOMES[name]
    prepared = going_on(ROUTES[route], within(home, piece))
    body, is_home = body_of(prepared), ROUTES[route] == home
    assert holds(body, SECRET) is is_home
    assert holds(body, "Asked 1.") is not is_home and holds(body, "Asked 2.") is not is_home
    assert all(holds(body, words) for words in ("Said 2.", "Asked 3.", "Said 3.", "And now?"))
    told = [(fate.turn, fate.kind, fate.fate) for fate in prepared.continuity.fates]
    assert told == [(2, "compaction", "kept" if is_home else "dropped")]


@pytest.mark.parametrize("change", [{"dead": frozenset({0})}, {"is_cut": True}])
def test_one_that_does_not_count_leaves_the_full_turns(change: dict[str, Any]) -> None:
    body = body_of(going_on(CLAUDE, within(CLAUDE, CLAUDE_BLOCK, **change)))
    assert not holds(body, SECRET) and holds(body, "Asked 1.") and holds(body, "Asked 2.")


def test_of_two_kinds_the_newer_counts() -> None:
    past = within(CLAUDE, CLAUDE_BLOCK)
    summary = replace(past.turns[0], asked=(), pieces=(TurnPiece("text", "They talked."),))
    older, newer = (replace(past, compactions=(Compaction(covers, summary, is_ours=True),)) for covers in (1, 2))
    assert holds(body_of(going_on(CLAUDE, older)), SECRET)
    assert not holds(body_of(going_on(CLAUDE, older)), "They talked.")
    assert not holds(body_of(going_on(CLAUDE, newer)), SECRET)


@pytest.mark.parametrize(
    ("home", "policy", "threshold"),
    [
        (CLAUDE, ContextPolicy(60_000, when_full="compact"), 60_000),
        (CLAUDE, ContextPolicy(49_999, when_full="compact"), None),
        (CLAUDE, ContextPolicy(60_000, when_full="trim"), None),
        (OPENAI, ContextPolicy(900, when_full="compact"), 900),
        (OPENAI, ContextPolicy(900), None),
    ],
)
def test_a_turn_asks_for_one_where_that_is_the_policy(
    home: Place, policy: ContextPolicy, threshold: int | None
) -> None:
    prepared = going_on(home, Past(turns(home), policy=policy))
    assert prepared.continuity.compacts_at == threshold
    assert holds(body_of(prepared), "context_management") is (threshold is not None)


def test_what_the_profile_says_itself_stays() -> None:
    own = {"context_management": [{"type": "compaction", "compact_threshold": 5}]}
    past = Past(turns(OPENAI), policy=ContextPolicy(900, when_full="compact"))
    prepared = prepare(OPENAI.target(params=own), AUTO, Prompt("And now?", past=past), facts.reference())
    assert body_of(prepared)["context_management"] == own["context_management"]
    assert prepared.continuity.compacts_at is None


def test_without_a_limit_it_is_asked_for_before_the_window_is_full() -> None:
    prepared = going_on(CLAUDE, Past(turns(CLAUDE), policy=ContextPolicy(when_full="compact")))
    window = prepared.target.card.context_tokens
    assert window is not None and prepared.continuity.compacts_at is not None
    assert prepared.continuity.compacts_at < window - (prepared.plan.max_output_tokens or 0)
    (edit,) = body_of(prepared)["context_management"]["edits"]
    assert edit["trigger"] == {"type": "input_tokens", "value": prepared.continuity.compacts_at}
    assert "compact-2026-01-12" in dict(prepared.request.headers)["anthropic-beta"]
