"""What was typed for the next turn of a session and is not answered yet: it survives whatever ends the process."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from ...profiles.disk import make_private_directory, read_bounded, write_private
from ..history.store import database_path

MOST_BYTES = 4 * 2**20
"""More is not kept: a draft is written at each keystroke."""


class Draft(Struct, frozen=True):
    """The text, and those of its words that were pasted and not typed."""

    text: str = ""
    pasted: frozenset[str] = frozenset()


def draft_path(session: str) -> Path:
    """Where the draft of the session with that id is kept."""
    return database_path().parent / "drafts" / f"{session}.json"


def read_draft(session: str) -> Draft:
    """The draft of the session with that id; an empty one where there is none that can be read."""
    try:
        document: dict[str, Any] = json.loads(read_bounded(draft_path(session), MOST_BYTES))
        return Draft(str(document["text"]), frozenset(map(str, document["pasted"])))
    except (OSError, ValueError, TypeError, KeyError):
        return Draft()


def keep_draft(session: str, draft: Draft) -> bool:
    """Keep `draft` for the owner's eyes alone, or forget an empty one; whether that could be done."""
    if not draft.text.strip():
        return forget_draft(session)
    document = {"text": draft.text, "pasted": sorted(draft.pasted)}
    data = json.dumps(document).encode()
    if len(data) > MOST_BYTES:
        return False
    path = draft_path(session)
    try:
        make_private_directory(path.parent)
        write_private(path, data)
    except OSError:
        return False
    return True


def forget_draft(session: str) -> bool:
    """Remove the draft; whether none is left."""
    with suppress(OSError):
        draft_path(session).unlink(missing_ok=True)
        return True
    return False
