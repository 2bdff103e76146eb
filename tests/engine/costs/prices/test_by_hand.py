"""Bills added up by hand from the published rules, against what the whole program makes of a vendor's own usage.

Each case is a response body as the vendor sends it, decoded, folded and priced like any other. `entered` and `output`
are the arithmetic, in millionths of a dollar: tokens x USD per million. `rule` names the passage that says so, in the
collected wire facts: the file, and the section in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from thinkdial.engine.costs.prices.pricing import price_of
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.exchange.outcome import Outcome
from thinkdial.engine.exchange.raw_response import RawResponse, reply_of
from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.results.assembly import result_of
from thinkdial.engine.results.result import Cost, Result
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import LongPrompt, Price, Profile
from thinkdial.providers.think import AUTO

from ....cases import each

FRIDAY_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONFIG = load_builtin()
PLACES = {"AWS_REGION": "us-east-1", "GOOGLE_CLOUD_PROJECT": "p", "AZURE_OPENAI_RESOURCE": "r"}
Json = Mapping[str, Any]


class Case(Struct, frozen=True):
    """`provider/model`, the body, and the sums for input and output; None where the parts are not known.

    `usd` is the bill where it is not the sum of the two. `saved` is what the cache saved, `reasoning` the reasoning's
    share, both None where the case says nothing on them.
    """

    rule: str
    called: str
    body: Json
    entered: list[tuple[int, str]] | None
    output: list[tuple[int, str]] | None
    usd: str | None = None
    reasoning: str | None = None
    saved: str | None = None
    source: str = "table"
    listed: str | None = None
    note: str | None = None
    dialect: str | None = None
    base_url: str | None = None
    at: datetime = FRIDAY_NOON
    price: Price | None = None
    more: Json = field(default_factory=dict[str, Any])


def responses(model: str, usage: Json, **more: Any) -> Json:
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "yes"}]}
    return {"id": "r", "object": "response", "status": "completed", "model": model, "output": [message], "usage": usage,
            **more}  # fmt: skip


def openai(model: str, entered: int, output: int, *, cached: int = 0, written: int = 0, reasoning: int = 0,
           ttl_12h: int | None = None, tier: str = "default", **more: Any) -> Json:  # fmt: skip
    details: dict[str, Any] = {"cached_tokens": cached, "cache_write_tokens": written}
    if ttl_12h is not None:
        details["cache_write_tokens_details"] = {"ttl_30m_tokens": written - ttl_12h, "ttl_12h_tokens": ttl_12h}
    usage = {
        "input_tokens": entered, "input_tokens_details": details, "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning}, "total_tokens": entered + output, **more,
    }  # fmt: skip
    return responses(model, usage, service_tier=tier)


def claude(model: str, entered: int, output: int, *, read: int = 0, written_5m: int = 0, written_1h: int = 0,
           thinking: int = 0, tier: str = "standard", speed: str = "standard", geo: str = "global",
           **more: Any) -> Json:  # fmt: skip
    usage = {
        "input_tokens": entered, "cache_creation_input_tokens": written_5m + written_1h,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": written_5m, "ephemeral_1h_input_tokens": written_1h},
        "output_tokens": output, "output_tokens_details": {"thinking_tokens": thinking},
        "service_tier": tier, "inference_geo": geo, "speed": speed,
    }  # fmt: skip
    return {"id": "m", "type": "message", "role": "assistant", "model": model, "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "yes"}], "usage": usage, **more}  # fmt: skip


def refused(category: str | None) -> Json:
    return claude("claude-opus-5-5", 1000, 5, stop_reason="refusal", content=[],
                  stop_details={"type": "refusal", "category": category, "explanation": None})  # fmt: skip


def gemini(model: str, prompt: int, candidates: int, *, thoughts: int = 0, cached: int = 0, tools: int = 0,
           tier: str = "standard") -> Json:  # fmt: skip
    counts = {"promptTokenCount": prompt, "candidatesTokenCount": candidates, "thoughtsTokenCount": thoughts,
              "cachedContentTokenCount": cached, "toolUsePromptTokenCount": tools}  # fmt: skip
    # Zero-valued counters are left out of the JSON.
    metadata = {name: number for name, number in counts.items() if number}
    total = prompt + candidates + thoughts + tools
    return {
        "candidates": [{"index": 0, "finishReason": "STOP", "content": {"parts": [{"text": "yes"}], "role": "model"}}],
        "usageMetadata": {**metadata, "totalTokenCount": total, "serviceTier": tier},
        "modelVersion": model,
    }


def chat(model: str, prompt: int, completion: int, *, total: int | None = None, **more: Any) -> Json:
    tier = {"service_tier": more.pop("service_tier")} if "service_tier" in more else {}
    if "usage_tier" in more:
        more["service_tier"] = more.pop("usage_tier")
    usage = {"prompt_tokens": prompt, "completion_tokens": completion,
             "total_tokens": prompt + completion if total is None else total, **more}  # fmt: skip
    message = {"role": "assistant", "content": "yes"}
    return {"id": "c", "object": "chat.completion", "model": model, "usage": usage, **tier,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}  # fmt: skip


def converse(entered: int, output: int, **more: Any) -> Json:
    usage = {"inputTokens": entered, "outputTokens": output, "totalTokens": entered + output, **more}
    return {"output": {"message": {"role": "assistant", "content": [{"text": "yes"}]}}, "stopReason": "end_turn",
            "usage": usage, "metrics": {"latencyMs": 1}}  # fmt: skip


SECTION_OPENAI = "openai-xai A3 prices and modifiers, A4.1 usage: reasoning and cache traffic are inside"
SECTION_CLAUDE = "anthropic A3 usage semantics and prices: cache traffic is outside input_tokens"
SECTION_GEMINI = "google A3 usageMetadata: thoughts outside candidates, cached inside the prompt; A2 prices"
OPUS, SOL = "anthropic/claude-opus-5-5", "openai/gpt-6-sol"

CASES = [
    # OpenAI: everything is inside the two sums.
    Case(SECTION_OPENAI, SOL, openai("gpt-6-sol-2026-10-01", 1000, 500, reasoning=300),
         [(1000, "2")], [(500, "10")], reasoning="3000", saved="0"),
    Case(SECTION_OPENAI, SOL, openai("gpt-6-sol", 10_000, 500, cached=6000, written=2000),
         [(2000, "2"), (6000, "0.2"), (2000, "2.5")], [(500, "10")], saved="9800"),  # 6000 x 1.8 - 2000 x 0.5
    Case("openai-xai A4.1: cache writes 1.25x for 30 minutes, 2.5x for 12 hours", SOL,
         openai("gpt-6-sol", 10_000, 500, written=3000, ttl_12h=1000),
         [(7000, "2"), (2000, "2.5"), (1000, "5")], [(500, "10")], saved="-4000"),  # 1000 + 3000 dearer than input
    Case(SECTION_OPENAI, "openai/gpt-6.1-sol", openai("gpt-6.1-sol", 1000, 100, cached=1000),
         [(1000, "0.1")], [(100, "10")], saved="1900"),
    Case(SECTION_OPENAI, "openai/gpt-5.4-pro", openai("gpt-5.4-pro", 1000, 100, cached=400),
         [(1000, "30")], [(100, "180")], saved="0"),  # no price for cached input
    Case("openai-xai A3: more than 272k input tokens reprice the whole request, 2x input and 1.5x output", SOL,
         openai("gpt-6-sol", 272_000, 1000), [(272_000, "2")], [(1000, "10")]),
    Case("openai-xai A3: more than 272k input tokens reprice the whole request, 2x input and 1.5x output", SOL,
         openai("gpt-6-sol", 272_001, 1000, cached=72_001, reasoning=600),
         [(200_000, "4"), (72_001, "0.4")], [(1000, "15")], reasoning="9000", saved="259203.6"),  # 72001 x 3.6
    Case("openai-xai A3: flex 0.5x", SOL, openai("gpt-6-sol", 1000, 500, tier="flex"), [(1000, "1")], [(500, "5")]),
    Case("openai-xai A3: flex 0.5x, with the long prompt on top", SOL,
         openai("gpt-6-sol", 300_000, 500, tier="flex"), [(300_000, "2")], [(500, "7.5")]),
    Case("openai-xai A3: priority 2x, 2.5x on 5.5", SOL, openai("gpt-6-sol", 1000, 500, tier="priority"),
         [(1000, "4")], [(500, "20")]),
    Case("openai-xai A3: priority 2x, 2.5x on 5.5", "openai/gpt-5.5", openai("gpt-5.5", 1000, 500, tier="priority"),
         [(1000, "12.5")], [(500, "75")]),
    Case("openai-xai A5.1: the true tier is the response's; priority was asked and default served", SOL,
         openai("gpt-6-sol", 1000, 500, tier="default"), [(1000, "2")], [(500, "10")],
         more={"params": {"service_tier": "priority"}}),
    Case("openai-xai A2.1: fast is echoed as priority", SOL, openai("gpt-6-sol", 1000, 500, tier="priority"),
         [(1000, "4")], [(500, "20")], more={"params": {"service_tier": "fast"}}),
    Case("openai-xai A8: batch 50 %", SOL, openai("gpt-6-sol", 1000, 500, tier="batch"),
         [(1000, "1")], [(500, "5")]),
    Case("openai-xai A8: batch 50 %, of a model that the table lists without one", "openai/gpt-6-rosalind",
         openai("gpt-6-rosalind", 1000, 500, tier="batch"), [(1000, "7.5")], [(500, "37.5")]),
    Case("openai-xai A3: regional processing +10 %", SOL, openai("gpt-6-sol", 1000, 500),
         [(1000, "2.2")], [(500, "11")], base_url="https://eu.api.openai.com/v1"),
    Case("openai-xai A3: regional processing +10 %, not for models older than March 2026", "openai/gpt-5.1",
         openai("gpt-5.1", 1000, 500), [(1000, "1.25")], [(500, "10")], base_url="https://eu.api.openai.com/v1"),
    Case("ultrafast is six times the list price", SOL,
         openai("gpt-6-sol", 1000, 500, tier="ultrafast"), [(1000, "12")], [(500, "60")]),
    Case("6.2-sol by its own page, which the table has not yet", "openai/gpt-6.2-sol",
         openai("gpt-6.2-sol", 1000, 500), [(1000, "2")], [(500, "10")]),
    Case("6.2-sol ultrafast: three times the list price until the end of February 2027", "openai/gpt-6.2-sol",
         openai("gpt-6.2-sol", 1000, 500, tier="ultrafast"), [(1000, "6")], [(500, "30")]),
    Case("openai-xai A4.1, Chat: the same logic with other names", SOL,
         chat("gpt-6-sol", 1000, 500, prompt_tokens_details={"cached_tokens": 400},
              completion_tokens_details={"reasoning_tokens": 200}),
         [(600, "2"), (400, "0.2")], [(500, "10")], reasoning="2000", saved="720", dialect="openai-chat"),
    Case("openai-xai Part B: Azure is priced by the model that the response names", "azure/my-deployment",
         openai("gpt-6-sol", 1000, 500), [(1000, "2")], [(500, "10")]),

    # Anthropic.
    Case(SECTION_CLAUDE, OPUS, claude("claude-opus-5-5", 25, 348, thinking=312),
         [(25, "4")], [(348, "20")], reasoning="6240", saved="0"),
    Case("anthropic A3: reads 0.05x on Opus 5.5; writes 1.25x for 5 minutes and 2x for an hour", OPUS,
         claude("claude-opus-5-5", 1000, 100, read=4000, written_5m=3000, written_1h=2000),
         [(1000, "4"), (4000, "0.2"), (3000, "5"), (2000, "8")], [(100, "20")], saved="4200"),  # 15200 - 3000 - 8000
    Case("anthropic A3: reads 0.025x on Fable 5.2", "anthropic/claude-fable-5-2",
         claude("claude-fable-5-2", 0, 100, read=10_000), [(10_000, "0.2")], [(100, "40")], saved="78000"),
    Case("anthropic A3: reads 0.1x on Sonnet 5", "anthropic/claude-sonnet-5",
         claude("claude-sonnet-5", 10, 100, read=10_000), [(10, "2"), (10_000, "0.2")], [(100, "10")], saved="18000"),
    Case("anthropic A3: up to 100k prompt tokens, cache traffic included", "anthropic/claude-haiku-5-5",
         claude("claude-haiku-5-5", 50_000, 1000, read=50_000),
         [(50_000, "0.1"), (50_000, "0.01")], [(1000, "0.5")]),
    Case("anthropic A3: above 100k every token of the request at 0.50/2.50, reads 0.05",
         "anthropic/claude-haiku-5-5", claude("claude-haiku-5-5", 50_001, 1000, read=50_000, thinking=900),
         [(50_001, "0.5"), (50_000, "0.05")], [(1000, "2.5")], reasoning="2250", saved="22500"),
    Case("anthropic A3: no other long-context surcharge on 4.6 and later", "anthropic/claude-sonnet-4-6",
         claude("claude-sonnet-4-6", 300_000, 100), [(300_000, "3")], [(100, "15")]),
    Case("anthropic A7: batch is half of everything, stacking with the cache", OPUS,
         claude("claude-opus-5-5", 1000, 100, read=4000, written_1h=2000, tier="batch"),
         [(1000, "2"), (4000, "0.1"), (2000, "4")], [(100, "10")], saved="3600"),  # 7600 - 4000
    Case("anthropic A7 and A3: batch halves the long-prompt price of Haiku 5.5 too", "anthropic/claude-haiku-5-5",
         claude("claude-haiku-5-5", 200_000, 1000, tier="batch"), [(200_000, "0.25")], [(1000, "1.25")]),
    Case("anthropic A3: speed says what ran; fast is 2x", OPUS,
         claude("claude-opus-5-5", 1000, 100, speed="fast"), [(1000, "8")], [(100, "40")]),
    Case("anthropic A3: speed says what ran; fast was asked and standard ran", OPUS,
         claude("claude-opus-5-5", 1000, 100), [(1000, "4")], [(100, "20")], more={"params": {"speed": "fast"}}),
    Case("anthropic A3: no fast price for Sonnet 5.5", "anthropic/claude-sonnet-5-5",
         claude("claude-sonnet-5-5", 1000, 100, speed="fast"), None, None,
         note="the price table does not know fast prices of claude-sonnet-5-5"),
    Case("anthropic A2: inference_geo us multiplies all token prices by 1.1", OPUS,
         claude("claude-opus-5-5", 1000, 100, read=1000, geo="us"), [(1000, "4.4"), (1000, "0.22")], [(100, "22")]),
    Case("anthropic A3: Mythos 5.1 costs 10/50", "anthropic/claude-mythos-5-1",
         claude("claude-mythos-5-1", 1000, 100, read=1000), [(1000, "10"), (1000, "0.25")], [(100, "50")]),
    Case("anthropic A3: a refusal for cyber before any output is free, although usage shows tokens", OPUS,
         refused("cyber"), [], []),
    Case("anthropic A3: a refusal without a category before any output is free", OPUS, refused(None), [], []),
    Case("anthropic A3: a refusal for bio is billed", OPUS, refused("bio"), [(1000, "4")], [(5, "20")]),

    # Claude elsewhere.
    Case("anthropic B2: global profiles cost the list price; B4: cache traffic is outside inputTokens",
         "bedrock/global.anthropic.claude-opus-5-5",
         converse(1000, 100, cacheReadInputTokens=2000, cacheWriteInputTokens=3000,
                  cacheDetails=[{"ttl": "5m", "inputTokens": 1000}, {"ttl": "1h", "inputTokens": 2000}]),
         [(1000, "4"), (2000, "0.2"), (1000, "5"), (2000, "8")], [(100, "20")], saved="-1400"),  # 7600 - 1000 - 8000
    Case("anthropic B2: regional profiles cost 10 % more", "bedrock/us.anthropic.claude-opus-5-5", converse(1000, 100),
         [(1000, "4.4")], [(100, "22")]),
    Case("anthropic Part C: the global address of Vertex costs the list price", "google-vertex/claude-opus-5-5",
         claude("claude-opus-5-5", 1000, 100), [(1000, "4")], [(100, "20")], dialect="anthropic-messages"),
    Case("anthropic Part C: a region of Vertex costs 10 % more", "google-vertex/claude-opus-5-5",
         claude("claude-opus-5-5", 1000, 100), [(1000, "4.4")], [(100, "22")], dialect="anthropic-messages",
         more={"endpoint": {"location": "us-east5"}}),

    # Google.
    Case(SECTION_GEMINI, "google/gemini-3.8-flash", gemini("gemini-3.8-flash", 46, 7, thoughts=188),
         [(46, "0.75")], [(195, "3.75")], reasoning="705"),
    Case("google A2: doubles from 2027-01-01", "google/gemini-3.8-flash",
         gemini("gemini-3.8-flash", 46, 7, thoughts=188), [(46, "1.5")], [(195, "7.5")],
         at=datetime(2027, 1, 1, tzinfo=UTC)),
    Case("google A3: tool results are input outside the prompt, cached tokens inside it", "google/gemini-4-argon",
         gemini("gemini-4-argon", 1000, 50, thoughts=100, cached=400, tools=200),
         [(800, "2"), (400, "0.1")], [(150, "10")], saved="760"),
    Case("google A2: above 200k 2.5/15 for the whole request", "google/gemini-2.5-pro",
         gemini("gemini-2.5-pro", 200_000, 100, thoughts=900), [(200_000, "1.25")], [(1000, "10")]),
    Case("google A2: above 200k 2.5/15 for the whole request", "google/gemini-2.5-pro",
         gemini("gemini-2.5-pro", 200_001, 100, thoughts=900, cached=1), [(200_000, "2.5"), (1, "0.25")],
         [(1000, "15")], reasoning="13500"),
    Case("google A2: price by modelVersion; 2.5 Pro is answered by 3.8 Flash from December on",
         "google/gemini-2.5-pro", gemini("gemini-3.8-flash", 1000, 100), [(1000, "0.75")], [(100, "3.75")],
         at=datetime(2026, 12, 2, tzinfo=UTC)),
    Case("google A3: flex 0.5", "google/gemini-3.8-flash", gemini("gemini-3.8-flash", 1000, 100, tier="flex"),
         [(1000, "0.375")], [(100, "1.875")]),
    Case("google A3: batch 0.5, of a model that the table lists without one", "google/gemini-3.7-flash",
         gemini("gemini-3.7-flash", 1000, 100, cached=500, tier="batch"),
         [(500, "0.375"), (500, "0.0375")], [(100, "1.875")]),
    Case("google A3: batch leaves the cache price of 2.5 as it is", "google/gemini-2.5-flash",
         gemini("gemini-2.5-flash", 1000, 100, cached=500, tier="batch"),
         [(500, "0.15"), (500, "0.03")], [(100, "1.25")]),
    Case("google A3: priority is 1.8 times the list price", "google/gemini-3.8-flash",
         gemini("gemini-3.8-flash", 1000, 100, tier="priority"), [(1000, "1.35")], [(100, "6.75")]),
    Case("google A2: Gemma is free", "google/gemma-4-31b-it", gemini("gemma-4-31b-it", 1000, 100), [], []),

    # Mistral, Cohere.
    Case("google B3: cached inside the prompt, thinking inside the completion; B2: Large 4 since 2026-10-29",
         "mistral/mistral-large-4", chat("mistral-large-4", 1000, 500, num_cached_tokens=400),
         [(600, "0.7"), (400, "0.07")], [(500, "2.1")], saved="252",
         note="https://github.com/sst/models.dev lists 1.36 and 4.18 per million"),
    Case("google B2: Large 4 between 2026-10-20 and 2026-10-28", "mistral/mistral-large-4",
         chat("mistral-large-4", 1000, 500), [(1000, "1.36")], [(500, "4.18")],
         at=datetime(2026, 10, 25, tzinfo=UTC)),
    Case("google B2: mistral-large-latest is Large 3", "mistral/mistral-large-latest",
         chat("mistral-large-latest", 1000, 500), [(1000, "0.5")], [(500, "1.5")],
         note=("npm @earendil-works/pi-ai 1.6.0 lists 0.7 and 2.1 per million; genai-prices 0.2.3 lists 2 "
              "and 6 per million")),
    Case("google B2: magistral-medium-latest is Medium 3.5", "mistral/magistral-medium-latest",
         chat("magistral-medium-latest", 1000, 500), [(1000, "1.5")], [(500, "7.5")],
         note=("npm @earendil-works/pi-ai 1.6.0 lists 2 and 5 per million; https://github.com/sst/models.d"
              "ev lists 2 and 5 per million; genai-prices 0.2.3 lists 2 and 5 per million")),
    Case("google B7: batch 50 %", "mistral/zai-glm-5-3", chat("zai-glm-5-3", 1000, 500, service_tier="batch"),
         [(1000, "0.7")], [(500, "2.2")]),
    Case("google B3: the tier that was served stands in the usage; priority has no published price",
         "mistral/mistral-large-4", chat("mistral-large-4", 1000, 500, usage_tier="priority"), None, None,
         note="the price table does not know priority prices of mistral-large-4"),
    Case("google B1: regional hosts 1.1x", "mistral/mistral-small-latest", chat("mistral-small-2603", 1000, 500),
         [(1000, "0.165")], [(500, "0.66")], base_url="https://api.eu.mistral.ai"),
    Case("google C3: pay by billed_units, not by what the model saw", "cohere/command-a-03-2025",
         {"id": "c", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": [
             {"type": "text", "text": "yes"}]},
          "usage": {"billed_units": {"input_tokens": 5.0, "output_tokens": 418.0},
                    "tokens": {"input_tokens": 71.0, "output_tokens": 418.0}, "cached_tokens": 0}},
         [(5, "2.5")], [(418, "10")]),
    Case("google C9: command-a-reasoning by one list, not as command-a", "cohere/command-a-reasoning-08-2025",
         {"id": "c", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": [
             {"type": "text", "text": "yes"}]},
          "usage": {"billed_units": {"input_tokens": 5.0, "output_tokens": 418.0}}}, [(5, "2.5")], [(418, "10")]),

    # xAI: the bill in ticks of 1e-10 USD, and two conventions for reasoning.
    Case("openai-xai C4.1 Responses: reasoning inside; ticks are the bill", "xai/grok-4.3",
         openai("grok-4.3", 197, 111, reasoning=110, cost_in_usd_ticks=5_237_500),
         [(197, "1.25")], [(111, "2.5")], source="provider", listed="523.75"),
    Case("openai-xai C4.1 Chat: reasoning beside the completion, told by the total", "xai/grok-4.3",
         chat("grok-4.3", 197, 1, total=344, completion_tokens_details={"reasoning_tokens": 146}),
         [(197, "1.25")], [(147, "2.5")], reasoning="365", dialect="openai-chat"),
    Case("openai-xai C3: from 200,000 prompt tokens on, inclusive, the whole request 2x", "xai/grok-4.7",
         openai("grok-4.7", 200_000, 100, cached=50_000, reasoning=60),
         [(150_000, "4"), (50_000, "1")], [(100, "12")], reasoning="720", saved="150000"),
    Case("openai-xai C3: below 200,000 the base price", "xai/grok-4.7", openai("grok-4.7", 199_999, 100),
         [(199_999, "2")], [(100, "6")]),
    Case("openai-xai C8: batch 20 % off", "xai/grok-4.3", openai("grok-4.3", 1000, 100, cached=500, tier="batch"),
         [(500, "1"), (500, "0.16")], [(100, "2")]),
    Case("openai-xai C1: the US endpoint +10 %", "xai/grok-4.6", openai("grok-4.6", 1000, 100),
         [(1000, "2.2")], [(100, "6.6")], base_url="https://us.api.x.ai/v1"),
    Case("openai-xai C3: grok-3 is redirected to 4.3: price the returned id", "xai/grok-3",
         openai("grok-4.3", 1000, 100), [(1000, "1.25")], [(100, "2.5")]),
    Case("openai-xai C3: the retired name itself costs what it is redirected to", "xai/grok-4-fast-reasoning",
         openai("grok-4-fast-reasoning", 1000, 100), [(1000, "1.25")], [(100, "2.5")],
         note="genai-prices 0.2.3 lists 0.2 and 0.5 per million"),

    # Time of day: peak is Monday to Friday, 01-04 and 06-10 UTC.
    *[Case("compat 2.2: " + what, "deepseek/deepseek-flash",
           chat("deepseek-flash", 1000, 500, prompt_cache_hit_tokens=400, prompt_cache_miss_tokens=600,
                completion_tokens_details={"reasoning_tokens": 200}),
           [(600, miss), (400, hit)], [(500, out)], at=at)
      for what, miss, hit, out, at in [
          ("the last second before the peak", "0.15", "0.003", "0.6", datetime(2026, 11, 20, 0, 59, 59, tzinfo=UTC)),
          ("the first of it", "0.3", "0.006", "1.2", datetime(2026, 11, 20, 1, 0, 0, tzinfo=UTC)),
          ("between the two windows", "0.15", "0.003", "0.6", datetime(2026, 11, 20, 4, 0, 0, tzinfo=UTC)),
          ("the second window", "0.3", "0.006", "1.2", datetime(2026, 11, 20, 9, 59, 59, tzinfo=UTC)),
          ("Saturday is off-peak all day", "0.15", "0.003", "0.6", datetime(2026, 11, 21, 2, 0, 0, tzinfo=UTC)),
          ("Sunday as well", "0.15", "0.003", "0.6", datetime(2026, 11, 22, 7, 0, 0, tzinfo=UTC)),
          ("Monday morning is not", "0.3", "0.006", "1.2", datetime(2026, 11, 23, 2, 0, 0, tzinfo=UTC)),
      ]],
    Case("compat 2.2: V4 Pro at its peak 1.32/3.96, hits 0.044", "deepseek/deepseek-v4-pro",
         chat("deepseek-v4-pro", 1000, 500, prompt_cache_hit_tokens=400),
         [(600, "1.32"), (400, "0.044")], [(500, "3.96")], at=datetime(2026, 11, 20, 6, tzinfo=UTC)),

    # The provider's own bill.
    Case("compat 2.1: usage.cost is the bill", "openrouter/anthropic/claude-opus-5.5",
         chat("anthropic/claude-opus-5.5", 1000, 100, cost=0.006, is_byok=False),
         [(1000, "4")], [(100, "20")], source="provider", listed="6000"),
    Case("compat 2.1: with a key of one's own, cost is only the fee, and the upstream's comes on top",
         "openrouter/anthropic/claude-opus-5.5",
         chat("anthropic/claude-opus-5.5", 1000, 100, cost=0.0003, is_byok=True,
              cost_details={"upstream_inference_cost": 0.0059}),
         [(1000, "4")], [(100, "20")], usd="6200", source="provider", listed="6000"),
    Case("compat 2.1: a bill more than 5 % off the table is said, and its parts are unknown",
         "openrouter/anthropic/claude-opus-5.5", chat("anthropic/claude-opus-5.5", 1000, 100, cost=0.0066),
         None, None, usd="6600", source="provider", listed="6000",
         note="the provider billed 0.0066; by the table it would be 0.006"),
    Case("compat 2.13: usage.cost.total_cost is the bill; a model without a list price",
         "perplexity/openai/gpt-6-sol",
         openai("openai/gpt-6-sol", 1000, 100, cost={"currency": "USD", "total_cost": 0.00345}),
         None, None, usd="3450", source="provider"),
    Case("compat 2.13: reasoning on top of the completion, priced at 3 and not at 8; searches are in the bill only",
         "perplexity/sonar-deep-research",
         chat("sonar-deep-research", 100, 200, reasoning_tokens=5000),
         [(100, "2")], [(200, "8"), (5000, "3")], reasoning="15000", dialect="openai-chat"),

    # Other hosts.
    Case("compat 2.3: batch is half price and does not stack with the cache", "groq/openai/gpt-oss-120b",
         chat("openai/gpt-oss-120b", 1000, 100, prompt_tokens_details={"cached_tokens": 400}, service_tier="batch"),
         [(1000, "0.075")], [(100, "0.3")]),
    Case("compat 2.3: batch is half price, of a model that the table lists without one", "groq/qwen/qwen3.8-27b",
         chat("qwen/qwen3.8-27b", 1000, 100, service_tier="batch"), [(1000, "0.4")], [(100, "2")]),
    Case("compat 0.6: reasoning inside the completion", "groq/openai/gpt-oss-120b",
         chat("openai/gpt-oss-120b", 1000, 100, completion_tokens_details={"reasoning_tokens": 80}),
         [(1000, "0.15")], [(100, "0.6")], reasoning="48"),
    Case("compat 2.5: cached tokens at the top level", "moonshot/kimi-k3",
         chat("kimi-k3", 1000, 100, cached_tokens=600), [(400, "3"), (600, "0.3")], [(100, "15")], saved="1620"),

    # The user's own prices.
    Case("DESIGN 3: the profile's price wins over the table", SOL,
         openai("gpt-6-sol", 1000, 100, cached=400, reasoning=60),
         [(600, "0.3"), (400, "0.03")], [(40, "1.2"), (60, "3")], reasoning="180", source="profile", saved="108",
         price=Price(Decimal("0.3"), Decimal("1.2"), cached_input=Decimal("0.03"), reasoning=Decimal(3))),
    Case("the same with a long prompt and an hour's cache writes", OPUS,
         claude("claude-opus-5-5", 600, 100, written_5m=200, written_1h=300),
         [(600, "2"), (200, "2.5"), (300, "4")], [(100, "8")], source="profile",
         price=Price(Decimal(1), Decimal(4), long_prompt=LongPrompt(
             1000, Decimal(2), Decimal(8), cache_write=Decimal("2.5"), cache_write_1h=Decimal(4)))),
    Case("the same in a batch, by a factor", OPUS, claude("claude-opus-5-5", 1000, 100, tier="batch"),
         [(1000, "0.5")], [(100, "2")], source="profile",
         price=Price(Decimal(1), Decimal(4), batch=Decimal("0.5"))),
    Case("the same in a batch, by prices", OPUS, claude("claude-opus-5-5", 1000, 100, tier="batch"),
         [(1000, "0.4")], [(100, "3")], source="profile",
         price=Price(Decimal(1), Decimal(4), batch=Price(Decimal("0.4"), Decimal(3)))),
]  # fmt: skip


def priced(case: Case) -> Result:
    provider, _, model = case.called.partition("/")
    profile = Profile(
        "test", provider, model, dialect=case.dialect, base_url=case.base_url, price=case.price,
        endpoint=case.more.get("endpoint", {}), params=case.more.get("params", {}),
    )  # fmt: skip
    target = resolve(profile, CONFIG, environment=PLACES)
    prepared = prepare(target, AUTO, Prompt("hi"), CONFIG.reference)
    raw = RawResponse(200, "application/json", False, json.dumps(case.body).encode())
    reply = reply_of(raw, target.dialect, target.use.quirks, False)
    assert reply.failure is None and reply.complete, reply.failure
    return result_of(
        Outcome(prepared, reply, Latency(), 1), price_of(reply, prepared.target, case.at), run_id="r", at=case.at
    )


def dollars(sums: list[tuple[int, str]]) -> Decimal:
    return sum((tokens * Decimal(rate) for tokens, rate in sums), Decimal(0)) / 1_000_000


def millionths(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount) / 1_000_000


@each("case", CASES, ids=lambda case: f"{case.called}: {case.rule}"[:100])
def test_the_bill_is_what_it_is_by_hand(case: Case) -> None:
    cost = priced(case).cost
    entered = None if case.entered is None else dollars(case.entered)
    output = None if case.output is None else dollars(case.output)
    usd = millionths(case.usd)
    if usd is None and entered is not None and output is not None:
        usd = entered + output
    assert (cost.usd, cost.input_usd, cost.output_usd) == (usd, entered, output)
    assert cost.note == case.note
    assert cost.source == (None if usd is None else case.source)
    assert cost.listed_usd == millionths(case.listed)
    if case.reasoning is not None:
        assert cost.reasoning_usd == millionths(case.reasoning)
    if case.saved is not None:
        assert cost.cache_saved_usd == millionths(case.saved)
    if usd is None:
        assert cost == Cost(note=case.note)


def test_there_is_a_case_for_every_convention() -> None:
    assert len(CASES) >= 50
    assert {case.source for case in CASES} == {"table", "provider", "profile"}
