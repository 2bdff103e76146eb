"""How each host refuses: its bodies, statuses and headers, and the one kind that each becomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ...cases import each

MODEL = {
    "anthropic": "claude-opus-5-5", "openai": "gpt-6-luna", "azure": "gpt-5.5", "google": "gemini-3.5-flash",
    "google-vertex": "gemini-3.5-flash", "bedrock": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "mistral": "mistral-medium-latest", "cohere": "command-a-reasoning-08-2025", "xai": "grok-4.3",
    "deepseek": "deepseek-flash", "openrouter": "anthropic/claude-opus-5", "groq": "openai/gpt-oss-120b",
    "qwen": "qwen3.7-plus", "moonshot": "kimi-k3", "zai": "glm-5.2", "minimax": "MiniMax-M3",
    "together": "zai-org/GLM-5.2", "fireworks": "accounts/fireworks/models/deepseek-v4p1-flash",
    "cerebras": "qwen-3.8-27b", "nvidia": "nvidia/nemotron-3-ultra-550b-a55b", "huggingface": "Qwen/Qwen3.8-27B:groq",
    "perplexity": "perplexity/sonar", "ollama": "qwen3:8b", "vllm": "Qwen/Qwen3.8-27B", "sglang": "Qwen/Qwen3.8-27B",
    "llamacpp": "qwen3", "lmstudio": "qwen3",
}  # fmt: skip
ENDPOINTS = {"azure": {"resource": "mine"}, "google-vertex": {"project": "mine"}}

Case = tuple[str, int, Any, dict[str, str]]


def e(message: str = "m", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


def flat(message: str = "m", **more: Any) -> dict[str, Any]:
    return {"object": "error", "message": message, **more}


def claude(type_: str, message: str = "m", **details: Any) -> dict[str, Any]:
    error = {"type": type_, "message": message} | ({"details": details} if details else {})
    return {"type": "error", "error": error, "request_id": "req_1"}


def google(code: int, status: str, message: str = "m", *details: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
PER_DAY = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "50"}],
}
RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "57.238s"}


def aws(name: str) -> dict[str, str]:
    return {"x_amzn_errortype": f"{name}Exception:http://internal.amazon.com/coral/"}


AUTH: list[Case] = [
    ("anthropic", 401, claude("authentication_error", "invalid x-api-key"), {}),
    ("openai", 401, e("Incorrect API key provided: sk-x.", type="invalid_request_error", code="invalid_api_key"), {}),
    ("azure", 401, e("Access denied due to invalid subscription key or wrong API endpoint.", code="401"), {}),
    ("google", 400, google(400, "INVALID_ARGUMENT", "API key not valid.", BAD_KEY), {}),
    ("google-vertex", 401, [google(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")], {}),
    ("bedrock", 403, {"Message": "Authentication failed: Please make sure your API Key is valid."}, {}),
    ("bedrock", 403, {"message": "The security token is invalid."}, aws("UnrecognizedClient")),
    ("mistral", 401, {"detail": "Unauthorized"}, {}),
    ("cohere", 401, {"id": "i", "message": "invalid api token"}, {}),
    ("cohere", 498, {"id": "i", "message": "token is on the deny list"}, {}),
    ("xai", 400, {"code": "invalid-argument", "error": "Incorrect API key provided: xa***ey."}, {}),
    ("xai", 401, {"error": "missing key"}, {}),
    ("deepseek", 401, e("Authentication Fails", type="authentication_error", code="invalid_request_error"), {}),
    ("openrouter", 401, e("No auth credentials found", code=401), {}),
    ("groq", 401, e("Invalid API Key", type="invalid_request_error", code="invalid_api_key"), {}),
    ("qwen", 401, e("Incorrect API key provided.", type="invalid_request_error", code="invalid_api_key"), {}),
    ("moonshot", 401, e("Invalid Authentication", type="invalid_authentication_error"), {}),
    ("zai", 401, e("token expired or incorrect", code="401"), {}),
    ("minimax", 200, {"base_resp": {"status_code": 1004, "status_msg": "login fail"}}, {}),
    ("minimax", 401, {"base_resp": {"status_code": 2049, "status_msg": "invalid api key"}}, {}),
    (
        "together",
        401,
        e("Invalid API key provided", type="invalid_request_error", param=None, code="invalid_api_key"),
        {},
    ),
    ("fireworks", 401, e("unauthorized", object="error", type="invalid_request_error", code="UNAUTHORIZED"), {}),
    ("cerebras", 401, {"message": "Wrong API Key", "type": "invalid_request_error", "code": "wrong_api_key"}, {}),
    ("nvidia", 401, {"status": 401, "title": "Unauthorized", "detail": "Authentication failed"}, {}),
    ("huggingface", 401, {"error": "Invalid credentials in Authorization header"}, {}),
    ("perplexity", 401, e("Invalid API key provided.", type="invalid_api_key", code=401), {}),
    ("ollama", 401, {"error": "unauthorized"}, {}),
    ("vllm", 401, {"error": "Unauthorized"}, {}),
    ("llamacpp", 401, e("Invalid API Key", type="authentication_error", code=401), {}),
]


def ask(call: Callable[..., Any], wire: Any, case: Case, **options: Any) -> Any:
    provider, status, document, headers = case
    reply = wire.said(document, status, **headers)
    return call(provider, MODEL[provider], reply, endpoint=ENDPOINTS.get(provider, {}), **options)


@each("case", AUTH, ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_wrong_key_is_the_same_failure_with_the_same_hint_everywhere(
    call: Callable[..., Any], wire: Any, case: Case
) -> None:
    called = ask(call, wire, case)
    result, error = called.result, called.result.error
    assert (result.status, error.kind, error.retryable) == ("error", "auth", False)
    assert error.hint.startswith("check the key")
    assert (result.attempts, called.waits, result.answer, result.cost.usd) == (1, [], "", None)
    assert error.message != "the provider sent an error without a message"


CASES: list[tuple[str, int, Any, dict[str, str], str]] = [
    ("anthropic", 403, claude("permission_error"), {}, "permission"),
    ("anthropic", 404, claude("not_found_error", "model: claude-x"), {}, "not_found"),
    ("anthropic", 402, claude("billing_error"), {}, "quota"),
    (
        "anthropic",
        400,
        claude("invalid_request_error", "Your credit balance is too low to access the API"),
        {},
        "quota",
    ),
    (
        "anthropic",
        400,
        claude("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
        {},
        "context_length",
    ),
    ("anthropic", 429, claude("rate_limit_error", error_code="enforced_spend_limit_reached"), {}, "quota"),
    ("anthropic", 429, claude("rate_limit_error"), {}, "rate_limit"),
    ("anthropic", 529, claude("overloaded_error"), {}, "overloaded"),
    ("openai", 404, e(code="model_not_found", type="invalid_request_error"), {}, "not_found"),
    ("openai", 429, e(code="insufficient_quota", type="insufficient_quota"), {}, "quota"),
    ("openai", 429, e(code="rate_limit_exceeded"), {}, "rate_limit"),
    ("openai", 503, e(code="server_is_overloaded", type="service_unavailable_error"), {}, "overloaded"),
    ("openai", 502, "<html>Bad gateway</html>", {}, "server"),
    (
        "azure",
        404,
        e("The API deployment for this resource does not exist.", code="DeploymentNotFound"),
        {},
        "not_found",
    ),
    ("azure", 429, e(type="too_many_requests", code="too_many_requests"), {"retry_after": "3"}, "rate_limit"),
    ("google", 404, google(404, "NOT_FOUND"), {}, "not_found"),
    ("google", 403, google(403, "PERMISSION_DENIED"), {}, "permission"),
    ("google", 429, google(429, "RESOURCE_EXHAUSTED", "m", PER_DAY, RETRY), {}, "quota"),
    ("google", 429, google(429, "RESOURCE_EXHAUSTED", "m", RETRY), {}, "rate_limit"),
    ("google", 503, google(503, "UNAVAILABLE"), {}, "overloaded"),
    ("google", 504, google(504, "DEADLINE_EXCEEDED"), {}, "timeout"),
    ("google-vertex", 404, [google(404, "NOT_FOUND", "Publisher Model was not found")], {}, "not_found"),
    ("bedrock", 403, {"message": "You don't have access to the model"}, aws("AccessDenied"), "permission"),
    ("bedrock", 404, {"message": "m"}, aws("ResourceNotFound"), "not_found"),
    ("bedrock", 400, {"message": "The provided model identifier is invalid."}, aws("Validation"), "not_found"),
    ("bedrock", 400, {"message": "m"}, aws("ServiceQuotaExceeded"), "quota"),
    ("bedrock", 429, {"message": "Too many requests"}, aws("Throttling"), "rate_limit"),
    ("bedrock", 424, {"message": "m"}, aws("ModelError"), "server"),
    ("mistral", 400, flat("Invalid model: x", type="invalid_model", code="1500"), {}, "not_found"),
    ("mistral", 403, flat(), {}, "permission"),
    ("mistral", 422, {"detail": [{"loc": ["body", "x"], "msg": "Extra inputs", "type": "t"}]}, {}, "invalid_request"),
    ("mistral", 429, flat(type="service_tier_capacity_exceeded", code="3505"), {}, "overloaded"),
    ("cohere", 402, {"message": "m"}, {}, "quota"),
    ("cohere", 404, {"message": "model 'x' not found"}, {}, "not_found"),
    ("cohere", 429, {"message": "Trial key, limited to 1000 API calls / month"}, {}, "quota"),
    ("cohere", 429, {"message": "slow down"}, {}, "rate_limit"),
    ("xai", 404, {"code": "not-found", "error": "The model grok-x does not exist"}, {}, "not_found"),
    ("xai", 403, {"error": "permission denied"}, {}, "permission"),
    ("xai", 529, {"error": "overloaded"}, {}, "overloaded"),
    ("deepseek", 400, e("Model Not Exist", type="invalid_request_error"), {}, "not_found"),
    ("deepseek", 402, e("Insufficient Balance", type="unknown_error", code="invalid_request_error"), {}, "quota"),
    ("deepseek", 503, e("busy", type="service_unavailable_error"), {}, "overloaded"),
    ("openrouter", 400, e("x/y is not a valid model ID", code=400), {}, "not_found"),
    ("openrouter", 402, e(code=402, metadata={"error_type": "payment_required"}), {}, "quota"),
    ("openrouter", 200, e(code=502, metadata={"error_type": "provider_overloaded"}), {}, "overloaded"),
    ("openrouter", 400, e("no", code=400, metadata={"error_type": "context_length_exceeded"}), {}, "context_length"),
    ("groq", 404, e(code="model_not_found", type="invalid_request_error"), {}, "not_found"),
    ("groq", 429, e(code="rate_limit_exceeded", type="tokens"), {}, "rate_limit"),
    ("qwen", 404, e(code="model_not_found", type="invalid_request_error"), {}, "not_found"),
    ("qwen", 400, e("Access denied, account not in good standing", code="Arrearage", type="Arrearage"), {}, "quota"),
    ("moonshot", 404, e("Not found the model kimi-x", type="resource_not_found_error"), {}, "not_found"),
    ("moonshot", 429, e("engine is overloaded", type="engine_overloaded_error"), {}, "overloaded"),
    ("moonshot", 429, e("max RPM", type="rate_limit_reached_error"), {}, "rate_limit"),
    ("moonshot", 429, e("recharge", type="exceeded_current_quota_error"), {}, "quota"),
    ("moonshot", 503, e("busy"), {}, "overloaded"),
    (
        "moonshot",
        400,
        e("Your request exceeded model token limit: 262144", type="invalid_request_error"),
        {},
        "context_length",
    ),
    ("zai", 429, e("Insufficient balance or no resource package. Please recharge.", code="1113"), {}, "quota"),
    ("zai", 429, e("High concurrency", code="1302"), {}, "rate_limit"),
    ("zai", 400, e("Unknown Model", code="1211"), {}, "not_found"),
    ("minimax", 200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, {}, "quota"),
    ("minimax", 200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, {}, "rate_limit"),
    ("minimax", 200, {"base_resp": {"status_code": 2013, "status_msg": "invalid params"}}, {}, "invalid_request"),
    ("together", 404, e(type="invalid_request_error", param=None, code="model_not_available"), {}, "not_found"),
    ("together", 503, e(type="service_unavailable", code=None), {}, "overloaded"),
    ("fireworks", 404, e("Model not found", object="error", type="error", code="NOT_FOUND"), {}, "not_found"),
    (
        "cerebras",
        404,
        {"message": "m", "type": "not_found_error", "param": "model", "code": "model_not_found"},
        {},
        "not_found",
    ),
    ("cerebras", 429, {"message": "m", "type": "too_many_requests_error", "code": "queue_exceeded"}, {}, "rate_limit"),
    ("nvidia", 404, {"status": 404, "title": "Not Found", "detail": "Function not found"}, {}, "not_found"),
    ("nvidia", 500, "", {}, "server"),
    ("huggingface", 402, {"error": "You have exceeded your monthly included credits"}, {}, "quota"),
    ("huggingface", 404, {"error": "not found"}, {}, "not_found"),
    ("perplexity", 400, e("unknown field", type="invalid_request", code=400), {}, "invalid_request"),
    ("ollama", 404, {"error": "model 'x' not found"}, {}, "not_found"),
    ("vllm", 404, e("The model `x` does not exist.", type="NotFoundError", param=None, code=404), {}, "not_found"),
    (
        "vllm",
        400,
        e("This model's maximum context length is 8 tokens", type="BadRequestError", code=400),
        {},
        "context_length",
    ),
    ("sglang", 400, flat("bad", type="BadRequestError", param=None, code=400), {}, "invalid_request"),
    ("llamacpp", 503, e("Loading model", code=503, type="unavailable_error"), {}, "overloaded"),
    ("llamacpp", 400, e("n", code=400, type="exceed_context_size_error", n_ctx=8), {}, "context_length"),
    ("lmstudio", 404, {"error": "No models loaded"}, {}, "not_found"),
]
RETRYABLE = {"rate_limit", "overloaded", "server", "timeout"}


@each("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}-{case[4]}")
def test_every_way_to_refuse_has_one_kind_and_only_what_may_pass_is_tried_again(
    call: Callable[..., Any], wire: Any, case: Any
) -> None:
    provider, status, document, headers, kind = case
    body = document if isinstance(document, str) else json.dumps(document)
    reply = wire.http(body, status, **headers)
    called = call(provider, MODEL[provider], reply, endpoint=ENDPOINTS.get(provider, {}), retries=1)
    error = called.result.error
    assert (error.kind, error.retryable) == (kind, kind in RETRYABLE)
    waited = error.retryable and (error.retry_after_s or 0) <= 120
    assert (called.result.attempts, len(called.waits)) == (2, 1) if waited else (1, 0)
    assert error.status == (None if status == 200 else status)


@each("provider", sorted(MODEL))
def test_a_delay_that_a_host_asks_for_is_obeyed(call: Callable[..., Any], wire: Any, provider: str) -> None:
    slow = wire.said({"error": {"message": "slow down"}}, 429, retry_after="7")
    called = call(provider, MODEL[provider], slow, endpoint=ENDPOINTS.get(provider, {}), retries=2)
    assert (called.waits, called.result.attempts, called.result.error.kind) == ([7, 7], 3, "rate_limit")


def test_googles_delay_stands_in_the_body_and_openrouters_beside_the_error(call: Callable[..., Any], wire: Any) -> None:
    called = call("google", MODEL["google"], wire.said(google(429, "RESOURCE_EXHAUSTED", "m", RETRY), 429), retries=1)
    assert called.waits == [57.238]
    available = e(code=503, availability={"code": "overloaded", "retryable": True, "retry_after": 4})
    called = call("openrouter", MODEL["openrouter"], wire.said(available, 503), retries=1)
    assert called.waits == [4]


def test_a_delay_in_milliseconds_goes_first(call: Callable[..., Any], wire: Any) -> None:
    slow = wire.said(e(code="too_many_requests"), 429, retry_after_ms="1500", retry_after="9")
    assert call("azure", MODEL["azure"], slow, endpoint=ENDPOINTS["azure"], retries=1).waits == [1.5]


def test_a_region_that_cannot_be_is_refused_before_anything_is_sent_and_one_without_the_service_is_not_found(
    call: Callable[..., Any], wire: Any
) -> None:
    with pytest.raises(Exception, match="cannot be part of a URL"):
        call("bedrock", MODEL["bedrock"], wire.said({}), endpoint={"region": "us east/1"})
    called = call("bedrock", MODEL["bedrock"], wire.said({"message": "m"}, 404, **aws("UnknownOperation")))
    assert (called.result.error.kind, called.result.attempts) == ("not_found", 1)


def test_a_deployment_that_does_not_exist_is_not_found(call: Callable[..., Any], wire: Any) -> None:
    missing = e("The API deployment for this resource does not exist.", code="DeploymentNotFound")
    called = call("azure", "my-deployment", wire.said(missing, 404), endpoint=ENDPOINTS["azure"], known_as="gpt-5.5")
    assert called.result.error.kind == "not_found"
    assert "does not serve my-deployment" in called.result.error.hint
