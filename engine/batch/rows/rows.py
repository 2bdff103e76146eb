"""Lines of input -> rows. Each line is judged alone: a bad one is reported with its number and the rest goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from ....providers.errors import UsageError
from ....providers.schema import Json, Message
from ....providers.think import Think, parse_think
from ....providers.turns.pieces import TurnPiece
from ...checks.escalation import checked_levels
from ...checks.terms import ExpectTerms
from ...planning.fates import Past
from .conversations import StandIns, Template, UnusableError, asked_of
from .digests import DigestMap
from .entries import RESERVED, Form, entries_of, key_of

if TYPE_CHECKING:
    from ....profiles.shapes.shape import Shape
    from ...tools.toolset import ToolsWish

EXCERPT = 80
_RESERVED = frozenset(RESERVED)
_OWN_WISHES = frozenset(("think", "profile", "max_output", "expect", "escalate"))
"""Fields with which a row asks for something else than the others."""

_MADE = re.compile(r"([0-9a-f]{16})(?:-([2-9]|[1-9]\d{1,9}))?", re.ASCII)


class Row(Struct, frozen=True):
    """One row of input: what is asked, and what comes out again with the answer.

    `text` is the prompt, of a chat its last message; `earlier` are the messages before it; `past` are the turns
    of a session in their place, `asked` the parts of the prompt where files are among them. `profiles` is empty where
    the row leaves that to the command line. `digest` stands for all that is asked. `number` counts the rows, `line` the
    lines, both from 1. `key` is 8 bytes of what the row is called, else of what it holds, where rows are keyed.
    `escalate`: asked with the first, and with the next where its check fails.
    """

    number: int
    line: int
    id: str
    text: str
    digest: bytes
    system: str | None = None
    earlier: tuple[Message, ...] = ()
    past: Past | None = None
    asked: tuple[TurnPiece, ...] = ()
    stand_ins: StandIns = {}
    think: Think | None = None
    profiles: tuple[str, ...] = ()
    max_output: int | None = None
    expect: Json | None = None
    escalate: tuple[Think, ...] = ()
    shape: Shape | None = None
    tools: ToolsWish | None = None
    key: bytes = b""
    extra: Json = {}


class RowDefaults(Struct, frozen=True):
    """What holds for rows that do not say it. `has_checks`: profiles expect something of answers."""

    expect: Json | None = None
    escalate: tuple[Think, ...] = ()
    has_checks: bool = False


class BadRow(Struct, frozen=True):
    """A line that is no row, and why."""

    line: int
    problem: str
    excerpt: str = ""
    key: bytes = b""


def read_rows(
    lines: Iterable[bytes],
    form: Form,
    *,
    template: Template | None = None,
    delimiter: str | None = None,
    terms: ExpectTerms | None = None,
    usual: RowDefaults | None = None,
    keyed: bool = False,
) -> Iterator[Row | BadRow]:
    """The rows of `lines`, in order, one at a time.

    `lines` end in their line break; one that is longer than 64 MiB may come cut. Raises `UsageError` for a CSV without
    a header. The `delimiter` of a CSV is by default the one that its header has most of: Excel writes semicolons where
    a comma stands in numbers. `terms` say what rows may expect, and `usual` is for what they do not say.
    `keyed` rows have a key, which is the same wherever a row stands.
    """
    terms, usual = terms or ExpectTerms(anywhere=True), usual or RowDefaults()
    names = _Names()
    number = 0
    for line, entry in entries_of(lines, form, delimiter):
        key = key_of(entry) if keyed else b""
        if isinstance(entry, UnusableError):
            yield BadRow(line, f"line {line}: {entry}", key=key)
            continue
        try:
            row = _row(number + 1, line, entry, template, names, terms, usual, key)
        except UnusableError as error:
            yield BadRow(line, f"line {line}: {error}", json.dumps(entry, ensure_ascii=False)[:EXCERPT], key)
            continue
        number += 1
        yield row


def _row(
    number: int,
    line: int,
    entry: dict[str, Any],
    template: Template | None,
    names: _Names,
    terms: ExpectTerms,
    usual: RowDefaults,
    key: bytes = b"",
) -> Row:
    asked = asked_of(entry, template, terms)
    text, system, digest = asked.text, asked.system, asked.digest
    given = entry.get("id", entry.get("row_id"))
    if given is not None and (type(given) is not str or not given) and not _is_number(given):
        raise UnusableError(f"its id is {json.dumps(given)[:EXCERPT]}, which is neither text nor a number")
    is_special = bool(usual.escalate) or not _OWN_WISHES.isdisjoint(entry)  # few rows are
    think = _think(entry) if is_special else None
    expect = usual.expect if not is_special or entry.get("expect") is None else _expect(entry["expect"], terms)
    return Row(
        number=number,
        line=line,
        id=names.given(str(given), digest, line) if given is not None else names.made(digest),
        text=text,
        digest=digest,
        system=system,
        earlier=asked.earlier,
        past=asked.past,
        asked=asked.asked,
        stand_ins=asked.stand_ins,
        think=think,
        profiles=_profiles(entry.get("profile")) if is_special else (),
        max_output=_whole(entry, "max_output") if is_special else None,
        expect=expect,
        shape=asked.shape,
        tools=asked.tools,
        escalate=_ladder(entry, think, expect, terms, usual) if is_special else (),
        key=key,
        extra={name: value for name, value in entry.items() if name not in _RESERVED},
    )


def _is_number(given: Any) -> bool:
    return isinstance(given, (int, float)) and not isinstance(given, bool)


def _whole(entry: Mapping[str, Any], name: str) -> int | None:
    value = entry.get(name)
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise UnusableError(f"{name} must be a whole number above 0")


def _think(entry: Mapping[str, Any]) -> Think | None:
    value = entry.get("think")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnusableError("think must be a level, a budget, off or auto")
    try:
        return parse_think(str(value))
    except UsageError as error:
        raise UnusableError(error.message) from None


def _ladder(
    entry: Mapping[str, Any], think: Think | None, expect: Json | None, terms: ExpectTerms, usual: RowDefaults
) -> tuple[Think, ...]:
    """The think values that a row goes up, where its check fails."""
    value = entry.get("escalate")
    if value is None:
        levels = () if think is not None else usual.escalate
    else:
        listed = value.split(",") if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(one, str | int) for one in cast("list[Any]", listed)):
            raise UnusableError('escalate is a list of think values, such as ["low", "high"]')
        try:
            levels = checked_levels([parse_think(str(one).strip()) for one in cast("list[Any]", listed)], "escalate")
        except UsageError as error:
            raise UnusableError(error.message) from None
        if think is not None:
            raise UnusableError("says think and escalate: escalate has the think values")
    if levels and expect is None and not usual.has_checks:
        raise UnusableError("escalates where a check fails, and has no check: give it expect")
    if levels and terms.only_text:
        raise UnusableError("escalates only where the calls are made by this process")
    return levels


def _profiles(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    listed = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not listed or not all(isinstance(name, str) and name for name in listed):
        raise UnusableError("profile must be a name or a list of names")
    return tuple(dict.fromkeys(cast("list[str]", listed)))


def _expect(value: Any, terms: ExpectTerms) -> Json:
    try:
        return terms.checked(value)
    except UsageError as error:
        raise UnusableError(error.message) from None


class _Names:
    """The ids given so far: each stands for one content. Rows without one are named by their content."""

    def __init__(self) -> None:
        self._contents = DigestMap()
        self._repeats = DigestMap()

    def given(self, name: str, content: bytes, line: int) -> str:
        first = self._contents.setdefault(self._key(name), line)
        if first is not None:
            raise UnusableError(f"the id {name[:EXCERPT]!r} was used before, on line {first}")
        if len(self._repeats) and self._was_made(name):
            raise UnusableError(f"the id {name!r} is that of an earlier row, made from its content")
        return name

    def made(self, content: bytes) -> str:
        count = self._repeats.get(content[:8]) or 0
        while True:
            count += 1
            name = content.hex()[:16] if count == 1 else f"{content.hex()[:16]}-{count}"
            if not len(self._contents) or self._contents.get(self._key(name)) is None:
                self._repeats.set(content[:8], count)
                return name

    def _was_made(self, name: str) -> bool:
        made = _MADE.fullmatch(name)
        return made is not None and int(made[2] or 1) <= (self._repeats.get(bytes.fromhex(made[1])) or 0)

    @staticmethod
    def _key(name: str) -> bytes:
        return hash(name).to_bytes(8, "big", signed=True)  # it need not be the same in another process
