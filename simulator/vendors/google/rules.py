"""What the Gemini API refuses, and with which words.

Sources: https://ai.google.dev/gemini-api/docs/thinking, https://ai.google.dev/api/generate-content,
https://ai.google.dev/gemini-api/docs/thought-signatures
"""

from __future__ import annotations

import base64
from functools import partial

from ...answers.thinking import OFF, Dial
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import JsonObject, as_int, as_list, as_object, as_text, joined_text, objects, words
from ...calls.reply import RejectedError
from ...calls.rounds import Ids, unmatched_messages
from ...state.prompts import PromptSection, SectionedPrompt
from ...state.seals import seal, unseal
from .media import inline_tokens, uploaded_tokens
from .models import Gemini, find_gemini
from .replies import TYPE_PREFIX, error, invalid

SIGNATURE_MARK = b"thinkdial-simulated-thoughts::"
BAD_BASE64 = "Invalid value at 'contents.parts.inline_data.data' (TYPE_BYTES), Base64 decoding failed"
DUMMY_SIGNATURES = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")
DUMMIES_ENCODED = tuple(base64.b64encode(word.encode()).decode() for word in DUMMY_SIGNATURES)
BACKEND = "backend"
"""Who signs: what one of Google's two APIs has signed the other refuses."""
CORRUPTED = "Corrupted thought signature."
LEVELS = ("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
DYNAMIC_LEVEL = "medium"

TOP_FIELDS = words(
    "model contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent serviceTier store "
    "labels continuationToken"
)
CONFIG_FIELDS = words(
    "candidateCount stopSequences maxOutputTokens temperature topP topK seed responseMimeType responseSchema "
    "responseJsonSchema responseModalities presencePenalty frequencyPenalty responseLogprobs logprobs thinkingConfig "
    "mediaResolution speechConfig imageConfig enableEnhancedCivicAnswers responseFormat translationConfig "
    "audioTranscriptionConfig"
)
THINKING_FIELDS = frozenset({"includeThoughts", "thinkingLevel", "thinkingBudget"})


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key (403), or with a wrong one (400)."""
    key = call.request.headers.get("x-goog-api-key") or call.request.query.get("key")
    if not key:
        text = (
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API."
        )
        raise RejectedError(error(call, 403, "PERMISSION_DENIED", text))
    if key == WRONG_KEY:
        text = "API key not valid. Please pass a valid API key."
        service: JsonObject = {"service": "generativelanguage.googleapis.com"}
        raise RejectedError(
            error(
                call,
                400,
                "INVALID_ARGUMENT",
                text,
                (
                    {
                        "@type": TYPE_PREFIX + "ErrorInfo",
                        "reason": "API_KEY_INVALID",
                        "domain": "googleapis.com",
                        "metadata": service,
                    },
                    {"@type": TYPE_PREFIX + "LocalizedMessage", "locale": "en-US", "message": text},
                ),
            )
        )


def check_model(call: ApiCall, version: str, method: str) -> Gemini:
    """The model, unless it is unknown or retired; moving aliases exist on v1beta only."""
    model = find_gemini(call.model)
    if model is None or (version == "v1" and model.id.endswith("-latest")):
        text = (
            f"models/{call.model} is not found for API version {version}, or is not supported for {method}. "
            "Call ModelService.ListModels to see the list of available models and their supported methods."
        )
        raise RejectedError(error(call, 404, "NOT_FOUND", text))
    return model


def camel(value: JsonObject) -> JsonObject:
    """The object with its own keys in camelCase; REST takes both spellings."""
    return {_camel_word(name): item for name, item in value.items()}


def known_fields(call: ApiCall, value: object, path: str, allowed: frozenset[str]) -> JsonObject:
    """An object with camelCase keys, none of them unknown; an absent one is empty."""
    fields = as_object(value)
    if fields is None:
        if value is not None:
            raise invalid(call, f"Invalid value at '{path}', expected an object.")
        return {}
    for name in fields:
        if _camel_word(name) not in allowed:
            place = f" at {path!r}" if path else ""
            text = f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.'
            violation: JsonObject = {"field": path, "description": text} if path else {"description": text}
            detail: JsonObject = {"@type": TYPE_PREFIX + "BadRequest", "fieldViolations": [violation]}
            raise RejectedError(error(call, 400, "INVALID_ARGUMENT", text, (detail,)))
    return camel(fields)


def check_thinking(call: ApiCall, model: Gemini, config: JsonObject) -> tuple[Dial, bool]:
    """The dial that a body sets, and whether thought summaries are asked for."""
    given = as_object(config.get("thinkingConfig"))
    if given is None:
        return _default_dial(model), False
    thinking = known_fields(call, given, "generation_config.thinking_config", THINKING_FIELDS)
    if not model.thinks:
        raise invalid(call, "Thinking is not enabled for this model.")
    level, budget = thinking.get("thinkingLevel"), thinking.get("thinkingBudget")
    if level is not None and budget is not None:
        raise invalid(call, "thinking_budget and thinking_level are not supported together.")
    shown = thinking.get("includeThoughts") is True
    if level is not None:
        return _dial_of_level(call, model, level), shown
    if budget is not None:
        return _dial_of_budget(call, model, budget), shown
    return _default_dial(model), shown


def check_config(call: ApiCall, model: Gemini, config: JsonObject) -> int:
    """The output limit, thoughts included, after checking what the newest generation refuses."""
    if model.generation >= 4:
        for name in ("presencePenalty", "frequencyPenalty"):
            if config.get(name) is not None:
                raise invalid(call, f"{name} is not supported for this model.")
        if (as_int(config.get("candidateCount")) or 1) > 1:
            raise invalid(call, "Only one candidate can be specified for this model.")
    most = model.max_output_tokens
    if config.get("maxOutputTokens") is None:
        return most
    limit = as_int(config["maxOutputTokens"])
    if limit is None or not 1 <= limit <= most:
        text = (
            f"Unable to submit request because it has a maxOutputTokens value of {config['maxOutputTokens']} but the "
        )
        raise invalid(call, text + f"supported range is from 1 (inclusive) to {most + 1} (exclusive).")
    return limit


def check_contents(call: ApiCall, model: Gemini, body: JsonObject) -> SectionedPrompt:
    """The conversation, after checking roles, signatures and the last turn."""
    contents = objects(body.get("contents"))
    if not contents:
        raise invalid(call, "* GenerateContentRequest.contents: contents is not specified")
    if body.get("cachedContent") is not None and model.generation >= 4:
        raise invalid(call, "Explicit cached content is not supported for this model.")
    _check_rounds(call, contents)
    sections = [PromptSection(_text_of(as_object(body.get("systemInstruction")) or {}))]
    asked = max((at for at, content in enumerate(contents) if _is_question(content)), default=-1)
    for position, content in enumerate(contents):
        if content.get("role") not in (None, "user", "model"):
            raise invalid(call, "Please use a valid role: user, model.")
        if not as_list(content.get("parts")):
            raise invalid(call, "* GenerateContentRequest.contents.parts: contents.parts must not be empty.")
        for part in map(camel, objects(content["parts"])):
            check_signature(call, as_text(part.get("thoughtSignature")))
        if model.generation >= 3 and content.get("role") == "model" and position > asked:
            _check_call(call, position, content)
        sections.append(PromptSection(_text_of(content), media_tokens=_media_tokens(call, model, content)))
    if model.generation >= 4 and contents[-1].get("role") == "model":
        raise invalid(call, "The last content must not have the role 'model' for this model.")
    return SectionedPrompt(tuple(sections))


def signature_for(call: ApiCall, model: Gemini) -> str:
    """An opaque thought signature, which nobody else can make."""
    return seal(SIGNATURE_MARK, {"id": call.id("", length=12), "model": model.id, BACKEND: _backend(call)})


def check_signature(call: ApiCall, signature: str | None) -> None:
    """Refuse a signature that is not of this API, or was changed; the documented stand-ins will do."""
    if signature is None or signature in DUMMY_SIGNATURES or signature in DUMMIES_ENCODED:
        return
    facts = unseal(SIGNATURE_MARK, signature)
    if facts is None or facts[BACKEND] != _backend(call):
        raise invalid(call, CORRUPTED)


def _backend(call: ApiCall) -> str:
    return call.parameters.get(BACKEND, "studio")


def _camel_word(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _media_tokens(call: ApiCall, model: Gemini, content: JsonObject) -> int:
    """What the files of a content count. Raises for what is no file, or of a kind that is not read."""
    tokens = 0
    for part in map(camel, objects(content.get("parts"))):
        referred, inline = as_object(part.get("fileData")), as_object(part.get("inlineData"))
        if referred is not None:
            tokens += uploaded_tokens(call, as_text(referred.get("fileUri")) or "", partial(_denied, call))
        if inline is not None:
            claimed = as_text(inline.get("mimeType")) or ""
            tokens += inline_tokens(model, claimed, inline.get("data"), partial(invalid, call), BAD_BASE64)
    return tokens


def _denied(call: ApiCall, text: str) -> RejectedError:
    return RejectedError(error(call, 403, "PERMISSION_DENIED", text))


def _text_of(content: JsonObject) -> str:
    parts = [part for part in objects(content.get("parts")) if part.get("thought") is not True]
    return joined_text(list[object](parts))


def _default_dial(model: Gemini) -> Dial:
    if model.default == "off":
        return OFF
    return Dial(DYNAMIC_LEVEL if model.default == "dynamic" else model.default)


def _dial_of_level(call: ApiCall, model: Gemini, level: object) -> Dial:
    word = as_text(level)
    if word is None or word.upper() not in LEVELS:
        kind = "type.googleapis.com/google.ai.generativelanguage.v1beta.ThinkingConfig.ThinkingLevel"
        text = f"Invalid value at 'generation_config.thinking_config.thinking_level' ({kind}), \"{level}\""
        raise invalid(call, text)
    if not model.levels:
        raise invalid(call, "Thinking level is not supported for this model.")
    if word.upper() == LEVELS[0]:
        return _default_dial(model)
    if word.lower() not in model.levels:
        text = f"Thinking level {word.upper()} is not supported for this model. "
        raise invalid(call, text + "Please retry with other thinking level.")
    return Dial(word.lower())


def _dial_of_budget(call: ApiCall, model: Gemini, value: object) -> Dial:
    budget = as_int(value)
    if budget is None:
        raise invalid(
            call, f"Invalid value at 'generation_config.thinking_config.thinking_budget' (TYPE_INT32), {value!r}"
        )
    if model.budget is None:
        raise invalid(call, "Thinking budget is not supported for this model. Please use thinking_level instead.")
    if budget == -1:
        return Dial(DYNAMIC_LEVEL)
    if budget == 0:
        if not model.can_be_off:
            raise invalid(call, "Budget 0 is invalid. This model only works in thinking mode.")
        return OFF
    least, most = model.budget
    if not least <= budget <= most:
        text = f"The thinking budget {budget} is invalid. Please choose a value between {least} and {most}."
        raise invalid(call, text)
    return Dial(budget_tokens=budget)


def _is_question(content: JsonObject) -> bool:
    parts = map(camel, objects(content.get("parts")))
    return content.get("role") in (None, "user") and any("functionResponse" not in part for part in parts)


def _check_rounds(call: ApiCall, contents: list[JsonObject]) -> None:
    """Refuse calls without as many responses behind them, and responses without calls before them."""
    found = unmatched_messages(contents, _names("functionCall"), _names("functionResponse"), at_once=True)
    if found is None:
        return
    if found.is_result:
        raise invalid(call, "Please ensure that function response turn comes immediately after a function call turn.")
    text = "Please ensure that the number of function response parts is equal to the number of function call parts"
    raise invalid(call, f"{text} of the function call turn.")


def _names(kind: str) -> Ids:
    def read(content: JsonObject) -> list[str]:
        held = (as_object(part.get(kind)) for part in map(camel, objects(content.get("parts"))))
        return [as_text(one.get("name")) or "" for one in held if one is not None]

    return read


def _check_call(call: ApiCall, position: int, content: JsonObject) -> None:
    """In the current turn the first call of each step has to bring its signature."""
    calls = [part for part in map(camel, objects(content.get("parts"))) if "functionCall" in part]
    if calls and not calls[0].get("thoughtSignature"):
        name = as_text((as_object(calls[0]["functionCall"]) or {}).get("name")) or ""
        text = f"Function call `{name}` in the {position + 1}. content block is missing a `thought_signature`."
        raise invalid(call, text)
