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


def prompt_with(
    prompt: Prompt,
    names: Sequence[str],
    *,
    is_remote: bool = False,
    note: Callable[[str], None] | None = None,
) -> Prompt:
    """`prompt` with the files that are named (`read_attachments`).

    Raises `UsageError` for one that cannot be read, or is not what it claims to be.
    """
    found = attachments_named(names, is_remote=is_remote, note=note)
    return replace(prompt, asked=placed(prompt.text, found))


def attachments_named(
    names: Sequence[str], *, is_remote: bool = False, note: Callable[[str], None] | None = None
) -> tuple[Attachment, ...]:
    """The files themselves; what is behind an address is fetched. Raises `UsageError`."""
    return read_attachments(names, FileSources(None, is_remote, partial(download, most_bytes=MOST_BYTES), note))
