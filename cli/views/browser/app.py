"""The browser of stored results: a list of runs, the results of one in a table, and two of them beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, cast

from rich.console import Group
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Input, Static

from ....engine.history.read import StoredRun
from ....engine.history.search.run_rows import RunRow
from ....engine.results.difference import difference
from ....engine.results.result import Result
from ....profiles.profile import Reference
from ....providers.errors import ThinkdialError
from ....providers.json_values import is_blank
from ....providers.untrusted import harmless, one_line
from ..choose.difference import NamedDifference, difference_view
from ..history.run_words import cost_words, status_words
from ..markdown import ModelMarkdown
from ..run.answers import answers
from ..run.phrases import reasoning_words, why_not_whole
from ..run.receipt import receipt_line
from ..wrap import wrap
from .result_table import COLUMNS, ResultLine, in_order, matching, result_lines

_MOST_PINNED = 2


class History:
    """What the browser asks of the history, and how a prompt is sent again: functions, so that tests bring their own.

    `send_again` takes a run, one of its results and a think value, and gives the name of the new run.
    """

    def __init__(
        self,
        runs: Callable[[], Sequence[RunRow]],
        run: Callable[[str], StoredRun],
        send_again: Callable[[StoredRun, Result, str], str],
        reference: Reference,
    ) -> None:
        self.runs, self.run, self.send_again, self.reference = runs, run, send_again, reference


class OwnScreen(Screen[None]):
    """A screen of the browser, which knows whose it is."""

    @property
    def browser(self) -> ResultBrowser:
        return cast("ResultBrowser", super().app)  # pyright: ignore[reportUnknownMemberType]


class RunsScreen(OwnScreen):
    """All runs, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [("q", "app.quit", "Quit")]

    def __init__(self, history: History) -> None:
        super().__init__()
        self.history = history

    def compose(self) -> ComposeResult:
        yield DataTable[Text](cursor_type="row", id="runs")
        yield Footer()

    def on_mount(self) -> None:
        self.refill()

    def on_screen_resume(self) -> None:
        self.refill()

    def refill(self) -> None:
        """Read the list anew: a prompt may have been sent again meanwhile."""
        table = cast("DataTable[Text]", self.query_one("#runs", DataTable))
        at = table.cursor_row
        table.clear(columns=True)
        for head in ("run", "when (UTC)", "prompt", "profiles", "status", "cost"):
            table.add_column(head)
        for row in self.history.runs():
            when = one_line(row.created_at).replace("T", " ")[:16]
            names = ", ".join(one_line(name) for name in row.profiles)
            cells = [str(row.number), when, one_line(row.prompt, 60), one_line(names, 40)]
            words = (Text.assemble(*status_words(row).pieces), Text.assemble(*cost_words(row).pieces))
            table.add_row(*map(Text, cells), *words, key=str(row.number))
        table.move_cursor(row=at)
        table.focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        if event.row_key.value is not None:
            self.browser.push_screen(ResultsScreen(self.history, self.history.run(event.row_key.value)))


