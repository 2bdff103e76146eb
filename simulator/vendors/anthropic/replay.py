"""What comes back of earlier thinking: read, dropped and told, or refused.

Sources: https://platform.claude.com/docs/en/build-with-claude/preserved-thinking,
https://platform.claude.com/docs/en/build-with-claude/extended-thinking
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_int, as_list, as_object, as_text, joined_text, objects
from ...state.prompts import PromptSection, SectionedPrompt
from ...state.seals import fingerprint, seal, unseal
from . import bindings, media
from .models import Claude
from .replies import invalid

SIGNATURE_MARK = b"thinkdial-simulated-signature:"
COMPACTION_MARK = b"thinkdial-simulated-compacted:"
#: A key that begins so belongs to an account from before the day on which prefixes began to be enforced.
OLD_ACCOUNT = "old-"
THOUGHTS = ("thinking", "redacted_thinking")


class JudgedHistory(Struct, frozen=True):
    """A conversation after its thinking blocks were judged.

    `prefix` stands for it, `read` for the blocks that the model was shown, in their order; `changes` are the entries
    of `input_transformations`.
    """

    prompt: SectionedPrompt
    prefix: str
    read: tuple[str, ...]
    changes: tuple[JsonObject, ...]


@dataclass(slots=True)
class _Reader:
    """Walks through the messages; `broken` since a block did not match what stands before it."""

    call: ApiCall
    model: Claude
    behavior: str
    enforced: bool
    prefix: str
    read: list[str]
    changes: list[JsonObject]
    broken: bool = False


def read_back(call: ApiCall, model: Claude, messages: list[JsonObject], behavior: str | None) -> JudgedHistory:
    """Judge every block. `behavior` is `prefix_mismatch_behavior`, None where the request does not say.

    Raises `RejectedError` for a block that was tampered with or is bound to a different conversation.
    """
    by_default = bindings.is_always_enforced(model.id) or not key_of(call).startswith(OLD_ACCOUNT)
    # A row of a batch that says nothing loses the block instead of failing.
    usual = "drop_block" if call.scope else "error"
    head = fingerprint(joined_text(call.body.get("system")), call.body.get("tools"))
    reader = _Reader(call, model, behavior or usual, by_default or behavior is not None, head, [], [])
    sections = [_system(call)]
    last = max((at for at, message in enumerate(messages) if _is_question(message)), default=-1)
    summary = _compacted(call, messages)
    for position, message in enumerate(messages):
        sections.append(_section(reader, position, message, forgets=bindings.forgets(model.id) and position < last))
        reader.prefix = fingerprint(reader.prefix, message.get("role"), _plain(message))
    if call.body.get("cache_control") is not None and len(sections) > 1:
        sections[-1] = PromptSection(
            sections[-1].text, sections[-1].reasoning_tokens, sections[-1].more, True, sections[-1].media_tokens
        )
    prompt = SectionedPrompt((sections[0], *sections[1 + summary :]))
    return JudgedHistory(prompt, reader.prefix, tuple(reader.read), tuple(reader.changes))


def key_of(call: ApiCall) -> str:
    return call.request.headers.get("x-api-key") or call.bearer


def organization_of(call: ApiCall) -> str:
    return fingerprint("organization", key_of(call))


def signature_of(call: ApiCall, model: Claude, replayed: JudgedHistory, thinking: str, tokens: int) -> str:
    """The signature of a new block, which holds what it is bound to."""
    facts: JsonObject = {
        "id": call.id("", "block", length=8),
        "model": model.id,
        "organization": organization_of(call),
        "prefix": replayed.prefix,
        "text": fingerprint(thinking) if thinking else "",
        "tokens": tokens,
        "read": list(replayed.read),
    }
    return seal(SIGNATURE_MARK, facts)


def compaction_of(call: ApiCall, summary: str, instructions: str) -> JsonObject:
    """A signed block that stands for everything before it."""
    facts: JsonObject = {"organization": organization_of(call), "text": fingerprint(summary), "as": instructions}
    return {"type": "compaction", "content": summary, "signature": seal(COMPACTION_MARK, facts)}


def _system(call: ApiCall) -> PromptSection:
    blocks = objects(call.body.get("system"))
    return PromptSection(
        joined_text(call.body.get("system")), ends_cached=any("cache_control" in one for one in blocks)
    )


def _compacted(call: ApiCall, messages: list[JsonObject]) -> int:
    """How many messages stand before the newest compaction block, which is checked; the model is not shown them."""
    begun = 0
    for position, message in enumerate(messages):
        for index, block in enumerate(objects(message.get("content"))):
            if block.get("type") != "compaction":
                continue
            place = f"messages.{position}.content.{index}"
            if index != 0 or message.get("role") != "assistant":
                text = "a `compaction` block must be the first block of an assistant message"
                raise invalid(call, f"{place}: {text} (compaction_block_misplaced)")
            signature, content = as_text(block.get("signature")), as_text(block.get("content")) or ""
            if not content:
                raise invalid(call, f"{place}: the content was changed (compaction_block_content_mismatch)")
            facts = unseal(COMPACTION_MARK, signature or "")
            if signature is not None and facts is None:
                raise invalid(call, f"{place}: the signature is not valid (compaction_block_signature_invalid)")
            if facts is not None and facts.get("text") != fingerprint(content):
                raise invalid(call, f"{place}: the content was changed (compaction_block_content_mismatch)")
            begun = position
    return begun


def _is_question(message: JsonObject) -> bool:
    blocks = objects(message.get("content"))
    return message.get("role") == "user" and not any(block.get("type") == "tool_result" for block in blocks)


def _section(reader: _Reader, position: int, message: JsonObject, *, forgets: bool) -> PromptSection:
    call, blocks = reader.call, objects(message.get("content"))
    if message.get("role") == "assistant" and blocks and blocks[-1].get("type") in THOUGHTS:
        raise invalid(call, f"messages.{position}: The final block in an assistant message cannot be `thinking`.")
    shown, seen = 0, len(reader.read)
    for index, block in enumerate(blocks):
        if block.get("type") not in THOUGHTS:
            continue
        place = f"messages.{position}.content.{index}"
        facts = _facts(call, place, block)
        if _judge(reader, place, facts):
            reader.read.append(str(facts["id"]))
            shown += 0 if forgets else as_int(facts.get("tokens")) or 0
    marked = any("cache_control" in block for block in blocks)
    files = media.tokens_of(call, f"messages.{position}.content", blocks)
    return PromptSection(joined_text(message.get("content")), shown, "".join(reader.read[seen:]), marked, files)


def _facts(call: ApiCall, place: str, block: JsonObject) -> JsonObject:
    """What a block is bound to. Raises where it is not the vendor's, or no longer what it was."""
    if block.get("type") == "redacted_thinking":
        facts = unseal(SIGNATURE_MARK, as_text(block.get("data")) or "")
        if facts is None:
            raise invalid(call, f"{place}: Invalid `data` in `redacted_thinking` block")
        return facts
    signature = as_text(block.get("signature"))
    if signature is None:
        raise invalid(call, f"{place}.thinking.signature: Field required")
    facts = unseal(SIGNATURE_MARK, signature)
    if facts is None:
        raise invalid(call, f"{place}: Invalid `signature` in `thinking` block")
    # What is put into the empty field of an omitted block is ignored.
    if facts["text"] and facts["text"] != fingerprint(as_text(block.get("thinking")) or ""):
        raise invalid(
            call,
            f"{place}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. "
            "These blocks must remain as they were in the original response.",
        )
    return facts


