"""What is kept of tools with a call, so that its calls can be read again from the bytes."""

from __future__ import annotations

from typing import Any, get_args

from ...providers.errors import UsageError
from ...providers.json_values import items, text
from ..shapes.words import SchemaChangeKind, ShapeChange
from .choice import choice_of
from .request import ToolsPlan
from .toolset import ToolsWish, resolved_tools, wish_document, wish_from
from .words import SentTool


def kept_tools(plan: ToolsPlan) -> dict[str, Any]:
    """The tools and how they were declared as JSON; `tools_kept` reads it."""
    sent = [
        {
            "name": tool.name,
            "strict": tool.strict,
            "changes": [
                {name: getattr(change, name) for name in ShapeChange.__struct_fields__} for change in tool.changes
            ],
        }
        for tool in plan.sent
    ]
    wish = ToolsWish(plan.toolset.tools, plan.toolset.choice.word)
    return {**wish_document(wish), "asked": plan.choice.word, "note": plan.note, "sent": sent}


def tools_kept(document: Any) -> ToolsPlan | None:
    """What `kept_tools` wrote, as far as reading calls needs it; None for anything else."""
    wish = wish_from(document)
    if wish is None:
        return None
    try:
        toolset = resolved_tools(wish.tools, wish.choice, "tool_choice")
        asked = choice_of(text(document.get("asked")), toolset.names, "tool_choice")
    except UsageError:
        return None
    sent = tuple(
        SentTool(
            text(one.get("name")) or "",
            one["strict"] if isinstance(one.get("strict"), bool) else None,
            tuple(
                ShapeChange(change["kind"], *(text(change.get(name)) or "" for name in ("path", "keyword", "words")))
                for change in items(one.get("changes"))
                if change.get("kind") in get_args(SchemaChangeKind)
            ),
        )
        for one in items(document.get("sent"))
    )
    return ToolsPlan(toolset, asked, note=text(document.get("note")), sent=sent)
