"""Markdown that is drawn while it comes: whatever the pieces, the screen ends as if it had come at once."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import count

import pytest
from rich.console import Console

from thinkdial.cli.views.markdown import ModelMarkdown
from thinkdial.cli.views.streams import growing_markdown
from thinkdial.cli.views.streams.growing_markdown import GrowingMarkdown

from ....cases import each

LIST = "\n".join(f"{number}. item **{number}** of the list" for number in range(1, 31))
DOCUMENT = f"""# A title

Some *text* that is long enough to be folded on a narrow screen, with **bold `code`** and \\(x\\,y\\).

- one
- two
  - deeper

| a | b |
|---|---|
| 1 | a cell that grows |
| 22 | x |

```python
def f():

    return 1
```

{LIST}

> a quote

Under
=====

The end."""


class Paper:
    """What a terminal makes of text, carriage returns, moves up and erasure below."""

    def __init__(self, width: int) -> None:
        self.width, self.lines, self.row, self.highest = width, [""], 0, 0

    def write(self, text: str) -> None:
        for piece in re.findall(r"\x1b\[\d*[A-Za-z]|\x1b\[[\d;]*m|\n|\r|[^\x1b\n\r]+", text):
            if piece == "\n":
                self.row += 1
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif piece.endswith("A") and piece[0] == "\x1b":
                self.highest = max(self.highest, int(piece[2:-1]))
                self.row -= int(piece[2:-1])
                assert self.row >= 0
            elif piece == "\x1b[J":
                self.lines[self.row :] = [""]
            elif piece not in ("\r",) and piece[0] != "\x1b":
                self.lines[self.row] += piece
                assert len(self.lines[self.row]) < self.width

    def text(self) -> list[str]:
        return [line.rstrip() for line in self.lines]


def at_once(text: str, width: int) -> list[str]:
    console = Console(width=width - 1, no_color=True, force_terminal=False)
    with console.capture() as captured:
        console.print(ModelMarkdown(text))
    return [line.rstrip() for line in captured.get().split("\n")]


def slow_clock(quick: int = 1) -> Callable[[], float]:
    """A drawing takes no time, and the next piece comes long after, or so many `quick` ones come at a time."""
    ticks = count()
    return lambda: next(ticks) // 2 // quick * 10.0


def drawn(text: str, width: int, height: int, seed: int, quick: int = 1) -> Paper:
    screen = Console(width=width, height=height, force_terminal=True, _environ={"TERM": "xterm"})
    growing, paper, chance = GrowingMarkdown(screen, clock=slow_clock(quick)), Paper(width), random.Random(seed)
    while text:
        size = chance.randint(1, 30)
        paper.write(growing.feed(text[:size]))
        text = text[size:]
    paper.write(growing.end())
    return paper


@each("width", [30, 80, 160], every=6)
@each("seed", [1, 2])
@each("quick", [1, 9])
def test_the_end_is_the_same_as_of_the_whole(width: int, seed: int, quick: int) -> None:
    shown = [line for line in drawn(DOCUMENT, width, 50, seed, quick).text() if line]
    assert shown == [line for line in at_once(DOCUMENT, width) if line]


@pytest.mark.parametrize("begin", ["The first", "1. one\n2. The first", "It is **bold**, and the first"])
def test_words_are_seen_at_once_where_they_will_stand(begin: str) -> None:
    screen = Console(width=60, height=20, force_terminal=True, _environ={"TERM": "xterm"})
    growing, paper = GrowingMarkdown(screen, clock=lambda: 0.0), Paper(60)
    text = ""
    for piece in (begin, " words", " ", "go", "\u4e2d\u6587 ", "on", ","):
        text += piece
        paper.write(growing.feed(piece))
        assert [line for line in paper.text() if line] == [line for line in at_once(text, 60) if line], piece
    assert growing.late() == ""
    for piece in (" *and*", " so", "\n", "more ", "words"):
        assert growing.feed(piece) == "", "it has to be drawn"
    paper.write(growing.late())
    paper.write(growing.feed(" yes"))
    assert paper.text()[-1].endswith("more words yes")


def test_a_line_that_is_full_goes_on_in_the_next_one_where_that_begins_at_the_edge() -> None:
    screen = Console(width=40, height=20, force_terminal=True, _environ={"TERM": "xterm"})
    for begin, is_seen in (("The first words", True), ("- The first words", False)):
        growing, paper, text = GrowingMarkdown(screen, clock=lambda: 0.0), Paper(40), begin
        paper.write(growing.feed(begin))
        for piece in (" are followed by more", " of them", " until", " the line is full, and", " the next"):
            text += piece
            paper.write(growing.feed(piece))
        seen = [line for line in at_once(text, 40) if line]
        assert len(seen) > 1 and (paper.text() == seen) is is_seen
        paper.write(growing.late())
        assert paper.text() == seen


def test_no_more_is_drawn_again_than_the_window_holds() -> None:
    paper = drawn(LIST, 60, 12, 3)
    assert paper.highest <= 10
    assert [line for line in paper.text() if line] == [line for line in at_once(LIST, 60) if line]


def test_a_long_table_waits_until_its_columns_are_known() -> None:
    table = "| a | b |\n|---|---|\n" + "".join(f"| {'x' * (number % 9)} | {number} |\n" for number in range(40))
    paper = drawn(table, 60, 12, 4)
    assert paper.text() == [*at_once(table, 60)]
    assert not any("so far" in line for line in paper.text())


def test_a_window_that_became_narrower_counts_folded_lines() -> None:
    screen = Console(width=80, height=20, force_terminal=True, _environ={"TERM": "xterm"})
    growing = GrowingMarkdown(screen, clock=slow_clock())
    growing.feed("word " * 14)
    screen.width = 40
    assert growing.feed("end").startswith(" end\x1b[1A\r\x1b[J"), "the first line has become two"


def test_nothing_gives_nothing() -> None:
    growing = GrowingMarkdown(Console(width=80, height=20, force_terminal=True))
    assert growing.end() == ""


def test_what_is_behind_the_most_that_is_drawn_is_written_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing_markdown, "MAX_CHARACTERS", 40)
    drawn: list[int] = []
    growing = GrowingMarkdown(Console(width=40, height=10, force_terminal=True), count().__next__)
    monkeypatch.setattr(GrowingMarkdown, "_lines", lambda _, text: drawn.append(len(text)) or text.split("\n"))
    pieces = ["a **word** ", "and more ", "*behind* ", "it\n\n", *("- no list\n" * 5).splitlines(keepends=True)] * 20
    paper = Paper(40)
    for piece in pieces:
        paper.write(growing.feed(piece))
    written = growing.end()
    assert written == "\n" and sum(drawn) < 500
    assert paper.lines[2] == "- no list" and len(paper.lines) == 7 * 20 + 1
