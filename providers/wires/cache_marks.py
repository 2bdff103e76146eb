"""Marks of prompt caches on messages, whose contents are a text or a list of blocks: Anthropic's, Converse's, a chat's.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching and
https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..json_values import obj

MARKED_MESSAGES = 2
"""The new prompt, and the prompt before it, which the request of the last turn had marked."""

_UNMARKABLE = frozenset({"thinking", "redacted_thinking"})


def with_marks(messages: Sequence[Mapping[str, Any]], mark: Mapping[str, Any], *, as_block: bool) -> list[Any]:
    """`messages` with `mark` at the end of the user's newest ones. One without a block that can bear it has none."""
    marked: list[Any] = [*messages]
    asked = [at for at, message in enumerate(messages) if message.get("role") == "user"]
    for at in asked[-MARKED_MESSAGES:]:
        content = marked_content(messages[at].get("content"), mark, as_block=as_block)
        if content is not None:
            marked[at] = {**messages[at], "content": content}
    return marked


def marked_content(content: Any, mark: Mapping[str, Any], *, as_block: bool) -> list[Any] | None:
    """A content, or a system text, whose last block bears `mark`; None where none can: an empty text is refused."""
    if isinstance(content, str):
        blocks: list[Any] = [{"text": content} if as_block else {"type": "text", "text": content}]
    else:
        blocks = [*cast("Sequence[Any]", content)] if isinstance(content, (list, tuple)) else []
    last = next((at for at in reversed(range(len(blocks))) if _can_bear(blocks[at])), None)
    if last is None:
        return None
    if as_block:
        return [*blocks, dict(mark)]
    blocks[last] = {**blocks[last], **mark}
    return blocks


def _can_bear(block: Any) -> bool:
    fields = obj(block)
    if fields.get("type") in _UNMARKABLE or "reasoningContent" in fields:
        return False
    return "text" not in fields or bool(str(fields["text"]).strip())
