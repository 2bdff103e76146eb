"""What Groq refuses.

Source: https://console.groq.com/docs/reasoning
"""

from __future__ import annotations

from ...answers.thinking import Dial
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import as_text
from ...openai_family.hosted_model import HostedModel
from .models import find_groq
from .replies import invalid

FORMATS = ("hidden", "raw", "parsed")


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key, or with a wrong one."""
    if not call.bearer or call.bearer == WRONG_KEY:
        raise invalid(call, "Invalid API Key", code="invalid_api_key", status=401)


def check_model(call: ApiCall) -> HostedModel:
    """The model, unless it is unknown or retired."""
    model = find_groq(call.model)
    if model is None:
        text = f"The model `{call.model}` does not exist or you do not have access to it."
        raise invalid(call, text, code="model_not_found", status=404)
    return model


def dial_of(call: ApiCall, model: HostedModel) -> Dial:
    """The dial that a request sets, or else the model\'s own."""
    effort = call.body.get("reasoning_effort")
    if effort is None:
        return Dial(model.default)
    if not model.efforts:
        raise invalid(call, "`reasoning_effort` is not supported with this model")
    if as_text(effort) not in model.efforts:
        listed = ", ".join(f"`{level}`" for level in model.efforts)
        raise invalid(call, f"`reasoning_effort` must be one of {listed}", param="reasoning_effort")
    return Dial(model.default if effort == "default" else str(effort))


def format_of(call: ApiCall, model: HostedModel) -> str:
    """How the thought is shown: hidden, raw (in tags) or parsed (in a field)."""
    given = call.body.get("reasoning_format")
    if given is not None and "include_reasoning" in call.body:
        text = "cannot specify both reasoning_format and include_reasoning"
        raise invalid(call, text, param="reasoning_format")
    if given is not None and given not in FORMATS:
        raise invalid(call, "'reasoning_format' : value must be one of 'hidden', 'raw', 'parsed'")
    structured = bool(call.body.get("tools")) or call.body.get("response_format") is not None
    if given == "raw" and structured:
        raise invalid(call, "reasoning_format raw is not supported with tools or JSON mode")
    if call.body.get("include_reasoning") is False:
        return "hidden"
    return str(given) if given is not None else "raw" if model.tagged and not structured else "parsed"
