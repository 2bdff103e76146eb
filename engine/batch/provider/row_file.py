"""Rows as they are kept until their results come: written once, read back in the order of the results."""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.shapes.shape import shape_document, shape_from
from ....providers.errors import StoreError
from ....providers.json_values import array, count, items, obj, parse_json, text
from ....providers.schema import Message
from ....providers.think import Think, parse_think
from ....providers.turns.turn_documents import turn_document, turn_of_document
from ...planning.fates import Past
from ...planning.think_plan import AimReceipt
from ...results.documents import plain
from ..output.works import Work
from ..rows.digests import digest_of
from ..rows.rows import Row
from .job_store import BatchJob, BatchPart

if TYPE_CHECKING:
    from ...tools.toolset import ToolsWish


class KeptRow(Struct, frozen=True):
    """A row of a batch, the work that its result answers, and what stands for the line that was sent.

    `twins` are other think values whose line would have been the same. Of a dose `think` has the value that was chosen
    for it, and `aim` why.
    """

    row: Row
    think: Think
    work: Work
    sent: str
    twins: tuple[Think, ...] = ()
    aim: AimReceipt | None = None


def encode_row(
    row: Row,
    think: Think,
    work: Work,
    sent: bytes,
    twins: Iterable[Think] = (),
    *,
    aim: AimReceipt | None = None,
) -> bytes:
    """One line of JSON, beginning with the token of the work. `sent` is its line, of a row with files that without."""
    document: dict[str, Any] = {
        "token": work.token,
        "digest": work.digest.hex(),
        "sent": sent_digest(sent),
        "think": str(think),
        "twins": [[str(twin), twin.sent] for twin in twins],
        "aim": plain(aim),
        "profile": work.profile,
        "repeat": work.repeat,
        "number": row.number,
        "line": row.line,
        "id": row.id,
        "text": row.text,
        "asked": row.digest.hex(),
        "system": row.system,
        "turns": [{"role": message.role, "text": message.text} for message in row.earlier],
        "past": None if row.past is None else [turn_document(turn) for turn in row.past.turns],
        "max_output": row.max_output,
        "expect": row.expect,
        **({} if row.shape is None else {"shape": shape_document(row.shape)}),
        **_tools_document(row),
        "extra": dict(row.extra),
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _tools_document(row: Row) -> dict[str, Any]:
    if row.tools is None:
        return {}
    from ...tools.toolset import wish_document

    return {"tools": wish_document(row.tools)}


def kept_wish(document: Any) -> ToolsWish | None:
    """The tools of a job or a row as they were kept; None where there were none."""
    if document is None:
        return None
    from ...tools.toolset import wish_from

    return wish_from(document)


def without_files(row: Row) -> Row:
    """`row` as it is kept: its files have gone to the provider, and what is made of it later is made without them."""
    return replace(row, asked=(), stand_ins={}) if row.asked else row


def sent_digest(sent: bytes) -> str:
    """What stands for a line that was sent."""
    return digest_of(sent.decode("utf-8", "replace")).hex()[:16]


def decode_row(line: bytes) -> KeptRow:
    told = obj(parse_json(line))
    row = Row(
        number=count(told.get("number")) or 0,
        line=count(told.get("line")) or 0,
        id=str(told["id"]),
        text=str(told["text"]),
        digest=bytes.fromhex(str(told["asked"])),
        system=text(told.get("system")),
        earlier=tuple(Message(told["role"], told["text"]) for told in items(told.get("turns"))),
        past=_past(told.get("past")),
        max_output=count(told.get("max_output")),
        expect=told.get("expect"),
        shape=shape_from(told.get("shape")),
        tools=kept_wish(told.get("tools")),
        extra=obj(told.get("extra")),
    )
    think = parse_think(str(told["think"]))
    work = Work(row.id, str(told["profile"]), str(think), bytes.fromhex(str(told["digest"])), count(told.get("repeat")))
    twins = tuple(_as_chosen(*map(str, twin)) for twin in array(told.get("twins")))
    aim = None if told.get("aim") is None else AimReceipt(**obj(told["aim"]))
    if aim is not None:
        think = _as_chosen(str(think), aim.chosen)
    return KeptRow(row, think, work, str(told["sent"]), twins, aim)


def _as_chosen(requested: str, sent: str) -> Think:
    """A think value as it was sent: of a dose with the value that was chosen for it."""
    asked = parse_think(requested)
    return asked if asked.aim is None else replace(parse_think(sent), aim=asked.aim)


def _past(told: Any) -> Past | None:
    if told is None:
        return None
    return Past(tuple(turn_of_document(turn, number) for number, turn in enumerate(items(told), 1)))


class RowIndex:
    """The rows of a part by the tokens of their works. They lie in a temporary file that nobody else can open."""

    def __init__(self, job: BatchJob, part: BatchPart) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 closed by close
        self._places: dict[bytes, int] = {}
        try:
            with job.rows(part) as rows:
                shutil.copyfileobj(rows, self._file)
            self._file.seek(0)
            place = 0
            for line in self._file:
                self._places[bytes.fromhex(line[10:42].decode())] = place
                place += len(line)
            if len(self._places) != part.rows:
                raise ValueError(f"it holds {len(self._places)} rows and not {part.rows}")
        except (OSError, EOFError, ValueError, zlib.error) as error:
            self.close()
            words = f"{job.path(part, 'rows')}: cannot be read: {getattr(error, 'strerror', None) or error}"
            raise StoreError(words, hint=f"the results are still at the provider, as {part.batch_id}") from None
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, token: bytes) -> bool:
        return token in self._places

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._places)

    def get(self, token: bytes) -> KeptRow:
        self._file.seek(self._places[token])
        return decode_row(self._file.readline())

    def close(self) -> None:
        self._file.close()
