"""What Mistral refuses.

Sources: https://docs.mistral.ai/api/endpoint/chat, https://docs.mistral.ai/studio/conversations/reasoning
"""

from __future__ import annotations

from ...answers.thinking import Dial
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import as_text, objects, words
from ...calls.reply import RejectedError, whole
from ...calls.rounds import unmatched_chat
from ...openai_family.hosted_model import HostedModel
from ...openai_family.parts import chat_parts, strict_schema
from .models import find_mistral
from .replies import MISTRAL, error, invalid, invalid_field, request_headers

MESSAGE_FIELDS = words("role content prefix tool_calls tool_call_id name")
TAKEN = ("image_url", "document_url", "input_audio", "file")
MOST_SIDE = 10_000


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key, or with a wrong one."""
    if not call.bearer or call.bearer == WRONG_KEY:
        raise RejectedError(whole(401, {"detail": "Unauthorized"}, request_headers(call)))


def check_model(call: ApiCall) -> HostedModel:
    """The model, unless it is unknown or retired."""
    model = find_mistral(call.model)
    if model is None:
        raise RejectedError(error(call, 400, f"Invalid model: {call.model}", code="1500", kind="invalid_model"))
    return model


def check_messages(call: ApiCall) -> None:
    """Refuse what a message may not hold: reasoning comes back in chunks of the content, and nowhere else.

    Calls and results have to go together.
    """
    if unmatched_chat(objects(call.body.get("messages"))) is not None:
        raise invalid(call, "Not the same number of function calls and responses")
    for place, message in enumerate(objects(call.body.get("messages"))):
        for part in objects(message.get("content")):
            file_id = as_text(part.get("file_id")) if part.get("type") == "file" else None
            if file_id is not None and (call.stored is None or call.stored(MISTRAL.name, file_id) is None):
                raise invalid(call, f"File {file_id} not found", status=404)
        for name in message:
            if name not in MESSAGE_FIELDS:
                where = f"messages.{place}.{message.get('role')}.{name}"
                raise invalid_field(where, "Extra inputs are not permitted", "extra_forbidden")


def check_format(call: ApiCall) -> None:
    """Refuse a schema without an object at its root, and files that this model does not read."""
    # UNVERIFIED: that these are refused is documented, the words are not.
    found = strict_schema(call)
    if found is not None and found[1].get("type") != "object":
        raise invalid(call, "Invalid schema for response_format: the root of the schema must be of type object")
    for part in chat_parts(call):
        is_sound = part.type == "input_audio"
        if is_sound != call.model.startswith("voxtral") or part.type not in TAKEN:
            what = {"input_audio": "Audio", "image_url": "Image", "document_url": "Document"}.get(part.type, part.type)
            if part.type != "file":
                raise invalid(call, f"{what} input is not enabled for this model")
        if part.is_broken:
            raise invalid(call, "Image, data could not be loaded")
        if part.media is not None and part.media.longest_side > MOST_SIDE:
            raise invalid(call, f"Image dimensions exceed the maximum of {MOST_SIDE} pixels per side")


def dial_of(call: ApiCall, model: HostedModel) -> Dial:
    """The dial that a request sets, or else the model\'s own."""
    effort = call.body.get("reasoning_effort")
    if effort is None:
        return Dial(model.default)
    if not model.efforts:
        raise invalid(call, "reasoning_effort is not enabled for this model")
    if as_text(effort) not in model.efforts:
        listed = ", ".join(f"'{level}'" for level in model.efforts)
        text = f"reasoning_effort {effort} is not supported for this model, supported values: [{listed}]"
        raise invalid(call, text)
    return Dial(str(effort))
