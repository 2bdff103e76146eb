"""The words in which is told which tools were declared, and what was called."""

from __future__ import annotations

from msgspec import Struct

from ...providers.schema import Json
from ..shapes.words import ShapeChange


class SentTool(Struct, frozen=True):
    """One function as it was declared: whether it is strict, None where nothing is said, and changes of its schema."""

    name: str
    strict: bool | None = None
    changes: tuple[ShapeChange, ...] = ()


class ToolsReceipt(Struct, frozen=True):
    """What the model could call, and whether it had to: `auto`, `none`, `required`, or the name of a tool.

    That is as it was `requested` and as it was `sent`; `note` says why that is another. `declared` are the functions in
    their order.
    """

    requested: str
    sent: str
    note: str | None = None
    declared: tuple[SentTool, ...] = ()


class ToolCall(Struct, frozen=True):
    """One call of an answer. `arguments` are None where `text`, which is what came, is no JSON object.

    `errors` say what is wrong with it: a tool that was not given, arguments that are no JSON, or that do not fit the
    schema of the tool, each with its place (`$.city`).
    """

    id: str | None
    name: str
    arguments: Json | None = None
    text: str = ""
    errors: tuple[str, ...] = ()
