"""Stored runs in words: which results are meant, what was sent, the bytes that came, and what a replay changed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import typer

from ....engine.history.read import StoredResult, StoredRun
from ....engine.history.replay import Change, Replayed
from ....engine.results.assembly import summarize
from ....providers.errors import ConfigError, StoreError, UsageError
from ...exit_codes import ExitCode
from ...formats import json_text
from ...output import emit, forget, is_terminal
from ...views.untrusted import harmless, one_line

HEAD_PROMPT_LINES = 12
CHANGE_WIDTH = 72


def only(stored: StoredRun, profile: str | None) -> StoredRun:
    """The run with the results of one profile, or of `PROFILE@THINK`. Raises `UsageError` when there are none."""
    if profile is None:
        return stored
    kept = [entry for entry in stored.entries if entry.result.profile == profile or _label(entry) == profile]
    if not kept:
        raise UsageError(f"run {stored.number} has no result of {profile!r}", hint=f"it has {_labels(stored.entries)}")
    results = tuple(entry.result for entry in kept)
    run = replace(stored.run, results=results, summary=summarize(results, stored.run.summary.total_s))
    return replace(stored, run=run, entries=tuple(kept))


def head_text(stored: StoredRun) -> str:
    """Which run it is, and what was asked: the lines above its answers."""
    when = one_line(stored.created_at).replace("T", " ")[:16]
    mark = " · SIMULATED" if stored.simulated else ""
    lines = [f"Run {stored.number} · {when} UTC · {one_line(stored.command)}{mark}"]
    for label, text in (("System", stored.run.system), ("Prompt", stored.run.prompt)):
        if text:
            asked = harmless(text).strip().split("\n")
            more = [f"… {len(asked) - HEAD_PROMPT_LINES:,} more lines"] if len(asked) > HEAD_PROMPT_LINES else []
            lines += [f"{label}:", *(f"  {line}" for line in (*asked[:HEAD_PROMPT_LINES], *more))]
    return "\n".join([*lines, "", ""])


def emit_raw(stored: StoredRun) -> None:
    """The bytes of the one response on stdout; on a terminal nothing in them moves, hides or runs.

    Raises `UsageError` when there is more than one, and `StoreError` when none was stored.
    """
    if len(stored.entries) != 1:
        raise UsageError(
            f"run {stored.number} has {len(stored.entries)} results",
            hint=f"choose one with -p: {_labels(stored.entries)}",
        )
    raw = stored.entries[0].raw
    if raw is None:
        raise StoreError(f"run {stored.number} holds no response of {_label(stored.entries[0])}")
    if is_terminal(sys.stdout):
        text = harmless(raw.data.decode("utf-8", "replace"))
        emit(text if text.endswith("\n") else f"{text}\n")
        return
    try:
        sys.stdout.buffer.write(raw.data)
        sys.stdout.buffer.flush()
    except AttributeError:
        raise ConfigError("standard output is closed") from None
    except BrokenPipeError:
        forget(sys.stdout)
        raise typer.Exit(ExitCode.BROKEN_PIPE) from None
    except OSError as error:
        forget(sys.stdout)
        raise ConfigError(f"standard output cannot be written: {error.strerror}") from None


def sent_text(stored: StoredRun, *, as_json: bool) -> str:
    """The plan and the request of each result. Credentials were masked before they were stored."""
    if as_json:
        sent = [{"profile": e.result.profile, "think": e.result.think.requested, **e.sent} for e in stored.entries]
        return json_text({"schema": "thinkdial.history/1", "run": stored.number, "sent": sent})
    return "\n".join(_request_text(entry) for entry in stored.entries)


def replay_text(stored: StoredRun, replayed: Sequence[Replayed]) -> str:
    """What a replay changed, field by field, for each result."""
    lines: list[str] = []
    for entry, again in zip(stored.entries, replayed, strict=True):
        count = len(again.changes)
        if count:
            state = f"{count} field{'s' if count != 1 else ''} changed"
        elif entry.raw is None or not entry.result.attempts:
            state = "not replayed"
        else:
            state = "unchanged"
        lines.append(f"{one_line(_label(entry), 60)}: {state}")
        for change in again.changes:
            was, now = _both(change)
            lines += [f"  {one_line(change.path)}", f"    was  {was}", f"    is   {now}"]
        lines += [f"  note: {one_line(note)}" for note in again.notes]
    return "\n".join(lines) + "\n"


def _label(entry: StoredResult) -> str:
    return f"{entry.result.profile}@{entry.result.think.requested}"


def _labels(entries: Sequence[StoredResult]) -> str:
    return ", ".join(dict.fromkeys(one_line(_label(entry), 60) for entry in entries)) or "none"


def _request_text(entry: StoredResult) -> str:
    sent = entry.sent
    lines = [one_line(_label(entry), 60)]
    if not sent.get("url"):
        return "\n".join([*lines, "  nothing was sent", ""])
    lines.append(f"  fidelity  {one_line(str(sent.get('fidelity')))}")
    if sent.get("note"):
        lines.append(f"  note      {one_line(str(sent['note']))}")
    lines.append(f"  native    {one_line(json.dumps(sent.get('native') or {}, ensure_ascii=False))}")
    lines.append(f"  {one_line(str(sent.get('method')))} {one_line(str(sent['url']))}")
    headers: Mapping[str, Any] = sent.get("headers") or {}
    lines += [f"  {one_line(name)}: {one_line(str(value))}" for name, value in headers.items()]
    body = str(sent.get("body") or "")
    with suppress(ValueError):
        body = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    return "\n".join([*lines, "", *(f"  {line}" for line in harmless(body).split("\n")), ""])


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
