"""The dial works over all vendors: more is more, small limits starve the answer, and the bytes are always the same."""

from __future__ import annotations

from itertools import pairwise

from thinkdial.simulator import running_simulator
from thinkdial.simulator.vendors.anthropic.models import CLAUDES
from thinkdial.simulator.vendors.google.models import GEMINIS
from thinkdial.simulator.vendors.openai.models import GPTS

from ...cases import each


def reasoning_of(body: dict) -> int:
    usage = body.get("usage") or body["usageMetadata"]
    details = (
        usage.get("output_tokens_details")
        or usage.get("completion_tokens_details")
        or {"thoughts": usage.get("thoughtsTokenCount", 0)}
    )
    return next(details[name] for name in ("thinking_tokens", "reasoning_tokens", "thoughts") if name in details)


@each("model", CLAUDES, ids=lambda model: model.id)
def test_each_claude_thinks_more_at_each_effort(vendors, model):
    thinking = {"type": "adaptive"} if "adaptive" in model.types else {"type": "enabled", "budget_tokens": 2048}
    for effort in model.efforts:
        assert vendors.anthropic(model=model.id, thinking=thinking, output_config={"effort": effort}).status_code == 200
    if "adaptive" in model.types:
        spent = [
            reasoning_of(vendors.anthropic(model=model.id, thinking=thinking, output_config={"effort": effort}).json())
            for effort in model.efforts
        ]
        assert all(less < more for less, more in pairwise(spent))


@each("model", [model for model in GPTS if model.efforts], ids=lambda model: model.id)
def test_each_gpt_reasons_more_at_each_effort(vendors, model):
    spent = [
        reasoning_of(vendors.responses(model=model.id, reasoning={"effort": effort}).json()) for effort in model.efforts
    ]
    assert all(less < more for less, more in pairwise(spent))
    default = reasoning_of(vendors.responses(model=model.id).json())
    assert default == spent[model.efforts.index(model.default_effort)]


@each("model", [model for model in GEMINIS if model.levels], ids=lambda model: model.id)
def test_each_gemini_thinks_more_at_each_level(vendors, model):
    spent = [reasoning_of(vendors.gemini(model.id, thinking={"thinkingLevel": level}).json()) for level in model.levels]
    assert all(less < more for less, more in pairwise(spent))
    assert reasoning_of(vendors.gemini(model.id).json()) == spent[model.levels.index(model.default)]


def test_a_small_limit_leaves_no_answer(vendors):
    claude = vendors.anthropic(max_tokens=100).json()
    assert claude["stop_reason"] == "max_tokens" and [block["type"] for block in claude["content"]] == ["thinking"]
    assert claude["usage"]["output_tokens"] == 100
    response = vendors.responses(max_output_tokens=100).json()
    assert response["status"] == "incomplete" and response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert [item["type"] for item in response["output"]] == ["reasoning"]
    chat = vendors.chat(max_completion_tokens=100).json()
    assert chat["choices"][0]["finish_reason"] == "length" and chat["choices"][0]["message"]["content"] == ""
    gemini = vendors.gemini(generationConfig={"maxOutputTokens": 100}).json()
    assert gemini["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert "candidatesTokenCount" not in gemini["usageMetadata"]
    local = vendors.compatible(max_tokens=30).json()
    assert local["choices"][0]["finish_reason"] == "length" and local["choices"][0]["message"]["content"] == ""


def test_a_starved_stream_says_so_too(vendors, frames):
    claude = frames(vendors.anthropic(max_tokens=100, stream=True))
    assert claude[-2]["delta"]["stop_reason"] == "max_tokens"
    assert frames(vendors.responses(max_output_tokens=100, stream=True))[-1]["type"] == "response.incomplete"


def test_the_same_seed_gives_the_same_bytes(vendors_of):
    def bodies(seed: int) -> list[bytes]:
        with running_simulator(seed=seed) as base_url:
            vendors = vendors_of(base_url)
            return [
                vendors.anthropic(stream=True).content,
                vendors.responses(stream=True).content,
                vendors.chat().content,
                vendors.gemini(method="streamGenerateContent?alt=sse").content,
                vendors.compatible(stream=True).content,
            ]

    assert bodies(7) == bodies(7)
    assert all(one != other for one, other in zip(bodies(7), bodies(8), strict=True))


def test_whole_and_streamed_answers_cost_the_same(vendors, frames):
    whole = vendors.anthropic(model="claude-sonnet-5").json()["usage"]
    last = frames(vendors.anthropic(model="claude-sonnet-5", stream=True))[-2]["usage"]
    assert last.items() <= whole.items()
