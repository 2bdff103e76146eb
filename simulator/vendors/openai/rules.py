"""What both OpenAI endpoints refuse, with which words, and what every answer of theirs carries.

Sources: https://developers.openai.com/api/docs/guides/error-codes, https://developers.openai.com/api/docs/guides/reasoning,
https://developers.openai.com/api/docs/guides/rate-limits
"""

from __future__ import annotations

from collections.abc import Iterable

from ...answers.turns import Speed, input_tokens
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import as_int, as_number, as_text
from ...calls.replies import Headers, HttpReply, RejectedError, whole
from .models import Gpt, find_gpt

SPEED = Speed(first_s=0.6, thinking_per_s=150.0, answer_per_s=95.0)
ALL_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
SERVICE_TIERS = ("auto", "default", "flex", "scale", "priority", "fast")
CACHE_FROM_TOKENS = 1024


def request_headers(call: ApiCall, *, spent: bool = False) -> Headers:
    """Headers that every answer of this vendor carries; resets are durations, not moments."""
    return (
        ("x-request-id", call.id("req_", length=32)),
        ("openai-organization", "simulated"),
        ("openai-version", "2020-10-01"),
        ("openai-processing-ms", str(200 + call.number % 100)),
        ("x-ratelimit-limit-requests", "1000000"),
        ("x-ratelimit-limit-tokens", "1000000000"),
        ("x-ratelimit-remaining-requests", "0" if spent else "999999"),
        ("x-ratelimit-remaining-tokens", "999999000"),
        ("x-ratelimit-reset-requests", f"{call.retry_after_s:g}s" if spent else "1ms"),
        ("x-ratelimit-reset-tokens", "1ms"),
    )


def error(
    call: ApiCall,
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
    headers: Headers = (),
) -> HttpReply:
    """An error body: `{"error":{"message","type","param","code"}}`."""
    spent = status == 429
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return whole(status, body, (*request_headers(call, spent=spent), *headers))


def invalid(call: ApiCall, message: str, param: str | None, code: str | None) -> RejectedError:
    """A 400 that no retry helps."""
    return RejectedError(error(call, 400, message, param=param, code=code))


def unsupported_parameter(
    call: ApiCall, param: str, hint: str = "", *, code: str | None = "unsupported_parameter"
) -> RejectedError:
    """The refusal of a parameter that the model does not take at all."""
    return invalid(call, f"Unsupported parameter: '{param}' is not supported with this model.{hint}", param, code)


def quoted(values: Iterable[str]) -> str:
    """Values as the vendor lists them: 'a', 'b', and 'c'."""
    names = [f"'{value}'" for value in values]
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit":
            text = f"Rate limit reached for {call.model} on requests per min (RPM): Limit 500, Used 500, Requested 1."
            waits = (
                ("retry-after", str(call.whole_retry_after_s)),
                ("retry-after-ms", str(round(call.retry_after_s * 1000))),
            )
            return error(call, 429, text, kind="requests", code="rate_limit_exceeded", headers=waits)
        case "quota":
            text = (
                "You exceeded your current quota, please check your plan and billing details. For more information on "
                "this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
            )
            return error(call, 429, text, kind="insufficient_quota", code="insufficient_quota")
        case "overloaded":
            text = "The server is currently overloaded. Please try again later."
            return error(call, 503, text, kind="service_unavailable_error", code="server_is_overloaded")
        case _:
            text = "The server had an error while processing your request. Sorry about that!"
            return error(call, 500, text, kind="server_error", code="server_error")


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return error(call, 404, f"Invalid URL ({call.request.method} {call.request.path})")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(call, 400, "We could not parse the JSON body of your request.")


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key, or with a wrong one."""
    if not call.bearer:
        text = (
            "You didn't provide an API key. You need to provide your API key in an Authorization header "
            "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
        )
        raise RejectedError(error(call, 401, text))
    if call.bearer == WRONG_KEY:
        text = f"Incorrect API key provided: {WRONG_KEY}. You can find your API key at https://platform.openai.com/account/api-keys."
        raise RejectedError(error(call, 401, text, code="invalid_api_key"))


def check_fields(call: ApiCall, allowed: frozenset[str], required: tuple[str, ...]) -> None:
    """Refuse unknown and missing top-level parameters."""
    for name in call.body:
        if name not in allowed:
            raise invalid(call, f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    for name in required:
        if name not in call.body:
            raise invalid(call, f"Missing required parameter: '{name}'.", name, "missing_required_parameter")
    tier = call.body.get("service_tier")
    if tier is not None and tier not in SERVICE_TIERS:
        text = f"Invalid value: '{tier}'. Supported values are: {quoted(SERVICE_TIERS)}."
        raise invalid(call, text, "service_tier", "invalid_value")


def check_model(call: ApiCall) -> Gpt:
    """The model, unless it is unknown or retired."""
    model = find_gpt(call.model)
    if model is None:
        text = f"The model `{call.model}` does not exist or you do not have access to it."
        raise RejectedError(error(call, 404, text, code="model_not_found"))
    return model


def check_effort(call: ApiCall, model: Gpt, value: object, param: str, refused: tuple[str, ...] = ()) -> str:
    """The effective effort of a reasoning model; `refused` are those that only this endpoint does not take."""
    if value is None:
        return model.default_effort or "none"
    effort = as_text(value)
    if effort not in ALL_EFFORTS:
        text = f"Invalid value: '{value}'. Supported values are: {quoted(ALL_EFFORTS)}."
        raise invalid(call, text, param, "invalid_value")
    legal = tuple(item for item in model.efforts if item not in refused)
    if effort not in legal:
        text = f"Unsupported value: '{effort}' is not supported with the '{model.id}' model."
        text += f" Supported values are: {quoted(legal)}."
        raise invalid(call, text, param, "unsupported_value")
    return effort


def check_limit(call: ApiCall, model: Gpt, param: str, least: int) -> int | None:
    """The output limit of a request, reasoning included, or None when it sets none."""
    value = call.body.get(param)
    if value is None:
        return None
    limit = as_int(value)
    if limit is None:
        raise invalid(call, f"Invalid type for '{param}': expected an integer.", param, "invalid_type")
    if limit < least:
        text = f"Invalid '{param}': integer below minimum value. Expected a value >= {least}, but got {limit} instead."
        raise invalid(call, text, param, "integer_below_min_value")
    if limit > model.max_output_tokens:
        text = (
            f"{param} is too large: {limit}. This model supports at most {model.max_output_tokens} completion tokens."
        )
        raise invalid(call, text, param, "invalid_value")
    return limit


def off_default(value: object, default: float) -> bool:
    """Whether a numeric parameter is set to something else than its default."""
    number = as_number(value)
    return number is not None and number != default


def cached_tokens(call: ApiCall, model: Gpt, prompt: str) -> tuple[int, int, int]:
    """Input tokens, and how many of those were read from and written to the prompt cache."""
    size = input_tokens(prompt)
    if size < CACHE_FROM_TOKENS:
        return size, 0, 0
    reusable = size - size % 128
    if call.cache.read("openai", model.id, prompt):
        return size, reusable, 0
    return size, 0, reusable if model.generation >= 5.6 else 0
