"""What a replay changed, in words."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ....engine.history.read import StoredResult
from ....engine.history.replay import Change, Replayed
from ....providers.untrusted import one_line
from .stored_run import label

CHANGE_WIDTH = 72


def replay_text(replayed: Sequence[tuple[StoredResult, Replayed]]) -> str:
    """What a replay changed, field by field, for each result."""
    lines: list[str] = []
    for entry, again in replayed:
        count = len(again.changes)
        if count:
            state = f"{count} field{'s' if count != 1 else ''} changed"
        elif entry.raw is None or not entry.result.attempts:
            state = "not replayed"
        else:
            state = "unchanged"
        lines.append(f"{label(entry)}: {state}")
        for change in again.changes:
            was, now = _both(change)
            lines += [f"  {one_line(change.path)}", f"    was  {was}", f"    is   {now}"]
        lines += [f"  note: {one_line(note)}" for note in again.notes]
    return "\n".join(lines) + "\n"


def _both(change: Change) -> tuple[str, str]:
    """What was and what is, on one line each; of long texts the place where they begin to differ."""
    was, now = _words(change.was), _words(change.is_)
    same = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    start = max(0, same - CHANGE_WIDTH // 3)
    return _window(was, start), _window(now, start)


def _window(text: str, start: int) -> str:
    if len(text) <= CHANGE_WIDTH:
        return text or "(empty)"
    start = min(start, len(text) - CHANGE_WIDTH)
    begins, ends = "…" if start else "", "…" if start + CHANGE_WIDTH < len(text) else ""
    return f"{begins}{one_line(text[start : start + CHANGE_WIDTH])}{ends} ({len(text):,} characters)"


def _words(value: object) -> str:
    match value:
        case None:
            return "–"
        case str():
            return one_line(value)
        case {"kind": str(kind), "message": str(message)}:
            return one_line(f"{kind}: {message}")
        case _:
            return one_line(json.dumps(value, ensure_ascii=False))
