"""What a row asks: a prompt, a chat, or the next message of an exported session."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.disk import read_bounded
from ....profiles.shapes.shape import Shape
from ....providers.errors import UsageError
from ....providers.json_values import array
from ....providers.schema import Message
from ....providers.turns.pieces import TurnPiece
from ...checks.terms import ExpectTerms
from ...planning.fates import Past
from ...planning.inputs.stand_ins import StandIns
from .digests import digest_of

if TYPE_CHECKING:
    from ...sessions.forms.session_file import FileNode, SessionFile
    from ...tools.toolset import ToolsWish

Template = Callable[[Mapping[str, Any]], str]
"""Fields of a row -> its prompt. Raises `ValueError` with words for the person who wrote the template."""

MOST_SESSION_BYTES = 64 * 1024 * 1024


class UnusableError(Exception):
    """A row that cannot be sent, in words."""


class RowConversation(Struct, frozen=True):
    """What is asked, and after what: messages, or the turns of a session. `digest` stands for all of it.

    `asked` are the parts of the prompt, where files are among them.
    """

    text: str
    digest: bytes
    system: str | None = None
    earlier: tuple[Message, ...] = ()
    past: Past | None = None
    shape: Shape | None = None
    tools: ToolsWish | None = None
    asked: tuple[TurnPiece, ...] = ()
    stand_ins: StandIns = {}


class _RowSession(Struct, frozen=True):
    """The way of an exported session: its turns, its system prompt, and the JSON that says all of it."""

    past: Past
    system: str | None
    written: str


_RARE = frozenset(("schema", "tools", "tool_choice"))
"""Fields that change what a conversation is, besides its words."""


def asked_of(entry: Mapping[str, Any], template: Template | None, terms: ExpectTerms) -> RowConversation:
    """What the fields of a row ask. Raises `UnusableError`."""
    asked = _asked_of(entry, template, terms)
    if _RARE.isdisjoint(entry) and not asked.asked and asked.past is None:  # as nearly all rows are
        return asked
    shape, tools = _shape(entry), _tools(entry)
    if terms.files is not None and terms.files.convert and (asked.asked or asked.past is not None):
        asked = _with_stand_ins(asked)
    if shape is not None:
        digest = digest_of(asked.digest.hex(), json.dumps(shape.schema, sort_keys=True))
        asked = replace(asked, digest=digest, shape=shape)
    if tools is None:
        return asked
    said = json.dumps([entry.get("tools"), entry.get("tool_choice")], sort_keys=True)
    return replace(asked, digest=digest_of(asked.digest.hex(), said), tools=tools)


def _tools(entry: Mapping[str, Any]) -> ToolsWish | None:
    """The declarations of a row: data, of which nothing is ever run. Files are for options and profiles."""
    if entry.get("tools") is None and entry.get("tool_choice") is None:
        return None
    from ...tools.toolset import tools_said

    given: Any = entry.get("tools")
    if isinstance(given, str) or any(isinstance(one, str) for one in array(given)):
        raise UnusableError("tools must be declarations: files with some are for --tool and profiles")
    try:
        return tools_said(given, entry.get("tool_choice"), "tools")
    except UsageError as error:
        raise UnusableError(error.message) from None


def _shape(entry: Mapping[str, Any]) -> Shape | None:
    if entry.get("schema") is None:
        return None
    from ...shapes.for_target import shape_said

    try:
        return shape_said(entry["schema"], "schema")
    except UsageError as error:
        raise UnusableError(error.message) from None


def _asked_of(entry: Mapping[str, Any], template: Template | None, terms: ExpectTerms) -> RowConversation:
    system = read_text(entry, "system") if "system" in entry else None
    session = _session(entry["session"], terms) if entry.get("session") is not None else None
    earlier: tuple[Message, ...] = ()
    if template is not None:
        try:
            text = template(entry)
        except ValueError as error:
            raise UnusableError(str(error)) from None
    elif "messages" in entry:
        text, earlier, within = _chat(entry["messages"])
        if within is not None and system is not None:
            raise UnusableError("gives the system prompt twice: in system and in messages")
        if session is not None and earlier:
            raise UnusableError("gives what was said before twice: in session and in messages")
        system = within or system
    else:
        text = read_text(entry, "prompt")
        if text is None:
            raise UnusableError("has no prompt and no messages; for other fields pass --template")
    if not text.strip():
        raise UnusableError("its prompt is empty")
    asked = _attached(entry, text, terms) if entry.get("attach") is not None else ()
    if session is None and not asked and not earlier:
        return RowConversation(text, digest_of(text, system or ""), system)
    files = [f"{piece.carrier} {piece.native.get('sha256')}" if piece.kind == "file" else piece.text for piece in asked]
    if session is None:
        said = (part for message in earlier for part in (message.role, message.text))
        return RowConversation(text, digest_of(text, system or "", *said, *files), system, earlier, asked=asked)
    system = system or session.system
    digest = digest_of(text, system or "", session.written, *files)
    return RowConversation(text, digest, system, past=session.past, asked=asked)


def _with_stand_ins(asked: RowConversation) -> RowConversation:
    from ...attachments.converted import stand_ins_of  # which few batches need

    turns = () if asked.past is None else asked.past.turns
    return replace(asked, stand_ins=stand_ins_of([*asked.asked, *(one for turn in turns for one in turn.asked)]))


def _attached(entry: Mapping[str, Any], text: str, terms: ExpectTerms) -> tuple[TurnPiece, ...]:
    from .attachments import attached_to  # which few rows need

    try:
        return attached_to(entry, text, terms)
    except UsageError as error:
        raise UnusableError(error.message) from None


def read_text(entry: Mapping[str, Any], name: str) -> str | None:
    """The text in a field, None where there is none. Raises `UnusableError`."""
    value = entry.get(name)
    if value is None or isinstance(value, str):
        return value
    raise UnusableError(f"{name} must be text, not {type(value).__name__}")


def _chat(messages: Any) -> tuple[str, tuple[Message, ...], str | None]:
    """The last message, those before it, and the system prompt among them."""
    if not isinstance(messages, list) or not messages:
        raise UnusableError("messages must be a list that is not empty")
    earlier: list[Message] = []
    system: list[str] = []
    for index, message in enumerate(cast("list[Any]", messages)):
        entry = cast("dict[str, Any]", message) if isinstance(message, dict) else {}
        role, content = entry.get("role"), entry.get("content")
        if isinstance(content, list):  # the parts that OpenAI's chat and others write; only text can be sent
            parts = [cast("dict[str, Any]", part) for part in cast("list[Any]", content) if isinstance(part, dict)]
            texts = [part.get("text") for part in parts]
            whole = len(parts) == len(cast("list[Any]", content)) and all(isinstance(said, str) for said in texts)
            content = "\n\n".join(cast("list[str]", texts)) if whole else None
        if not isinstance(content, str):
            raise UnusableError(f"messages[{index}] has no text content")
        if role in ("system", "developer"):
            system.append(content)
        elif role in ("user", "assistant"):
            earlier.append(Message(role, content))
        else:
            raise UnusableError(f"messages[{index}] has the role {role!r}; roles are system, user and assistant")
    if not earlier or earlier[-1].role != "user":
        raise UnusableError("the last of messages must be the user's")
    return earlier[-1].text, tuple(earlier[:-1]), "\n\n".join(system) or None


def _session(value: Any, terms: ExpectTerms) -> _RowSession:
    """The session that stands in the row, or in the file that it names, by the `terms` on which rows name files."""
    from ...sessions.forms.file_text import text_of, value_of
    from ...sessions.forms.json_object import FormError
    from ...sessions.forms.session_reader import read_session

    place = "session"
    try:
        if isinstance(value, str):
            place = f"session {value[:300]}"
            value = value_of(text_of(_bytes_of(terms.path(value, "session"))))
        file = read_session(value)
    except UsageError as error:
        raise UnusableError(error.message) from None
    except FormError as error:
        raise UnusableError(f"{place}: {error}") from None
    except OSError as error:
        raise UnusableError(f"{place} cannot be read: {error.strerror or error}") from None
    way = _way(file)
    turns = tuple(replace(node.turn, number=number) for number, node in enumerate(way, 1))
    system = file.session.settings.system or (way[-1].system if way else None)
    return _RowSession(Past(turns), system, json.dumps(value, sort_keys=True, ensure_ascii=False))


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():  # nothing waits for a pipe or a device that a row names
        raise OSError("there is no such file")
    return read_bounded(path, MOST_SESSION_BYTES)


def _way(file: SessionFile) -> list[FileNode]:
    """The turns from the first to the one that the session goes on after."""
    nodes = {node.node: node for node in file.nodes}
    way: list[FileNode] = []
    at = file.session.tip
    while at is not None:
        way.append(nodes[at])
        at = nodes[at].parent
    return [node for node in reversed(way) if node.kind == "turn"]
