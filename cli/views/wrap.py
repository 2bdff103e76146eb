"""Plain text broken into lines, and a window into columns, counted in terminal cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .line import columns_of

COLUMN_DIVIDER = " │ "


def wrap_line(line: str, width: int, indent: str = "") -> Iterator[str]:
    """Yield `line` in pieces of at most `width` cells, broken at spaces where there are any.

    Leading spaces stay; `indent` begins every piece but the first. What is longer than a line is cut.
    """
    width = max(1, width)
    indent = indent if columns_of(indent) < width else ""
    line = line.expandtabs(4)
    body = line.lstrip(" ")
    current, room = line[: len(line) - len(body)][: width - 1], width
    begun = False
    for word in body.split(" "):
        joined = f"{current} {word}" if begun else f"{current}{word}"
        if columns_of(joined) <= room:
            current, begun = joined, True
            continue
        if begun:
            yield current.rstrip(" ")
            current, begun = indent, False
            if not word:
                continue
        if columns_of(current + word) > room:
            from rich.cells import chop_cells

            *whole, word = chop_cells(current + word, room)
            yield from whole
            current = ""
        current, begun = current + word, True
    yield current.rstrip(" ")


def wrap_pieces(pieces: Iterable[str], width: int, indent: str = "") -> Iterator[str]:
    """`wrap_line` of one line that comes in pieces, of which none is held longer than it takes to break it."""
    last = ""
    for piece in pieces:
        words = piece.rstrip(" ")
        if not words:
            last += "" if last.endswith(" " * width) else piece[:width]
            continue
        *lines, last = wrap_line(last + words, width, indent)
        yield from lines
        last += piece[len(words) : len(words) + width]
    yield last.rstrip(" ")


def line_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Where each line of `text` begins and ends, of what lies between `start` and `end`: no line is copied."""
    end = len(text) if end is None else end
    while (found := text.find("\n", start, end)) >= 0:
        yield start, found
        start = found + 1
    yield start, end


def wrap(text: str, width: int) -> list[str]:
    """The lines of `text`, each wrapped to `width` cells."""
    return [piece for line in text.split("\n") for piece in wrap_line(line, width)]


def fit(text: str, width: int) -> str:
    """`text` at exactly `width` cells: padded with spaces, or cut with an ellipsis."""
    width = max(0, width)
    length = columns_of(text)
    if length <= width:
        return text + " " * (width - length)
    if not width:
        return ""
    from rich.cells import set_cell_size

    return set_cell_size(text, width - 1) + "…"


def columns_that_fit(count: int, width: int, narrowest: int) -> int:
    """How many columns to a row: all if they fit, else as evenly spread as the width allows."""
    most = max(1, (width + len(COLUMN_DIVIDER)) // (narrowest + len(COLUMN_DIVIDER)))
    rows = max(1, -(-count // most))
    return max(1, -(-count // rows))
