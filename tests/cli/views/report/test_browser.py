"""The page in a real browser: it draws, sorts, folds and prints, asks nobody for anything, and runs nothing foreign."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from thinkdial.cli.views.report import report_page
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.result import Cost, Reasoning, Run

from .browser import Browser, Page
from .samples import ATTACKS, make_result, make_run, sweep
from .test_page import poisoned

pytestmark = pytest.mark.slow

Opened = Callable[..., Page]
NAMES = "[...document.querySelectorAll('table.numbers tbody tr')].map(row => row.cells[{}].innerText.trim())"
SORTING = "[...document.querySelectorAll('table.numbers th[aria-sort]')].map(head => head.getAttribute('aria-sort'))"


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Open these runs as a file, as a double click on it would."""
    pages: list[Page] = []

    def open_runs(*runs: Run, width: int = 1280, dark: bool = False) -> Page:
        file = tmp_path / f"report {len(pages)}.html"
        file.write_text(report_page(runs), encoding="utf-8")
        page = browser.open(width=width, dark=dark)
        pages.append(page)
        page.go(file)
        return page

    yield open_runs
    for page in pages:
        assert page.complaints() == []
        assert [url for url in page.requests() if not url.endswith(".html")] == []
        assert len(page.requests()) == 1
        page.close()


def mixed() -> Run:
    """Four results, one of them without a cost."""
    return make_run(
        make_result("dear", cost=Cost(Decimal("0.2")), latency=Latency(total_s=9.0)),
        make_result("free", cost=Cost(Decimal("0")), latency=Latency(total_s=100.0)),
        make_result("who-knows", cost=Cost(), latency=Latency(total_s=20.0)),
        make_result("cheap", cost=Cost(Decimal("0.0000025")), latency=Latency(total_s=None)),
    )


def column(page: Page, head: str) -> int:
    """The number of the column with this head in the first numbers table."""
    return page.run(
        "[...document.querySelectorAll('table.numbers th[aria-sort]')]"
        f".findIndex(head => head.innerText.trim().startsWith({json.dumps(head)}))"
    )


def test_everything_is_drawn(opened: Opened) -> None:
    page = opened(sweep())
    assert page.run("document.querySelectorAll('.answer').length") == 9
    widths = page.run("[...document.querySelectorAll('.chart > svg')].map(svg => svg.getBoundingClientRect().width)")
    assert len(widths) == 8 and min(widths) > 120
    bars = page.run("[...document.querySelectorAll('.bars .segment')].map(bar => bar.getBoundingClientRect().width)")
    assert len(bars) > 40 and max(bars) > 200
    outside = page.run(
        "[...document.querySelectorAll('.chart text')].filter(text => text.getClientRects().length).filter(text => {"
        " const own = text.getBoundingClientRect(), chart = text.closest('.chart').getBoundingClientRect();"
        " return own.left < chart.left || own.right > chart.right || own.bottom > chart.bottom; }).length"
    )
    assert outside == 0


def test_a_click_sorts_by_numbers_and_unknown_stays_last(opened: Opened) -> None:
    page = opened(mixed())
    cost = column(page, "cost")
    button = f"table.numbers th:nth-child({cost + 1}) button"
    original = ["dear", "free", "who-knows", "cheap"]
    assert page.run(NAMES.format(0)) == original
    page.click(button)
    assert page.run(NAMES.format(0)) == ["free", "cheap", "dear", "who-knows"]
    assert page.run(SORTING)[cost] == "ascending" and page.run(SORTING).count("none") == len(page.run(SORTING)) - 1
    page.click(button)
    assert page.run(NAMES.format(0)) == ["dear", "cheap", "free", "who-knows"]
    page.click(f"table.numbers th:nth-child({column(page, 'total') + 1}) button")
    assert page.run(NAMES.format(0)) == ["dear", "who-knows", "free", "cheap"]
    assert page.run(SORTING)[cost] == "none"
    page.click("table.numbers th:nth-child(1) button")
    assert page.run(NAMES.format(0)) == sorted(original)


def test_a_third_click_brings_the_first_order_back(opened: Opened) -> None:
    page = opened(mixed())
    for _ in range(3):
        page.click("table.numbers th:nth-child(1) button")
    assert page.run(NAMES.format(0)) == ["dear", "free", "who-knows", "cheap"]
    assert set(page.run(SORTING)) == {"none"}


def test_the_keyboard_sorts_too(opened: Opened) -> None:
    page = opened(mixed())
    page.run("document.querySelector('table.numbers th button').focus()")
    page.press("Enter")
    assert page.run(NAMES.format(0)) == ["cheap", "dear", "free", "who-knows"]
    page.press(" ")
    assert page.run(NAMES.format(0)) == ["who-knows", "free", "dear", "cheap"]
    page.press("Tab")
    assert page.run("document.activeElement.innerText.trim()").startswith("model")


