"""What the Anthropic Messages API refuses, and with which words.

Sources: https://platform.claude.com/docs/en/api/errors, https://platform.claude.com/docs/en/api/versioning,
https://platform.claude.com/docs/en/build-with-claude/thinking,
https://platform.claude.com/docs/en/build-with-claude/extended-thinking,
https://platform.claude.com/docs/en/build-with-claude/effort
"""

from __future__ import annotations

from ...answers.thinking import OFF, Dial
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import JsonObject, as_int, as_list, as_number, as_object, as_text, objects, words
from ...calls.reply import RejectedError
from ...calls.rounds import block_ids, unmatched_messages
from ...calls.served_tools import anthropic_container, types_asked
from .models import Claude, find_claude
from .replay import JudgedHistory, read_back
from .replies import error, invalid, unknown

VERSIONS = ("2023-06-01", "2026-10-21")
WITHOUT_SAMPLING = "2026-10-21"
SAMPLING = ("temperature", "top_p", "top_k")
ALL_EFFORTS = ("low", "medium", "high", "xhigh", "max")
MAX_BODY_BYTES = 32 * 1024 * 1024

UPDATES_BETA = "thinking-display-updates-2026-08-18"
BINDING_BETA = "thinking-binding-controls-2026-08-01"
BETAS = frozenset(
    {
        UPDATES_BETA,
        BINDING_BETA,
        "interleaved-thinking-2025-05-14",
        "web-fetch-2025-09-10",
        "code-execution-2025-08-25",
        "thinking-token-count-2026-05-13",
        "task-budgets-2026-03-13",
        "mid-conversation-output-config-2026-07-01",
        "context-management-2025-06-27",
        "server-side-fallback-2026-07-01",
        "server-side-fallback-2026-06-01",
        "fallback-credit-2026-07-01",
        "output-300k-2026-03-24",
        "fast-mode-2026-02-01",
        "effort-2025-11-24",
        "context-1m-2025-08-07",
        "output-128k-2025-02-19",
        "structured-outputs-2025-11-13",
        "compact-2026-01-12",
        "compact-2026-09-04",
        "message-batches-2024-09-24",
        "prompt-caching-2024-07-31",
        "token-counting-2024-11-01",
    }
)
FIELDS = words(
    "model messages max_tokens system stream thinking output_config stop_sequences metadata tools tool_choice "
    "service_tier container cache_control diagnostics inference_geo speed user_profile_id workspace_id "
    "temperature top_p top_k"
)
BETA_FIELDS = frozenset({"context_management", "fallbacks", "mcp_servers", "fallback_credit_token", "compaction"})


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key, or with a wrong one. `x-api-key` wins over a bearer token."""
    key = call.request.headers.get("x-api-key") or call.bearer
    if not key:
        raise RejectedError(error(call, 401, "authentication_error", "x-api-key header is required"))
    if key == WRONG_KEY:
        raise RejectedError(error(call, 401, "authentication_error", "invalid x-api-key"))


def check_version(call: ApiCall) -> str:
    """The API version the request asks for; its betas are checked as well."""
    version = call.request.headers.get("anthropic-version")
    if version is None:
        raise invalid(call, "anthropic-version: header is required")
    if version not in VERSIONS:
        raise invalid(call, f'anthropic-version: "{version}" is not a valid version')
    unknown = sorted(betas_of(call) - BETAS)
    if unknown:
        listed = ", ".join(f"`{beta}`" for beta in unknown)
        raise invalid(
            call, f"Unexpected value(s) {listed} for the `anthropic-beta` header. Please consult our documentation."
        )
    return version


TOOL_TYPES = (
    "bash_20250124", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521", "custom",
    "text_editor_20250728", "web_fetch_20250910", "web_fetch_20260209", "web_fetch_20260309", "web_fetch_20260318",
    "web_search_20250305", "web_search_20260209", "web_search_20260318",
)  # fmt: skip


def check_tools(call: ApiCall) -> None:
    """Refuse tools of a type that there is not. Without one it is a function of the caller's."""
    for position, kind in enumerate(types_asked(call)):
        if kind and kind not in TOOL_TYPES:
            listed = ", ".join(f"'{known}'" for known in TOOL_TYPES)
            text = f"Input tag '{kind}' found using 'type' does not match any of the expected tags: {listed}"
            raise invalid(call, f"tools.{position}: {text}")


def betas_of(call: ApiCall) -> set[str]:
    """The betas named in the `anthropic-beta` header."""
    return {part.strip() for part in call.request.headers.get("anthropic-beta", "").split(",")} - {""}


