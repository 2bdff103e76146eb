"""The files that a row names: those that rows may name, and what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ....profiles.disk import read_bounded
from ....providers.errors import UsageError
from ....providers.turns.pieces import TurnPiece
from ...attachments.attachment import MOST_BYTES, MOST_FILES, Attachment
from ...attachments.converted import as_wished
from ...attachments.placement import placed
from ...attachments.sources import attachment_of, split_kind
from ...attachments.wishes import AS_USUAL
from ...checks.terms import ExpectTerms


def attached_to(entry: Mapping[str, Any], text: str, terms: ExpectTerms) -> tuple[TurnPiece, ...]:
    """The parts of the row's prompt, none where it attaches nothing. Raises `UsageError`."""
    value = entry.get("attach")
    if value is None or value == "" or value == []:
        return ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(one, str) and one for one in cast("list[Any]", names)):
        raise UsageError('attach is the name of a file, or a list of them, such as ["chart.png"]')
    listed = cast("list[str]", names)
    if len(listed) > MOST_FILES:
        raise UsageError(f"{len(listed)} attachments; {MOST_FILES} are the most")
    return placed(text, as_wished([_read(name, terms) for name in listed], terms.files or AS_USUAL))


def _read(given: str, terms: ExpectTerms) -> Attachment:
    kind, name = split_kind(given)
    if "://" in name:
        raise UsageError("attach: rows name files, no addresses")
    path = terms.path(name, "attach")
    try:
        if not path.is_file():  # nothing waits for a pipe or a device that a row names
            raise OSError("there is no such file")
        data = read_bounded(path, MOST_BYTES)
    except OSError as error:
        raise UsageError(f"attach: {name[:300]} cannot be read: {error.strerror or error}") from None
    return attachment_of(data, path.name, name, kind)