def test_the_first_key_leads_past_the_head_of_the_page(opened: Opened) -> None:
    page = opened(mixed())
    page.press("Tab")
    assert page.run("document.activeElement.className") == "skip"
    assert page.run("document.activeElement.getBoundingClientRect().top >= 0")
    page.press("Tab")
    assert page.run("document.activeElement.className") == "theme"


@pytest.mark.parametrize("dark", [False, True])
def test_the_theme_follows_the_system_until_somebody_chooses(opened: Opened, dark: bool) -> None:
    page = opened(mixed(), dark=dark)
    ground = "getComputedStyle(document.body).backgroundColor"
    light, night = "rgb(246, 246, 243)", "rgb(19, 20, 23)"
    assert page.run(ground) == (night if dark else light)
    page.prefer(dark=not dark)
    assert page.run(ground) == (light if dark else night)
    assert page.run("document.querySelector('.theme').innerText") == ("Dark theme" if dark else "Light theme")
    page.click(".theme")
    assert page.run(ground) == (night if dark else light)
    page.prefer(dark=dark)
    page.click(".theme")
    assert page.run(ground) == (light if dark else night)
    assert page.run("localStorage.length") == 0


def test_no_attack_runs(opened: Opened) -> None:
    page = opened(*(poisoned(attack) for attack in ATTACKS))
    for event in ("mouseover", "focus", "click", "toggle", "error", "load"):
        page.run(
            "document.querySelectorAll('main *:not(a):not(button):not(summary)').forEach("
            f"element => element.dispatchEvent(new Event('{event}', {{bubbles: false}})))"
        )
    page.run("document.querySelectorAll('details').forEach(details => { details.open = true })")
    page.settle()
    assert page.run("typeof window.attacked") == "undefined"
    assert page.run("document.querySelectorAll('.prose script, .prose img, .prose iframe, .prose svg').length") == 0
    schemes = page.run("[...new Set([...document.querySelectorAll('a')].map(link => link.protocol))].sort()")
    assert schemes == ["file:", "http:", "https:"]
    assert page.run("document.querySelectorAll('script').length") == 1
    shown = page.run("document.querySelector('.answer .clipped').innerText")
    assert shown == ATTACKS[0]


def test_the_policy_stops_what_the_renderer_would_let_through(browser: Browser, tmp_path: Path) -> None:
    """The second line of defence by itself: an answer's HTML put into the page unescaped."""
    html = report_page([make_run(make_result(answer="HERE"))])
    attack = "<script>window.attacked = 1</script><b onclick='window.attacked = 2' class=trap>x</b>"
    attack += "<img src='http://127.0.0.1:9/x.png'><style>body { display: none }</style>"
    file = tmp_path / "broken.html"
    file.write_text(html.replace("<p>HERE</p>", attack), encoding="utf-8")
    page = browser.open()
    page.go(file)
    page.run("document.querySelector('.trap').click()")
    assert page.run("typeof window.attacked") == "undefined"
    assert page.run("getComputedStyle(document.body).display") == "block"
    violations = [text for text in page.complaints() if "Content Security Policy" in text]
    assert len(violations) >= 4
    page.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_sticks_out_at_any_width(opened: Opened, width: int) -> None:
    long = "x" * 3000 + "\n\n| " + "y" * 200 + " | b |\n|-|-|\n| a | b |\n\n```\n" + "z" * 2000 + "\n```"
    names = make_run(
        *[replace(result, profile="profile-" + "n" * 60, answer=long) for result in sweep().results],
        prompt="w" * 4000,
        system="v" * 400,
    )
    page = opened(sweep(), names, make_run(make_result()), width=width)
    assert page.run("document.documentElement.scrollWidth") == width
    assert page.run("document.body.scrollWidth") <= width


def test_on_a_phone_the_answers_stand_below_each_other(opened: Opened) -> None:
    page = opened(sweep(), width=390)
    lefts = page.run("[...document.querySelectorAll('.answer')].map(answer => answer.getBoundingClientRect().left)")
    tops = page.run("[...document.querySelectorAll('.answer')].map(answer => answer.getBoundingClientRect().top)")
    assert len(set(lefts)) == 1 and tops == sorted(tops) and len(set(tops)) == 9


def test_twenty_answers_scroll_sideways_under_their_names(opened: Opened) -> None:
    one = make_result(answer="word " * 4000)
    page = opened(make_run(*[replace(one, profile=f"p{index}", id=str(index)) for index in range(20)]))
    page.click(".all-answers")
    page.run("document.querySelector('.pane').scrollTo({left: 3000, top: 1500, behavior: 'instant'})")
    page.settle()
    offset, left = page.run(
        "(() => { const pane = document.querySelector('.pane'), top = pane.getBoundingClientRect().top;"
        " return [document.querySelector('.answer > header').getBoundingClientRect().top - top, pane.scrollLeft]; })()"
    )
    assert abs(offset) <= 2 and left == 3000


