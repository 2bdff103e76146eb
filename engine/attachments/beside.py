"""A prompt with what is attached to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from ..exchange.connections.download import download
from ..planning.prepare import Prompt
from .attachment import MOST_BYTES, Attachment
from .placement import placed
from .sources import FileSources, read_attachments
from .wishes import AS_USUAL, FileWishes


def prompt_with(
    prompt: Prompt,
    names: Sequence[str],
    *,
    is_remote: bool = False,
    note: Callable[[str], None] | None = None,
    wishes: FileWishes = AS_USUAL,
) -> Prompt:
    """`prompt` with the files that are named (`read_attachments`), and what can be made of them where that is wished.

    Raises `UsageError` for one that cannot be read, or is not what it claims to be.
    """
    found = attachments_named(names, is_remote=is_remote, note=note, wishes=wishes)
    asked = replace(prompt, asked=placed(prompt.text, found), converts=wishes.convert)
    if not wishes.convert:
        return asked
    from .converted import with_stand_ins

    return with_stand_ins(asked, note)


def attachments_named(
    names: Sequence[str],
    *,
    is_remote: bool = False,
    note: Callable[[str], None] | None = None,
    wishes: FileWishes = AS_USUAL,
) -> tuple[Attachment, ...]:
    """The files themselves, as all columns get them; what is behind an address is fetched. Raises `UsageError`."""
    fetch = partial(download, most_bytes=MOST_BYTES)
    return read_attachments(names, FileSources(None, is_remote, fetch, note, wishes))
