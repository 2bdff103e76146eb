"""The results of one profile since a moment."""

from __future__ import annotations

import zlib

from msgspec import Struct

from ...results.restored import result_from
from ...results.result import Result
from ..blobs import unpacked
from ..store import Store, reading


class LaterResult(Struct, frozen=True):
    """A stored result, and what was asked."""

    prompt: str
    system: str | None
    result: Result


def results_since(store: Store, profile: str, think: str, moment: str, limit: int) -> list[LaterResult]:
    """The newest results of runs of one profile and think value that began after `moment` (RFC 3339), newest first.

    What is damaged is passed over: it can say nothing.
    """
    with reading(store) as connection:
        rows = connection.execute(
            "SELECT runs.prompt, runs.system, results.document FROM results JOIN runs ON runs.number = results.run"
            " WHERE results.profile = ? AND results.think = ? AND results.created_at > ?"
            " AND results.document IS NOT NULL ORDER BY results.number DESC LIMIT ?",
            (profile, think, moment, limit),
        ).fetchall()
    found: list[LaterResult] = []
    for prompt, system, document in rows:
        try:
            found.append(LaterResult(prompt, system, result_from(unpacked(document))))
        except (zlib.error, ValueError, TypeError, KeyError, AttributeError):
            continue
    return found