def test_answers_start_at_the_same_height(opened: Opened) -> None:
    few = sweep().results
    page = opened(make_run(few[1], few[5], few[6]))
    tops = page.run("[...document.querySelectorAll('.text')].map(text => text.getBoundingClientRect().top)")
    assert max(tops) - min(tops) < 1


def test_long_answers_are_clipped_until_asked_for(opened: Opened) -> None:
    page = opened(make_run(make_result("long", answer="word\n\n" * 200), make_result("short", answer="word")))
    heights = "[...document.querySelectorAll('.answer .clipped')].map(text => text.clientHeight)"
    clipped = page.run(heights)
    shown = page.run("[...document.querySelectorAll('.answer .more')].map(button => button.offsetHeight > 0)")
    assert shown == [True, False]
    page.click(".answer .more")
    assert page.run(heights)[0] > 4 * clipped[0]
    assert page.run("document.querySelector('.answer .more').getAttribute('aria-expanded')") == "true"
    page.click(".answer .more")
    assert page.run(heights) == clipped


def test_a_clipped_answer_opens_when_the_keyboard_goes_into_it(opened: Opened) -> None:
    page = opened(make_run(make_result(answer="word\n\n" * 200 + "[last](https://example.org/)")))
    page.run("document.querySelector('.all-answers').focus()")
    page.press("Tab")
    assert page.run("document.activeElement.tagName") == "SUMMARY"
    page.press("Tab")
    assert page.run("document.activeElement.className") == "copy"
    page.press("Tab")
    assert page.run("document.activeElement.href") == "https://example.org/"
    assert page.run("document.querySelector('.answer .clip').classList.contains('open')")


def test_reasoning_opens_for_all_at_once_and_answers_can_be_put_away(opened: Opened) -> None:
    page = opened(sweep())
    folded = "document.querySelectorAll('.answer details:not([open])').length"
    assert page.run(folded) == 4
    page.click(".all-reasoning")
    assert page.run(folded) == 0
    page.click(".pick")
    assert page.run("document.querySelector('.answer').offsetHeight") == 0
    page.click(".numbers tbody a")
    assert page.run("document.querySelector('.answer').offsetHeight") > 0
    assert page.run("document.querySelector('.pick').getAttribute('aria-pressed')") == "true"


def test_runs_do_not_disturb_each_other(opened: Opened) -> None:
    page = opened(sweep(), mixed())
    page.run("document.querySelectorAll('#run-2 table.numbers th button')[0].click()")
    assert page.run(NAMES.format(0))[:3] == ["claude"] * 3
    page.click("nav a[href='#run-2']")
    assert page.run("location.hash") == "#run-2"


def test_it_prints_whole(opened: Opened) -> None:
    page = opened(
        make_run(make_result(answer="word\n\n" * 400, reasoning=Reasoning("a\n\n" * 50, "full", 9, "reported")))
    )
    screen = page.run("document.querySelector('.answer .clipped').clientHeight")
    page.send("Emulation.setEmulatedMedia", media="print")
    assert page.run("document.querySelector('.answer .clipped').clientHeight") > 4 * screen
    assert page.run("document.querySelector('.theme').offsetHeight") == 0
    shown = "[...document.querySelectorAll('table tr:first-child > *')].filter(cell => cell.offsetWidth).length"
    on_paper = page.run(shown)
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    page.send("Emulation.setEmulatedMedia", media="")
    assert on_paper > 30
    pdf = page.pdf()
    assert pdf.startswith(b"%PDF-") and pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= 4


def test_without_scripts_everything_is_there(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "plain.html"
    file.write_text(report_page([make_run(make_result(answer="word\n\n" * 200))]), encoding="utf-8")
    page = browser.open()
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    page.send("Page.navigate", url=file.as_uri())
    browser.wait_for("Page.loadEventFired", page.session)
    document = page.send("DOM.getDocument")["root"]["nodeId"]

    def height(selector: str) -> float:
        node = page.send("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        try:
            return page.send("DOM.getBoxModel", nodeId=node)["model"]["height"]
        except RuntimeError:
            return 0  # it has no box: it is not shown

    assert height(".answer .clipped") > 3000
    assert height(".theme") == height(".more") == height(".tools") == 0
    page.close()


def test_a_megabyte_opens(opened: Opened) -> None:
    page = opened(make_run(make_result(answer="line of text\n" * 80_000)))
    assert page.run("document.querySelector('.answer .clipped').textContent.length") > 1_000_000
    assert page.run("document.querySelector('.answer .clipped').clientHeight") < 1000
