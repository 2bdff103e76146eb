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


def slow_clock() -> Callable[[], float]:
    """A drawing takes no time, and the next piece comes long after."""
    ticks = count()
    return lambda: next(ticks) // 2 * 10.0


def drawn(text: str, width: int, height: int, seed: int) -> Paper:
    screen = Console(width=width, height=height, force_terminal=True, _environ={"TERM": "xterm"})
    growing, paper, chance = GrowingMarkdown(screen, clock=slow_clock()), Paper(width), random.Random(seed)
    while text:
        size = chance.randint(1, 30)
        paper.write(growing.feed(text[:size]))
        text = text[size:]
    paper.write(growing.end())
    return paper


@each("width", [30, 80, 160], every=4)
@each("seed", [1, 2])
def test_the_end_is_the_same_as_of_the_whole(width: int, seed: int) -> None:
    shown = [line for line in drawn(DOCUMENT, width, 50, seed).text() if line]
    assert shown == [line for line in at_once(DOCUMENT, width) if line]


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
    assert growing.feed("end").startswith("\x1b[1A\r\x1b[J")


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
