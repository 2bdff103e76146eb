"""Token counts and errors as OpenAI's two APIs and their many copies spell them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..dialect import Headers, error_message, failure
from ..errors import ErrorKind, Failure, kind_for_status
from ..json_values import EMPTY, MAX_COUNT, count, items, obj, seconds, text
from ..refusals.sizes import is_long_prompt
from ..refusals.waits import retry_delay_s
from ..schema import Notice, ToolsUsed, UsageReport
from ..usage import RawCounts, output_apart, reconcile, tools_used

_KIND_OF_CODE: Mapping[str, ErrorKind] = {
    "invalid_api_key": "auth",
    "invalid_authentication": "auth",
    "authentication_error": "auth",
    "permission_denied": "permission",
    "permission_error": "permission",
    "model_not_found": "not_found",
    "not_found_error": "not_found",
    "context_length_exceeded": "context_length",
    "exceed_context_size_error": "context_length",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "slow_down": "rate_limit",
    "too_many_requests": "rate_limit",
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "credit_balance_exhausted": "quota",
    "organization_spend_limit_exceeded": "quota",
    "project_spend_limit_exceeded": "quota",
    "organization_usage_limit_exceeded": "quota",
    "server_error": "server",
    "server_is_overloaded": "overloaded",
    "service_unavailable_error": "overloaded",
    "overloaded_error": "overloaded",
    "timeout": "timeout",
    "vector_store_timeout": "timeout",
    "invalid_prompt": "invalid_request",
    "data_residency_mismatch": "permission",
    "invalid_request_error": "invalid_request",
    # Moonshot: https://platform.kimi.ai/docs
    "invalid_authentication_error": "auth",
    "incorrect_api_key_error": "auth",
    "exceeded_current_quota_error": "quota",
    "engine_overloaded_error": "overloaded",
    "rate_limit_reached_error": "rate_limit",
    "resource_not_found_error": "not_found",
    "permission_denied_error": "permission",
    # Mistral: https://docs.mistral.ai/resources/error-glossary
    "service_tier_capacity_exceeded": "overloaded",
    "rate_limited": "rate_limit",
    # OpenRouter: https://openrouter.ai/docs/api_reference/errors-and-debugging
    "payment_required": "quota",
    "provider_overloaded": "overloaded",
    "provider_unavailable": "server",
    # Z.ai: https://docs.z.ai/api-reference/api-code
    "1113": "quota",
    "1211": "not_found",
    "1261": "context_length",
    # Alibaba: https://help.aliyun.com/en/model-studio/error-code
    "Arrearage": "quota",
}
"""`code`, else `type`, of an error -> kind. Quota codes never recover, although their status is 429.

Source: https://developers.openai.com/api/docs/guides/error-codes, and what is cited above
"""

_UNKNOWN_MODEL = r"model not exist|is not a valid model id|model .{0,100} does not exist"
"""DeepSeek and OpenRouter say so with a 400 like any other: https://openrouter.ai/docs/api_reference/errors-and-debugging"""

# Where hosts and gateways put the same count; the first that is there holds.
# LiteLLM's: https://docs.litellm.ai/docs/completion/prompt_caching; DeepSeek's: https://api-docs.deepseek.com/guides/kv_cache;
# Moonshot's: https://platform.kimi.ai/docs
_CACHED = ("cached_tokens", "cache_read_input_tokens", "cache_read_tokens")
_CACHED_AT_TOP = (*_CACHED, "prompt_cache_hit_tokens", "num_cached_tokens")
_WRITTEN = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens", "cache_write_input_tokens")
_RARE_AT_TOP = frozenset((*_CACHED_AT_TOP, *_WRITTEN, "reasoning_tokens"))
"""What belongs into the details, and few hosts put beside them."""

_KINDS = {"audio_tokens": "audio", "image_tokens": "image"}
_BY_TTL = ("cache_write_tokens_details", "cache_creation_token_details")
_WRITTEN_LONG = ("ttl_12h_tokens", "ephemeral_1h_input_tokens")