def check_body(call: ApiCall, version: str) -> tuple[Claude, int]:
    """The model and the output limit of a body that has everything it needs and nothing else."""
    body = call.body
    if len(call.request.body) > MAX_BODY_BYTES:
        raise RejectedError(error(call, 413, "request_too_large", "Request exceeds the maximum size"))
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            raise invalid(call, f"{name}: Field required")
    allowed = FIELDS - set(SAMPLING) if version == WITHOUT_SAMPLING else FIELDS
    for name in body:
        if name not in allowed and not (name in BETA_FIELDS and betas_of(call)):
            raise invalid(call, f"{name}: Extra inputs are not permitted")
    model = find_claude(call.model)
    if model is None:
        raise RejectedError(unknown(call, f"model: {call.model}"))
    limit = as_int(body["max_tokens"])
    if limit is None:
        raise invalid(call, "max_tokens: Input should be a valid integer")
    if limit < 0:
        raise invalid(call, "max_tokens: Input should be greater than or equal to 0")
    if limit > model.max_output_tokens:
        most = model.max_output_tokens
        raise invalid(
            call, f"max_tokens: {limit} > {most}, which is the maximum allowed number of output tokens for {call.model}"
        )
    return model, limit


def check_thinking(call: ApiCall, model: Claude, limit: int) -> tuple[Dial, str]:
    """The dial that a body sets, and how the thoughts are displayed: "summarized" or "omitted"."""
    effort = _effort(call, model)
    default_display = "summarized" if model.shows_thinking else "omitted"
    on = Dial(effort or model.default_effort)
    thinking = as_object(call.body.get("thinking"))
    if thinking is None:
        if call.body.get("thinking") is not None:
            raise invalid(call, "thinking: Input should be a valid dictionary")
        return (on if model.thinks_by_default else OFF), default_display
    kind = as_text(thinking.get("type"))
    if kind not in ("adaptive", "enabled", "disabled", "between_tools"):
        raise invalid(
            call,
            "thinking: Input tag found using 'type' does not match any of the expected tags: "
            "'adaptive', 'between_tools', 'disabled', 'enabled'",
        )
    _refuse_extra_keys(call, thinking, kind)
    if kind not in model.types:
        raise invalid(call, _unsupported_type(kind, model))
    if kind in ("disabled", "between_tools"):
        if model.capped_off and effort in ("xhigh", "max"):
            raise invalid(
                call, f'"thinking.type.{kind}" is not supported with output_config.effort "{effort}" on this model.'
            )
        return OFF, default_display
    display = _display(call, thinking, default_display)
    if kind == "adaptive":
        return on, display
    budget = _budget(call, thinking, limit)
    return Dial(budget_tokens=budget), display


def check_choice(call: ApiCall, model: Claude, dial: Dial) -> Dial:
    """The dial as it holds where a call is demanded: newer models do not think then; others refuse both together.

    Source: https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
    """
    kind = as_text((as_object(call.body.get("tool_choice")) or {}).get("type"))
    if kind not in ("any", "tool"):
        return dial
    manual = as_text((as_object(call.body.get("thinking")) or {}).get("type")) == "enabled"
    if manual or model.refuses_forced_calls:
        raise invalid(call, "Thinking may not be enabled when tool_choice forces tool use.")
    return OFF


def check_sampling(call: ApiCall, model: Claude, *, thinks: bool) -> None:
    """Refuse sampling parameters where the model, or thinking, does not go with them."""
    temperature, top_p, top_k = (as_number(call.body.get(name)) for name in SAMPLING)
    if not model.accepts_sampling:
        for name, value in (("temperature", temperature), ("top_p", top_p), ("top_k", top_k)):
            if value is not None and not (name in ("temperature", "top_p") and value == 1):
                raise invalid(call, f"`{name}` is deprecated for this model.")
    elif thinks:
        if temperature is not None and temperature != 1:
            raise invalid(call, "`temperature` may only be set to 1 when thinking is enabled.")
        if top_k is not None:
            raise invalid(call, "`top_k` must be unset when thinking is enabled.")
        if top_p is not None and not 0.95 <= top_p <= 1:
            raise invalid(call, "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.")


def check_messages(call: ApiCall, model: Claude, *, thinks: bool) -> JudgedHistory:
    """The conversation, after checking roles, blocks, signatures and the last message."""
    messages = objects(call.body["messages"])
    if not messages or len(messages) != len(as_list(call.body["messages"]) or []):
        raise invalid(call, "messages: at least one message is required")
    for position, message in enumerate(messages):
        if message.get("role") not in ("user", "assistant", "system"):
            raise invalid(call, f"messages.{position}.role: Input should be 'user' or 'assistant'")
        if "content" not in message:
            raise invalid(call, f"messages.{position}.content: Field required")
        for block in objects(message["content"]):
            if block.get("type") == "text" and not (as_text(block.get("text")) or "").strip() and len(messages) > 1:
                raise invalid(call, "messages: text content blocks must contain non-whitespace text")
    _check_rounds(call, messages)
    replayed = read_back(call, model, messages, _mismatch_behavior(call))
    last = messages[-1]
    if last.get("role") == "assistant":
        # A request for a compaction may end on an answer that is finished.
        is_compacted = "compaction" in call.body or any(
            block.get("type") == "compaction" for block in objects(last.get("content"))
        )
        if _is_paused(last):
            if "container" not in call.body and anthropic_container(call) is not None:
                raise invalid(call, "container: what was paused goes on in its container, and needs its id")
        elif (not model.accepts_prefill or thinks) and not is_compacted:
            raise invalid(
                call,
                "This model does not support assistant message prefill. The conversation must end with a user message.",
            )
    elif not replayed.prompt.sections[-1].text.strip() and not _has_other_blocks(last):
        raise invalid(call, "messages: text content blocks must be non-empty")
    return replayed


