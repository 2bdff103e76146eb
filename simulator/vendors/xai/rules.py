"""What xAI refuses.

Source: https://docs.x.ai/docs/guides/reasoning
"""

from __future__ import annotations

from ...answers.thinking import Dial
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import as_text
from ...openai_family.hosted_model import HostedModel
from .models import find_grok
from .replies import invalid


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key (401), or with a wrong one, which is a 400 here."""
    if not call.bearer:
        raise invalid(call, "No API key provided.", code="unauthenticated", status=401)
    if call.bearer == WRONG_KEY:
        text = "Incorrect API key provided. You can obtain an API key from https://console.x.ai."
        raise invalid(call, text)


def check_model(call: ApiCall) -> HostedModel:
    """The model, unless it is unknown or retired."""
    model = find_grok(call.model)
    if model is None:
        text = f"The model {call.model} does not exist or your team does not have access to it."
        raise invalid(call, text, code="not-found", status=404)
    return model


def dial_of(call: ApiCall, model: HostedModel, effort: object) -> Dial:
    """The dial that a request sets, or else the model\'s own."""
    if effort is None:
        return Dial(model.default)
    if as_text(effort) not in model.efforts:
        name = "does not support parameter reasoningEffort."
        if model.efforts:
            name = f"does not support reasoning effort {effort}. Supported: {', '.join(model.efforts)}."
        raise invalid(call, f"Model {model.id} {name}")
    if effort == "xhigh" and model.id == "grok-4.5":
        return Dial("high")
    return Dial(str(effort))


def check_fields(call: ApiCall, name: str) -> None:
    """Refuse a body without a model, or without the field that this endpoint needs."""
    for field in ("model", name):
        if field not in call.body:
            text = f"Failed to deserialize the JSON body into the target type: missing field `{field}`"
            raise invalid(call, text, status=422)
