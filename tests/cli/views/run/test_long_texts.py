"""Runs with long answers as files: the same as in one piece, and written without a second copy of the answer."""

from __future__ import annotations

import csv
import tracemalloc
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from io import StringIO
from itertools import chain
from random import Random

import pytest

from thinkdial.cli.formats import json_lines
from thinkdial.cli.views import quotation
from thinkdial.cli.views.quotation import quoted, quoted_pieces
from thinkdial.cli.views.report import markup, page
from thinkdial.cli.views.report.page import report_pieces
from thinkdial.cli.views.run import excerpt as excerpts
from thinkdial.cli.views.run import export
from thinkdial.cli.views.run.excerpt import excerpt
from thinkdial.cli.views.run.export import run_csv, run_markdown, run_text
from thinkdial.cli.views.wrap import line_spans, wrap_line, wrap_pieces
from thinkdial.engine.results import json_pieces
from thinkdial.engine.results.result import Reasoning, Result, Run
from thinkdial.providers import untrusted
from thinkdial.providers.untrusted import harmless, harmless_pieces, span_without

from ..conftest import written

Make = Callable[..., Result]

ODD = ["a", " ", "\n", "\r", "\t", "\x1b", "\u200b", "\u200d", "\ufe0f", "😀", "漢", "`", '"', "\ud83d", "\U000e0067"]


def odd_text(random: Random, length: int) -> str:
    return "".join(random.choice(ODD) * random.choice([1, 1, 1, 2, 40]) for _ in range(length))


def test_pieces_join_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(7)
    for long in (1, 3, 30, 100):
        monkeypatch.setattr(untrusted, "LONG", long)
        for _ in range(100):
            text = odd_text(random, 60)
            assert written(harmless_pieces, text) == harmless(text)
            assert [text[start:end] for start, end in line_spans(text)] == text.split("\n")
            start, end = span_without(" \n", text)
            assert text[start:end] == text.strip(" \n")
            monkeypatch.setattr(quotation, "MAX_CHARACTERS", 0)
            text = text.replace("\r", "")
            assert written(quoted_pieces, text) == quoted(text)


def test_a_line_in_pieces_breaks_where_it_breaks_in_one() -> None:
    random = Random(8)
    for _ in range(300):
        line = "".join(random.choice(["a", "bc", " ", "漢字", "word " * 9, "x" * 50]) for _ in range(40))
        line = " ".join(line.split())
        cuts = sorted(random.randrange(len(line)) for _ in range(5))
        pieces = [line[start:end] for start, end in zip((0, *cuts), (*cuts, len(line)), strict=True)]
        for indent in ("", "  "):
            assert [*wrap_pieces(pieces, 30, indent)] == [*wrap_line(line, 30, indent)]


SIZE = 2**18
TEXTS = {
    "one line": "plain words here ",
    "no blanks": "x",
    "lines": "line of text\n",
    "hostile": "\x1b[31m\u202e\r`````\n",
    "wide": "ab😀cd ef gh\n",
}
WRITERS: dict[str, Callable[[Run], Iterable[str]]] = {
    "text": run_text,
    "md": lambda run: run_markdown(run, "full"),
    "csv": lambda run: run_csv(run.results),
    "html": lambda run: report_pieces([run]),
    "jsonl": lambda run: json_lines(run.results),
}


def peak_of(pieces: Iterable[str]) -> int:
    tracemalloc.start()
    try:
        assert max(map(len, pieces)) < 2**17
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_long_answer_is_written_without_being_copied(
    result: Make, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is done at once is made small, so that an answer of a quarter of a megabyte is a long one."""
    for module, name in ((untrusted, "LONG"), (export, "LONG"), (json_pieces, "LONGEST_PIECE"), (excerpts, "_LONG")):
        monkeypatch.setattr(module, name, 2**11)
    for module in (quotation, markup, page):
        monkeypatch.setattr(module, "MAX_CHARACTERS", 2**11)
    too_much: list[str] = []
    for kind, unit in TEXTS.items():
        short, long = (
            run(result(answer=text, reasoning=Reasoning(text, "full", 5, "reported")))
            for text in (unit * (SIZE // 4 // len(unit)), unit * (SIZE // len(unit)))
        )
        for name, writer in WRITERS.items():
            sum(map(len, writer(short)))  # what is loaded once
            grown = (peak_of(writer(long)) - peak_of(writer(short))) / SIZE
            if grown > 0.3:
                too_much.append(f"{name} of {kind}: {grown:.2f} times the answer")
    assert not too_much


def test_long_answers_are_whole_in_every_format(result: Make, run: Callable[..., Run]) -> None:
    answer = '=it\'s a "long" <b>answer</b>\x1b ```\n' * 3_200
    made = run(result(answer=answer))
    safe = harmless(answer)
    (row,) = csv.DictReader(StringIO(written(run_csv, made.results), newline=""))
    assert row["answer"] == f"'{safe}" and row["profile"] == made.results[0].profile

    texts: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            texts.append(data)

    Reader().feed(written(report_pieces, [made]))
    assert safe.strip("\n") in "".join(texts)
    assert f"````markdown\n{safe.strip()}\n````" in written(run_markdown, made)
    assert safe in written(run_text, made)


def test_an_excerpt_of_a_long_text_is_of_its_ends() -> None:
    text = "".join(f"line {number}\n" for number in chain(range(200_000)))
    lines = excerpt(f"\n\n{text}\n", 40)
    assert lines[:3] == ["line 0", "line 1", "line 2"] and lines[-2:] == ["line 199998", "line 199999"]
    assert lines[3].startswith("[… ") and len(lines) == 6