def _is_paused(message: JsonObject) -> bool:
    """Whether an answer ends with what a tool of ours found."""
    blocks = objects(message.get("content"))
    kind = (as_text(blocks[-1].get("type")) or "") if blocks else ""
    return kind.endswith("_tool_result") and kind != "tool_result"


def _check_rounds(call: ApiCall, messages: list[JsonObject]) -> None:
    """Refuse a use without its result in the next message, and a result without its use in the one before."""
    called, answered = block_ids("tool_use", "id"), block_ids("tool_result", "tool_use_id")
    found = unmatched_messages(messages, called, answered, at_once=True)
    if found is None:
        return
    place, ids = f"messages.{found.at}", found.listed
    if found.is_result:
        text = f"{place}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: {ids}. "
        text += "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
    else:
        text = f"{place}: `tool_use` ids were found without `tool_result` blocks immediately after: {ids}. "
        text += "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    raise invalid(call, text)


def _mismatch_behavior(call: ApiCall) -> str | None:
    """What a changed prefix is to do, None where the request does not say."""
    thinking = as_object(call.body.get("thinking")) or {}
    binding = as_object(thinking.get("block_binding"))
    if binding is None:
        return None
    behavior = as_text(binding.get("prefix_mismatch_behavior"))
    if behavior not in ("error", "drop_block"):
        place = "thinking.adaptive.block_binding.prefix_mismatch_behavior"
        raise invalid(call, f"{place}: Input should be 'error' or 'drop_block'")
    return behavior


def _effort(call: ApiCall, model: Claude) -> str | None:
    config = as_object(call.body.get("output_config"))
    if config is None or config.get("effort") is None:
        return None
    effort = as_text(config["effort"])
    if effort not in ALL_EFFORTS:
        raise invalid(call, "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'")
    if not model.efforts:
        raise invalid(call, "This model does not support the effort parameter.")
    if effort not in model.efforts:
        listed = ", ".join(sorted(model.efforts))
        raise invalid(call, f"This model does not support effort level '{effort}'. Supported levels: {listed}.")
    return effort


def _refuse_extra_keys(call: ApiCall, thinking: JsonObject, kind: str) -> None:
    allowed = {
        "adaptive": {"type", "display"} | ({"block_binding"} if BINDING_BETA in betas_of(call) else set[str]()),
        "enabled": {"type", "display", "budget_tokens"},
        "disabled": {"type"},
        "between_tools": {"type"},
    }[kind]
    for name in thinking:
        if name not in allowed:
            raise invalid(call, f"thinking.{kind}.{name}: Extra inputs are not permitted")


def _unsupported_type(kind: str, model: Claude) -> str:
    if kind == "adaptive":
        return "adaptive thinking is not supported on this model"
    if kind == "enabled":
        return (
            '"thinking.type.enabled" is not supported for this model. '
            'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
        )
    listed = ", ".join(f'"thinking.type.{name}"' for name in model.types)
    return f'"thinking.type.{kind}" is not supported for this model. Supported: {listed}.'


def _display(call: ApiCall, thinking: JsonObject, default: str) -> str:
    display = thinking.get("display", default)
    if display == "updates":
        if UPDATES_BETA not in betas_of(call):
            raise invalid(call, "thinking.display: Input should be 'summarized' or 'omitted'")
        return "summarized"
    if display not in ("summarized", "omitted"):
        raise invalid(call, "thinking.display: Input should be 'summarized' or 'omitted'")
    return str(display)


def _budget(call: ApiCall, thinking: JsonObject, limit: int) -> int:
    if "budget_tokens" not in thinking:
        raise invalid(call, "thinking.enabled.budget_tokens: Field required")
    budget = as_int(thinking["budget_tokens"])
    if budget is None:
        raise invalid(call, "thinking.enabled.budget_tokens: Input should be a valid integer")
    if budget < 1024:
        raise invalid(call, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    interleaves = "interleaved-thinking-2025-05-14" in betas_of(call) and bool(as_list(call.body.get("tools")))
    if budget >= limit and not interleaves:
        raise invalid(call, "`max_tokens` must be greater than `thinking.budget_tokens`.")
    return budget


def _has_other_blocks(message: JsonObject) -> bool:
    return any(block.get("type") != "text" for block in objects(message.get("content")))
