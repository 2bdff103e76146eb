"""What becomes of earlier reasoning on the way to each route: the fate of every kind of state, and why."""

from __future__ import annotations

from typing import Any

import pytest

from ...cases import each
from .vendors import (
    GLM,
    OPENAI,
    ROUTES,
    SECRET,
    SIGNED,
    SOURCES,
    THOUGHT,
    XAI,
    Place,
    answered,
    ask,
    body_of,
    candidate,
    chat,
    holds,
    message,
    output_text,
    reasoning,
    response,
    turn_from,
)

BACK = "it goes back as it came"
READ_ON_CALLS = "it goes back; {provider} reads it only on turns with calls"
AT_HOME = {
    "claude signed": ("thinking", "kept", BACK),
    "claude redacted": ("redacted", "kept", BACK),
    "claude empty but signed": ("thinking", "kept", BACK),
    "invoke signed": ("thinking", "kept", BACK),
    "bedrock signed": ("thinking", "kept", BACK),
    "bedrock redacted": ("redacted", "kept", BACK),
    "bedrock unsigned": ("thinking", "dropped", "it has no signature, and unsigned reasoning is refused"),
    "openai ciphertext": ("encrypted", "kept", BACK),
    "openai summary": ("summary", "dropped", "it is a summary without ciphertext, which tells the provider nothing"),
    "azure ciphertext": ("encrypted", "kept", BACK),
    "xai ciphertext": ("encrypted", "kept", BACK),
    "deepseek items": ("thinking", "kept", BACK),
    "gemini signed text": ("signature", "kept", BACK),
    "gemini signed end": ("signature", "kept", BACK),
    "gemini summary": ("summary", "kept", BACK),
    "vertex signed text": ("signature", "kept", BACK),
    "steps signed": ("summary", "kept", BACK),
    "deepseek field": ("thinking", "kept", READ_ON_CALLS),
    "zai field": ("thinking", "kept", READ_ON_CALLS),
    "openai chat field": ("thinking", "dropped", "this API has no field for it"),
    "groq field": ("thinking", "kept", BACK),
    "cerebras field": ("thinking", "kept", BACK),
    "glm field": ("thinking", "kept", "it goes back in tags, which are its only carrier here"),
    "llamacpp field": ("thinking", "kept", BACK),
    "llamacpp tags": ("thinking", "dropped", "it came in tags inside the answer, which are not put back"),
    "host field": ("thinking", "kept", "it goes back in the field that it came in; no rule of this host is known"),
    "openrouter signed": ("thinking", "kept", BACK),
    "openrouter encrypted": ("encrypted", "kept", BACK),
    "openrouter unsigned": ("thinking", "dropped", "it came without the signature that its format needs"),
    "mistral chunk": ("thinking", "kept", BACK),
    "cohere item": ("thinking", "kept", BACK),
    "ollama field": ("thinking", "kept", BACK),
}
"""What becomes of each source on the route that it came from."""


def expected(source: str, route: Place) -> tuple[str, str]:
    """The fate and the reason of the one piece of state in `source`, on its way to `route`."""
    home = SOURCES[source][0]
    if home == route:
        _, fate, reason = AT_HOME[source]
        return fate, reason.format(provider=home.provider)
    if home.provider != route.provider:
        return "dropped", f"it is {home.provider}'s; {route.provider} gets the text alone"
    if home.dialect != route.dialect:
        return "dropped", f"it came over {home.dialect}; {route.dialect} has no place for it"
    return "dropped", f"{home.model} thought it; {route.model} is not known to read that"


@each("route", ROUTES, every=5)
@each("source", SOURCES)
def test_every_kind_of_state_has_its_fate_on_every_route(source: str, route: str) -> None:
    turn = turn_from(source)
    prepared = ask(ROUTES[route], turns=[turn])
    fates, body = prepared.continuity.fates, body_of(prepared)
    assert [(fate.turn, fate.kind, fate.fate, fate.reason) for fate in fates] == [
        (1, AT_HOME[source][0], *expected(source, ROUTES[route]))
    ]
    piece, kept = turn.pieces[fates[0].position], fates[0].fate == "kept"
    assert all(holds(body, value) is kept for value in piece.opaque.values())
    assert piece.kind == "text" or not piece.text or holds(body, piece.text) is kept
    assert all(holds(body, words) for words in ("First?", "Said.", "Again?"))
    assert not holds(body, "<think>") or ROUTES[route] == GLM


def unmarked(messages: list[Any]) -> list[Any]:
    """The messages without the marks of prompt caches, which move on with each turn."""
    bare: list[Any] = []
    for said in messages:
        content = said.get("content") if isinstance(said, dict) else None
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        if isinstance(content, list):
            blocks = [{key: block[key] for key in block if key != "cache_control"} for block in content]
            said = {**said, "content": [block for block in blocks if "cachePoint" not in block]}
        bare.append(said)
    return bare


@each("between", ["claude", "openai", "gemini", "deepseek", "mistral", "host", "ollama"])
@each("source", SOURCES)
def test_a_way_back_finds_what_was_its_own(source: str, between: str) -> None:
    """A, B, A: the first answer is written as it would be without the way round."""
    home, other = SOURCES[source][0], ROUTES[between]
    first = turn_from(source)
    elsewhere = next(name for name, (place, _) in SOURCES.items() if place == other)
    second = answered(ask(other, "Second?", [first]), SOURCES[elsewhere][1], 2)
    direct, around = body_of(ask(home, turns=[first])), body_of(ask(home, turns=[first, second]))
    name = next(name for name in ("messages", "contents", "input") if name in direct)
    assert unmarked(around[name])[: len(direct[name]) - 1] == unmarked(direct[name])[:-1]


@each("source", SOURCES)
def test_reasoning_of_a_turn_that_was_cut_never_goes_back(source: str) -> None:
    prepared = ask(SOURCES[source][0], turns=[turn_from(source, is_cut=True)])
    assert {fate.fate for fate in prepared.continuity.fates} == {"dropped"}
    assert not holds(body_of(prepared), SECRET) and not holds(body_of(prepared), THOUGHT)
    assert holds(body_of(prepared), "Said.")


@pytest.mark.parametrize(
    "answer",
    [("claude", message(SIGNED)), ("openai", response(reasoning(encrypted_content=SECRET))),
     ("deepseek", chat("", reasoning_content=THOUGHT)), ("gemini", candidate({"text": THOUGHT, "thought": True}))],
)  # fmt: skip
def test_a_turn_of_nothing_but_reasoning_is_left_out(answer: tuple[str, Any]) -> None:
    route = ROUTES[answer[0]]
    prepared = ask(route, turns=[answered(ask(route, "First?"), answer[1])])
    assert [fate.reason for fate in prepared.continuity.fates] == ["nothing but reasoning is left of the turn"]
    assert not holds(body_of(prepared), SECRET) and not holds(body_of(prepared), THOUGHT)
    assert not holds(body_of(prepared), "assistant") and not holds(body_of(prepared), "model_output")


def test_reasoning_behind_the_answer_does_not_end_a_turn() -> None:
    behind = answered(ask(OPENAI, "First?"), response(output_text("Said."), reasoning(encrypted_content=SECRET)))
    assert [fate.reason for fate in ask(OPENAI, turns=[behind]).continuity.fates] == [
        "a turn must not end in reasoning"
    ]
    behind = answered(ask(XAI, "First?"), response(output_text("Said."), reasoning(encrypted_content=SECRET)))
    assert [fate.fate for fate in ask(XAI, turns=[behind]).continuity.fates] == ["kept"]
