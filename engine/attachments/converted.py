"""Files as they are sent: large images made smaller for all, and what can be made of each for models that need it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from msgspec.structs import replace

from ...providers.turns.pieces import TurnPiece
from ..planning.inputs.stand_ins import StandIn, StandIns
from ..planning.prepare import Prompt
from .attachment import Attachment
from .images import LONG_EDGE, SMALL_BYTES, ImageError, MissingLibraryError, as_common_types, made_smaller
from .measures import measures_of
from .pdf_text import PdfError, text_of
from .wishes import FileWishes

Note = Callable[[str], None]

_COMMON = ("image/png", "image/jpeg")


def as_wished(given: Sequence[Attachment], wishes: FileWishes, note: Note | None = None) -> tuple[Attachment, ...]:
    """The files as all columns get them. `note` hears of what could not be done."""
    return tuple(replace(_in_size(one, wishes, note), detail=wishes.detail, upload=wishes.upload) for one in given)


def _in_size(given: Attachment, wishes: FileWishes, note: Note | None) -> Attachment:
    """`given`, no side of it above `LONG_EDGE`. An image that tells too much is written anew where that is wished."""
    if given.kind != "image" or wishes.as_is or given.url is not None:
        return given
    is_large = max(given.measures.get("width", 0), given.measures.get("height", 0)) > LONG_EDGE
    if not is_large and not (wishes.convert and given.reveals):
        return given
    try:
        return made_smaller(given)
    except ImageError as error:
        if note is not None:
            how = "it goes as it is" if isinstance(error, MissingLibraryError) else f"it goes as it is ({error})"
            tail = f"; {error}" if isinstance(error, MissingLibraryError) else ""
            told = f", and tells {' and '.join(given.reveals)}" if given.reveals and not is_large else ""
            note(f"{given.name} is not brought to {LONG_EDGE:,} pixels a side: {how}{told}{tail}")
        return given


def with_stand_ins(prompt: Prompt, note: Note | None = None) -> Prompt:
    """`prompt` with what can be made of its files and those of the turns before it."""
    turns = () if prompt.past is None else prompt.past.turns
    pieces = [*prompt.asked, *(piece for turn in turns for piece in turn.asked)]
    return replace(prompt, stand_ins={**stand_ins_of(pieces, note), **prompt.stand_ins})


def stand_ins_of(pieces: Iterable[TurnPiece], note: Note | None = None) -> StandIns:
    """What can be made of each. `note` hears why nothing can be made of one."""
    found: dict[str, tuple[StandIn, ...]] = {}
    for piece in pieces:
        if piece.kind != "file" or piece.data is None or piece.carrier not in _MAKERS or "url" in piece.native:
            continue
        try:
            made = _made(piece.carrier, str(piece.native.get("media_type")), piece.name or "file", piece.data)
        except (ImageError, PdfError) as error:
            if note is not None:
                note(f"{piece.name} cannot be converted: {error}")
            continue
        if made:
            found[str(piece.native["sha256"])] = made
    return found


@lru_cache(maxsize=16)
def _made(kind: str, media_type: str, name: str, data: bytes) -> tuple[StandIn, ...]:
    """A session asks for the same at each of its turns."""
    return _MAKERS[kind](media_type, name, data)


def _of_image(media_type: str, name: str, data: bytes) -> tuple[StandIn, ...]:
    if media_type in _COMMON and len(data) <= SMALL_BYTES:
        return ()
    given = Attachment("image", media_type, name, data, name, measures=measures_of(data, "image", media_type))
    return tuple(StandIn(one.piece(), one.changed or "") for one in as_common_types(given))


def _of_pdf(media_type: str, name: str, data: bytes) -> tuple[StandIn, ...]:
    read = text_of(data)
    shown = "\n".join(f"[Page {number}]\n{text.strip()}" for number, text in enumerate(read.texts, 1))
    words = f"sent as its text, {len(read.texts)} page{'s' if len(read.texts) > 1 else ''}"
    if read.without_text:
        listed = ", ".join(map(str, read.without_text[:10])) + (" ..." if len(read.without_text) > 10 else "")
        words += f", without any on {listed}"
    if len(read.texts) < read.pages:
        words += f", the first of {read.pages:,}"
    text = Attachment("text", "text/plain", name, shown.encode("utf-8", "replace"), name)
    return (StandIn(text.piece(), f"{words}; lost: layout, images and tables as such"),)


_MAKERS: dict[str, Callable[[str, str, bytes], tuple[StandIn, ...]]] = {"image": _of_image, "pdf": _of_pdf}
