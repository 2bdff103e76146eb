"""What was named as an attachment -> the file: from the disk, from standard input, or from an address."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import cast
from urllib.parse import urlsplit

from msgspec import Struct

from ...profiles.checks.files import OutsideError, file_below
from ...profiles.disk import read_bounded, read_stream
from ...providers.errors import UsageError
from .attachment import KINDS, MOST_BYTES, MOST_FILES, Attachment, FileKind
from .converted import as_wished
from .encodings import as_utf8
from .kinds import is_text, named, recognise
from .measures import is_locked, measures_of
from .pictures import revealed
from .wishes import AS_USUAL, FileWishes

MOST_PIXELS = 178_956_970
"""Of an image that claims more, decoding takes gigabytes: it is taken for one that is meant to do harm."""

_AS_NAMED = {"document": "application/octet-stream"}


class FileSources(Struct, frozen=True):
    """How names are read. `below` is the folder that files must lie in, None for any. `is_remote`: addresses are sent
    as they are, for the provider to fetch; otherwise `fetch` gets what is behind one, and the name it ends in."""

    below: Path | None = None
    is_remote: bool = False
    fetch: Callable[[str], bytes] | None = None
    note: Callable[[str], None] | None = None
    wishes: FileWishes = AS_USUAL


def read_attachments(names: Sequence[str], sources: FileSources) -> tuple[Attachment, ...]:
    """The files that are named `FILE`, an address, `-`, or one of these behind `KIND:`.

    Raises `UsageError` for what cannot be read, is empty, too large, or not what it claims to be.
    """
    if len(names) > MOST_FILES:
        raise UsageError(f"{len(names)} attachments; {MOST_FILES} are the most")
    found = as_wished([_read(name, sources) for name in names], sources.wishes, sources.note)
    if names.count("-") > 1:
        raise UsageError("standard input can be attached once")
    for one in found:
        if one.reveals and sources.note is not None:
            told = f"{one.name} tells {' and '.join(one.reveals)} in its metadata, which are sent along"
            sources.note(f"{told}; --convert leaves them out")
    return found


def _read(given: str, sources: FileSources) -> Attachment:
    kind, name = split_kind(given)
    if name == "-":
        return attachment_of(_standard_input(), "standard input", "-", kind, sources.note)
    if name.lower().startswith(("http://", "https://")):
        return _at_address(name, kind, sources)
    path = Path(name)
    if sources.below is not None:
        try:
            path = file_below(sources.below, name)
        except OutsideError as error:
            raise UsageError(f"attachment: {error}", hint="--allow-files lets rows name such files") from None
        if path.exists() and not path.is_file():
            raise UsageError(f"attachment {name} is no regular file, and rows attach nothing else")
    else:
        path = path.expanduser()
    try:
        data = read_bounded(path, MOST_BYTES)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"attachment {name} cannot be read: {why}") from None
    return attachment_of(data, path.name, name, kind, sources.note)


def split_kind(given: str) -> tuple[FileKind | None, str]:
    """A kind in front, if there is one, and the name."""
    kind, colon, name = given.partition(":")
    if colon and kind in KINDS and name:
        return cast("FileKind", kind), name
    return None, given


def _standard_input() -> bytes:
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        return b""
    try:
        return read_stream(stream, MOST_BYTES)
    except OSError as error:
        raise UsageError(f"standard input cannot be attached: {error.strerror}") from None


def _at_address(address: str, kind: FileKind | None, sources: FileSources) -> Attachment:
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None:
        raise UsageError("an address to attach must hold no user name and no password")
    name = PurePosixPath(parts.path).name or parts.hostname or "file"
    origin = parts._replace(query="", fragment="").geturl()
    if sources.is_remote:
        claimed = named(name)
        if claimed is None and kind is None:
            raise UsageError(
                f"{origin} does not say what it is, and nobody here looks", hint=f"say it: -a image:{origin}"
            )
        chosen = kind or cast("tuple[FileKind, str]", claimed)[0]
        media_type = claimed[1] if claimed is not None and claimed[0] == chosen else f"{chosen}/*"
        if chosen == "text":
            raise UsageError(f"{origin}: no provider fetches text itself", hint="leave --remote-urls out for it")
        return Attachment(chosen, media_type, name, origin=origin, url=address)
    if sources.fetch is None:
        raise UsageError(f"{origin}: addresses cannot be attached here", hint="save it as a file")
    return attachment_of(sources.fetch(address), name, origin, kind, sources.note)


def attachment_of(
    data: bytes, name: str, origin: str, kind: FileKind | None = None, note: Callable[[str], None] | None = None
) -> Attachment:
    """The file with these bytes. What it is, the bytes say; `kind` is what somebody says that it is.

    Raises `UsageError` where it is empty, not what its name or `kind` claims, or an image of absurd size.
    """
    if not data:
        raise UsageError(f"attachment {name} is empty: 0 bytes")
    found, claimed = recognise(data), named(name)
    if found is None and (text := as_utf8(data)) is not None:
        data, found = text, recognise(text)
    if kind == "text":
        if not is_text(data):
            raise UsageError(f"attachment {name} is not UTF-8 text")
        return Attachment("text", "text/plain", name, data, origin)
    if found is None or found[0] == "text":
        if kind == "document" or (claimed is not None and claimed[0] == "document" and found is None):
            media_type = claimed[1] if claimed is not None else _AS_NAMED["document"]
            return Attachment("document", media_type, name, data, origin)
        if kind is not None or claimed is not None or found is None:
            says = kind or (claimed[0] if claimed is not None else None)
            what = "holds text" if found is not None else "is in no format that is known here"
            hint = f"to send it as words: -a text:{origin}" if found is not None else None
            raise UsageError(
                f"attachment {name} {f'claims to be of kind {says} and ' if says else ''}{what}", hint=hint
            )
        return Attachment("text", "text/plain", name, data, origin)
    if kind is not None and kind != found[0]:
        raise UsageError(f"attachment {name} is of kind {found[0]} ({found[1]}), not {kind}")
    if kind is None and claimed is not None and claimed[0] != found[0]:
        raise UsageError(
            f"attachment {name} is named like {claimed[1]} and holds {found[1]}",
            hint=f"to send it as what it is: -a {found[0]}:{origin}",
        )
    if claimed is not None and claimed[1] != found[1] and found[0] == "image" and note is not None:
        note(f"{name} is {found[1]}, whatever its name says, and is sent as that")
    measures = measures_of(data, found[0], found[1])
    _check(name, data, found[0], measures)
    return Attachment(found[0], found[1], name, data, origin, None, measures, revealed(data, found[1]))


def _check(name: str, data: bytes, kind: str, measures: Mapping[str, float]) -> None:
    width, height, pages = (measures.get(one) for one in ("width", "height", "pages"))
    if width is not None and height is not None:
        if width < 1 or height < 1:
            raise UsageError(f"attachment {name} is damaged: an image of {width} x {height} pixels")
        if width * height > MOST_PIXELS:
            raise UsageError(
                f"attachment {name} says that it is {width:,} x {height:,} pixels, more than any provider reads"
            )
    if kind == "pdf" and pages == 0:
        raise UsageError(f"attachment {name} is a PDF without a page")
    if kind == "pdf" and is_locked(data):
        raise UsageError(f"attachment {name} is encrypted; no provider reads a PDF with a password")
