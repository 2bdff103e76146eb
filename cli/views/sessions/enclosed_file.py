"""A file that goes along with a message, in the lines that tell what it is before it is sent."""

from __future__ import annotations

from collections.abc import Iterator

from ....engine.attachments.attachment import Attachment
from ....providers.untrusted import one_line

SHOWN_LINES = 3
"""So much of a text is shown."""


def file_lines(file: Attachment, tokens: int | None = None) -> Iterator[str]:
    """What it is called, is and measures, and how a text begins. `tokens`: how many that text is, about."""
    yield f"@{one_line(file.origin, 200)}: {', '.join(_facts(file, tokens))}"
    if file.kind != "text":
        return
    lines = _text(file).split("\n")
    yield from (f"  | {one_line(line, 72)}" for line in lines[:SHOWN_LINES])
    if len(lines) > SHOWN_LINES:
        yield "  | …"


def _facts(file: Attachment, tokens: int | None) -> Iterator[str]:
    if file.kind == "text":
        text = _text(file)
        yield _counted(text.count("\n") + 1, "line")
        yield f"{len(text):,} characters"
        if tokens is not None:
            yield f"~{_counted(tokens, 'token')}"
        return
    yield file.media_type
    measures = file.measures
    if "width" in measures and "height" in measures:
        yield f"{measures['width']:,} x {measures['height']:,} pixels"
    if "pages" in measures:
        yield _counted(int(measures["pages"]), "page")
    if "seconds" in measures:
        yield f"{measures['seconds']:,.0f} s"
    yield f"{len(file.data):,} bytes" if file.url is None else "for the provider to fetch"


def _text(file: Attachment) -> str:
    return file.data.decode("utf-8-sig", "replace").replace("\r\n", "\n").strip("\n")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}"
