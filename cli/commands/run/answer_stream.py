"""The stream of `ask`: reasoning behind a bar on stderr, the answer on stdout, as they come."""

from __future__ import annotations

import sys
from asyncio import get_running_loop
from contextlib import suppress
from shutil import get_terminal_size
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ....engine.exchange.reasoning_tags import reasoning_tags
from ....engine.results.result import Result
from ....engine.runs.jobs import Job
from ....providers.errors import Failure
from ....providers.inline.holdback import Holdback
from ....providers.registry import INLINE_THINK
from ....providers.schema import AnswerDelta, AnswerWasReasoning, Delta, ReasoningDelta
from ....providers.untrusted import HarmlessStream
from ...closed_pipe import ClosedPipeError
from ...output import WRITTEN_AT_ONCE, aside, emit, has_colours, is_terminal, say

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from ....engine.results.tool_use import ToolRun
    from ...views.streams.growing_markdown import GrowingMarkdown
    from ...views.streams.words import WordStream

DIM, PLAIN = "\x1b[2m", "\x1b[0m"
_PAUSE_S = 0.1
_HEADING = "reasoning:\n"


def _columns() -> int:
    """How wide the terminal is at this moment."""
    return get_terminal_size().columns


class AnswerStream:
    """An observer that writes what it hears.

    On a pipe stdout is to be the answer alone. Of a server that may leave its reasoning in the answer, to be told
    apart only by a late closing tag, the beginning is held back there while it may be reasoning; what was written and
    turns out to be is corrected in words, as on a terminal.
    """

    def __init__(self, job: Job, *, show_reasoning: bool) -> None:
        target = job.target
        may_mislead = target is not None and target.use.quirks.get(INLINE_THINK, True)
        self._to_terminal = is_terminal(sys.stdout)
        self._may_mislead = bool(may_mislead) and not self._to_terminal
        self._expects_closer = target is not None and target.card.inline_think is True
        self._holdback: Holdback | None = None
        self._shows_reasoning = show_reasoning and is_terminal(sys.stderr)
        self._dim, self._plain = (DIM, PLAIN) if has_colours(sys.stderr) else ("", "")
        self._draws = self._to_terminal and has_colours(sys.stdout)
        self._paper: GrowingMarkdown | WordStream | None = None
        self._thoughts: WordStream | None = None
        self._timer: TimerHandle | None = None
        self._harmless_reasoning, self._harmless_answer = HarmlessStream(), HarmlessStream()
        self._reasoning_part: str | None = None
        self._answer_part: str | None = None
        self._held_part: str | None = None
        self._in_reasoning = False
        self._wrote_answer = False
        self._written = 0
        self._ends_with_newline = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave_reasoning()
        if self._wrote_answer:
            self._close_line()

    def started(self, index: int, attempt: int) -> None:
        self._holdback = self._held_part = None
        if attempt == 1 and self._wrote_answer:  # of the round before this one
            self._close_line()
        if attempt > 1 and is_terminal(sys.stderr):
            say(f"attempt {attempt}")

    def waiting(self, index: int, seconds: float, failure: Failure) -> None:
        say(f"{failure.message}; trying again in {seconds:.1f} s")

    def delta(self, index: int, delta: Delta) -> None:
        match delta:
            case ReasoningDelta(text=text) if text:
                if self._may_mislead and text.strip():
                    self._release()  # it comes elsewhere, and no closer is missing its opener
                if self._shows_reasoning:
                    self._reason(text, delta.part)
            case AnswerDelta(text=text) if text:
                self._hold(text, delta.part)
            case AnswerWasReasoning():
                self._take_back()
            case _:
                pass

    def tool_ran(self, index: int, run: ToolRun) -> None:
        """A tool of the user's has been run between rounds."""
        self._release()
        if not self._shows_reasoning:
            return
        from ...views.tools.runs import run_line

        self._leave_reasoning()
        if self._wrote_answer:
            self._close_line()
        say(run_line(run))

    def finished(self, index: int, result: Result) -> None:
        self._release()
        by_tool = result.shape is not None and result.shape.fidelity == "tool"
        if by_tool and not self._wrote_answer and result.answer:  # it came as a call, of which no text was streamed
            self._answer(result.answer, "")
        if result.tool_calls:
            self._calls(result)

    def _calls(self, result: Result) -> None:
        """The calls, a line each, after what was said."""
        from ...views.tools.calls import call_words

        if self._wrote_answer:
            self._close_line()
        else:
            self._leave_reasoning()
        for call in result.tool_calls:
            emit(f"→ {call_words(call)}\n" if self._to_terminal else f"{call_words(call)}\n")
        self._wrote_answer = False

    def _hold(self, text: str, part: str) -> None:
        if self._may_mislead:
            if self._holdback is None:
                self._holdback = Holdback(reasoning_tags().beginnings, expects_closer=self._expects_closer)
            if not self._holdback.is_open:
                gap = "\n\n" if self._held_part not in (None, part) else ""
                self._held_part = part
                text = self._holdback.feed(gap + text)
                if text:
                    self._answer_part = part
        if text:
            self._answer(text, part)

    def _release(self) -> None:
        self._may_mislead = False
        if self._holdback is not None and (held := self._holdback.release()):
            self._answer_part = self._held_part
            self._answer(held, self._held_part or "")

    def _take_back(self) -> None:
        self._may_mislead = False
        if self._holdback is not None:
            self._holdback.drop()
        if not self._wrote_answer:
            return
        self._close_line()
        if self._to_terminal:
            say("(the text above was reasoning; the answer follows)")
        else:
            many = f"the first {self._written} characters on standard output were reasoning, which was closed late"
            say(f"note: {many}; the answer follows, and --json and the history tell them apart")

    def _reason(self, text: str, part: str) -> None:
        if self._wrote_answer and self._to_terminal:
            self._close_line()
        gap = "\n\n" if self._reasoning_part not in (None, part) else ""
        begins = self._thoughts is None or not self._in_reasoning
        self._reasoning_part, self._in_reasoning = part, True
        shown = self._harmless_reasoning.feed(gap + text)
        if self._thoughts is None:
            from ...views.line import BAR
            from ...views.streams.words import WordStream

            self._thoughts = WordStream(_columns, BAR)
        if begins:
            shown = _HEADING + shown.lstrip("\n")
        aside(f"{self._dim}{self._thoughts.feed(shown)}{self._plain}")

    def _answer(self, text: str, part: str) -> None:
        self._leave_reasoning()
        gap = "\n\n" if self._answer_part not in (None, part) else ""
        self._answer_part, self._wrote_answer = part, True
        if gap:
            text = gap + text
        for at in range(0, len(text), WRITTEN_AT_ONCE):
            shown = self._harmless_answer.feed(text[at : at + WRITTEN_AT_ONCE])
            if shown:
                self._ends_with_newline = shown.endswith("\n")
                self._written += len(shown)
                emit(self._on_paper(shown) if self._to_terminal else shown)

    def _on_paper(self, text: str) -> str:
        """The answer as a terminal gets it: as rendered Markdown where it can be drawn, else with whole words."""
        if self._paper is None:
            if self._draws:
                from ...output import console
                from ...views.streams.growing_markdown import GrowingMarkdown

                self._paper = GrowingMarkdown(console())
            else:
                from ...views.streams.words import WordStream

                self._paper = WordStream(_columns)
        shown = self._paper.feed(text)
        if self._draws and self._timer is None:
            with suppress(RuntimeError):  # outside of an event loop nothing stalls
                self._timer = get_running_loop().call_later(_PAUSE_S, self._draw_late)
        return shown

    def _draw_late(self) -> None:
        """Draw what came just after a drawing: the model may pause now."""
        from ...views.streams.growing_markdown import GrowingMarkdown

        self._timer = None
        if isinstance(self._paper, GrowingMarkdown):
            with suppress(ClosedPipeError):  # told with the next piece
                emit(self._paper.late())

    def _close_line(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._paper is not None:
            emit(self._paper.end())
            self._ends_with_newline = True
        if not self._ends_with_newline:
            emit("\n")
            self._ends_with_newline = True

    def _leave_reasoning(self) -> None:
        if self._in_reasoning:
            self._in_reasoning = False
            last = "" if self._thoughts is None else self._thoughts.end()
            aside(f"{self._dim}{last}{self._plain}\n")


class ReasoningStream(AnswerStream):
    """The same for a call whose answer is shown later, in another shape."""

    def delta(self, index: int, delta: Delta) -> None:
        if not isinstance(delta, AnswerDelta | AnswerWasReasoning):
            super().delta(index, delta)
