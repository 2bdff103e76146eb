"""The page as somebody reads it: contrast, order, what is kept first, what is copied, and tables that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.cli.views.report import report_page
from thinkdial.cli.views.report.batch import summary_page
from thinkdial.cli.views.report.code import coloured
from thinkdial.cli.views.report.plots import ChartLine, Point, labelled
from thinkdial.engine.batch.end import Ended
from thinkdial.engine.batch.output.summary import Tally
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.result import Cost, Run

from .browser import Browser, Page
from .samples import make_result, make_run, sweep

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
CODE = """Some `code`, \\(x^2\\), and

```python
# a remark
class Number(int):
    def half(self) -> float: return self / 2.0 if self else "none"
```
> quoted, [a link](https://example.org)

| a | b |
|---|---|
| 1 | 2 |
"""

Opened = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    pages: list[Page] = []

    def open_run(run: Run, width: int = 1280, dark: bool = False) -> Page:
        file = tmp_path / f"report {len(pages)}.html"
        file.write_text(report_page([run]), encoding="utf-8")
        page = browser.open(width=width, dark=dark)
        pages.append(page)
        page.go(file)
        return page

    yield open_run
    for page in pages:
        assert page.complaints() == []
        page.close()


def five() -> Run:
    return make_run(
        *(
            make_result(f"p{n}", answer=CODE, cost=Cost(Decimal(9 - n)), latency=Latency(total_s=float((n * 3) % 5)))
            for n in range(4)
        ),
        make_result("unknown", cost=Cost(), latency=Latency()),
    )


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_text_stands_out_from_its_ground(opened: Opened, dark: bool, width: int) -> None:
    for run in (five(), sweep()):
        page = opened(run, width, dark)
        page.run("document.querySelectorAll('details').forEach(one => (one.open = true))")
        assert page.run(CONTRAST) == []
    page.run("document.querySelector('.brand').style.color = '#777'")
    assert len(page.run(CONTRAST)) == 1, "it sees what does not"


@pytest.mark.slow
def test_cards_are_put_in_order_and_pinned_ones_stand_first(opened: Opened) -> None:
    page = opened(five())
    names = "[...document.querySelectorAll('.answer h4')].map(one => one.innerText)"
    assert page.run(names) == ["p0", "p1", "p2", "p3", "unknown"]
    page.run(
        "{const s = document.querySelector('.order select'); s.value = 'cost'; s.dispatchEvent(new Event('change'))}"
    )
    assert page.run(names) == ["p3", "p2", "p1", "p0", "unknown"]
    page.run("document.querySelectorAll('.pin')[4].click()")
    assert page.run(names) == ["unknown", "p3", "p2", "p1", "p0"]
    page.run("document.querySelectorAll('.pin')[0].click()")
    assert page.run(names) == ["p3", "p2", "p1", "p0", "unknown"]


@pytest.mark.slow
def test_the_answer_is_copied_as_it_was_written_and_code_by_itself(opened: Opened) -> None:
    page = opened(five())
    page.run("navigator.clipboard.writeText = async (text) => (window.copied = text)")
    page.run("document.querySelector('.copy').click()")
    assert page.run("window.copied") == CODE
    page.run("document.querySelector('.copy-code').click()")
    assert page.run("window.copied").startswith("# a remark\nclass Number(int):")


def test_of_more_than_four_results_the_numbers_come_first() -> None:
    many, few = report_page([five()]), report_page([make_run(*five().results[:4])])
    assert many.index('<table class="numbers">') < many.index('<article class="answer"')
    assert few.index('<table class="numbers">') > few.index('<article class="answer"')


def test_code_has_colours_and_stays_text() -> None:
    assert '<span class="c-k">def</span> <span class="c-f">f</span>' in coloured("def f(): pass", "python")
    assert coloured("<b>&", "no-language") == "&lt;b&gt;&amp;"
    assert "<b>" not in coloured("x = '<b>'", "python")
    assert "span" not in coloured("x = 1\n" * 5000, "python")


def test_no_label_lies_on_an_error_bar() -> None:
    points = [Point(1, 50.0, 50.0, "a", True, label="a long label"), Point(2, 52.0, 50.0, "b", True, label="b")]
    bars = [ChartLine(1, 50.0, 5.0, 50.0, 95.0), ChartLine(2, 52.0, 5.0, 52.0, 95.0)]
    made = labelled(points, bars)
    assert all(point.anchor != "middle" for point in made if point.placed)
    assert any(point.placed for point in labelled(points[:1], bars[:1]))


@pytest.mark.slow
def test_a_batch_table_fits_1280_pixels_with_its_heads_over_their_columns(browser: Browser, tmp_path: Path) -> None:
    tally = Tally()
    for index in range(10):
        for profile in ("claude-haiku-4-5", "a-profile-with-a-long-name"):
            tally.add({
                "profile": profile, "model": "claude-haiku-4-5-20251001", "status": "ok", "finish": "stop",
                "attempts": 1,
                "passed": index < 8, "row_id": f"r{index}",
                "think": {"requested": "high", "verdict": "not_observed"},
                "usage": {"input_tokens": 1234, "output_tokens": 100_000, "reasoning_tokens": 60_000},
                "cost": {"usd": "0.0123456"}, "latency": {"total_s": 100.5}, "error": None,
            })  # fmt: skip
    ended = Ended(rows=10, bad_rows=0, tally=tally, finished=True)
    file = tmp_path / "batch.html"
    file.write_text(summary_page(tally, ended, "rows.jsonl", datetime(2026, 11, 30, tzinfo=UTC)), encoding="utf-8")
    page = browser.open(width=1280)
    page.go(file)
    inner = "document.querySelector('.numbers').parentElement"
    assert page.run(f"{inner}.scrollWidth - {inner}.clientWidth") <= 0
    apart = """(() => {
      const edge = (cell, node) => { const r = document.createRange(); r.selectNodeContents(node);
        const b = r.getBoundingClientRect(); return cell.classList.contains("number") ? b.right : b.left; };
      const heads = [...document.querySelectorAll(".numbers thead tr:last-child th")];
      const cells = [...document.querySelector(".numbers tbody tr").cells];
      return heads.map((head, at) => Math.abs(edge(head, head.querySelector("button").lastChild)
        - edge(cells[at], cells[at].querySelector("bdi"))));
    })()"""
    assert max(page.run(apart)) < 16
    page.close()
