"""What both OpenAI endpoints refuse, and with which words.

Source: https://developers.openai.com/api/docs/guides/reasoning
"""

from __future__ import annotations

from ...answers.turns import Speed
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import as_int, as_number, as_text
from ...state.caches import Cached, CacheTerms
from ...state.prompts import SectionedPrompt
from .models import Gpt, find_gpt
from .replies import invalid, quoted

SPEED = Speed(first_s=0.6, thinking_per_s=150.0, answer_per_s=95.0)
ALL_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
SERVICE_TIERS = ("auto", "default", "flex", "scale", "priority", "fast")


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key, or with a wrong one."""
    if not call.bearer:
        text = (
            "You didn't provide an API key. You need to provide your API key in an Authorization header "
            "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
        )
        raise invalid(call, text, status=401)
    if call.bearer == WRONG_KEY:
        text = f"Incorrect API key provided: {WRONG_KEY}. You can find your API key at https://platform.openai.com/account/api-keys."
        raise invalid(call, text, code="invalid_api_key", status=401)


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
        raise invalid(call, text, code="model_not_found", status=404)
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


def use_cache(call: ApiCall, model: Gpt, prompt: SectionedPrompt) -> Cached:
    """What of the prompt is read from the cache, and put into it where the model tells that."""
    lifetime_s = 86_400.0 if call.body.get("prompt_cache_retention") == "24h" else 600.0
    owner = ("openai", call.bearer, model.id, call.body.get("prompt_cache_key"))
    cached = call.cache.use(owner, prompt, CacheTerms(step=128, lifetime_s=lifetime_s))
    return cached if model.generation >= 5.6 else Cached(cached.read)
