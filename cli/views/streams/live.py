"""The comparison while it streams: one column, or one line, for each target, drawn ten times a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType, Segment
from rich.style import Style

from ....engine.results.result import Result
from ....providers.errors import Failure
from ....providers.json_values import is_blank
from ....providers.schema import AnswerDelta, AnswerWasReasoning, Delta, ReasoningDelta, ReasoningWithheld
from ....providers.untrusted import one_line
from ..line import BAD, BAR, CAUTION, GOOD, QUIET, STRONG
from ..numbers import dollars, seconds
from ..run.excerpt import thought
from ..run.phrases import failure_sentence, kind_words, state_words
from ..wrap import COLUMN_DIVIDER, columns_that_fit, fit, wrap
from .column_text import ColumnText, Piece
from .tail import Tail

if TYPE_CHECKING:
    from ....engine.results.tool_use import ToolRun

FRAMES_PER_SECOND = 10
_NARROWEST = 30
_LEAST_BODY = 3
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_SPINNER = "|/-\\"
_CHARACTERS_OF_A_TOKEN = 4


class LiveTarget:
    """What is known of one target so far."""

    def __init__(self, title: str) -> None:
        self.title = one_line(title)
        self.reasoning = Tail()
        self.answer = Tail()
        self.parts: dict[int, str] = {}
        self.shown = ColumnText()
        self.withheld = False
        self.attempt = 1
        self.since: float | None = None
        self.until: float | None = None
        self.retry_at: float | None = None
        self.failure: Failure | None = None
        self.result: Result | None = None

    def add(self, tail: Tail, text: str, part: str) -> None:
        """Take a piece of the reasoning or the answer; a new part begins a new paragraph."""
        if text:
            gap = "\n\n" if tail and self.parts.get(id(tail)) != part else ""
            self.parts[id(tail)] = part
            tail.add(gap + text)

    def state(self, now: float) -> tuple[str, str, str]:
        """Mark (empty while something moves), words and style."""
        if self.result:
            mark, words, style = state_words(self.result)
            return mark, "done" if words == "ok" else words, style
        if self.since is None:
            return "·", "queued", QUIET
        if self.retry_at is not None:
            why = f" ({kind_words(self.failure)})" if self.failure else ""
            return "↻", f"retrying in {max(0, round(self.retry_at - now + 0.49))} s{why}", CAUTION
        if self.answer:
            return "", "answering", GOOD
        if self.reasoning or self.withheld:
            return "", "thinking", STRONG
        return "", "waiting" if self.attempt == 1 else f"waiting, attempt {self.attempt}", QUIET

    def amount(self) -> str:
        """The output tokens, estimated by characters while they come, and then what they have cost."""
        if self.result:
            known = [] if self.result.usage.output_tokens is None else [f"{self.result.usage.output_tokens:,} tok"]
            return " · ".join([*known, *([] if self.result.cost.usd is None else [dollars(self.result.cost.usd)])])
        came = self.reasoning.characters + self.answer.characters
        return f"~{came // _CHARACTERS_OF_A_TOKEN:,} tok" if came >= _CHARACTERS_OF_A_TOKEN else ""

    def elapsed(self, now: float) -> str:
        if self.since is None:
            return ""
        run = (now if self.until is None else self.until) - self.since
        return f"{run:.1f} s" if run < 60 else seconds(run)


class LiveCell(LiveTarget):
    """Several samples of the same: how many are through, and of those under way the one that came furthest."""

    def __init__(self, samples: Sequence[LiveTarget]) -> None:
        super().__init__(samples[0].title)
        self.samples = samples

    def look(self) -> None:
        """Take over what is to be shown of the samples at this moment."""
        under_way = [sample for sample in self.samples if sample.result is None and sample.since is not None]
        ended = [sample for sample in self.samples if sample.result is not None]
        shown = max(under_way, key=lambda sample: (bool(sample.answer), bool(sample.reasoning)), default=None)
        shown = shown or (ended[-1] if ended else self.samples[0])
        self.shown = shown.shown
        self.reasoning, self.answer, self.withheld = shown.reasoning, shown.answer, shown.withheld
        self.attempt, self.retry_at, self.failure = shown.attempt, shown.retry_at, shown.failure
        self.since = min((sample.since for sample in self.samples if sample.since is not None), default=None)
        through = len(ended) == len(self.samples)
        self.until = (
            max((sample.until for sample in ended if sample.until is not None), default=None) if through else None
        )
        failed = next((sample.result for sample in ended if sample.result and sample.result.status != "ok"), None)
        self.result = (failed or ended[-1].result) if through else None

    def state(self, now: float) -> tuple[str, str, str]:
        ended = [sample.result for sample in self.samples if sample.result is not None]
        failed = sum(result.status != "ok" for result in ended)
        mark, words, style = super().state(now)
        count = f"{len(ended)} of {len(self.samples)} done" + (f", {failed} not whole" if failed else "")
        return mark, count if self.result or self.since is None else f"{count} · {words}", style


class _Redrawn(Live):
    """A live view that is told before each drawing, so that it can clear what the window has done to the last."""

    def __init__(self, before: Callable[[], None], renderable: RenderableType, **named: Any) -> None:
        self._before = before
        super().__init__(renderable, **named)

    def refresh(self) -> None:
        with self._lock:
            self._before()
            super().refresh()


class LiveCompare:
    """Shows a run on a terminal while it goes on, and leaves nothing behind; on anything else it is silent."""

    def __init__(
        self,
        console: Console,
        titles: Sequence[str],
        *,
        clock: Callable[[], float] = time.monotonic,
        cells: Sequence[int] = (),
    ) -> None:
        """`titles` are those of the calls; where the same is asked several times, `cells` has the cell of each call."""
        self.console = console
        self.calls = [LiveTarget(title) for title in titles]
        grouped: dict[int, list[LiveTarget]] = {}
        for call, cell in zip(self.calls, cells or range(len(self.calls)), strict=True):
            grouped.setdefault(cell, []).append(call)
        self.targets = [calls[0] if len(calls) == 1 else LiveCell(calls) for calls in grouped.values()]
        self._clock = clock
        self._began = clock()
        self._live: Live | None = None
        self._drawn: list[int] = []
        self._lock = Lock()  # Rich draws in a thread of its own

    def __enter__(self) -> LiveCompare:
        self._began = self._clock()
        if self.console.is_terminal and not self.console.is_dumb_terminal:
            self._live = _Redrawn(
                self._adjust,
                self,
                console=self.console,
                refresh_per_second=FRAMES_PER_SECOND,
                transient=True,
                redirect_stdout=False,
                vertical_overflow="crop",
            )
            self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._adjust()
            self._live.stop()
            self._live = None

    def _adjust(self) -> None:
        """Erase the rows that lines take more of since the window became narrower: Rich counts each as one."""
        width = max(1, self.console.width)
        more = sum(max(0, -(-length // width) - 1) for length in self._drawn)
        if more:
            up = ((ControlType.CARRIAGE_RETURN,), (ControlType.ERASE_IN_LINE, 2), (ControlType.CURSOR_UP, 1))
            self.console.control(Control(*up * more))
            self._drawn = []

    def started(self, index: int, attempt: int) -> None:
        """An attempt begins. A further one starts from an empty column: it is another answer."""
        target = self.calls[index]
        with self._lock:
            if target.since is None:
                target.since = self._clock()
            if attempt > 1:
                target.reasoning, target.answer, target.withheld = Tail(), Tail(), False
                target.shown = ColumnText()
            target.attempt, target.retry_at = attempt, None

    def delta(self, index: int, delta: Delta) -> None:
        """A piece of the stream came."""
        target = self.calls[index]
        with self._lock:
            match delta:
                case AnswerDelta(text=text, part=part):
                    target.add(target.answer, text, part)
                case ReasoningDelta(text=text, part=part):
                    target.add(target.reasoning, text, part)
                case ReasoningWithheld():
                    target.withheld = True
                case AnswerWasReasoning():
                    target.reasoning, target.answer, target.shown = target.answer, Tail(), ColumnText()
                case _:
                    pass

    def tool_ran(self, index: int, run: ToolRun) -> None:
        """A tool of the user's has been run; the next round follows in the same column."""
        from ..tools.runs import run_line

        target = self.calls[index]
        with self._lock:
            target.add(target.answer, f"→ {run_line(run)}", f"tool {run.round}")

    def waiting(self, index: int, seconds: float, failure: Failure) -> None:
        """An attempt failed, and the next begins in so many seconds."""
        target = self.calls[index]
        with self._lock:
            target.failure, target.retry_at = failure, self._clock() + seconds

    def finished(self, index: int, result: Result) -> None:
        """The target is through, well or not."""
        target = self.calls[index]
        with self._lock:
            target.until, target.result = self._clock(), result

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._lock:
            lines = list(self.frame(options.max_width, console.size.height - 1, ascii_only=options.ascii_only))
        self._drawn = [sum(cell_len(text) for text, _ in line) for line in lines]
        for line in lines:
            for text, style in line:
                yield Segment(text, Style.parse(style) if style else None)
            yield Segment.line()

    def frame(self, width: int, height: int, *, ascii_only: bool = False) -> Iterator[list[Piece]]:
        """Yield the lines of the picture at this moment: never wider than `width`, never more than `height`."""
        now = self._clock()
        for target in self.targets:
            if isinstance(target, LiveCell):
                target.look()
        frames = _ASCII_SPINNER if ascii_only else _SPINNER
        spinner = frames[int(now * FRAMES_PER_SECOND) % len(frames)]
        foot = 1 if len(self.targets) > 1 and height > 2 else 0
        per_row = columns_that_fit(len(self.targets), width, _NARROWEST)
        rows = -(-len(self.targets) // per_row)
        body = (height - foot) // rows - 3
        if body >= _LEAST_BODY and width >= _NARROWEST:
            yield from self._columns(per_row, width, body, spinner, now)
        else:
            yield from self._lines(width, max(1, height - foot), spinner, now)
        if foot:
            yield [(fit(self._footer(now), width).rstrip(), QUIET)]

    def _columns(self, per_row: int, width: int, body: int, spinner: str, now: float) -> Iterator[list[Piece]]:
        column = (width - len(COLUMN_DIVIDER) * (per_row - 1)) // per_row
        for start in range(0, len(self.targets), per_row):
            cells = [list(_cell(t, column, body, spinner, now)) for t in self.targets[start : start + per_row]]
            for number in range(max(map(len, cells))):
                line: list[Piece] = []
                for index, cell in enumerate(cells):
                    if index:
                        line.append((COLUMN_DIVIDER, QUIET))
                    line.extend(cell[number] if number < len(cell) else [(" " * column, "")])
                yield line
            yield []

    def _lines(self, width: int, height: int, spinner: str, now: float) -> Iterator[list[Piece]]:
        """One line a target; those at work come first when there are more than fit."""
        shown = self.targets
        if len(shown) > height:
            by_need = sorted(range(len(shown)), key=lambda i: (shown[i].result is not None, shown[i].since is None, i))
            shown = [self.targets[i] for i in sorted(by_need[: height - 1])]
        name = min(max(len(target.title) for target in self.targets), max(8, width // 3), max(0, width - 4))
        for target in shown:
            mark, words, style = target.state(now)
            text = f"{words} {target.elapsed(now)}".strip()
            room = max(0, width - name - 4)
            line = [(fit(f"{mark or spinner} ", min(2, width)), style), (fit(target.title, name), STRONG)]
            line.append((fit("", min(2, max(0, width - 2 - name))), ""))
            if room >= len(text) + 12 and not target.result:
                tail = (target.answer or target.reasoning).last_words(room - len(text) - 4)
                line += [(text, style), (f"  {fit(tail, room - len(text) - 2)}", QUIET)]
            else:
                line.append((fit(text, room), style))
            yield line
        if len(shown) < len(self.targets):
            yield [(fit(f"  and {len(self.targets) - len(shown)} more", width), QUIET)]

    def _footer(self, now: float) -> str:
        ended = [call.result for call in self.calls if call.result is not None]
        known = [result.usage.output_tokens for result in ended if result.usage.output_tokens is not None]
        costs = [result.cost.usd for result in ended if result.cost.usd is not None]
        amounts = ([f"{sum(known):,} tokens"] if known else []) + ([dollars(sum(costs, Decimal(0)))] if costs else [])
        parts = [f"{len(ended)} of {len(self.calls)} done", f"{now - self._began:.1f} s", *amounts]
        return " · ".join([*parts, "Ctrl-C stops and keeps what came"])


def _cell(target: LiveTarget, width: int, body: int, spinner: str, now: float) -> Iterator[list[Piece]]:
    """The lines of one column: title and timer, state, the end of the reasoning, the end of the answer."""
    mark, words, style = target.state(now)
    elapsed = target.elapsed(now)
    yield [(fit(target.title, max(1, width - len(elapsed) - 1)), STRONG), (f" {elapsed}", QUIET)]
    amount = target.amount()
    room = width - cell_len(amount) - 1
    if not amount or room < cell_len(words) + 2:
        amount, room = "", width
    yield [(fit(f"{mark or spinner} {words}", room), style), (f" {amount}" if amount else "", QUIET)]
    if target.result and target.result.error:
        for line in wrap(failure_sentence(target.result.error), width)[:_LEAST_BODY]:
            yield [(fit(line, width), BAD)]
        body -= _LEAST_BODY
    whole = target.result is not None and not is_blank(target.result.answer)
    if target.result is not None and whole:
        answer = target.shown.beginning(target.result.answer, width)
    else:
        answer = target.shown.end(target.answer.recent, target.answer.characters, width, now)
    room = max(1, body // 3, body - len(answer)) if answer else body
    thinking = [line for line in target.reasoning.lines(width - len(BAR), 2 * room) if line.strip()][-room:]
    left = max(0, body - len(thinking))
    for line in thinking:
        text, style = thought(line)
        yield [(BAR, QUIET), (fit(text, width - len(BAR)), style)]
    yield from answer[:left] if whole else answer[len(answer) - min(left, len(answer)) :]
