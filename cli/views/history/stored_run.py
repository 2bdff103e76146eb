"""A stored run in words: which one it is, what was asked, and what was sent."""

from __future__ import annotations

import json
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any

from ....engine.history.read import StoredResult, StoredRun
from ....providers.json_values import parse_json
from ....providers.untrusted import HarmlessStream, harmless, one_line
from ..run.files import file_lines

HEAD_PROMPT_LINES = 12


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
    lines += [f"Attached: {words}" for words in file_lines(stored.run)]
    return "\n".join([*lines, "", ""])


def sent_text(stored: StoredRun) -> str:
    """The plan and the request of each result. Credentials were masked before they were stored."""
    return "\n".join(_request_text(entry) for entry in stored.entries)


def raw_text(blocks: Iterable[bytes]) -> Iterator[str]:
    """The bytes of a response for a terminal: nothing in them moves, hides or runs."""
    decode, shown, last = getincrementaldecoder("utf-8")("replace").decode, HarmlessStream(), ""
    for block in chain(blocks, (b"",)):
        if text := shown.feed(decode(block, final=not block)):
            yield text
            last = text
    yield "" if last.endswith("\n") else "\n"


def label(entry: StoredResult) -> str:
    sample = "" if entry.result.repeat is None else f" #{entry.result.repeat}"
    return one_line(f"{entry.result.profile}@{entry.result.think.requested}", 60) + sample


def _request_text(entry: StoredResult) -> str:
    sent = entry.sent
    lines = [label(entry)]
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
        body = json.dumps(parse_json(body), ensure_ascii=False, indent=2)
    return "\n".join([*lines, "", *(f"  {line}" for line in harmless(body).split("\n")), ""])