def _judge(reader: _Reader, place: str, facts: JsonObject) -> bool:
    """Whether the model is shown the block. What is wrong is told in the order of its weight."""
    writer = str(facts["model"])
    away = not reader.call.scope and facts["organization"] != organization_of(reader.call)
    if away and bindings.is_bound_to_account(writer):
        return _drop(reader, place, "organization_binding_mismatch")
    if not bindings.reads(reader.model.id, writer):
        return _drop(reader, place, "model_binding_mismatch")
    if not bindings.is_bound_to_prefix(reader.model.id) or not bindings.is_bound_to_prefix(writer):
        return True
    if not reader.broken and facts["prefix"] == reader.prefix and not _has_gap(facts, reader.read):
        return True
    reader.broken = True
    if not reader.enforced:
        reader.changes.append({"type": "thinking_mismatch_allowed", "path": place, "reason": "prefix_binding_mismatch"})
        return True
    if reader.behavior == "error":
        text = "Invalid `thinking` block. The block is bound to a different conversation."
        raise invalid(reader.call, f"{place}: {text}")
    return _drop(reader, place, "prefix_binding_mismatch")


def _drop(reader: _Reader, place: str, reason: str) -> bool:
    reader.changes.append({"type": "thinking_dropped", "path": place, "reason": reason})
    return False


def _has_gap(facts: JsonObject, read: list[str]) -> bool:
    """Whether a block is missing between those that were there when this one was made: only the oldest may go."""
    known = [str(one) for one in as_list(facts.get("read")) or []]
    there = [one for one in known if one in read]
    return there != known[len(known) - len(there) :]


def _plain(message: JsonObject) -> object:
    """A message as it counts for what comes after it: without thoughts and without marks of caching."""
    text = as_text(message.get("content"))
    if text is not None:
        return [[("text", text), ("type", "text")]]
    blocks = (as_object(block) or {} for block in as_list(message.get("content")) or [])
    return [
        sorted((name, value) for name, value in block.items() if name != "cache_control")
        for block in blocks
        if block.get("type") not in THOUGHTS
    ]
