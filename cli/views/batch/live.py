"""The display of a running batch: one line a profile where there is room for it, two where not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style

from ...output import console
from ..line import BAD, GOOD, QUIET, STRONG
from ..wrap import fit
from .figures import Figures, crew_words, figures_of, span

if TYPE_CHECKING:
    from ....engine.batch.progress import BatchProgress

FRAMES_PER_SECOND = 4
_WIDE, _NARROW = 132, 60
_NARROW_NAME, _WIDE_NAME = 24, 32
_BAR = 12
_GAP = "  "

Piece = tuple[str, str]
"""Text and the name of its style."""


def can_draw() -> bool:
    """Whether stderr is a terminal on which lines can be drawn again."""
    screen = console(stderr=True)
    return screen.is_terminal and not screen.is_dumb_terminal


@contextmanager
def live(progress: Callable[[], BatchProgress]) -> Generator[None]:
    """Draw while the block runs. Rich draws in a thread of its own: a slow terminal does not hold up the batch."""
    with Live(
        Picture(progress),
        console=console(stderr=True),
        refresh_per_second=FRAMES_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        vertical_overflow="crop",
    ):
        yield


class Picture:
    """The batch at the moment when it is drawn."""

    def __init__(self, progress: Callable[[], BatchProgress]) -> None:
        self._progress = progress

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in frame(self._progress(), options.max_width, console.size.height - 1, ascii_only=options.ascii_only):
            for text, style in line:
                yield Segment(text, Style.parse(style) if style else None)
            yield Segment.line()


def frame(progress: BatchProgress, width: int, height: int, *, ascii_only: bool = False) -> Iterator[list[Piece]]:
    """Yield the lines: never wider than `width`, never more than `height`."""
    figures = [figures_of(one) for one in progress.profiles]
    ends = "#-" if ascii_only else "━╌"
    room = max(1, height - 3)
    most = room
    yield []
    if width >= _WIDE and room > 1:
        most = room - 1
        yield from _table(_shown(figures, most), width, ends)
    elif width >= _NARROW and 2 * len(figures) <= room:
        yield from _pairs(figures, width, ends)
    else:
        yield from (_single(one, width) for one in _shown(figures, most))
    if len(figures) > most:
        yield [(fit(f"and {len(figures) - most + 1} more", width).rstrip(), QUIET)]
    yield from ([(fit(line, width).rstrip(), QUIET)] for line in _foot(progress, width))


def _foot(progress: BatchProgress, width: int) -> Iterator[str]:
    every, has_many, bad = figures_of(progress.together), len(progress.profiles) > 1, progress.bad_rows
    parts = [span(progress.elapsed_s)]
    if has_many:
        parts += [f"{every.progress} done", every.speed]
    if every.at.left_s is not None:
        parts.append(f"{every.left} left")
    if bad:
        parts.append(f"{bad:,} bad {'row' if bad == 1 else 'rows'}")
    if every.at.earlier:
        parts.append(f"{every.at.earlier:,} done earlier")
    if has_many and every.at.usd is not None:
        parts.append(every.money)
    if has_many and every.at.tokens is not None:
        parts.append(f"{every.tokens} tokens")
    parts += crew_words(progress.crew)
    yield "".join(text for text, _ in _cut([(part, "") for part in parts], width + len(_GAP))).strip()
    if progress.is_stopping and not every.at.in_flight:
        return
    if progress.is_stopping:
        yield f"finishing {every.at.in_flight} under way; Ctrl-C once more stops at once"
    else:
        yield "Ctrl-C finishes what is under way and stops"


def _shown(figures: Sequence[Figures], room: int) -> list[Figures]:
    """As many as there is room for, with a line to spare for the number of the others; the finished go first."""
    if len(figures) <= room:
        return list(figures)
    by_need = sorted(range(len(figures)), key=lambda i: (figures[i].style in (GOOD, BAD), i))
    return [figures[index] for index in sorted(by_need[: max(0, room - 1)])]


def _table(figures: Sequence[Figures], width: int, ends: str) -> Iterator[list[Piece]]:
    """One line a profile below a head; columns keep their width while numbers grow."""
    heads = ("results", "rate", "failed", "retried", "at once", "limits", "tokens", "cost", "left")
    least = (17, 8, 6, 7, 9, 0, 7, 9, 7)
    made = [_cells(one) for one in figures]
    widths = [max(low, len(head), *(len(cells[i]) for cells in made)) if made else max(low, len(head))
              for i, (head, low) in enumerate(zip(heads, least, strict=True))]  # fmt: skip
    fixed = sum(widths) + len(_GAP) * len(heads) + _BAR + 2 * len(_GAP)
    state = min(max((len(one.state) for one in figures), default=0) if figures else 0, 28)
    name = max(8, min(_WIDE_NAME, max((len(one.name) for one in figures), default=8), width - fixed - max(state, 12)))
    state = max(0, width - fixed - name)
    yield [
        (fit("", name + len(_GAP) + _BAR), ""),
        *((_GAP + head.rjust(size), QUIET) for head, size in zip(heads, widths, strict=True)),
    ]
    for one, cells in zip(figures, made, strict=True):
        yield [
            (fit(one.name, name) + _GAP, STRONG),
            *_bar(one, ends),
            *((_GAP + cell.rjust(size), _style(head, one)) for head, cell, size in
              zip(heads, cells, widths, strict=True)),
            (_GAP + fit(one.state, state).rstrip(), one.style),
        ]  # fmt: skip


def _cells(one: Figures) -> tuple[str, ...]:
    return (
        one.progress, one.speed, f"{one.at.failed:,}", f"{one.at.retries:,}", f"{one.at.in_flight} of {one.at.at_once}",
        one.limits, one.tokens, one.money, one.left,
    )  # fmt: skip


def _style(head: str, one: Figures) -> str:
    if head == "failed" and one.at.failed:
        return BAD
    return QUIET if head in ("limits", "at once", "retried", "failed") else ""


def _pairs(figures: Sequence[Figures], width: int, ends: str) -> Iterator[list[Piece]]:
    """Two lines a profile for 80 columns: how far, and what it takes."""
    name = max(8, min(_NARROW_NAME, max(len(one.name) for one in figures), width - _BAR - 40)) if figures else 8
    progress = max(
        (len(one.progress) + len(f"{one.at.total or 0:,}") - len(f"{one.at.done:,}") for one in figures), default=0
    )
    for one in figures:
        left = f"{one.left} left" if one.at.left_s is not None else ""
        numbers = f"{one.progress:>{progress}}{_GAP}{one.speed:>8}{_GAP}{left}"
        room = max(0, width - name - _BAR - 2 * len(_GAP))
        yield [(fit(one.name, name) + _GAP, STRONG), *_bar(one, ends), (_GAP + fit(numbers, room).rstrip(), "")]
        parts: list[Piece] = [(one.state, one.style), (f"{one.at.in_flight} of {one.at.at_once} at once", QUIET)]
        if one.at.failed:
            parts.append((f"{one.at.failed:,} failed", BAD))
        if one.at.retries:
            parts.append((f"{one.at.retries:,} retried", QUIET))
        if one.at.tokens is not None:
            parts.append((f"{one.tokens} tokens", QUIET))
        if one.at.usd is not None:
            parts.append((one.money, QUIET))
        if one.limits:
            parts.append((one.limits, QUIET))
        yield _cut(parts, width)


def _single(one: Figures, width: int) -> list[Piece]:
    """One line where there are more profiles than room."""
    name = max(8, min(_NARROW_NAME, width // 3))
    failed: list[Piece] = [(f"{one.at.failed:,} failed", BAD)] if one.at.failed else []
    return [(fit(one.name, name), STRONG), *_cut(
        [(one.progress, ""), (one.speed, ""), *failed, (one.state, one.style), (one.money, QUIET)], width - name
    )]  # fmt: skip


def _cut(parts: Sequence[Piece], width: int) -> list[Piece]:
    """The parts that fit, two blanks before the first and a point between them."""
    line: list[Piece] = []
    used = 0
    for text, style in parts:
        before = " · " if line else _GAP
        if used + len(before) + len(text) > width:
            break
        line += [(before, QUIET), (text, style)]
        used += len(before) + len(text)
    return line


def _bar(one: Figures, ends: str) -> list[Piece]:
    """How much of it is done, as a bar; empty cells where nobody knows."""
    if one.at.share is None:
        return [(" " * _BAR, "")]
    full = int(_BAR * one.at.share)
    return [(ends[0] * full, one.style or GOOD), (ends[1] * (_BAR - full), QUIET)]
