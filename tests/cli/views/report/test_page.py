"""The page as a parser sees it: one file, every text in its place, and nothing alive that a model wrote."""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from msgspec.structs import replace

from thinkdial.cli.views.report import report_page
from thinkdial.cli.views.report.markup import MAX_CHARACTERS, destination, markdown_html
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.result import Cost, Forecast, Reasoning, Run, ThinkReceipt
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import Notice, Usage

from ....cases import each
from .samples import ATTACKS, MARK, make_result, make_run, sweep

VOID = {"meta", "link", "br", "hr", "img", "input", "base"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def all(self, *tags: str, within: str = "") -> Iterator[Element]:
        """The elements of these tags below this one, in order; only those of a class when one is given."""
        for child in self.children:
            if isinstance(child, Element):
                if (not tags or child.tag in tags) and within in ("", *child.classes):
                    yield child
                yield from child.all(*tags, within=within)

    def one(self, *tags: str, within: str = "") -> Element:
        found = next(self.all(*tags, within=within), None)
        assert found is not None, f"no {tags} {within}"
        return found

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def parsed(html: str) -> Element:
    """The tree of a well-formed document: every element is closed where it was opened."""
    tree = Tree()
    tree.feed(html)
    tree.close()
    assert len(tree.open) == 1
    return tree.root


def page(*results: object, **options: object) -> Element:
    return parsed(report_page([make_run(*results, **options)]))  # type: ignore[arg-type]


def charts(document: Element) -> dict[str, Element]:
    """The charts by their titles, in order."""
    return {s.one("title").text(): s for s in document.all("svg") if s.attributes.get("role") == "img"}


def cells(document: Element, head: str) -> list[str]:
    """The column of the numbers table under this head, as the page shows it."""
    table = document.one("table", within="numbers")
    heads = [cell.one("button").text() for cell in list(table.one("thead").all("tr"))[1].all("th")]
    return [list(row.all("th", "td"))[heads.index(head)].text() for row in table.one("tbody").all("tr")]


def test_it_is_one_document_that_needs_no_other() -> None:
    document = parsed(report_page([sweep()]))
    assert document.one("html").attributes["lang"] == "en"
    assert document.one("title").text().startswith("Our rate limiter")
    assert not list(document.all("link", "img", "iframe", "object", "embed", "audio", "video", "base", "form", "input"))
    everything = list(document.all())
    assert not any(name in e.attributes for e in everything for name in ("src", "srcset", "style", "action", "ping"))
    assert not any(name.startswith("on") for e in everything for name in e.attributes)
    counted = Counter(e.attributes["id"] for e in everything if "id" in e.attributes)
    assert max(counted.values()) == 1
    for name in ("aria-labelledby", "aria-controls"):
        assert {one for e in everything for one in e.attributes.get(name, "").split()} <= set(counted)
    for link in document.all("a"):
        assert link.attributes["href"][1:] in counted or link.attributes["href"].startswith("https://www.rfc-editor")


def test_only_the_very_style_and_script_of_the_page_may_run() -> None:
    document = parsed(report_page([sweep()]))
    (policy,) = [m.attributes["content"] for m in document.all("meta") if "http-equiv" in m.attributes]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag in ("style", "script"):
        (element,) = document.all(tag)
        assert not element.attributes
        digest = b64encode(sha256(element.text().encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    assert "unsafe" not in policy
    assert "url(" not in document.one("style").text().replace("url(#hatch-", "")
    assert "@import" not in document.one("style").text()


def test_answers_stand_in_columns_with_all_that_is_known_of_them() -> None:
    document = parsed(report_page([sweep()]))
    answers = list(document.all("article"))
    names = [answer.one("h4").text() for answer in answers]
    assert names == [f"{name}@{think}" for name in ("claude", "gpt", "gemini") for think in ("off", "low", "high")]
    high, hidden, failed, cut = answers[2], answers[5], answers[7], answers[8]
    assert "claude-opus-5-5" in high.text() and "exact" in high.text() and "as asked" in high.text()
    assert "finish: stop (end_turn)" in high.text()
    assert high.one("details").one("summary").text() == "Reasoning summary · 3,180 tokens · $0.0636"
    assert "The whole reasoning is billed" in high.one("details").text()
    assert high.one("table").one("th").text() == "Algorithm"
    assert "class TokenBucket" in high.one("pre").text()
    assert not list(hidden.all("details")) and "billed all the same" in hidden.text()
    assert "served by gpt-6-sol-2026-09-01" in hidden.text()
    assert "Rate limit (429)" in failed.text() and "Retry after 21 s" in failed.text() and "3 attempts" in failed.text()
    assert "The answer is incomplete" in cut.text() and "no usage was reported" in cut.text()
    assert "clamped" in answers[6].text() and "cannot be turned off" in answers[6].text()
    assert "You are a careful senior engineer." in document.one("section", within="system").text()


def test_a_note_that_is_also_a_warning_is_said_once() -> None:
    off = list(parsed(report_page([sweep()])).all("article"))[6]
    assert off.one("ul", within="notes").one("li").text().startswith("gemini-4-argon cannot")
    assert off.text().count("cannot be turned off") == 1


def test_reasoning_can_be_left_out_and_is_still_accounted_for() -> None:
    document = parsed(report_page([make_run(make_result())], with_reasoning=False))
    assert "Reading the question" not in document.text()
    assert "summary · 312 tokens · $0.00624" in document.one("article").text()


def test_headings_of_answers_stand_below_those_of_the_page() -> None:
    document = parsed(report_page([make_run(make_result(answer="# a\n\n### b\n\n###### c")), sweep()]))
    levels = [int(e.tag[1]) for e in document.one("main").all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(level for level in levels if level < 5))
    written = [e for text in document.all("div", within="prose") for e in text.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert [(e.tag, e.attributes["class"]) for e in written][:3] == [("h5", "as-h1"), ("h6", "as-h3"), ("h6", "as-h6")]
    assert {e.tag for e in written} == {"h5", "h6"}


def test_the_table_has_the_terminal_s_columns_and_everything_else() -> None:
    document = parsed(report_page([sweep()]))
    table = document.one("table", within="numbers")
    heads = [cell.one("button").text() for cell in list(table.one("thead").all("tr"))[1].all("th")]
    terminal = ["profile", "model", "asked → sent → measured", "reasoning", "output", "first answer", "total"]
    assert heads[:10] == [*terminal, "tokens/s", "cost", "verdict"]
    assert {
        "tokens: input", "tokens: cached", "tokens: reasoning count", "cost: input", "cost: of it reasoning",
        "cost: cache saved", "cost: source", "forecast: low", "forecast: expected", "forecast: worst case",
        "forecast: actual ÷ expected", "time: first byte", "time: first reasoning", "ending: finish",
    } <= set(heads)  # fmt: skip
    spans = [int(cell.attributes.get("colspan", "1")) for cell in next(table.one("thead").all("tr")).all("th", "td")]
    assert sum(spans) == len(heads)
    assert cells(document, "forecast: worst case")[3:6] == ["–"] * 3
    assert [text.replace("\u2007", "") for text in cells(document, "cost")][6:8] == ["$0.0069", "–"]
    assert cells(document, "asked → sent → measured")[6] == "off → minimal* → 96"


def test_columns_of_what_no_result_has_are_left_out() -> None:
    text = page(make_result()).one("table", within="numbers").text()
    assert "forecast" not in text and "by price list" not in text


def test_the_sort_keys_are_the_exact_numbers_and_unknown_has_none() -> None:
    results = (
        make_result("a", cost=Cost(Decimal("0.0000025"))),
        make_result("b", cost=Cost(Decimal("1E+1"))),
        make_result("c", cost=Cost()),
        make_result("d", latency=Latency(total_s=float("nan"))),
    )
    table = page(*results).one("table", within="numbers")
    keys = [list(row.all("th", "td"))[8].attributes.get("data-sort") for row in table.one("tbody").all("tr")]
    assert keys == ["0.0000025", "10", None, "0.01706"]
    last = list(list(table.one("tbody").all("tr"))[3].all("th", "td"))[6]
    assert last.text() == "–" and "data-sort" not in last.attributes
    order = [next(iter(row.all("th"))).attributes["data-sort"] for row in table.one("tbody").all("tr")]
    assert order == ["a", "b", "c", "d"]


def test_the_forecast_is_set_against_what_it_cost() -> None:
    expected = Forecast(
        10, "counted", 100, "history", 12, 1000, Decimal("0.01"), Decimal("0.02"), Decimal("0.5"), "table", ""
    )
    document = page(make_result(cost=Cost(Decimal("0.03"), source="table"), forecast=expected))
    assert cells(document, "forecast: actual ÷ expected") == ["1.50 ×"]
    assert "$0.02 expected" in document.text()


def test_charts_say_in_words_what_they_show() -> None:
    document = parsed(report_page([sweep()]))
    drawn = charts(document)
    assert list(drawn) == [
        "Answer time", "Tokens", "Cost", "Cost against time", "Reasoning tokens by think value",
        "Output tokens by think value", "Total time by think value", "Cost by think value",
    ]  # fmt: skip
    assert "claude@high: 49.8 s. gpt@off: 5.10 s." in drawn["Answer time"].one("desc").text()
    assert "gemini@low" not in drawn["Cost against time"].one("desc").text()
    assert "gemini@low" not in drawn["Total time by think value"].one("desc").text()
    for svg in document.all("rect"):
        for name in ("width", "x"):
            value = svg.attributes.get(name, "0")
            assert not value.endswith("%") or 0 <= float(value[:-1]) <= 100


def test_thinking_is_told_from_waiting_only_where_it_was_seen() -> None:
    document = page(
        make_result("seen", latency=Latency(0.2, 1.0, 4.0, 10.0)),
        make_result(
            "unseen", latency=Latency(0.2, None, 4.0, 10.0), reasoning=Reasoning(None, "hidden", 90, "reported")
        ),
        make_result("none", latency=Latency(0.2, None, 4.0, 10.0), reasoning=Reasoning(None, "none", 0, "reported")),
        make_result("whole", latency=Latency(0.2, None, None, 10.0)),
    )
    chart = charts(document)["Answer time"]
    says = [rect.one("title").text() for rect in chart.all("rect", within="segment")]
    assert says == [
        "seen: waiting 1.00 s", "seen: thinking 3.00 s", "seen: answering 6.00 s",
        "unseen: before the answer, thinking included 4.00 s", "unseen: answering 6.00 s",
        "none: waiting 4.00 s", "none: answering 6.00 s",
        "whole: not told apart 10.0 s",
    ]  # fmt: skip


def test_think_values_stand_in_the_order_of_the_dial() -> None:
    results = [make_result("claude", asked) for asked in ("max", "off", "4000", "high", "low")]
    chart = charts(page(*results))["Cost by think value"]
    ticks = [t.text() for t in chart.all("text", within="tick") if "transform" in t.attributes]
    assert ticks == ["off", "low", "4,000", "high", "max"]


def test_a_run_without_numbers_or_answers_still_makes_a_page() -> None:
    nothing = make_result(
        "x", answer="", reasoning=Reasoning(), usage=Usage(), cost=Cost(), latency=Latency(), status="error",
        finish="error", error=Failure("config", "no key"), created_at="", think=ThinkReceipt("strange", {}, "default"),
    )  # fmt: skip
    document = page(nothing, prompt="")
    assert not charts(document)
    assert "no key" in document.one("article").text()
    assert "0 results" in parsed(report_page([make_run()])).one("h1").text()
    assert parsed(report_page([])).one("h1").text() == "0 runs"


def test_several_runs_have_a_table_of_contents() -> None:
    document = parsed(report_page([sweep(), make_run(make_result(), prompt="Second?"), sweep()], title="Three <runs>"))
    assert document.one("h1").text() == document.one("title").text() == "Three <runs>"
    links = list(document.one("nav").all("a"))
    assert [link.attributes["href"] for link in links] == ["#run-1", "#run-2", "#run-3"]
    assert links[1].text() == "Second?"
    assert [s.attributes["id"] for s in document.all("section", within="run")] == ["run-1", "run-2", "run-3"]


def test_a_simulation_is_labelled() -> None:
    simulated = make_result(warnings=(Notice("simulated", "answered by the built-in simulator"),))
    assert "SIMULATED, nothing was charged" in page(simulated).one("header", within="run-head").text()
    assert "SIMULATED" not in page(make_result()).text()


def poisoned(attack: str) -> Run:
    """A run in which everything that can come from outside is the attack."""
    result = make_result(
        attack, attack, provider=attack, model=attack, model_reported=attack + "x", answer=attack, id=attack,
        reasoning=Reasoning(attack, "full", 5, "reported"), finish_raw=attack, created_at=attack,
        think=ThinkReceipt(attack, {"effort": attack}, "clamped", attack, "unknown"),
        cost=replace(make_result().cost, note=attack), warnings=(Notice(attack, attack),),
    )  # fmt: skip
    failed = replace(result, status="partial", error=Failure("server", attack, hint=attack), answer=f"x {attack}")
    return make_run(result, failed, prompt=attack, system=attack, run_id=attack)


TAGS = """
html head meta title style body a header div button svg defs pattern rect main h1 h2 h3 h4 h5 h6 section p strong span
code time dl dt dd b ul ol li article details summary pre table thead tbody tr th td blockquote em s br hr figure
label select option textarea figcaption text g circle path line desc bdi nav footer script
"""


@cache
def harmless_tags() -> Counter[str]:
    """How often each tag is in the page of a result that attacks nobody."""
    return Counter(e.tag for e in parsed(report_page([poisoned("x y")], title="x")).all())


@each("attack", ATTACKS)
def test_an_attack_stays_text_wherever_it_stands(attack: str) -> None:
    html = report_page([poisoned(attack)], title=attack)
    document = parsed(html)
    everything = list(document.all())
    assert {e.tag for e in everything} <= set(TAGS.split())
    for tag in ("script", "style", "meta", "title", "main", "article", "button"):
        assert sum(e.tag == tag for e in everything) == harmless_tags()[tag], tag
    for element in everything:
        for name, value in element.attributes.items():
            assert not name.startswith("on") and name not in ("src", "srcset", "style", "action", "formaction"), name
            if name == "href":
                assert value.startswith(("#run-", "#main", "https://example.org/", "http://192.0.2.1")), value
            if name == "id":
                assert re.fullmatch(r"main|hatch-\w+|run-1[\w-]*", value)
            if name == "class":
                assert re.fullmatch(r"[\w \-]*", value)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]", html)
    assert not re.search(
        r"&#x?(0*27|202[a-e]|8238|0*0);", html.replace("&#x27;", "").replace("&#39;", ""), re.IGNORECASE
    )
    assert MARK not in document.one("script").text() and MARK not in document.one("style").text()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[a](https://example.org/x)", ("https://example.org/x", "a", "(example.org)")),
        ("[bank.example](https://evil.example/)", ("https://evil.example/", "bank.example", "(evil.example)")),
        ("<https://example.org/>", ("https://example.org/", "https://example.org/", "")),
        ("<who@example.org>", ("mailto:who@example.org", "who@example.org", "(who@example.org)")),
        ("[a](https://user@evil.example:99/)", ("https://user@evil.example:99/", "a", "(evil.example)")),
    ],
)  # fmt: skip
def test_a_link_shows_where_it_leads(written: str, shown: tuple[str, str, str]) -> None:
    html = parsed(markdown_html(written))
    (link,) = html.all("a")
    place = [span.text() for span in html.all("span", within="place")]
    assert (link.attributes["href"], link.text(), "".join(place)) == shown
    assert link.attributes["rel"] == "noopener noreferrer nofollow"


@each(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "ftp://x.org", "//x.org", "/x", "#x", "http:///x", "mailto:x", ""],
)
def test_other_addresses_lead_nowhere(address: str) -> None:
    assert destination(address) is None


def test_images_are_told_and_never_loaded() -> None:
    html = parsed(markdown_html("before ![a cat](http://192.0.2.1/cat.png) after"))
    assert html.text() == "before [image: a cat http://192.0.2.1/cat.png] after"


def test_markdown_keeps_what_the_model_meant() -> None:
    html = markdown_html("1. a\n2. b\n\n7) c\n\n- x\n\n  y\n\n~~z~~ *e* **s**\nnext\\\nline\n\n---\n\n> q")
    document = parsed(html)
    assert [e.attributes.get("start") for e in document.all("ol")] == [None, "7"]
    assert [li.text().strip() for li in document.all("li")][:2] == ["a", "b"]
    assert len(list(document.all("br"))) == 2
    assert [next(document.all(tag)).text().strip() for tag in ("s", "em", "strong", "blockquote")] == [
        "z",
        "e",
        "s",
        "q",
    ]
    assert "<tag>" in parsed(markdown_html("a List<tag> b")).text()


def test_a_fence_that_is_never_closed_ends_with_its_answer() -> None:
    document = page(make_result(answer="```python\nx = 1"), make_result("b", answer="second"))
    assert document.one("pre").text().strip() == "x = 1"
    assert "second" in list(document.all("article"))[1].one("div", within="clip").text()


def test_a_megabyte_is_shown_line_for_line() -> None:
    line = "<script>window.attacked = 1</script> ünïcode **bold**\n"
    long = line * (1_000_000 // len(line))
    assert len(long) > MAX_CHARACTERS
    document = page(make_result(answer=long, reasoning=Reasoning(long, "full", 5, "estimated")))
    shown = [div.text() for div in document.one("article").all("div", within="plain")]
    assert shown == [long.strip("\n")] * 2


def test_nested_and_empty_markdown_is_not_lost() -> None:
    deep = ">" * 5000 + " x"
    assert parsed(markdown_html(deep)).text() == deep
    assert markdown_html("") == ""


def test_definitions_that_nothing_uses_and_titles_are_not_lost() -> None:
    text = parsed(markdown_html("x [y][1]\n\n[1]: https://a.example/ 'first'\n[2]: https://b.example/ 'second'")).text()
    assert "https://a.example" not in text and "(a.example)" in text
    assert "[2]: https://b.example/ second" in text
    assert 'title="first"' in markdown_html("[y](https://a.example/ 'first')")
    assert "b" in parsed(markdown_html("[a]: b")).text()
    assert parsed(markdown_html("```sql x\nselect\n```")).one("pre").attributes["data-language"] == "sql x"


def test_joined_emoji_and_right_to_left_words_stay() -> None:
    text = "שלום 👩\u200d💻 ❤\ufe0f"
    document = page(make_result(answer=text))
    assert text in document.one("article").text()
    assert any(e.attributes.get("dir") == "auto" for e in document.one("article").all("div"))


def test_the_template_engine_is_loaded_only_to_render() -> None:
    code = "import sys, thinkdial.cli.views.report; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"jinja2", "markupsafe", "markdown_it", "sqlite3"}