class ResultsScreen(OwnScreen):
    """The results of one run in a table, and the chosen one below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "back", "Back"),
        ("s", "sort", "Sort"),
        ("S", "turn", "Turn order"),
        ("slash", "filter", "Filter"),
        ("r", "reasoning", "Reasoning"),
        ("p", "pin", "Pin"),
        ("d", "difference", "Difference"),
        ("c", "copy", "Copy"),
        ("a", "again", "Send again"),
        ("q", "app.quit", "Quit"),
    ]

    def __init__(self, history: History, stored: StoredRun) -> None:
        super().__init__()
        self.history, self.stored = history, stored
        self.lines = result_lines(stored.run.results)
        self.shown: list[ResultLine] = list(self.lines)
        self.pinned: list[int] = []
        self.sorted_by: str | None = None
        self.falling = self.unfolded = False
        self.words = self.asking = ""

    def compose(self) -> ComposeResult:
        yield Static(self._head(), id="head")
        yield DataTable[Text](cursor_type="row", id="results")
        yield Input(id="line", classes="hidden")
        with VerticalScroll(id="detail", can_focus=True):
            yield Static(id="answer")
        yield Footer()

    def on_mount(self) -> None:
        self._refill()
        self.query_one("#results", DataTable).focus()

    def _head(self) -> Text:
        head = Text.assemble((f"run {self.stored.number}", "bold"), "  ", one_line(self.stored.run.prompt, 200))
        if self.stored.simulated:
            head.append("  SIMULATED", "magenta")
        return head

    @property
    def chosen(self) -> ResultLine | None:
        """The line that the cursor is on."""
        row = self.query_one("#results", DataTable).cursor_row
        return self.shown[row] if 0 <= row < len(self.shown) else None

    def _refill(self) -> None:
        table = cast("DataTable[Text]", self.query_one("#results", DataTable))
        kept = self.chosen.place if self.chosen else 0
        found = matching(self.lines, self.words)
        self.shown = in_order(found, self.sorted_by, self.history.reference, falling=self.falling)
        table.clear(columns=True)
        for name in COLUMNS:
            mark = (" ↓" if self.falling else " ↑") if name == self.sorted_by else ""
            table.add_column(f"{name}{mark}", key=name)
        for line in self.shown:
            first, *others = line.cells
            pin = "▪ " if line.place in self.pinned else "  "
            table.add_row(Text(f"{pin}{first}", "bold"), *map(Text, others), key=str(line.place))
        places = [line.place for line in self.shown]
        table.move_cursor(row=places.index(kept) if kept in places else 0)
        self._show()

    def on_data_table_row_highlighted(self, _: DataTable.RowHighlighted) -> None:
        self._show()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """A click on a head: rising, falling, as it was."""
        name = event.column_key.value
        if name == self.sorted_by and self.falling:
            self.sorted_by, self.falling = None, False
        else:
            self.falling = name == self.sorted_by
            self.sorted_by = name
        self._refill()

    def _show(self) -> None:
        line, place = self.chosen, self.query_one("#answer", Static)
        if line is None:
            place.update(Text("nothing matches" if self.words else "this run has no results", "dim"))
            return
        result = line.result
        width = max(20, self.query_one("#detail").size.width - 2)
        parts: list[Text | ModelMarkdown] = [Text.assemble((line.label, "bold"), "  ")]
        parts.append(Text.assemble(*receipt_line(result, width).pieces))
        if words := reasoning_words(result):
            text = harmless(result.reasoning.text or "").strip()
            fold = "" if not text else "  (r folds it)" if self.unfolded else f"  (r unfolds {len(text):,} characters)"
            parts.append(Text(f"\nreasoning: {words}{fold}", "italic"))
            if text and self.unfolded:
                parts.append(Text("\n".join(f"┊ {one}" for one in wrap(text, width - 2))))
        parts.append(Text(""))
        if not is_blank(result.answer):
            parts.append(ModelMarkdown(result.answer))
        parts += _calls(result)
        parts += [Text(reason, "red") for reason in why_not_whole(result)]
        place.update(Group(*parts))

    def action_back(self) -> None:
        line = self.query_one("#line", Input)
        if not line.has_class("hidden"):
            self._close_line()
        elif self.browser.is_alone:
            self.browser.exit()
        else:
            self.browser.pop_screen()

    def action_sort(self) -> None:
        """By the next column; after the last as in the run."""
        names = [*COLUMNS, None]
        self.sorted_by = names[(names.index(self.sorted_by) + 1) % len(names)]
        self._refill()

    def action_turn(self) -> None:
        self.falling = not self.falling
        self._refill()

    def action_reasoning(self) -> None:
        self.unfolded = not self.unfolded
        self._show()

    def action_pin(self) -> None:
        """Pin the chosen one, or let it go; of three the oldest goes."""
        if (line := self.chosen) is None:
            return
        if line.place in self.pinned:
            self.pinned.remove(line.place)
        else:
            self.pinned = [*self.pinned, line.place][-_MOST_PINNED:]
        self._refill()
        if len(self.pinned) == _MOST_PINNED:
            self.notify("d shows both beside each other")

    def action_difference(self) -> None:
        if len(self.pinned) < _MOST_PINNED:
            self.notify("pin two with p first", severity="warning")
            return
        first, second = (next(line for line in self.lines if line.place == place) for place in self.pinned)
        self.browser.push_screen(PairScreen(self.stored.number, first, second))

    def action_copy(self) -> None:
        if (line := self.chosen) is not None:
            self.browser.copy_to_clipboard(line.result.answer)
            self.notify(f"the answer of {line.label} is copied", markup=False)

    def action_filter(self) -> None:
        self._ask("filter", "words that are in the row, the reasoning or the answer", self.words)

    def action_again(self) -> None:
        if (line := self.chosen) is not None:
            self._ask("again", f"{line.label} again, at a cost, with the think value (Esc: not)", "")

    def _ask(self, what: str, words: str, value: str) -> None:
        line = self.query_one("#line", Input)
        self.asking, line.placeholder, line.value = what, words, value
        line.remove_class("hidden")
        line.focus()

    def _close_line(self) -> None:
        self.query_one("#line", Input).add_class("hidden")
        self.query_one("#results", DataTable).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.asking == "filter" and not event.input.has_class("hidden"):
            self.words = event.value
            self._refill()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        again = self.asking == "again" and event.value.strip()
        self._close_line()
        if again and (line := self.chosen) is not None:
            self.notify(f"{line.label} is asked again, with {again}", markup=False)
            self.run_worker(lambda: self._send(line.result, again), thread=True)

    def _send(self, result: Result, think: str) -> None:
        """In a thread: the call, and then the run that it has become."""
        try:
            stored = self.history.run(self.history.send_again(self.stored, result, think))
        except ThinkdialError as error:
            words = f"{error.message}{f' ({error.hint})' if error.hint else ''}"
            self.browser.call_from_thread(self.notify, words, severity="error", timeout=15, markup=False)
            return
        self.browser.call_from_thread(self._take, stored)

    def _take(self, stored: StoredRun) -> None:
        """The new results stand below those of the run, so that they can be compared."""
        old = [line.result for line in self.lines]
        self.lines = result_lines([*old, *stored.run.results])
        self._refill()
        self.notify(f"run {stored.number} is here", markup=False)


class PairScreen(OwnScreen):
    """Two results beside each other, and below them what differs."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "app.pop_screen", "Back"), ("q", "app.quit", "Quit")]

    def __init__(self, number: int, first: ResultLine, second: ResultLine) -> None:
        super().__init__()
        self.number, self.first, self.second = number, first, second

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="pair"):
            yield Static(id="both")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one("#pair").focus()
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = max(40, self.browser.size.width - 4)
        a, b = self.first.result, self.second.result
        named = NamedDifference(self.first.label, self.second.label, difference(a, b, same_prompt=True))
        both = answers([a, b], width, reasoning="full")
        self.query_one("#both", Static).update(Group(both, Text(""), difference_view(named, width)))


class ResultBrowser(App[None]):
    """Results of the history in the terminal, in its own colours."""

    CSS = """
    #runs { height: 1fr; }
    #head { height: 1; padding: 0 1; }
    #results { height: auto; max-height: 50%; }
    #detail { height: 1fr; padding: 0 1; border-top: solid $primary; }
    #pair { padding: 0 1; }
    .hidden { display: none; }
    DataTable > .datatable--cursor { text-style: bold underline; }
    """
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, history: History, run: StoredRun | None = None) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"  # the terminal's own colours, so that a light one stays light
        self.history, self.first = history, run
        self.is_alone = run is not None

    def on_mount(self) -> None:
        self.push_screen(RunsScreen(self.history) if self.first is None else ResultsScreen(self.history, self.first))


def _calls(result: Result) -> list[Text]:
    if not result.tool_calls:
        return []
    from ..tools.calls import call_lines

    return [Text(line, style) for line, style in call_lines(result)]
