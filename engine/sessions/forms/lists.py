"""All forms but our own: one conversation read from a file, and turns put into one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from msgspec import Struct

from ....profiles.state.rules import state_rule
from ....providers.json_values import obj
from ....providers.schema import Json
from ....providers.turns.pieces import TAGS, TurnPiece
from ....providers.turns.turn import Exchanged, Origin, Turn
from ...planning.continuity.tool_calls import with_ids
from ..settings import SessionSettings
from . import anthropic_messages, gemini_generate, markdown, openai_chat, openai_responses
from .file_text import json_of
from .form import FormFacts, FormName, ListForm, form_facts
from .json_object import JsonObject, objects_at
from .session_file import FileBranch, FileNode, SessionFile, without_references
from .transcript import Transcript


class _Form(Protocol):
    read: Callable[[list[JsonObject], JsonObject], Transcript]
    document: Callable[[str | None, Sequence[Exchanged]], Json]


_FORMS: Mapping[ListForm, _Form] = {
    "openai-chat": cast("_Form", openai_chat),
    "openai-responses": cast("_Form", openai_responses),
    "anthropic-messages": cast("_Form", anthropic_messages),
    "gemini-generate": cast("_Form", gemini_generate),
}


class Written(Struct, frozen=True):
    """The text of a file, and what of the conversation is not in it, in words."""

    text: str
    remarks: tuple[str, ...]


def read_list(name: ListForm, value: Any) -> Transcript:
    """The conversation in a decoded file: a list of messages, or the body that holds one. Raises `FormError`."""
    facts = form_facts(name)
    body = JsonObject(obj(value))
    if isinstance(value, dict):
        listed: Any = body.fields.get(facts.list_key)
        if isinstance(listed, str):  # a short form of one message that some wires have
            listed = [{"role": "user", "content": listed}]
        messages = objects_at(listed if listed is not None else [], body.at(facts.list_key))
    else:
        messages = objects_at(value, "$")
    return _FORMS[name].read(messages, body)


def write_form(name: FormName, title: str, system: str | None, turns: Sequence[Turn]) -> Written:
    """The conversation in a form other than our own."""
    if name == "md":
        facts, manner = None, "md"
    else:
        facts, manner = form_facts(name), name
    exchanged = [_exchanged(turn, facts) for turn in turns]
    remarks = _left_out(turns, exchanged, manner)
    if facts is None:
        authors = [turn.origin.served or turn.origin.model for turn in turns]
        return Written(markdown.text_of_conversation(title, system, exchanged, authors), remarks)
    rule = state_rule(facts.provider, facts.dialect, "")
    return Written(json_of(_FORMS[facts.name].document(system, with_ids(exchanged, rule))), remarks)


def file_of_transcript(said: Transcript, form: FormName, name: str, at: str) -> SessionFile:
    """The session that a transcript makes: nobody knows who answered, so that nothing of it is anybody's state.

    `at` is the time of the import, as ISO 8601.
    """
    facts = None if form in ("md", "thinkdial") else form_facts(form)
    authors = said.authors or ("",) * len(said.turns)
    nodes = [
        FileNode(
            node=number,
            parent=number - 1 or None,
            kind="turn",
            created_at=at,
            turn=Turn(0, turn.asked, turn.answered, _origin(facts, author)),
            system=said.system,
        )
        for number, (turn, author) in enumerate(zip(said.turns, authors, strict=True), 1)
    ]
    return SessionFile(FileBranch(name, at, SessionSettings(system=said.system), len(nodes) or None), (), tuple(nodes))


def _origin(facts: FormFacts | None, author: str) -> Origin:
    if facts is None:
        return Origin("", "", "", author, is_imported=True)
    return Origin(facts.provider, "", facts.dialect, author, is_imported=True)


def _exchanged(turn: Turn, facts: FormFacts | None) -> Exchanged:
    """What of a turn goes into the form: its own pieces as they came, of all others the words and calls."""
    turn = without_references(turn)
    if facts is None:
        return Exchanged(turn.asked, tuple(markdown.kept(turn.pieces)))
    if turn.origin.dialect in facts.dialects:
        return Exchanged(
            turn.asked,
            tuple(p for at, p in enumerate(turn.pieces) if at not in turn.dead and p.carrier != TAGS and _is_sound(p)),
        )
    asked = tuple(TurnPiece(p.kind, p.text, id=p.id, name=p.name) for p in turn.asked if p.kind in ("text", "result"))
    return Exchanged(asked, _plain(turn.pieces))


def _is_sound(piece: TurnPiece) -> bool:
    """Whether a piece that was cut off is still one: words are, a call and what is signed are not."""
    return piece.is_whole or piece.kind == "text"


def _plain(pieces: Sequence[TurnPiece]) -> tuple[TurnPiece, ...]:
    """The words and calls of an answer; words that follow one another are one text, messages its paragraphs."""
    made: list[TurnPiece] = []
    for piece in pieces:
        if piece.kind == "call" and piece.is_whole:
            made.append(TurnPiece("call", piece.text, id=piece.id, name=piece.name))
        elif piece.kind == "text" and made and made[-1].kind == "text":
            between = "\n\n" if piece.carrier == "message" else ""
            made[-1] = TurnPiece("text", f"{made[-1].text}{between}{piece.text}")
        elif piece.kind == "text" and piece.text:
            made.append(TurnPiece("text", piece.text))
    return tuple(made)


def _left_out(turns: Sequence[Turn], exchanged: Sequence[Exchanged], manner: str) -> tuple[str, ...]:
    """What is told of pieces that the form has no place for."""
    reasoning = others = 0
    for turn, one in zip(turns, exchanged, strict=True):
        reasoning += any(p.is_reasoning for p in turn.pieces) and not any(p.is_reasoning for p in one.answered)
        others += sum(p.kind in ("other", "compaction", "server_reference") for p in turn.pieces) - sum(
            p.kind in ("other", "compaction") for p in one.answered
        )
    told: list[str] = []
    if reasoning:
        told.append(f"the reasoning of {reasoning} turn{'s' if reasoning != 1 else ''} has no place in {manner}")
    if others:
        told.append(f"what the tools of providers did has no place in {manner}: {others} times")
    return tuple(told)
