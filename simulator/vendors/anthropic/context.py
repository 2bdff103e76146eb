"""What Claude's API leaves out of a conversation that has grown: old thinking, or all of it for a summary.

Sources: https://platform.claude.com/docs/en/build-with-claude/context-editing,
https://platform.claude.com/docs/en/build-with-claude/compaction
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_int, as_object, as_text, objects
from ...state.prompts import PromptSection, SectionedPrompt
from .replay import JudgedHistory, compaction_of
from .replies import invalid

EDITING_BETA, OLD_COMPACTION_BETA, COMPACTION_BETA = (
    "context-management-2025-06-27",
    "compact-2026-01-12",
    "compact-2026-09-04",
)
CLEARS_THINKING, COMPACTS = "clear_thinking_20251015", "compact_20260112"
LEAST_TRIGGER, USUAL_TRIGGER = 50_000, 150_000
SUMMARY_TOKENS = 120
"""What a summary weighs, whatever it sums up."""


class Edited(Struct, frozen=True):
    """A conversation after what was asked for has been left out.

    `applied` are the entries of `applied_edits`. `compaction` is the block that stands for what went, `summarized` what
    writing it took of input tokens. `only_summary`: nothing else was asked for.
    """

    replayed: JudgedHistory
    applied: tuple[JsonObject, ...] = ()
    compaction: JsonObject | None = None
    summarized: int = 0
    only_summary: bool = False


def edit(call: ApiCall, replayed: JudgedHistory, betas: set[str]) -> Edited:
    """Do what `context_management` and `compaction` ask for. Raises `RejectedError` where they cannot be."""
    asked = as_object(call.body.get("compaction"))
    if asked is not None:
        return _summarized(call, replayed, asked, betas)
    edited = Edited(replayed)
    for place, one in enumerate(objects((as_object(call.body.get("context_management")) or {}).get("edits"))):
        match one.get("type"):
            case kind if kind == CLEARS_THINKING and EDITING_BETA in betas:
                if place > 0:
                    text = "clear_thinking_20251015 strategy must be first in the list of edits"
                    raise invalid(call, f"context_management.edits: {text}")
                edited = _cleared(edited, one)
            case kind if kind == COMPACTS and OLD_COMPACTION_BETA in betas:
                edited = _compacted(call, edited, one)
            case _:
                raise invalid(
                    call, f"context_management.edits.{place}.type: Input tag '{one.get('type')}' is not known"
                )
    return edited


def _summarized(call: ApiCall, replayed: JudgedHistory, asked: JsonObject, betas: set[str]) -> Edited:
    if COMPACTION_BETA not in betas:
        raise invalid(call, "compaction: Extra inputs are not permitted")
    if asked.get("type") != "summarize":
        raise invalid(call, "compaction.type: Input should be 'summarize'")
    messages = objects(call.body.get("messages"))
    if not any(message.get("role") == "assistant" for message in messages):
        raise invalid(call, "compaction: there is nothing to summarize (compaction_nothing_to_summarize)")
    block = compaction_of(call, _summary(messages), as_text(asked.get("instructions")) or "")
    return Edited(replayed, compaction=block, summarized=replayed.prompt.size, only_summary=True)


def _cleared(edited: Edited, one: JsonObject) -> Edited:
    """Without the thinking of all but the last turns that have any."""
    keep = one.get("keep")
    kind = as_object(keep) or {}
    if keep == "all" or kind.get("type") == "all":
        return edited
    kept = as_int(kind.get("value")) or 1
    sections = list(edited.replayed.prompt.sections)
    thinking = [place for place, section in enumerate(sections) if section.reasoning_tokens]
    gone = thinking[: max(0, len(thinking) - kept)]
    tokens = sum(sections[place].reasoning_tokens for place in gone)
    for place in gone:
        sections[place] = replace(sections[place], reasoning_tokens=0, more="")
    applied: JsonObject = {
        "type": CLEARS_THINKING,
        "cleared_thinking_turns": len(gone),
        "cleared_input_tokens": tokens,
    }
    replayed = replace(edited.replayed, prompt=SectionedPrompt(tuple(sections)))
    return replace(edited, replayed=replayed, applied=(*edited.applied, applied) if gone else edited.applied)


def _compacted(call: ApiCall, edited: Edited, one: JsonObject) -> Edited:
    """With a summary in place of all but the last message, once the conversation has passed the trigger."""
    trigger = as_int((as_object(one.get("trigger")) or {}).get("value")) or USUAL_TRIGGER
    if trigger < LEAST_TRIGGER:
        text = f"trigger.value: Input should be greater than or equal to {LEAST_TRIGGER}"
        raise invalid(call, f"context_management.edits: {text}")
    prompt = edited.replayed.prompt
    if prompt.size < trigger or len(prompt.sections) < 3:
        return edited
    block: JsonObject = {"type": "compaction", "content": _summary(objects(call.body.get("messages")))}
    first, *_, last = prompt.sections
    short = SectionedPrompt((first, PromptSection(str(block["content"])), last))
    return replace(edited, replayed=replace(edited.replayed, prompt=short), compaction=block, summarized=prompt.size)


def _summary(messages: list[JsonObject]) -> str:
    return f"<summary>A simulated summary of {len(messages)} messages.</summary>"
