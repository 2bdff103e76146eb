"""What the simulator answers, byte for byte: every vendor, streamed and whole, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..steps import Case, Fetch, ask, run

KEYS: dict[str, dict[str, str]] = {
    "anthropic": {"x_api_key": "k", "anthropic_version": "2023-06-01"},
    "openai": {"authorization": "Bearer k"},
    "google": {"x_goog_api_key": "k"},
    "mistral": {"authorization": "Bearer k"},
    "xai": {"authorization": "Bearer k"},
    "groq": {"authorization": "Bearer k"},
    "compatible": {},
}
SPOILED = (
    "rate_limit", "overloaded", "server_error", "quota", "refusal", "content_filter", "garbage", "html", "no_terminal",
    "overloaded_midstream", "disconnect", "nonsense",
)  # fmt: skip
CONVERSATION = [
    {"role": "user", "content": "Is 91 prime?"},
    {"role": "assistant", "content": "No."},
    {"role": "user", "content": "And 97?"},
]

CONTENTS = [
    {"role": "model" if turn["role"] == "assistant" else "user", "parts": [{"text": turn["content"]}]}
    for turn in CONVERSATION
]


def _messages(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": CONVERSATION, **more}


def _anthropic(model: str = "claude-opus-5-5", **more: Any) -> dict[str, Any]:
    return _messages(model, max_tokens=9000, **more)


def _responses(model: str = "gpt-6-sol", **more: Any) -> dict[str, Any]:
    return {"model": model, "input": CONVERSATION, "store": False, **more}


def _google(**thinking: Any) -> dict[str, Any]:
    return {"contents": CONTENTS, "generationConfig": {"thinkingConfig": {"includeThoughts": True, **thinking}}}


STYLES = ("reasoning-content", "double", "inline-think", "no-done", "error-200")
ENDPOINTS: dict[str, tuple[str, tuple[dict[str, Any], ...]]] = {
    "anthropic": (
        "/anthropic/v1/messages",
        (
            _anthropic(),
            _anthropic(thinking={"type": "adaptive", "display": "summarized"}, output_config={"effort": "high"}),
            _anthropic("claude-haiku-4-5", thinking={"type": "enabled", "budget_tokens": 2000}),
            _anthropic("claude-haiku-4-5", thinking={"type": "enabled", "budget_tokens": 20}),
            _anthropic("claude-opus-5-5", temperature=0.5, output_config={"effort": "huge"}),
            _anthropic("claude-none"),
        ),
    ),
    "openai": (
        "/openai/v1/responses",
        (
            _responses(),
            _responses(reasoning={"effort": "high", "summary": "auto"}),
            _responses(reasoning={"effort": "none"}, max_output_tokens=64),
            _responses("gpt-4.1", reasoning={"effort": "high"}),
            _responses("gpt-none"),
        ),
    ),
    "google": (
        "/google/v1beta/models/gemini-4-argon:generateContent",
        (
            _google(),
            _google(thinkingLevel="HIGH"),
            _google(thinkingLevel="LOUD"),
            _google(thinkingBudget=10, thinkingLevel="LOW"),
        ),
    ),
    "mistral": (
        "/mistral/v1/chat/completions",
        (
            _messages("mistral-medium-latest"),
            _messages("mistral-medium-latest", reasoning_effort="high"),
            _messages("x"),
        ),
    ),
    "xai": (
        "/xai/v1/chat/completions",
        (
            _messages("grok-4.3"),
            _messages("grok-4.3", reasoning_effort="low"),
            _messages("grok-4.3", reasoning_effort="max"),
        ),
    ),
    "groq": (
        "/groq/openai/v1/chat/completions",
        (
            _messages("openai/gpt-oss-120b", reasoning_effort="low"),
            _messages("qwen/qwen3-32b"),
            _messages("qwen/qwen3-32b", reasoning_format="parsed"),
        ),
    ),
    "compatible": (
        "/compatible/v1/chat/completions",
        tuple(_messages(f"sim-{style}") for style in STYLES),
    ),
}
LISTS = {
    "anthropic": "/anthropic/v1/",
    "openai": "/openai/v1/",
    "google": "/google/v1beta/",
    "mistral": "/mistral/v1/",
    "xai": "/xai/v1/",
    "groq": "/groq/openai/v1/",
    "compatible": "/compatible/v1/",
}
LISTED = {
    "anthropic": ("models/claude-opus-5-5", "messages/batches"),
    "openai": ("models/gpt-6-sol", "files", "batches"),
    "google": ("models/gemini-4-argon", "files", "batches"),
    "mistral": ("files", "batch/jobs"),
    "xai": ("files", "batches"),
    "groq": ("files", "batches"),
    "compatible": (),
}


def _asked(vendor: str) -> Iterator[Fetch]:
    path, bodies = ENDPOINTS[vendor]
    key = KEYS[vendor]
    streamed = path.replace(":generateContent", ":streamGenerateContent?alt=sse")
    for body in bodies:
        yield ask(path, body, **key)
        yield ask(streamed, body if vendor == "google" else body | {"stream": True}, **key)
    for fault in SPOILED:
        body = bodies[0] if vendor == "google" else bodies[0] | {"stream": True}
        yield ask(streamed, body, **key, x_simulate_fault=fault)
        if fault not in ("disconnect", "no_terminal"):
            yield ask(path, bodies[0], **key, x_simulate_fault=fault)
    yield ask(path, bodies[0])
    yield ask(path, bodies[0], **dict.fromkeys(key, "Bearer wrong-key" if "authorization" in key else "wrong-key"))
    yield Fetch(path, "{not json", {name.replace("_", "-"): value for name, value in key.items()})
    for listed in ("models", *LISTED[vendor], "nothing"):
        yield ask(f"{LISTS[vendor]}{listed}", **key)


def _counted() -> Iterator[Fetch]:
    yield ask("/")
    yield ask("/anthropic/v1/messages/count_tokens", _messages("claude-opus-5-5"), **KEYS["anthropic"])
    yield ask("/openai/v1/responses/input_tokens", _responses(), **KEYS["openai"])
    yield ask("/google/v1beta/models/gemini-4-argon:countTokens", {"contents": CONTENTS}, **KEYS["google"])
    yield ask("/openai/v1/chat/completions", _messages("gpt-6-sol", reasoning_effort="low"), **KEYS["openai"])
    streamed = _messages("gpt-6-sol", stream=True, stream_options={"include_usage": True})
    yield ask("/openai/v1/chat/completions", streamed, **KEYS["openai"])
    yield ask("/xai/v1/responses", _responses("grok-4.3", reasoning={"effort": "high"}, stream=True), **KEYS["xai"])


CASES = (
    *(Case(f"served as {vendor}", tuple(_asked(vendor)), simulator="") for vendor in ENDPOINTS),
    Case(
        "served otherwise",
        (*_counted(), run("simulate --port 9 --fault overloaded=2", 2)),
        simulator="--seed 7 --fault overloaded=0.3",
    ),
)
