"""What hosts publish, as they publish it: a page of each catalogue, and what is read of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from thinkdial.engine.lookups.refresh import READERS
from thinkdial.providers.catalogue import Published
from thinkdial.providers.think import Level

from ...cases import each

L, M, H, X = Level.LOW, Level.MEDIUM, Level.HIGH, Level.MAX


def usd(entered: str, output: str, cached: str | None = None, written: str | None = None) -> dict[str, Decimal]:
    named = {"input": entered, "output": output, "cached_input": cached, "cache_write": written}
    return {name: Decimal(amount) for name, amount in named.items() if amount is not None}


PAGES: dict[str, Any] = {
    "openai": {"object": "list", "data": [
        {"id": "gpt-6.2-sol", "object": "model", "created": 1, "owned_by": "openai", "shutdown_date": None},
        {"id": "gpt-5.4", "object": "model", "created": 1, "owned_by": "openai", "shutdown_date": "2027-03-01"},
    ]},
    "mistral": {"data": [
        {"id": "mistral-large-4", "aliases": ["mistral-large-4-0"], "capabilities": {"reasoning": True},
         "max_context_length": 1048576, "deprecation": None},
        {"id": "mistral-large-2512", "capabilities": {"reasoning": False}, "max_context_length": 262144,
         "deprecation": "2027-04-30T00:00:00Z", "deprecation_replacement_model": "mistral-large-4"},
    ]},
    "groq": {"data": [
        {"id": "openai/gpt-oss-120b", "active": True, "context_window": 131072, "max_completion_tokens": 65536},
        {"id": "gone", "active": False},
    ]},
    "together": [
        {"id": "zai-org/GLM-5.3", "type": "chat", "context_length": 1048576,
         "pricing": {"input": 1.4, "output": 4.4, "hourly": 0, "base": 0}},
        {"id": "free/one", "type": "chat", "pricing": {"input": 0, "output": 0}},
        {"id": "a/picture", "type": "image"},
    ],
    "huggingface": {"data": [
        {"id": "openai/gpt-oss-120b", "providers": [
            {"provider": "groq", "status": "live", "context_length": 131072,
             "pricing": {"input": 0.15, "output": 0.75}},
            {"provider": "gone", "status": "error"},
            {"provider": "novita", "status": "live", "context_length": 65536},
        ]},
    ]},
    "vercel": {"object": "list", "data": [
        {"id": "openai/gpt-6-sol", "type": "language", "context_window": 1050000, "max_tokens": 128000,
         "tags": ["reasoning", "tool-use"],
         "reasoning": {"supported_efforts": ["max", "high", "low", "none"], "mandatory": False},
         "pricing": {"input": "0.000002", "output": "0.00001", "input_cache_read": "0.0000002"}},
        {"id": "meta/llama-4-scout", "type": "language", "tags": ["tool-use"]},
        {"id": "openai/embed", "type": "embedding"},
    ]},
    "bedrock": {"modelSummaries": [
        {"modelId": "amazon.nova-2-lite-v1:0", "outputModalities": ["TEXT"], "modelLifecycle": {"status": "ACTIVE"}},
        {"modelId": "anthropic.claude-3-haiku", "outputModalities": ["TEXT"],
         "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": 1767225600}},
        {"modelId": "amazon.titan-image", "outputModalities": ["IMAGE"]},
    ]},
    "vllm": {"data": [{"id": "Qwen/Qwen3.8-27B", "max_model_len": 32768}]},
    "lmstudio": {"models": [
        {"key": "openai/gpt-oss-20b", "type": "llm", "max_context_length": 131072,
         "capabilities": {"reasoning": {"allowed_options": ["low", "medium", "high"], "default": "medium"}}},
        {"key": "nomic", "type": "embedding"},
    ]},
    "deepinfra": {"data": [
        {"id": "openai/gpt-oss-120b", "metadata": {"context_length": 131072, "max_tokens": 131072,
         "tags": ["reasoning_effort"], "pricing": {"input_tokens": 0.05, "output_tokens": 0.45}}},
        {"id": "an/embedding", "metadata": None},
    ]},
    "novita": {"data": [
        {"id": "deepseek/deepseek-v4.1-flash", "context_size": 1048576, "max_output_tokens": 65536,
         "features": ["reasoning"], "input_token_price_per_m": 2700, "output_token_price_per_m": 11000},
    ]},
    "venice": {"data": [
        {"id": "zai-org-glm-5-1", "model_spec": {
            "availableContextTokens": 200000, "capabilities": {"supportsReasoning": True},
            "pricing": {"input": {"usd": 1.75, "diem": 1}, "output": {"usd": 5.5}}}},
    ]},
    "copilot": {"data": [
        {"id": "gpt-6-sol", "capabilities": {
            "limits": {"max_context_window_tokens": 400000, "max_output_tokens": 128000},
            "supports": {"reasoning_effort": ["none", "low", "high"]}}},
        {"id": "claude-opus-5", "capabilities": {
            "supports": {"adaptive_thinking": True, "max_thinking_budget": 32000}}},
    ]},
    "cohere": {"models": [
        {"name": "command-a-reasoning-08-2025", "endpoints": ["chat"], "features": ["reasoning"],
         "context_length": 256000},
        {"name": "embed-v4", "endpoints": ["embed"]},
    ]},
    "windows": {"data": [{"id": "kimi-k3", "context_length": 262144}]},
}  # fmt: skip
SAID: dict[str, list[Published]] = {
    "openai": [Published("gpt-6.2-sol"), Published("gpt-5.4", retires="2027-03-01")],
    "mistral": [
        Published("mistral-large-4", True, context_tokens=1048576),
        Published("mistral-large-4-0", True, context_tokens=1048576),
        Published("mistral-large-2512", False, context_tokens=262144, retires="2027-04-30",
                  successor="mistral-large-4"),
    ],
    "groq": [Published("openai/gpt-oss-120b", context_tokens=131072, max_output_tokens=65536)],
    "together": [
        Published("zai-org/GLM-5.3", context_tokens=1048576, price=usd("1.4", "4.4")), Published("free/one"),
    ],
    "huggingface": [
        Published("openai/gpt-oss-120b", context_tokens=65536),
        Published("openai/gpt-oss-120b:groq", context_tokens=131072, price=usd("0.15", "0.75")),
        Published("openai/gpt-oss-120b:novita", context_tokens=65536),
    ],
    "vercel": [
        Published("openai/gpt-6-sol", True, (L, H, X), True, None, 1050000, 128000, price=usd("2", "10", "0.2")),
        Published("meta/llama-4-scout", False),
    ],
    "bedrock": [Published("amazon.nova-2-lite-v1:0"), Published("anthropic.claude-3-haiku", retires="2026-01-01")],
    "vllm": [Published("Qwen/Qwen3.8-27B", context_tokens=32768)],
    "lmstudio": [Published("openai/gpt-oss-20b", True, (L, M, H), False, None, 131072)],
    "deepinfra": [Published("openai/gpt-oss-120b", True, None, None, None, 131072, 131072, price=usd("0.05", "0.45"))],
    "novita": [
        Published("deepseek/deepseek-v4.1-flash", True, None, None, None, 1048576, 65536, price=usd("0.27", "1.1")),
    ],
    "venice": [Published("zai-org-glm-5-1", True, context_tokens=200000, price=usd("1.75", "5.5"))],
    "copilot": [
        Published("gpt-6-sol", True, (L, H), True, None, 400000, 128000),
        Published("claude-opus-5", True, takes_budget=True),
    ],
    "cohere": [Published("command-a-reasoning-08-2025", True, context_tokens=256000)],
    "windows": [Published("kimi-k3", context_tokens=262144)],
}  # fmt: skip


@each("style", PAGES)
def test_a_catalogue_is_read_as_it_is_published(style: str) -> None:
    assert list(READERS[style](PAGES[style])) == SAID[style]


@each("style", READERS)
@each(
    "document",
    [None, [], {}, "text", {"data": None}, {"data": [None, 1, {}, {"id": 5}]}, {"data": [{"id": "m", "pricing": []}]},
     {"models": [{"name": "m", "features": 1}]}, [{"id": "m", "pricing": {"input": "NaN", "output": "-1"}}],
     {"data": [{"id": "m", "shutdown_date": "soon", "deprecation": 10**30, "pricing": {"prompt": True}}]}],
    ids=repr,
)  # fmt: skip
def test_what_is_no_catalogue_is_nothing_and_never_a_failure(style: str, document: Any) -> None:
    for found in READERS[style](document):
        assert found.price is None and found.retires is None
