"""`thinkdial.session/1` read, as what it is: the file of a stranger."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args, get_type_hints

from ....providers.errors import StoreError, UsageError
from ....providers.schema import Json
from ....providers.think import parse_think
from ....providers.turns.pieces import TurnPiece, piece_of_document
from ....providers.turns.turn import Origin, Turn
from ...history.conversations.rows import TurnKind
from ..settings import SessionSettings, settings_of
from .json_object import FormError, JsonObject, object_at
from .session_file import SESSION_SCHEMA, SETTINGS_KEYS, FileBranch, FileNode, SessionFile, without_references

MOST_DOLLARS = Decimal(10**9)
_MOST_DIGITS = 40


def read_session(value: Any) -> SessionFile:
    """The session in a decoded file. Unknown fields are ignored. Raises `FormError`."""
    root = object_at(value, "$")
    schema = root.text_or_none("schema")
    if schema != SESSION_SCHEMA:
        told = "is missing" if schema is None else f"is {schema[:60]!r}"
        raise root.bad("schema", f"{told}; this reads {SESSION_SCHEMA}")
    nodes: dict[int, FileNode] = {}
    for one in root.objects("nodes"):
        node = _node(one)
        if node.node in nodes:
            raise one.bad("node", f"{node.node} is there twice")
        if node.parent is not None and node.parent not in nodes:
            raise one.bad("parent", f"there is no node {node.parent} before this one")
        nodes[node.node] = node
    return SessionFile(
        _branch(root, nodes),
        tuple(_branch(branch, nodes) for branch in root.objects("branches")),
        tuple(nodes.values()),
    )


def _branch(one: JsonObject, nodes: Mapping[int, FileNode]) -> FileBranch:
    tip = one.whole_or_none("tip")
    if tip is not None and tip not in nodes:
        raise one.bad("tip", f"there is no node {tip}")
    return FileBranch(one.text("name"), one.date("created_at"), _settings(one.object("settings")), tip)


def _settings(one: JsonObject) -> SessionSettings:
    hints = get_type_hints(SessionSettings)
    known: dict[str, Any] = {}
    for name in SETTINGS_KEYS:
        if name not in one:
            continue
        if bool in _kinds(hints[name]):
            known[name] = one.flag(name)
        elif int in _kinds(hints[name]):
            known[name] = one.whole(name)
        elif Decimal in _kinds(hints[name]):
            known[name] = str(_dollars(one, name))
        else:
            known[name] = one.text(name)
    try:
        if "think" in known:
            parse_think(known["think"])
    except UsageError as error:
        raise one.bad("think", error.message) from None
    try:
        return settings_of(known)
    except StoreError as error:
        raise FormError(one.place, error.message.rpartition("damaged: ")[2]) from None


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) or (hint,)


def _node(one: JsonObject) -> FileNode:
    return FileNode(
        node=one.whole("node"),
        parent=one.whole_or_none("parent"),
        kind=cast("TurnKind", one.choice("kind", get_args(TurnKind))),
        created_at=one.date("created_at"),
        turn=without_references(_turn(one)),
        system=one.text_or_none("system"),
        profile=one.text_or_none("profile"),
        think=one.text_or_none("think"),
        status=one.text_or_none("status"),
        input_tokens=one.whole_or_none("input_tokens"),
        cached_input_tokens=one.whole_or_none("cached_input_tokens"),
        cache_write_tokens=one.whole_or_none("cache_write_tokens"),
        output_tokens=one.whole_or_none("output_tokens"),
        usd=_dollars(one, "usd"),
        covers=one.whole_or_none("covers"),
        is_ours=one.flag("is_ours"),
    )


def _turn(one: JsonObject) -> Turn:
    asked, pieces = _pieces(one, "asked"), _pieces(one, "answered")
    if not asked and not pieces:
        raise one.bad("asked", "nothing was asked and nothing answered")
    return Turn(
        number=0,
        asked=asked,
        pieces=pieces,
        origin=_origin(one.object("origin")),
        is_cut=one.flag("is_cut"),
        dead=_positions(one, "dead", len(pieces)),
        reasoning_tokens=one.whole_or_none("reasoning_tokens"),
    )


def _pieces(one: JsonObject, name: str) -> tuple[TurnPiece, ...]:
    return tuple(_piece(piece) for piece in one.objects(name))


def _piece(one: JsonObject) -> TurnPiece:
    for name in ("opaque", "native"):
        one.object(name)
    try:
        return piece_of_document(one.fields)
    except ValueError as error:
        raise FormError(one.place, str(error)) from None


def _positions(one: JsonObject, name: str, length: int) -> frozenset[int]:
    listed: Any = one.fields.get(name, [])
    if not isinstance(listed, list) or not all(
        type(at) is int and 0 <= at < length for at in cast("list[Any]", listed)
    ):
        raise one.bad(name, "must be a list of positions of answered pieces")
    return frozenset(cast("list[int]", listed))


def _origin(one: JsonObject) -> Origin:
    """Who answered. Nobody here knows whether that is true, so that all of it is imported."""
    texts: Json = {
        name: one.text_or_none(name) for name in Origin.__struct_fields__ if name not in ("account", "is_imported")
    }
    must = ("provider", "endpoint", "dialect", "model")
    return Origin(**{**texts, **{name: texts[name] or "" for name in must}}, is_imported=True)


def _dollars(one: JsonObject, name: str) -> Decimal | None:
    written = one.text_or_none(name)
    if written is None:
        return None
    try:
        amount = Decimal(written if len(written) <= _MOST_DIGITS else "NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= MOST_DOLLARS:
        raise one.bad(name, "must be an amount of dollars, written as text")
    return amount
