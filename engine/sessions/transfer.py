"""Sessions out of the history into files, and back: what of both is stored, and under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from ...profiles.disk import read_bounded
from ...providers.errors import UsageError, did_you_mean
from ...providers.schema import Json
from ...providers.turns.turn_documents import turn_document
from ..history.conversations.changes import asked_document
from ..history.conversations.rows import StoredSession, StoredTurn, find_session
from ..history.conversations.trees import NewSession, NewTurn, store_tree
from ..history.store import Store
from ..results.moments import timestamp
from .conversation import Conversation, conversation_of, open_conversation, tree_of
from .forms import markdown
from .forms.file_text import json_of, text_of, value_of
from .forms.form import FORM_NAMES, FormName, ListForm, form_of_value
from .forms.json_object import FormError
from .forms.lists import Written, file_of_transcript, read_list, write_form
from .forms.session_file import FileBranch, FileNode, SessionFile, session_document
from .forms.session_reader import read_session
from .names import LONGEST_NAME, checked_name
from .settings import settings_of

STANDARD_INPUT = "standard input"
"""What the file is called where there is none."""

MOST_BYTES = 64 * 1024 * 1024
"""A file of more is not read."""


class Imported(Struct, frozen=True):
    """A session that was made from a file. `renamed` are the names of its forks that were taken, with the new ones."""

    conversation: Conversation
    renamed: tuple[tuple[str, str], ...] = ()


class FileRead(Struct, frozen=True):
    """The session in a file, the form that it is in, and what of it was left out or put another way."""

    file: SessionFile
    form: FormName
    remarks: tuple[str, ...] = ()


def export_session(name: str | None, form: str, *, whole: bool = True) -> Written:
    """The session of that name, or the latest, as the text of a file. Raises `StoreError`.

    `whole`: our own form takes the branches of its tree along. All others hold the way alone. Raises `UsageError` for
    a form that is unknown.
    """
    form = checked_form(form)
    with Store.open() as store:
        conversation = open_conversation(store, name)
        if form == "thinkdial":
            return Written(json_of(session_document(session_file(store, conversation, whole=whole))), ())
    asked = [node.asked.get("system") for node in conversation.way if node.kind == "turn"]
    system = conversation.settings.system or (asked[-1] if asked else None)
    return write_form(form, conversation.name, system, conversation.turns)


def checked_form(form: str) -> FormName:
    """`form` where it is one. Raises `UsageError`."""
    if form not in FORM_NAMES:
        raise UsageError(
            f"{form!r} is no form of a session{did_you_mean(form, FORM_NAMES)}", hint=f"one of {', '.join(FORM_NAMES)}"
        )
    return form


def read_path(path: Path, form: str | None = None, name: str | None = None) -> FileRead:
    """The same as `read_file` for a file on disk. Raises `UsageError`, also where it cannot be read."""
    try:
        data = read_bounded(path, MOST_BYTES)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise UsageError(f"{str(path)!r} is no name of a file") from None
    return read_file(data, str(path), form, name)


def read_file(data: bytes, source: str, form: str | None, name: str | None) -> FileRead:
    """The session in the bytes of a file that is called `source`, in the given form or the one that it looks like.

    Raises `UsageError` with file, place and reason.
    """
    try:
        return _file_read(text_of(data), source, None if form is None else checked_form(form), name)
    except FormError as error:
        hint = f"say its form with --as: {', '.join(FORM_NAMES)}" if form is None and error.place == "$" else None
        raise UsageError(f"{source}: {error}", hint=hint) from None


def import_session(read: FileRead, name: str | None) -> Imported:
    """Make sessions of a file that was read, under `name` or its own. Raises `StoreError` where that is taken."""
    with Store.open(create=True) as store:
        return store_file(store, read.file, name)


def as_own(read: FileRead) -> FileRead:
    """The same as the user's own session from another machine: its state goes back to the providers that gave it.

    What they refuse there is left out and never sent again, as it is of any session. Raises `UsageError` for a form
    that does not tell where its answers came from.
    """
    if read.form != "thinkdial":
        raise UsageError(f"a file of {read.form} does not tell whose state is in it", hint="leave --own out")
    nodes = (
        replace(node, turn=replace(node.turn, origin=replace(node.turn.origin, is_imported=False)))
        for node in read.file.nodes
    )
    return replace(read, file=replace(read.file, nodes=tuple(nodes)))


def _file_read(text: str, source: str, form: FormName | None, name: str | None) -> FileRead:
    now = timestamp(datetime.now(UTC))
    if form == "md" or (form is None and markdown.is_page(text)):
        said = markdown.read(text)
        file = file_of_transcript(said, "md", name or said.name or _stem(source), now)
        return FileRead(file, "md", said.remarks)
    value = value_of(text)
    form = form or form_of_value(value)
    if form == "thinkdial":
        return FileRead(read_session(value), form)
    said = read_list(cast("ListForm", form), value)
    return FileRead(file_of_transcript(said, form, name or _stem(source), now), form, said.remarks)


def _stem(source: str) -> str:
    """A name for a session whose file brings none. Raises `UsageError` where there is no file either."""
    if source == STANDARD_INPUT:
        raise UsageError("the session needs a name", hint="thinkdial session import - NAME")
    return PurePath(source).stem


def session_file(store: Store, conversation: Conversation, *, whole: bool = True) -> SessionFile:
    """The session as it goes into a file: with the branches of its tree, or (`whole` is False) its own way alone."""
    nodes, others = tree_of(store, conversation) if whole else ([*conversation.way], [])
    nodes = [node for node in nodes if node.turn is not None]
    numbers = {node.number: at for at, node in enumerate(nodes, 1)}
    mine = conversation.session
    return SessionFile(
        _file_branch(mine, numbers),
        tuple(_file_branch(other, numbers) for other in _by_number(others) if other.number != mine.number),
        tuple(_file_node(node, numbers) for node in nodes),
    )


def store_file(store: Store, file: SessionFile, name: str | None = None) -> Imported:
    """Make sessions of a file, under `name` or its own.

    Raises `StoreError` where that is taken, `UsageError` where it cannot be a name.
    """
    first = checked_name(file.session.name if name is None else name)
    taken = {first.casefold()}
    renamed: list[tuple[str, str]] = []
    branches: list[FileBranch] = []
    for branch in file.branches:
        wanted = checked_name(branch.name)
        free = _free_name(wanted, lambda one: one.casefold() in taken or find_session(store, one) is not None)
        if free != wanted:
            renamed.append((wanted, free))
        taken.add(free.casefold())
        branches.append(replace(branch, name=free))
    places = {node.node: at for at, node in enumerate(file.nodes)}
    made = store_tree(
        store,
        [_new_session(one, places) for one in (replace(file.session, name=first), *branches)],
        [_new_turn(node, places) for node in file.nodes],
    )
    return Imported(conversation_of(store, made), tuple(renamed))


def _by_number(sessions: Iterable[StoredSession]) -> list[StoredSession]:
    return sorted(sessions, key=lambda session: session.number)


def _file_branch(session: StoredSession, numbers: dict[int, int]) -> FileBranch:
    tip = None if session.tip is None else numbers.get(session.tip)
    return FileBranch(session.name, session.created_at, settings_of(session.settings), tip)


def _file_node(node: StoredTurn, numbers: dict[int, int]) -> FileNode:
    if node.turn is None:
        raise ValueError("a turn without an answer goes into no file")
    asked, facts = node.asked, node.facts
    usd = facts.get("usd")
    return FileNode(
        node=numbers[node.number],
        parent=None if node.parent is None else numbers[node.parent],
        kind=node.kind,
        created_at=node.created_at,
        turn=node.turn,
        system=asked.get("system"),
        profile=asked.get("profile") or facts.get("profile"),
        think=asked.get("think") or facts.get("think"),
        status=facts.get("status") or node.status,
        input_tokens=facts.get("input_tokens"),
        cached_input_tokens=facts.get("cached_input_tokens"),
        cache_write_tokens=facts.get("cache_write_tokens"),
        output_tokens=facts.get("output_tokens"),
        usd=None if usd is None else Decimal(usd),
        covers=facts.get("covers"),
        is_ours=bool(facts.get("is_ours")),
    )


def _new_session(branch: FileBranch, places: dict[int, int]) -> NewSession:
    tip = None if branch.tip is None else places[branch.tip]
    return NewSession(branch.name, branch.created_at, branch.settings.document(), tip)


def _new_turn(node: FileNode, places: dict[int, int]) -> NewTurn:
    asked = asked_document(node.turn.asked, system=node.system, profile=node.profile, think=node.think)
    document: dict[str, Any] = turn_document(node.turn)
    del document["asked"]
    facts: Json = {
        "profile": node.profile,
        "think": node.think,
        "status": node.status,
        "input_tokens": node.input_tokens,
        "cached_input_tokens": node.cached_input_tokens,
        "cache_write_tokens": node.cache_write_tokens,
        "output_tokens": node.output_tokens,
        "usd": None if node.usd is None else f"{node.usd:f}",
    }
    if node.kind == "compaction":
        facts = {**facts, "covers": node.covers, "is_ours": node.is_ours}
    parent = None if node.parent is None else places[node.parent]
    return NewTurn(parent, node.kind, node.created_at, asked, {**document, **facts})


def _free_name(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """The name itself, or with a number behind it, whichever is free."""
    name, number = wanted, 1
    while is_taken(name):
        number += 1
        name = f"{wanted[: LONGEST_NAME - 8]} {number}"
    return name
