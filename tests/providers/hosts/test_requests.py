"""What each provider receives: address, credential and thinking fields, for one model at high, off and 4000 tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...cases import each

COMMON = {
    "model",
    "messages",
    "stream",
    "stream_options",
    "input",
    "contents",
    "store",
    "context_length_exceeded_behavior",
}
ENDPOINTS = {
    "azure": {"resource": "mine"},
    "google-vertex": {"project": "mine"},
    "databricks": {"host": "mine.cloud.databricks.com"},
    "cloudflare": {"account": "mine"},
}
LIMIT = 4000 + 4096
"""A budget on a model that takes none becomes a ceiling: the budget, and room for an answer."""

Fields = dict[str, Any]


class Row(NamedTuple):
    provider: str
    model: str
    url: str
    header: str
    high: Fields
    off: Fields
    budget: Fields


BEARER = "authorization"
CHAT = "/chat/completions"
VERTEX = "https://aiplatform.googleapis.com/v1/projects/mine/locations/global/publishers/google"
RUNTIME = "https://bedrock-runtime.us-east-1.amazonaws.com"
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1"


def claude(effort: str) -> Fields:
    return {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": effort}}


def responses(effort: str) -> Fields:
    return {"reasoning": {"effort": effort, "summary": "auto"}}


def gemini(level: str, **more: Any) -> Fields:
    return {"generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingLevel": level}} | more}


def converse(**thinking: Any) -> Fields:
    return {"additionalModelRequestFields": {"thinking": thinking}}


def effort(word: str, **more: Any) -> Fields:
    return {"reasoning_effort": word, **more}


def switch(on: bool, **more: Any) -> Fields:
    return {"chat_template_kwargs": {"enable_thinking": on, "thinking": on}, **more}


def routed(word: str) -> Fields:
    return {"reasoning": {"effort": word}, "provider": {"require_parameters": True}}


ENABLED, DISABLED = {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}
OFF = effort("none")

ROWS = [
    Row("anthropic", "claude-opus-5-5", "https://api.anthropic.com/v1/messages", "x-api-key",
        claude("high") | {"max_tokens": 128000}, claude("low") | {"max_tokens": 128000},
        claude("low") | {"max_tokens": LIMIT}),
    Row("openai", "gpt-6-luna", "https://api.openai.com/v1/responses", BEARER,
        responses("high"), {"reasoning": {"effort": "none"}}, responses("low") | {"max_output_tokens": LIMIT}),
    Row("azure", "gpt-5.5", "https://mine.openai.azure.com/openai/v1/responses", "api-key",
        responses("high"), {"reasoning": {"effort": "none"}}, responses("low") | {"max_output_tokens": LIMIT}),
    Row("google", "gemini-3.5-flash",
        "https://generativelanguage.googleapis.com/v1/models/gemini-3.5-flash:streamGenerateContent?alt=sse",
        "x-goog-api-key", gemini("HIGH"), gemini("MINIMAL"), gemini("LOW", maxOutputTokens=LIMIT)),
    Row("google-vertex", "gemini-3.5-flash", f"{VERTEX}/models/gemini-3.5-flash:streamGenerateContent?alt=sse", BEARER,
        gemini("HIGH"), gemini("MINIMAL"), gemini("LOW", maxOutputTokens=LIMIT)),
    Row("bedrock", f"{HAIKU}:0", f"{RUNTIME}/model/{HAIKU}%3A0/converse-stream", BEARER,
        converse(type="enabled", budget_tokens=16384, display="summarized"), converse(type="disabled"),
        converse(type="enabled", budget_tokens=4000, display="summarized")),
    Row("mistral", "mistral-medium-latest", "https://api.mistral.ai/v1" + CHAT, BEARER,
        effort("high"), OFF, effort("high", max_tokens=LIMIT)),
    Row("cohere", "command-a-reasoning-08-2025", "https://api.cohere.com/v2/chat", BEARER,
        {"thinking": {"type": "enabled", "token_budget": 16384}}, DISABLED,
        {"thinking": {"type": "enabled", "token_budget": 4000}}),
    Row("xai", "grok-4.3", "https://api.x.ai/v1/responses", BEARER,  # its output limit does not cover thinking
        {"reasoning": {"effort": "high"}}, {"reasoning": {"effort": "none"}}, {"reasoning": {"effort": "low"}}),
    Row("deepseek", "deepseek-flash", "https://api.deepseek.com" + CHAT, BEARER,
        ENABLED | effort("high"), DISABLED, ENABLED | effort("low", max_tokens=LIMIT)),
    Row("openrouter", "anthropic/claude-opus-5", "https://openrouter.ai/api/v1" + CHAT, BEARER,
        routed("high"), routed("none"), routed("low") | {"max_completion_tokens": LIMIT}),
    Row("groq", "openai/gpt-oss-120b", "https://api.groq.com/openai/v1" + CHAT, BEARER,
        effort("high", include_reasoning=True), effort("low", include_reasoning=True),
        effort("low", include_reasoning=True, max_completion_tokens=LIMIT)),
    Row("qwen", "qwen3.7-plus", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1" + CHAT, BEARER,
        {"enable_thinking": True, "thinking_budget": 16384}, {"enable_thinking": False},
        {"enable_thinking": True, "thinking_budget": 4000}),
    Row("moonshot", "kimi-k3", "https://api.moonshot.ai/v1" + CHAT, BEARER,
        effort("high"), effort("low"), effort("low", max_completion_tokens=LIMIT)),
    Row("zai", "glm-5.2", "https://api.z.ai/api/paas/v4" + CHAT, BEARER,
        ENABLED | effort("high"), DISABLED, ENABLED | effort("high", max_tokens=LIMIT)),
    Row("minimax", "MiniMax-M3", "https://api.minimax.io/v1" + CHAT, BEARER,
        {"thinking": {"type": "adaptive"}, "reasoning_split": True}, DISABLED,
        {"thinking": {"type": "adaptive"}, "reasoning_split": True}),
    Row("together", "zai-org/GLM-5.2", "https://api.together.xyz/v1" + CHAT, BEARER,
        {"reasoning": {"enabled": True}} | effort("high"), {"reasoning": {"enabled": False}},
        {"reasoning": {"enabled": True}} | effort("high", max_tokens=LIMIT)),
    Row("fireworks", "accounts/fireworks/models/deepseek-v4p1-flash", "https://api.fireworks.ai/inference/v1" + CHAT,
        BEARER, effort("high"), OFF, effort("low", max_tokens=LIMIT)),
    Row("cerebras", "qwen-3.8-27b", "https://api.cerebras.ai/v1" + CHAT, BEARER,
        effort("high", reasoning_format="parsed"), OFF,
        effort("low", reasoning_format="parsed", max_completion_tokens=LIMIT)),
    Row("nvidia", "nvidia/nemotron-3-ultra-550b-a55b", "https://integrate.api.nvidia.com/v1" + CHAT, BEARER,
        switch(True, reasoning_budget=16384), switch(False), switch(True, reasoning_budget=4000)),
    Row("huggingface", "Qwen/Qwen3.8-27B:groq", "https://router.huggingface.co/v1" + CHAT, BEARER,
        effort("high"), OFF, effort("low", max_tokens=LIMIT)),
    Row("perplexity", "perplexity/sonar", "https://api.perplexity.ai/v1/responses", BEARER,
        responses("high"), responses("minimal"), responses("low") | {"max_output_tokens": LIMIT}),
    Row("ollama", "qwen3:8b", "http://127.0.0.1:11434/api/chat", BEARER,
        {"think": True}, {"think": False}, {"think": True}),
    Row("vllm", "Qwen/Qwen3.8-27B", "http://127.0.0.1:8000/v1" + CHAT, BEARER,
        effort("medium"), switch(False), effort("low", max_tokens=LIMIT)),
    Row("sglang", "Qwen/Qwen3.8-27B", "http://127.0.0.1:30000/v1" + CHAT, "",
        effort("medium"), switch(False), effort("low", max_tokens=LIMIT)),
    Row("llamacpp", "qwen3", "http://127.0.0.1:8080/v1" + CHAT, "",
        {"chat_template_kwargs": {"enable_thinking": True}, "reasoning_budget_tokens": 16384},
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"chat_template_kwargs": {"enable_thinking": True}, "reasoning_budget_tokens": 4000}),
    Row("lmstudio", "qwen3", "http://127.0.0.1:1234/v1/responses", BEARER,
        responses("high"), {"reasoning": {"effort": "none"}}, responses("low") | {"max_output_tokens": LIMIT}),
    Row("vercel", "openai/gpt-6-sol", "https://ai-gateway.vercel.sh/v1" + CHAT, BEARER,
        {"reasoning": {"effort": "high"}}, {"reasoning": {"enabled": False}},
        {"reasoning": {"effort": "low"}, "max_tokens": LIMIT}),
    Row("meta", "muse-spark-1.3", "https://api.meta.ai/v1/responses", BEARER,
        responses("high"), responses("minimal"), responses("low") | {"max_output_tokens": LIMIT}),
    Row("deepinfra", "Qwen/Qwen3.8-27B", "https://api.deepinfra.com/v1/openai" + CHAT, BEARER,
        effort("high"), OFF, effort("low", max_tokens=LIMIT)),
    Row("github-copilot", "gpt-6-sol", "https://api.githubcopilot.com/responses", BEARER,
        responses("high"), {"reasoning": {"effort": "none"}}, responses("low") | {"max_output_tokens": LIMIT}),
    Row("github-models", "openai/gpt-5-mini", "https://models.github.ai/inference" + CHAT, BEARER,
        effort("high"), effort("minimal"), effort("low", max_completion_tokens=LIMIT)),
    Row("databricks", "databricks-claude-sonnet-4-5", "https://mine.cloud.databricks.com/serving-endpoints" + CHAT,
        BEARER,
        {"thinking": {"type": "enabled", "budget_tokens": 16384}}, DISABLED,
        {"thinking": {"type": "enabled", "budget_tokens": 4000}}),
    Row("cloudflare", "@cf/zai-org/glm-5.2", "https://api.cloudflare.com/client/v4/accounts/mine/ai/v1" + CHAT, BEARER,
        effort("high"), {"chat_template_kwargs": {"enable_thinking": False}}, effort("high", max_tokens=LIMIT)),
    Row("baseten", "moonshotai/Kimi-K2.6", "https://inference.baseten.co/v1" + CHAT, BEARER,
        {"chat_template_args": {"enable_thinking": True}}, {"chat_template_args": {"enable_thinking": False}},
        {"chat_template_args": {"enable_thinking": True}}),
    Row("novita", "deepseek/deepseek-v4.1-flash", "https://api.novita.ai/openai" + CHAT, BEARER,
        {"enable_thinking": True, "separate_reasoning": True}, {"enable_thinking": False},
        {"enable_thinking": True, "separate_reasoning": True}),
    Row("nebius", "zai-org/GLM-4.5", "https://api.tokenfactory.nebius.com/v1" + CHAT, BEARER,
        switch(True), switch(False), switch(True)),
    Row("byteplus", "seed-2-0-pro", "https://ark.ap-southeast.bytepluses.com/api/v3" + CHAT, BEARER,
        ENABLED | effort("high"), DISABLED, ENABLED | effort("low", max_tokens=LIMIT)),
    Row("volcengine", "doubao-seed-2-0-pro", "https://ark.cn-beijing.volces.com/api/v3" + CHAT, BEARER,
        ENABLED | effort("high"), DISABLED, ENABLED | effort("low", max_tokens=LIMIT)),
    Row("xiaomi", "mimo-v2.6-pro", "https://api.xiaomimimo.com/v1" + CHAT, BEARER, ENABLED, DISABLED, ENABLED),
    Row("siliconflow", "zai-org/GLM-5.1", "https://api.siliconflow.com/v1" + CHAT, BEARER,
        {"enable_thinking": True, "thinking_budget": 16384}, {"enable_thinking": False},
        {"enable_thinking": True, "thinking_budget": 4000}),
    Row("venice", "zai-org-glm-5-1", "https://api.venice.ai/api/v1" + CHAT, BEARER,
        effort("high"), {"venice_parameters": {"disable_thinking": True}}, effort("low", max_tokens=LIMIT)),
    Row("sambanova", "gpt-oss-120b", "https://api.sambanova.ai/v1" + CHAT, BEARER,
        effort("high"), effort("low"), effort("low", max_tokens=LIMIT)),
]  # fmt: skip


@each("think", ["high", "off", "4000"])
@each("row", ROWS, ids=lambda row: row.provider)
def test_a_provider_receives_its_own_fields_and_nothing_else_about_thinking(
    call: Callable[..., Any], wire: Any, key: str, row: Row, think: str
) -> None:
    called = call(row.provider, row.model, wire.said({}, 400), think=think, endpoint=ENDPOINTS.get(row.provider, {}))
    (asked,) = called.asked
    assert called.url == row.url
    wanted = {"high": row.high, "off": row.off, "4000": row.budget}[think]
    assert {name: value for name, value in asked.body.items() if name not in COMMON} == wanted
    assert called.result.think.native.items() <= asked.body.items() or row.provider in ("google", "google-vertex")
    carrying = {name: value for name, value in asked.headers.items() if key in value}
    assert carrying == ({row.header: f"Bearer {key}" if row.header == BEARER else key} if row.header else {})
    assert "How many?" in str(asked.body) and key not in str(asked.body) and key not in asked.path


def test_every_provider_with_an_address_of_its_own_is_in_the_table() -> None:
    from thinkdial.profiles.config import load_builtin

    config = load_builtin()
    named = {name for name in config.providers if config.provider(name).base_url}
    assert named == {row.provider for row in ROWS}


def test_anthropic_says_its_version_and_stores_nothing_at_openai(call: Callable[..., Any], wire: Any) -> None:
    (asked,) = call("anthropic", "claude-opus-5-5", wire.said({}, 400)).asked
    assert asked.headers["anthropic-version"]
    (asked,) = call("openai", "gpt-6-luna", wire.said({}, 400)).asked
    assert asked.body["store"] is False
    assert "store" not in call("perplexity", "perplexity/sonar", wire.said({}, 400)).asked[0].body


@each(
    "provider, endpoint, url",
    [
        ("zai", {"region": "china"}, "https://open.bigmodel.cn/api/paas/v4"),
        ("moonshot", {"region": "china"}, "https://api.moonshot.cn/v1"),
        ("minimax", {"region": "china"}, "https://api.minimaxi.com/v1"),
        ("qwen", {"region": "china"}, "https://dashscope.aliyuncs.com/compatible-mode/v1"),
        ("qwen", {"region": "us"}, "https://dashscope-us.aliyuncs.com/compatible-mode/v1"),
        ("siliconflow", {"region": "china"}, "https://api.siliconflow.cn/v1"),
        ("github-copilot", {"plan": "individual"}, "https://api.individual.githubcopilot.com"),
    ],
)
def test_a_region_has_its_address(provider: str, endpoint: dict[str, str], url: str) -> None:
    from thinkdial.engine.targets.target import resolve
    from thinkdial.profiles.config import load_builtin
    from thinkdial.profiles.profile import Profile

    profile = Profile(name="p", provider=provider, model="m", endpoint=endpoint)
    assert resolve(profile, load_builtin(), environment={}).base_url == url
