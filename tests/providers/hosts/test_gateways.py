"""Gateways and the newer hosts: their documented answers, bills and failures, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ...cases import each

USAGE = {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}


def answer(message: dict[str, Any], usage: dict[str, Any] = USAGE, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return {"id": "c1", "object": "chat.completion", "model": "m-1", "choices": [choice], "usage": usage, **more}


def test_vercel_sends_its_bill_with_the_usage_and_counts_reasoning_beside_it(call: Any, wire: Any) -> None:
    usage = {
        "prompt_tokens": 28, "completion_tokens": 9, "total_tokens": 37, "cost": 0.000992, "is_byok": False,
        "cost_details": {"upstream_inference_cost": None}, "completion_tokens_details": {"reasoning_tokens": 69},
    }  # fmt: skip
    details = [{"type": "reasoning.text", "text": "Hm.", "format": "google-gemini-v1", "index": 0}]
    body = answer({"content": "3", "reasoning": "Hm.", "reasoning_details": details}, usage)
    result = call("vercel", "google/gemini-4-argon", wire.said(body), stream=False).result
    assert (result.status, result.reasoning.text, result.answer) == ("ok", "Hm.", "3")
    assert (result.cost.usd, result.cost.source) == (Decimal("0.000992"), "provider")
    assert (result.reasoning.tokens, result.usage.output_tokens) == (69, 78)


@each(
    "dialect, path, field",
    [
        ("openai-chat", "/v1/chat/completions", {"reasoning": {"effort": "high"}}),
        ("openai-responses", "/v1/responses", {"reasoning": {"effort": "high", "summary": "auto"}}),
        ("anthropic-messages", "/v1/messages", {"output_config": {"effort": "high"}}),
    ],
)
@each("provider", ["vercel", "openrouter"])
def test_a_gateway_steers_through_every_surface(
    call: Any, wire: Any, provider: str, dialect: str, path: str, field: dict[str, Any]
) -> None:
    (asked,) = call(provider, "anthropic/claude-opus-5.5", wire.said({}, 400), think="high", dialect=dialect).asked
    assert asked.path.endswith(path) and field.items() <= asked.body.items()
    assert asked.body.get("thinking", {}).get("type") in (None, "adaptive")


def test_deepinfra_estimates_its_own_bill(call: Any, wire: Any) -> None:
    body = answer({"content": "3", "reasoning_content": "Hm."}, USAGE | {"estimated_cost": 0.00042})
    result = call("deepinfra", "openai/gpt-oss-120b", wire.said(body), stream=False).result
    assert (result.reasoning.text, result.cost.usd, result.cost.source) == ("Hm.", Decimal("0.00042"), "provider")


def test_databricks_answers_with_parts(call: Any, wire: Any) -> None:
    parts = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "text", "text": "3"},
    ]
    place = {"host": "mine.cloud.databricks.com"}
    called = call(
        "databricks", "databricks-gpt-oss-120b", wire.said(answer({"content": parts})), stream=False, endpoint=place
    )
    assert (called.result.reasoning.text, called.result.answer) == ("Hm.", "3")


def test_copilot_names_its_reasoning_otherwise_and_wants_to_know_who_calls(call: Any, wire: Any) -> None:
    body = answer({"content": "3", "reasoning_text": "Hm.", "reasoning_opaque": "abc"})
    called = call("github-copilot", "gemini-4-argon", wire.said(body), stream=False)
    assert (called.result.reasoning.text, called.result.answer) == ("Hm.", "3")
    assert called.asked[0].headers["copilot-integration-id"] == "vscode-chat"


def test_the_placeholder_of_venice_is_no_thought(call: Any, wire: Any) -> None:
    words = "[Some reasoning content is encrypted]"
    events = [wire.chunk(reasoning_content=words), wire.chunk(content="3"), wire.chunk("stop", usage=USAGE), wire.done]
    for reply, stream in (
        (wire.said(answer({"content": "3", "reasoning_content": words})), False),
        (wire.sse(*events), True),
    ):
        result = call("venice", "claude-opus-5-5", reply, stream=stream).result
        assert (result.reasoning.text, result.reasoning.visibility, result.answer) == (None, "encrypted", "3")


def test_cloudflare_streams_its_usage_last(call: Any, wire: Any) -> None:
    model = "@cf/openai/gpt-oss-120b"
    events = [wire.chunk(reasoning_content="Hm."), wire.chunk(content="3"), wire.chunk("stop", usage=USAGE), wire.done]
    result = call("cloudflare", model, wire.sse(*events), endpoint={"account": "a"}).result
    assert (result.status, result.reasoning.text, result.usage.output_tokens) == ("ok", "Hm.", 50)
    assert result.cost.source == "table"


@each(
    "provider, model",
    [
        ("baseten", "zai-org/GLM-5.3"), ("novita", "deepseek/deepseek-v4.1-flash"), ("nebius", "openai/gpt-oss-120b"),
        ("byteplus", "seed-2-0-pro"), ("volcengine", "doubao-seed-2-0-pro"), ("xiaomi", "mimo-v2.6-pro"),
        ("siliconflow", "zai-org/GLM-5.1"), ("sambanova", "gpt-oss-120b"), ("github-models", "openai/gpt-5-mini"),
    ],
)  # fmt: skip
def test_the_reasoning_of_a_compatible_host_is_beside_its_answer(
    call: Callable[..., Any], wire: Any, provider: str, model: str
) -> None:
    body = answer(
        {"content": "3", "reasoning_content": "Hm."}, USAGE | {"completion_tokens_details": {"reasoning_tokens": 9}}
    )
    result = call(provider, model, wire.said(body), stream=False).result
    assert (result.status, result.reasoning.text, result.reasoning.tokens, result.answer) == ("ok", "Hm.", 9, "3")


def test_meta_shows_a_summary_or_only_that_it_thought(call: Any, wire: Any) -> None:
    thought = {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "abc"}
    said = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "3", "annotations": []}],
    }
    usage = {
        "input_tokens": 10,
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 40},
        "total_tokens": 60,
    }
    body = {
        "id": "r1",
        "object": "response",
        "status": "completed",
        "model": "muse-spark-1.3",
        "output": [thought, said],
        "usage": usage,
    }
    result = call("meta", "muse-spark-1.3", wire.said(body), stream=False).result
    assert (result.answer, result.reasoning.text, result.reasoning.visibility, result.reasoning.tokens) == (
        "3", None, "encrypted", 40,
    )  # fmt: skip


@each(
    "provider, model, status, body, kind",
    [
        ("venice", "nobody", 404, {"error": "Specified model not found: nobody"}, "not_found"),
        ("vercel", "openai/gpt-6-sol", 401, {"error": {"message": "bad key", "type": "authentication_error"}}, "auth"),
        ("databricks", "databricks-gpt-5", 403, {"error_code": "PERMISSION_DENIED", "message": "no"}, "permission"),
        ("byteplus", "seed-2-0-pro", 404,
         {"error": {"code": "InvalidEndpointOrModel.NotFound", "message": "none", "type": "NotFound"}}, "not_found"),
        ("siliconflow", "zai-org/GLM-5.1", 401, "Invalid token", "auth"),
        ("github-copilot", "gpt-6-sol", 403, {"error": {"message": "no seat", "code": "forbidden"}}, "permission"),
    ],
)  # fmt: skip
def test_failures_are_told_apart(
    call: Any, wire: Any, provider: str, model: str, status: int, body: Any, kind: str
) -> None:
    place = {"databricks": {"host": "mine.cloud.databricks.com"}}.get(provider, {})
    result = call(provider, model, wire.said(body, status), retries=0, endpoint=place).result
    assert (result.status, result.error.kind) == ("error", kind)


def test_what_meta_blocks_is_an_answer_that_was_filtered(call: Any, wire: Any) -> None:
    body = {"error": {"message": "blocked", "code": "content_policy_violation", "type": "invalid_request_error"}}
    result = call("meta", "muse-spark-1.3", wire.said(body, 400), retries=0).result
    assert result.finish == "content_filter"