def read_usage(
    usage: Mapping[str, Any], *, reasoning_outside: bool = False, audio_outside: bool = False, final: bool = False
) -> Iterator[Notice | UsageReport | ToolsUsed]:
    """Both spellings of the counts: `input_tokens` (Responses) and `prompt_tokens` (Chat).

    `reasoning_outside` and `audio_outside` are the provider's convention where there is no total to tell.
    Sources: https://developers.openai.com/api/docs/guides/reasoning, and
    https://github.com/vercel/ai/issues/12425 for hosts that count reasoning beside the output.
    """
    if not usage:
        return
    input_details = _first_details(usage, "input_tokens_details", "prompt_tokens_details", "prompt_token_details")
    output_details = _first_details(usage, "output_tokens_details", "completion_tokens_details")
    reasoning = count(output_details.get("reasoning_tokens")) if output_details else None
    cached = written = audio = None
    by_ttl = EMPTY
    if input_details:
        cached, written = _first(input_details, *_CACHED), _first(input_details, *_WRITTEN)
        by_ttl, audio = _first_details(input_details, *_BY_TTL), count(input_details.get("audio_tokens"))
    if not _RARE_AT_TOP.isdisjoint(usage):
        cached = _first(usage, *_CACHED_AT_TOP) if cached is None else cached
        written = _first(usage, *_WRITTEN) if written is None else written
        reasoning = _first(usage, "reasoning_tokens") if reasoning is None else reasoning
    counted, notices = reconcile(
        RawCounts(
            entered=_first(usage, "input_tokens", "prompt_tokens"),
            output=_first(usage, "output_tokens", "completion_tokens"),
            total=count(usage.get("total_tokens")),
            cached=cached,
            written=written,
            audio=audio,
            reasoning=reasoning,
            reasoning_beside=reasoning_outside,
            audio_beside=audio_outside,
        )
    )
    yield from notices
    kinds = {kind: count(output_details[name]) for name, kind in _KINDS.items() if name in output_details}
    yield UsageReport(
        counted,
        cache_write_1h_tokens=_first(by_ttl, *_WRITTEN_LONG) if by_ttl else None,
        apart=output_apart(kinds),
        final=final,
    )
    if "server_tool_use_details" in usage and (ran := obj(usage["server_tool_use_details"])):  # OpenRouter's
        yield from tools_used({name.removesuffix("_requests"): count(number) for name, number in ran.items()})


def read_tools(response: Mapping[str, Any]) -> Iterator[ToolsUsed]:
    """Searches and containers of a finished Responses call: xAI counts them all, OpenAI the billable searches of late.

    Opening a page and finding in it are no searches. Sources: https://developers.openai.com/api/docs/pricing and
    https://docs.x.ai/developers/pricing
    """
    details = obj(obj(response.get("usage")).get("server_side_tool_usage_details"))
    if details:
        yield from tools_used({name.removesuffix("_calls"): count(number) for name, number in details.items()})
        return
    output = items(response.get("output"))
    called = [text(item.get("type")) for item in output]
    searches = sum(
        item.get("type") == "web_search_call" and obj(item.get("action")).get("type", "search") == "search"
        for item in output
    )
    billable = count(obj(obj(response.get("tool_usage")).get("web_search")).get("num_requests"))
    boxes = {text(item.get("container_id")) for item in output if item.get("type") == "code_interpreter_call"}
    yield from tools_used(
        {
            "web_search": searches if billable is None else billable,
            "file_search": called.count("file_search_call"),
            "code_interpreter": len(boxes),
        }
    )


def read_openai_error(status: int | None, headers: Headers, document: Any) -> Failure:
    """An error body or frame: `{"error": {...}}`, `{"error": "text"}`, flat, FastAPI's `detail`, or anything else."""
    outer = obj(document)
    error = obj(outer.get("error")) or outer
    message = error_message(document)
    code, type_ = text(error.get("code")), text(error.get("type"))
    stable = text(obj(error.get("metadata")).get("error_type"))  # OpenRouter's
    known = _KIND_OF_CODE.get(code or "") or _KIND_OF_CODE.get(type_ or "") or _KIND_OF_CODE.get(stable or "")
    if status is None and known is None:
        # A failure in the middle of a stream has no status of its own; some hosts put it into the code.
        written = (error.get("code"), outer.get("status_code"), outer.get("raw_status_code"))
        statuses = [number for value in written if (number := count(value)) and 400 <= number < 600]
        known = kind_for_status(statuses[0]) if statuses else "server"
    by_status = kind_for_status(status) if status else None
    # The status decides where it is precise; `invalid_request_error` is what every 4xx of OpenAI says.
    kind = by_status if by_status and known in (None, "invalid_request") else known
    kind = kind or "server"
    if kind == "invalid_request" and (is_long_prompt(message) or "model token limit" in message):
        kind = "context_length"
    elif kind == "invalid_request" and re.search(_UNKNOWN_MODEL, message, re.IGNORECASE):
        kind = "not_found"
    elif kind == "invalid_request" and "incorrect api key" in message.lower():
        # xAI says so with a 400: https://docs.x.ai/developers/debugging
        kind = "auth"
    delay = retry_delay_s(headers)
    if delay is None:
        delay = seconds(obj(error.get("availability")).get("retry_after"))
    return failure(kind, message, status=status, retry_after_s=delay, param=text(error.get("param")))


def _first_details(usage: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        if name in usage and (found := obj(usage[name])):
            return found
    return EMPTY


def _first(usage: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = usage.get(name)
        if type(value) is int and 0 <= value < MAX_COUNT:  # as nearly always
            return value
        if value is not None and (value := count(value)) is not None:
            return value
    return None
