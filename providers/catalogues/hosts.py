"""What hosts publish about the models that they serve -> the same facts as `catalogue.py` reads. Pure.

Prices come in as many units as there are hosts; all are USD per million tokens here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from ..catalogue import Published, day, levels_in, price_in
from ..json_values import array, count, items, obj, text


def openai(document: Any) -> Iterator[Published]:
    """`GET /v1/models`: ids, and the day on which a model is shut down.

    Source: https://developers.openai.com/api/docs/deprecations
    """
    for entry in items(obj(document).get("data")):
        if name := text(entry.get("id")):
            yield Published(name, retires=day(entry.get("shutdown_date")))


def mistral(document: Any) -> Iterator[Published]:
    """`GET /v1/models`. Source: https://docs.mistral.ai/api/endpoint/models"""
    for entry in items(obj(document).get("data")):
        capabilities = obj(entry.get("capabilities"))
        for name in filter(None, map(text, [entry.get("id"), *array(entry.get("aliases"))])):
            yield Published(
                model=name,
                thinks=flag(capabilities.get("reasoning")),
                context_tokens=count(entry.get("max_context_length")),
                retires=day(entry.get("deprecation")),
                successor=text(entry.get("deprecation_replacement_model")),
            )


def groq(document: Any) -> Iterator[Published]:
    """`GET /openai/v1/models`. Source: https://console.groq.com/docs/models"""
    for entry in items(obj(document).get("data")):
        if (name := text(entry.get("id"))) and entry.get("active") is not False:
            yield Published(
                name,
                context_tokens=count(entry.get("context_window")),
                max_output_tokens=count(entry.get("max_completion_tokens")),
            )


def together(document: Any) -> Iterator[Published]:
    """`GET /v1/models`, an array by itself; prices per million. Source: https://docs.together.ai/reference/models"""
    for entry in items(document if isinstance(document, list) else obj(document).get("data")):
        if (name := text(entry.get("id"))) and text(entry.get("type")) in (None, "chat", "language", "code"):
            prices = obj(entry.get("pricing"))
            yield Published(
                name,
                context_tokens=count(entry.get("context_length")),
                price=price_in(prices, "input", "output", "cached_input", per=Decimal(1), free=False),
            )


def huggingface(document: Any) -> Iterator[Published]:
    """`GET /v1/models`: the hosts of each model, whose names go behind a colon; prices per million.

    Source: https://huggingface.co/docs/inference-providers
    """
    for entry in items(obj(document).get("data")):
        name = text(entry.get("id"))
        hosts = [one for one in items(entry.get("providers")) if text(one.get("status")) in (None, "live")]
        if name is None:
            continue
        windows = [window for one in hosts if (window := count(one.get("context_length"))) is not None]
        yield Published(name, context_tokens=min(windows, default=None))
        for one in hosts:
            if host := text(one.get("provider")):
                yield Published(
                    f"{name}:{host}",
                    context_tokens=count(one.get("context_length")),
                    price=price_in(obj(one.get("pricing")), "input", "output", "cached_input", per=Decimal(1)),
                )


def vercel(document: Any) -> Iterator[Published]:
    """`GET /v1/models`, which needs no key; prices per token. Effort words stand under `reasoning`, where it has them.

    Source: https://vercel.com/docs/ai-gateway/models-and-providers/reasoning.md
    """
    for entry in items(obj(document).get("data")):
        name = text(entry.get("id"))
        if name is None or text(entry.get("type")) not in (None, "language"):
            continue
        reasoning, tags = obj(entry.get("reasoning")), array(entry.get("tags"))
        words = array(reasoning.get("supported_efforts") or reasoning.get("efforts"))
        mandatory = flag(reasoning.get("mandatory"))
        yield Published(
            model=name,
            thinks=True if reasoning or "reasoning" in tags else False if tags else None,
            levels=levels_in(words) or None,
            can_be_off=None if mandatory is None else not mandatory,
            context_tokens=count(entry.get("context_window")),
            max_output_tokens=count(entry.get("max_tokens")),
            price=price_in(obj(entry.get("pricing")), "input", "output", "input_cache_read", "input_cache_write"),
        )


def bedrock(document: Any) -> Iterator[Published]:
    """`GET /foundation-models`. Source:
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
    """
    for entry in items(obj(document).get("modelSummaries")):
        life = obj(entry.get("modelLifecycle"))
        if (name := text(entry.get("modelId"))) and "TEXT" in array(entry.get("outputModalities") or ["TEXT"]):
            yield Published(name, retires=day(life.get("endOfLifeTime")))


def vllm(document: Any) -> Iterator[Published]:
    """`GET /v1/models` of vLLM and SGLang: the window that the server was started with.

    Source: https://docs.vllm.ai/en/latest/serving/openai_compatible_server/
    """
    for entry in items(obj(document).get("data")):
        if name := text(entry.get("id")):
            yield Published(name, context_tokens=count(entry.get("max_model_len")))


