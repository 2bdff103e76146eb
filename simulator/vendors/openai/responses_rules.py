"""What a request to OpenAI Responses may contain.

Sources: https://developers.openai.com/api/docs/api-reference/responses/create, https://developers.openai.com/api/docs/guides/reasoning
"""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_int, as_list, as_object, objects, words
from ...calls.served_tools import types_asked
from . import replies, rules
from .models import Gpt

FIELDS = words(
    "access_programs background context_management conversation image include input instructions max_output_tokens "
    "max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt prompt_cache_key "
    "prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options "
    "temperature text tool_choice tools top_logprobs top_p truncation user"
)
REASONING_FIELDS = words("effort summary generate_summary mode context")
SUMMARIES = ("auto", "concise", "detailed")
MODES = ("standard", "pro")
CONTEXTS = ("auto", "current_turn", "all_turns")
TOOL_TYPES = (
    "function", "custom", "web_search", "web_search_preview", "file_search", "code_interpreter", "image_generation",
    "mcp", "local_shell", "shell", "apply_patch", "tool_search", "namespace", "computer",
)  # fmt: skip
INCLUDABLE = (
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
)


def reasoning_options(call: ApiCall, model: Gpt) -> JsonObject:
    """The effective `reasoning` object, as it is echoed. All values are None for a model that never reasons."""
    given = as_object(call.body.get("reasoning")) or {}
    for name in given:
        if name not in REASONING_FIELDS:
            raise replies.invalid(
                call, f"Unknown parameter: 'reasoning.{name}'.", f"reasoning.{name}", "unknown_parameter"
            )
    if not model.efforts:
        for name, value in given.items():
            if value is not None:
                raise replies.unsupported_parameter(call, f"reasoning.{name}")
        return {"effort": None, "summary": None}
    summary = given.get("summary") or given.get("generate_summary")
    _one_of(call, summary, SUMMARIES, "reasoning.summary")
    options: JsonObject = {
        "effort": rules.check_effort(call, model, given.get("effort"), "reasoning.effort"),
        "summary": "detailed" if summary == "auto" else summary,
    }
    mode, context = given.get("mode"), given.get("context")
    _one_of(call, mode, MODES, "reasoning.mode")
    _one_of(call, context, CONTEXTS, "reasoning.context")
    if mode is not None and model.generation < 5.6:
        raise replies.unsupported_parameter(call, "reasoning.mode")
    if context is not None and model.generation < 5.4:
        raise replies.unsupported_parameter(call, "reasoning.context")
    if model.generation >= 5.6:
        options["mode"] = mode or "standard"
    if model.generation >= 5.4:
        all_turns = model.generation >= 5.6 if context in (None, "auto") else context == "all_turns"
        options["context"] = "all_turns" if all_turns else "current_turn"
    return options


def check_sampling(call: ApiCall, effort: object) -> None:
    """Refuse sampling parameters while the model reasons. The live refusal has no code."""
    if effort in (None, "none"):
        return
    if rules.off_default(call.body.get("temperature"), 1.0):
        raise replies.unsupported_parameter(call, "temperature", code=None)
    if rules.off_default(call.body.get("top_p"), 1.0):
        raise replies.unsupported_parameter(call, "top_p", code=None)
    if call.body.get("top_logprobs"):
        raise replies.unsupported_parameter(call, "top_logprobs", code=None)


def check_options(call: ApiCall) -> None:
    """Refuse illegal values of the remaining options that a client of this kind sends."""
    for name in as_object(call.body.get("stream_options")) or {}:
        if name != "include_obfuscation":
            raise replies.invalid(
                call, f"Unknown parameter: 'stream_options.{name}'.", f"stream_options.{name}", "unknown_parameter"
            )
    for position, item in enumerate(as_list(call.body.get("include")) or []):
        _one_of(call, item, INCLUDABLE, f"include[{position}]")
    verbosity = (as_object(call.body.get("text")) or {}).get("verbosity")
    _one_of(call, verbosity, ("low", "medium", "high"), "text.verbosity")
    check_tool_types(call)
    previous = call.body.get("previous_response_id")
    if previous is not None:
        text = f"Previous response with id '{previous}' not found."
        raise replies.invalid(call, text, "previous_response_id", "previous_response_not_found")


def check_tool_types(call: ApiCall) -> None:
    """Refuse tools of a type that there is not."""
    for position, kind in enumerate(types_asked(call)):
        _one_of(call, kind, TOOL_TYPES, f"tools[{position}]")


def includes_ciphertext(call: ApiCall) -> bool:
    """Whether the client asks for what it needs to carry reasoning itself."""
    return "reasoning.encrypted_content" in (as_list(call.body.get("include")) or [])


def compaction_threshold(call: ApiCall) -> int | None:
    """The size from which on a conversation is compacted before it is answered."""
    edits = objects(call.body.get("context_management"))
    return next((as_int(one.get("compact_threshold")) for one in edits if one.get("type") == "compaction"), None)


def _one_of(call: ApiCall, value: object, legal: tuple[str, ...], param: str) -> None:
    if value is not None and value not in legal:
        text = f"Invalid value: '{value}'. Supported values are: {replies.quoted(legal)}."
        raise replies.invalid(call, text, param, "invalid_value")
