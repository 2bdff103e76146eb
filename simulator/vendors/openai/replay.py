"""What comes back of earlier output items: read, removed and told, or refused; and how new ones are sealed.

Sources: https://developers.openai.com/api/docs/guides/reasoning,
https://developers.openai.com/api/docs/api-reference/responses/create, https://developers.openai.com/api/docs/guides/compaction
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_int, as_text, joined_text, objects
from ...calls.reply import RejectedError
from ...calls.rounds import unmatched_items
from ...state.prompts import PromptSection, SectionedPrompt
from ...state.seals import fingerprint, seal, unseal
from .media import tokens_of

ENCRYPTED_MARK = "gAAAAABthinkdialsimulated"
_NO_OUTPUT = "No tool output found for function call"
ROLES = ("assistant", "system", "developer", "user")
MOST_COMPACTED_CHARACTERS = 10_485_760

Refuse = Callable[..., RejectedError]
"""How the vendor refuses: the call, a text, a parameter, a code; and a status."""


class Party(Struct, frozen=True):
    """Whose items they are: the vendor, the model that is asked, and how it refuses.

    `all_turns`: thoughts of earlier turns are shown to the model; without, they are removed and told.
    """

    vendor: str
    model: str
    refuse: Refuse
    all_turns: bool = True


class Recalled(Struct, frozen=True):
    """The conversation after its items were judged; `changes` are the entries of `input_transformations`."""

    prompt: SectionedPrompt
    changes: tuple[JsonObject, ...] = ()


def recall(call: ApiCall, party: Party) -> Recalled:
    """Read `instructions` and `input`. Raises `RejectedError` for an item that cannot be."""
    given, instructions = call.body.get("input"), PromptSection(joined_text(call.body.get("instructions")))
    if isinstance(given, str):
        return Recalled(SectionedPrompt((instructions, PromptSection(given))))
    items = objects(given)
    if not items:
        raise party.refuse(call, "Missing required parameter: 'input'.", "input", "missing_required_parameter")
    _check_rounds(call, party, items)
    sections, changes = [instructions], list[JsonObject]()
    last_question = max((at for at, item in enumerate(items) if item.get("role") == "user"), default=-1)
    thought, more = 0, ""
    for position, item in enumerate(items):
        match item.get("type", "message"):
            case "reasoning":
                facts = _reasoning(call, party, item, items[position + 1 :])
                reason = _mismatch(call, party, facts, is_earlier=position < last_question)
                if reason is not None:
                    changes.append({"id": item.get("id"), "action": "removed", "reason": reason})
                else:
                    thought += as_int(facts.get("tokens")) or 0
                    more += str(facts.get("id"))
            case "compaction":
                facts = _sealed(call, party, item)
                # What stood before the newest one is not read.
                sections = [instructions, PromptSection("", as_int(facts.get("tokens")) or 0, str(facts.get("id")))]
                thought, more = 0, ""
            case "message":
                _message(call, party, position, item, items[:position])
                files = tokens_of(call, f"input[{position}].content", objects(item.get("content")), party.refuse)
                sections.append(PromptSection(joined_text(item.get("content")), thought, more, media_tokens=files))
                thought, more = 0, ""
            case _:
                sections.append(
                    PromptSection(as_text(item.get("arguments")) or joined_text(item.get("output")), thought, more)
                )
                thought, more = 0, ""
    return Recalled(SectionedPrompt(tuple(sections)), tuple(changes))


def _check_rounds(call: ApiCall, party: Party, items: list[JsonObject]) -> None:
    """Refuse a call without its output, and an output without its call."""
    found = unmatched_items(items, result="function_call_output", name="call_id")
    if found is None or (found.is_result and call.body.get("previous_response_id") is not None):
        return
    what = "No tool call found for function call output with call_id" if found.is_result else _NO_OUTPUT
    raise party.refuse(call, f"{what} {found.listed}.", "input", None)


def encrypted(call: ApiCall, party: Party, kind: str, tokens: int) -> str:
    """The ciphertext of a new item."""
    facts: JsonObject = {
        "id": call.id("", kind, length=12),
        "vendor": party.vendor,
        "model": party.model,
        "organization": _organization(call),
        "kind": kind,
        "tokens": tokens,
    }
    return ENCRYPTED_MARK + seal(b"", facts)


def reasoning_id(call: ApiCall) -> str:
    """An id that tells whether the item is kept by the vendor."""
    return call.id("rs_", length=47) + ("s" if is_stored(call) else "0")


def message_id(call: ApiCall, *, after_reasoning: bool) -> str:
    """An id that tells whether the message goes with a reasoning item."""
    return call.id("msg_", length=47) + ("r" if after_reasoning else "0")


def is_stored(call: ApiCall) -> bool:
    return call.body.get("store") is not False


def _organization(call: ApiCall) -> str:
    return fingerprint("organization", call.bearer)


def _reasoning(call: ApiCall, party: Party, item: JsonObject, following: list[JsonObject]) -> JsonObject:
    """What the item is bound to; nothing for one that is only named and still stored."""
    name = as_text(item.get("id"))
    sealed = None if item.get("encrypted_content") is None else _sealed(call, party, item)
    if not following or following[0].get("role") in ("user", "system", "developer"):
        text = f"Item '{name or 'rs_'}' of type 'reasoning' was provided without its required following item."
        raise party.refuse(call, text, "input", None)
    if name and following[0].get("type", "message") == "message" and not as_text(following[0].get("id")):
        text = f"Item '{name}' of type 'reasoning' was provided without its required following item."
        raise party.refuse(call, text, "input", None)
    if sealed is not None:
        return sealed
    if name is None or not name.endswith("s"):
        text = (
            f"Item with id '{name}' not found. Items are not persisted when `store` is set to false. "
            "Try again with `store` set to true, or remove this item from your input."
        )
        raise party.refuse(call, text, "input", None, status=404)
    return {"id": name, "organization": _organization(call), "model": party.model}


def _sealed(call: ApiCall, party: Party, item: JsonObject) -> JsonObject:
    name, content = as_text(item.get("id")) or "rs_", as_text(item.get("encrypted_content")) or ""
    if len(content) > MOST_COMPACTED_CHARACTERS:
        text = f"Invalid 'input': string too long. Expected a string with maximum length {MOST_COMPACTED_CHARACTERS}."
        raise party.refuse(call, text, "input", "string_above_max_length")
    facts = unseal(b"", content.removeprefix(ENCRYPTED_MARK)) if content.startswith(ENCRYPTED_MARK) else None
    if facts is None or facts.get("vendor") != party.vendor:
        text = (
            f"The encrypted content for item {name} could not be verified. "
            "Reason: Encrypted content could not be decrypted or parsed."
        )
        raise party.refuse(call, text, None, "invalid_encrypted_content")
    return facts


def _mismatch(call: ApiCall, party: Party, facts: JsonObject, *, is_earlier: bool) -> str | None:
    """Why the model is not shown an item, or None."""
    if not call.scope and facts.get("organization") != _organization(call):
        return "organization_mismatch"
    if facts.get("model") != party.model:
        return "model_mismatch"
    return "turn_boundary" if is_earlier and not party.all_turns else None


def _message(call: ApiCall, party: Party, position: int, item: JsonObject, before: list[JsonObject]) -> None:
    if item.get("role") not in ROLES:
        listed = ", ".join(f"'{role}'" for role in ROLES)
        text = f"Invalid value: '{item.get('role')}'. Supported values are: {listed}."
        raise party.refuse(call, text, f"input[{position}].role", "invalid_value")
    name = as_text(item.get("id")) or ""
    if name.startswith("msg_") and name.endswith("r") and (not before or before[-1].get("type") != "reasoning"):
        text = f"Item '{name}' of type 'message' was provided without its required 'reasoning' item."
        raise party.refuse(call, text, "input", None)