def lmstudio(document: Any) -> Iterator[Published]:
    """`GET /api/v1/models`, or the older `/api/v0/models`. Source: https://lmstudio.ai/docs/developer/rest/list"""
    listed = items(obj(document).get("models")) or items(obj(document).get("data"))
    for entry in listed:
        name = text(entry.get("key")) or text(entry.get("id"))
        if name is None or text(entry.get("type")) == "embedding" or text(entry.get("type")) == "embeddings":
            continue
        capabilities = entry.get("capabilities")
        reasoning = obj(capabilities).get("reasoning") if isinstance(capabilities, dict) else None
        words = array(obj(reasoning).get("allowed_options"))
        yield Published(
            model=name,
            thinks=True if words else flag(reasoning),
            levels=levels_in(words) or None,
            can_be_off="off" in words if words else None,
            context_tokens=count(entry.get("max_context_length")),
        )


def deepinfra(document: Any) -> Iterator[Published]:
    """`GET /v1/openai/models`; prices per million under `metadata`. Source: https://docs.deepinfra.com/chat/reasoning"""
    for entry in items(obj(document).get("data")):
        facts = obj(entry.get("metadata"))
        tags = array(facts.get("tags"))
        if (name := text(entry.get("id"))) and facts:
            prices = obj(facts.get("pricing"))
            yield Published(
                model=name,
                thinks="reasoning" in tags or "reasoning_effort" in tags if tags else None,
                context_tokens=count(facts.get("context_length")),
                max_output_tokens=count(facts.get("max_tokens")),
                price=price_in(prices, "input_tokens", "output_tokens", "cache_read_tokens", per=Decimal(1)),
            )


def novita(document: Any) -> Iterator[Published]:
    """`GET /openai/v1/models`; prices per million in ten-thousandths of a dollar.

    Source: https://novita.ai/docs/api-reference/model-apis-llm-list-models
    """
    for entry in items(obj(document).get("data")):
        features = array(entry.get("features"))
        if name := text(entry.get("id")):
            yield Published(
                model=name,
                thinks="reasoning" in features if features else None,
                context_tokens=count(entry.get("context_size")),
                max_output_tokens=count(entry.get("max_output_tokens")),
                price=price_in(entry, "input_token_price_per_m", "output_token_price_per_m", per=Decimal("0.0001")),
            )


def venice(document: Any) -> Iterator[Published]:
    """`GET /api/v1/models`. Source: https://docs.venice.ai/api-reference/endpoint/models/list"""
    for entry in items(obj(document).get("data")):
        facts = obj(entry.get("model_spec"))
        capabilities, prices = obj(facts.get("capabilities")), obj(facts.get("pricing"))
        dollars = {kind: obj(prices.get(kind)).get("usd") for kind in ("input", "output", "cache_input")}
        if name := text(entry.get("id")):
            yield Published(
                model=name,
                thinks=flag(capabilities.get("supportsReasoning")),
                context_tokens=count(facts.get("availableContextTokens")),
                price=price_in(dollars, "input", "output", "cache_input", per=Decimal(1)),
            )


def copilot(document: Any) -> Iterator[Published]:
    """`GET /models` of GitHub Copilot. Source: https://github.com/anomalyco/opencode"""
    for entry in items(obj(document).get("data")):
        capabilities = obj(entry.get("capabilities"))
        limits, supports = obj(capabilities.get("limits")), obj(capabilities.get("supports"))
        words = array(supports.get("reasoning_effort"))
        if name := text(entry.get("id")):
            yield Published(
                model=name,
                thinks=True if words or supports.get("adaptive_thinking") else None,
                levels=levels_in(words) or None,
                can_be_off="none" in words if words else None,
                takes_budget=True if count(supports.get("max_thinking_budget")) else None,
                context_tokens=count(limits.get("max_context_window_tokens")),
                max_output_tokens=count(limits.get("max_output_tokens")),
            )


def cohere(document: Any) -> Iterator[Published]:
    """`GET /v1/models`. Source: https://docs.cohere.com/reference/list-models"""
    for entry in items(obj(document).get("models")):
        features = array(entry.get("features"))
        if (name := text(entry.get("name"))) and "chat" in array(entry.get("endpoints") or ["chat"]):
            yield Published(
                model=name,
                thinks="reasoning" in features if features else None,
                context_tokens=count(entry.get("context_length")),
            )


def windows(document: Any) -> Iterator[Published]:
    """Lists that say ids and windows: Moonshot, Baseten, SambaNova, Cerebras and whoever speaks like OpenAI.

    Source: https://platform.kimi.ai/docs/api/list-models
    """
    for entry in items(obj(document).get("data")):
        if name := text(entry.get("id")):
            yield Published(
                name,
                context_tokens=count(entry.get("context_length")),
                max_output_tokens=count(entry.get("max_completion_tokens")),
                price=price_in(obj(entry.get("pricing")), "prompt", "completion"),
            )


READERS: Mapping[str, Callable[[Any], Iterator[Published]]] = {
    "openai": openai, "mistral": mistral, "groq": groq, "together": together, "huggingface": huggingface,
    "vercel": vercel, "bedrock": bedrock, "vllm": vllm, "lmstudio": lmstudio, "deepinfra": deepinfra,
    "novita": novita, "venice": venice, "copilot": copilot, "cohere": cohere, "windows": windows,
}  # fmt: skip


def flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
