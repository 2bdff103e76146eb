"""What Groq refuses.

Source: https://console.groq.com/docs/reasoning
"""

from __future__ import annotations

from ...answers.thinking import Dial
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import as_list, as_object, as_text
from ...calls.schema_nodes import schema_nodes
from ...openai_family.hosted_model import HostedModel
from ...openai_family.parts import asks_for_json, chat_parts, says_json, strict_schema
from .models import find_groq
from .replies import invalid

IMAGE_MODELS = ("qwen/qwen3.6-27b", "qwen/qwen3.8-27b", "meta-llama/llama-4")
MOST_IMAGES, MOST_BASE64 = 5, 4 * 2**20
"""Source: https://console.groq.com/docs/vision. The words of refusals are UNVERIFIED."""

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


def check_format(call: ApiCall) -> None:
    """Refuse formats of the answer that no grammar is made of, or not beside tools."""
    asked = asks_for_json(call)
    if asked is None:
        return
    if call.body.get("tools"):
        raise invalid(call, "json mode cannot be combined with tool/function calling")
    if asked.get("type") == "json_object":
        if not says_json(call):
            text = "'messages' must contain the word 'json' in some form, to use 'response_format' of type"
            raise invalid(call, f"{text} 'json_object'.")
        return
    if not call.model.startswith("openai/gpt-oss"):
        text = "This model does not support response format `json_schema`. See supported models at"
        raise invalid(call, f"{text} https://console.groq.com/docs/structured-outputs#supported-models")
    found = strict_schema(call)
    for node in () if found is None else schema_nodes(found[1]):
        if node.get("type") != "object":
            continue
        place = f"invalid JSON schema for response_format: '{found[0] if found else ''}'"
        if node.get("additionalProperties") is not False:
            raise invalid(call, f"{place}: `additionalProperties:false` must be set on every object")
        required = as_list(node.get("required")) or []
        if any(name not in required for name in as_object(node.get("properties")) or {}):
            text = "`required` is required to be supplied and to be an array including every key in properties"
            raise invalid(call, f"{place}: {text}")


def check_media(call: ApiCall) -> None:
    """Refuse images of a model that reads none, too many or too large ones, and other files."""
    parts = [*chat_parts(call)]
    if not parts:
        return
    if not call.model.startswith(IMAGE_MODELS) or any(part.type != "image_url" for part in parts):
        text = f"'messages.{parts[0].index}' : for 'role:user' the following must be satisfied"
        raise invalid(call, f"{text}[('messages.{parts[0].index}.content' : value must be a string)]")
    if len(parts) > MOST_IMAGES:
        raise invalid(call, f"Too many images provided. This model supports up to {MOST_IMAGES} images")
    if sum(len(part.media.data or b"") for part in parts if part.media is not None) * 4 // 3 > MOST_BASE64:
        raise invalid(call, "Request Entity Too Large", code="request_too_large", status=413)
    if any(part.is_broken for part in parts):
        raise invalid(call, "invalid image data")


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
