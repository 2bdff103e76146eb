"""One answer of each kind of state, as its vendor sends it, read by the real decoders; and routes to go on with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from thinkdial.engine.exchange.raw_response import RawResponse, reply_of
from thinkdial.engine.planning.fates import ContinuityOptions, Past
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.planning.turns import turn_of
from thinkdial.engine.targets.target import Target, resolve
from thinkdial.profiles import facts
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import AUTO
from thinkdial.providers.turns.turn import Turn

CONFIG = load_builtin()
ENVIRONMENT = {"AZURE_OPENAI_RESOURCE": "resource", "GOOGLE_CLOUD_PROJECT": "project"}
HOSTS = {"openai-compatible": "https://host.example/v1"}

SECRET = "0paque+/_="
"""Stands in every value that only its own provider can read."""
THOUGHT = "reasoned thus"
"""Stands in every readable reasoning."""


class Place(Struct, frozen=True):
    """Who is called: provider, dialect and model."""

    provider: str
    dialect: str
    model: str

    def target(self, **changes: Any) -> Target:
        base_url = HOSTS.get(self.provider)
        given = {"name": "p", "dialect": self.dialect, "base_url": base_url, **changes}
        profile = Profile(provider=self.provider, model=self.model, **given)
        return resolve(profile, CONFIG, environment=ENVIRONMENT)


def message(*content: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "message", "model": "served", "stop_reason": "end_turn", "usage": {}, "content": [*content]}


def converse(*content: Mapping[str, Any]) -> dict[str, Any]:
    return {"output": {"message": {"role": "assistant", "content": [*content]}}, "stopReason": "end_turn"}


def response(*output: Mapping[str, Any]) -> dict[str, Any]:
    return {"object": "response", "status": "completed", "model": "served", "output": [*output]}


def candidate(*parts: Mapping[str, Any]) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": [*parts]}, "finishReason": "STOP"}]}


def chat(content: Any, finish: str = "stop", **fields: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content, **fields}, "finish_reason": finish}]}


def reasoning(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"type": "reasoning", "id": f"rs_{number}", "summary": [], **fields}


def output_text(words: str, **fields: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": words, "annotations": []}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content, **fields}


CALLED = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at":1}'}}
SUMMARY = [{"type": "summary_text", "text": THOUGHT}]
SIGNED = {"type": "thinking", "thinking": THOUGHT, "signature": SECRET}
SAID = {"type": "text", "text": "Said."}

CLAUDE = Place("anthropic", "anthropic-messages", "claude-sonnet-4-6")
BEDROCK = Place("bedrock", "bedrock-converse", "anthropic.claude-sonnet-4-6")
INVOKE = Place("bedrock", "bedrock-invoke", "anthropic.claude-sonnet-4-6")
OPENAI = Place("openai", "openai-responses", "gpt-5.4")
AZURE = Place("azure", "openai-responses", "gpt-5.4")
OPENAI_CHAT = Place("openai", "openai-chat", "gpt-5.4")
XAI = Place("xai", "openai-responses", "grok-4.7")
GEMINI = Place("google", "gemini-generate", "gemini-3-flash-preview")
VERTEX = Place("google-vertex", "gemini-generate", "gemini-3-flash-preview")
STEPS = Place("google", "gemini-interactions", "gemini-4-argon")
DEEPSEEK = Place("deepseek", "openai-chat", "deepseek-v4-flash")
DEEPSEEK_ITEMS = Place("deepseek", "openai-responses", "deepseek-v4-flash")
ZAI = Place("zai", "openai-chat", "glm-5.2")
GROQ = Place("groq", "openai-chat", "openai/gpt-oss-120b")
CEREBRAS = Place("cerebras", "openai-chat", "gpt-oss-120b")
GLM = Place("cerebras", "openai-chat", "zai-glm-4.7")
OPENROUTER = Place("openrouter", "openai-chat", "anthropic/claude-sonnet-4.6")
MISTRAL = Place("mistral", "mistral-chat", "magistral-medium-latest")
COHERE = Place("cohere", "cohere-chat", "command-a-reasoning-08-2025")
OLLAMA = Place("ollama", "ollama-chat", "qwen3")
LLAMACPP = Place("llamacpp", "openai-chat", "qwen3")
HOST = Place("openai-compatible", "openai-chat", "some/model")

ROUTES: Mapping[str, Place] = {
    "claude": CLAUDE, "bedrock": BEDROCK, "invoke": INVOKE, "openai": OPENAI, "azure": AZURE,
    "openai chat": OPENAI_CHAT, "xai": XAI, "gemini": GEMINI, "vertex": VERTEX, "steps": STEPS, "deepseek": DEEPSEEK,
    "deepseek items": DEEPSEEK_ITEMS, "zai": ZAI, "groq": GROQ, "cerebras": CEREBRAS, "glm": GLM,
    "openrouter": OPENROUTER, "mistral": MISTRAL, "cohere": COHERE, "ollama": OLLAMA, "llamacpp": LLAMACPP,
    "host": HOST,
}  # fmt: skip

SOURCES: Mapping[str, tuple[Place, Any]] = {
    "claude signed": (CLAUDE, message(SIGNED, SAID)),
    "claude redacted": (CLAUDE, message({"type": "redacted_thinking", "data": SECRET}, SAID)),
    "claude empty but signed": (CLAUDE, message({**SIGNED, "thinking": ""}, SAID)),
    "invoke signed": (INVOKE, message(SIGNED, SAID)),
    "bedrock signed": (
        BEDROCK,
        converse({"reasoningContent": {"reasoningText": {"text": THOUGHT, "signature": SECRET}}}, {"text": "Said."}),
    ),
    "bedrock redacted": (BEDROCK, converse({"reasoningContent": {"redactedContent": SECRET}}, {"text": "Said."})),
    "bedrock unsigned": (
        BEDROCK,
        converse({"reasoningContent": {"reasoningText": {"text": THOUGHT}}}, {"text": "Said."}),
    ),
    "openai ciphertext": (
        OPENAI,
        response(reasoning(summary=SUMMARY, encrypted_content=SECRET), output_text("Said.", phase="final_answer")),
    ),
    "openai summary": (OPENAI, response(reasoning(summary=SUMMARY), output_text("Said."))),
    "azure ciphertext": (AZURE, response(reasoning(encrypted_content=SECRET), output_text("Said."))),
    "xai ciphertext": (XAI, response(reasoning(encrypted_content=SECRET), output_text("Said."))),
    "deepseek items": (
        DEEPSEEK_ITEMS,
        response(reasoning(content=[{"type": "reasoning_text", "text": THOUGHT}]), output_text("Said.")),
    ),
    "gemini signed text": (GEMINI, candidate({"text": "Said.", "thoughtSignature": SECRET})),
    "gemini signed end": (GEMINI, candidate({"text": "Said."}, {"text": "", "thoughtSignature": SECRET})),
    "gemini summary": (GEMINI, candidate({"text": THOUGHT, "thought": True}, {"text": "Said."})),
    "vertex signed text": (VERTEX, candidate({"text": "Said.", "thoughtSignature": SECRET})),
    "steps signed": (
        STEPS,
        {
            "status": "completed",
            "steps": [
                {"type": "thought", "signature": SECRET, "summary": [{"type": "text", "text": THOUGHT}]},
                {"type": "model_output", "content": [SAID]},
            ],
        },
    ),
    "deepseek field": (DEEPSEEK, chat("Said.", reasoning_content=THOUGHT)),
    "zai field": (ZAI, chat("Said.", reasoning_content=THOUGHT)),
    "openai chat field": (OPENAI_CHAT, chat("Said.", reasoning_content=THOUGHT)),
    "groq field": (GROQ, chat("Said.", reasoning=THOUGHT)),
    "cerebras field": (CEREBRAS, chat("Said.", reasoning=THOUGHT)),
    "glm field": (GLM, chat("Said.", reasoning=THOUGHT)),
    "llamacpp field": (LLAMACPP, chat("Said.", reasoning_content=THOUGHT)),
    "llamacpp tags": (LLAMACPP, chat(f"<think>{THOUGHT}</think>Said.")),
    "host field": (HOST, chat("Said.", reasoning=THOUGHT)),
    "openrouter signed": (
        OPENROUTER,
        chat(
            "Said.",
            reasoning=THOUGHT,
            reasoning_details=[
                {"type": "reasoning.text", "text": THOUGHT, "signature": SECRET, "format": "anthropic-claude-v1"}
            ],
        ),
    ),
    "openrouter encrypted": (
        OPENROUTER,
        chat("Said.", reasoning_details=[{"type": "reasoning.encrypted", "data": SECRET, "format": "unknown"}]),
    ),
    "openrouter unsigned": (
        OPENROUTER,
        chat(
            "Said.",
            reasoning=THOUGHT,
            reasoning_details=[{"type": "reasoning.text", "text": THOUGHT, "format": "anthropic-claude-v1"}],
        ),
    ),
    "mistral chunk": (
        MISTRAL,
        chat(
            [{"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}, {"type": "text", "text": "Said."}]
        ),
    ),
    "cohere item": (
        COHERE,
        {
            "message": {"role": "assistant", "content": [{"type": "thinking", "thinking": THOUGHT}, SAID]},
            "finish_reason": "COMPLETE",
        },
    ),
    "ollama field": (
        OLLAMA,
        {
            "message": {"role": "assistant", "content": "Said.", "thinking": THOUGHT},
            "done": True,
            "done_reason": "stop",
        },
    ),
}


def ask(
    place: Place | Target,
    prompt: str = "Again?",
    turns: Sequence[Turn] = (),
    options: ContinuityOptions | None = None,
    *,
    account: str | None = "a",
    system: str | None = None,
) -> Prepared:
    """The call that goes on after `turns`."""
    target = place.target() if isinstance(place, Place) else place
    past = Past(tuple(turns), options or ContinuityOptions())
    return prepare(target, AUTO, Prompt(prompt, system, past=past), facts.reference(), stream=False, account=account)


def answered(prepared: Prepared, document: Any, number: int = 1) -> Turn:
    """The turn that an answer makes, read from the bytes of `document`."""
    raw = RawResponse(200, "application/json", False, json.dumps(document).encode())
    target = prepared.target
    return turn_of(number, prepared, reply_of(raw, target.dialect, target.use.quirks, False), "2026-11-30T00:00:00Z")


def turn_from(source: str, number: int = 1, **changes: Any) -> Turn:
    """One turn of a source, asked for as it would be."""
    place, document = SOURCES[source]
    return replace(answered(ask(place, "First?"), document, number), **changes)


def body_of(prepared: Prepared) -> dict[str, Any]:
    return json.loads(prepared.request.body)


def strings_in(value: Any) -> Iterable[str]:
    """Every text in a JSON value, names of fields included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from strings_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_in(inner)


def holds(body: Any, words: str) -> bool:
    return any(words in found for found in strings_in(body))
