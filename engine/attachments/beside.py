"""A prompt with what is attached to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from ..exchange.connections.download import download
from ..planning.prepare import Prompt
from .attachment import MOST_BYTES
from .placement import placed
from .sources import FileSources, read_attachments


def prompt_with(
    prompt: Prompt,
    names: Sequence[str],
    *,
    is_remote: bool = False,
    below: Path | None = None,
    note: Callable[[str], None] | None = None,
) -> Prompt:
    """`prompt` with the files that are named (`read_attachments`). `below`: only such as lie in this folder.

    Raises `UsageError` for one that cannot be read, or is not what it claims to be.
    """
    sources = FileSources(below, is_remote, partial(download, most_bytes=MOST_BYTES), note)
    return replace(prompt, asked=placed(prompt.text, read_attachments(names, sources)))
