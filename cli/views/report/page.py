"""Runs as one HTML page that needs nothing else: no network, no other file, and no trust in what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from ....engine.cells.cell import cells_of, is_repeated
from ....engine.cells.stars import samples_needed
from ....engine.results.result import Result, Run, Summary
from ....profiles.facts import reference as shipped_reference
from ....profiles.profile import Reference
from ....providers.untrusted import harmless, one_line
from ..cells.cell_words import CellRow, cell_rows, legend
from ..checks.escalation import bill_words
from ..checks.outcome import check_notes, check_words
from ..choose.difference import NamedDifference
from ..numbers import dollars, seconds, share, tokens
from ..run.continuity import went_along
from ..run.dial import SUBSTITUTED, labels, think_path
from ..run.files import file_lines
from ..run.phrases import explanation, model_words, reasoning_words, state_words, verdict_words, why_not_whole
from ..run.receipt import SIMULATED
from ..run.rows import one_sample_words, totals
from ..run.think_notes import twin_notes
from ..shapes.fields import DIFFERS, LEGEND, FieldRow, compared, field_rows, words
from ..shapes.words import shape_words
from ..tools.calls import CALLS_LEGEND, call_lines, call_rows, callers
from .assets import page_pieces
from .bars import BarChart, cost_chart, time_chart, tokens_chart
from .columns import COST_SOURCES, TONES, PageTable, number, numbers
from .difference import DifferenceSection, difference_sections
from .markup import MAX_CHARACTERS, Shown
from .plots import Plot, scatter_chart, sweep_charts
from .strips import StripChart, strip_charts

_TITLE_LENGTH = 80
_READ_FIRST = 4
_PAGE_LIKES_COLUMNS = 3
"""More answers than this scroll sideways in a pane of their own."""


class Chip(Struct, frozen=True):
    """A short mark beside an answer; `tone` is good, caution, bad or quiet, and the words say the same."""

    text: str
    tone: str = "quiet"
    says: str = ""


class Answer(Struct, frozen=True):
    """One result as the page shows it. Everything is harmless text; the two HTML parts are made of allowed tags."""

    anchor: str
    label: str
    think: str
    state: Chip
    chips: tuple[Chip, ...]
    model: str
    went_along: str
    took: str
    cost: str
    cost_source: str
    output: str
    reasoning: str
    reasoning_html: Shown
    billed: str
    html: Shown
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    source: str = ""
    sizes: tuple[tuple[str, str], ...] = ()
    calls: tuple[Chip, ...] = ()


class FieldsTable(Struct, frozen=True):
    """The fields of answers as JSON: a row has its mark, its path, and the value of each answer with its tone."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Chip, ...]], ...]
    legend: str


class PageSection(Struct, frozen=True):
    """One run as the page shows it."""

    anchor: str
    run_id: str
    date: str
    iso_date: str
    heading: str
    prompt_html: Shown
    system_html: Shown
    simulated: bool
    totals: str
    tiles: tuple[tuple[str, str, str], ...]
    answers: tuple[Answer, ...]
    table: PageTable | None
    bars: tuple[BarChart, ...]
    scatter: Plot | None
    sweeps: tuple[Plot, ...]
    differences: tuple[DifferenceSection, ...] = ()
    cells: tuple[CellRow, ...] = ()
    legend: tuple[str, ...] = ()
    strips: tuple[StripChart, ...] = ()
    remarks: tuple[str, ...] = ()
    fields: FieldsTable | None = None
    calls: FieldsTable | None = None
    files: tuple[str, ...] = ()

    @property
    def many(self) -> bool:
        """Whether the numbers come before the answers: of so many nobody reads all."""
        return len(self.answers) > _READ_FIRST

    @property
    def pane(self) -> bool:
        return len(self.answers) > _PAGE_LIKES_COLUMNS


def report_page(
    runs: Sequence[Run],
    *,
    title: str | None = None,
    with_reasoning: bool = True,
    reference: Reference | None = None,
    differences: Sequence[NamedDifference] = (),
) -> str:
    """`report_pieces`, joined."""
    pieces = report_pieces(
        runs, title=title, with_reasoning=with_reasoning, reference=reference, differences=differences
    )
    return "".join(pieces)


def report_pieces(
    runs: Sequence[Run],
    *,
    title: str | None = None,
    with_reasoning: bool = True,
    reference: Reference | None = None,
    differences: Sequence[NamedDifference] = (),
) -> Iterator[str]:
    """The page of these runs in pieces, none of which is long.

    `with_reasoning` False leaves the text of the reasoning out, not its numbers.

    `reference` says which think value is more than which; without it the shipped table does. `differences` are those
    between results of the last run.
    """
    table = reference or shipped_reference()
    sections = [_section(run, index, with_reasoning, table) for index, run in enumerate(runs, 1)]
    if differences:
        last = sections[-1]
        sections[-1] = replace(last, differences=tuple(difference_sections(differences, f"{last.anchor}-")))
    heading = one_line(title or "", 200) or _heading(runs)
    return page_pieces(
        "page.html", title=heading, page_title=heading if title else _page_title(runs), sections=sections
    )


def _heading(runs: Sequence[Run]) -> str:
    if len(runs) != 1:
        return f"{len(runs)} runs"
    count = len(runs[0].results)
    return "One result" if count == 1 else f"{count} results, side by side"


def _page_title(runs: Sequence[Run]) -> str:
    first = one_line(runs[0].prompt, _TITLE_LENGTH) if runs else ""
    more = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
    return f"{first}{more} · thinkdial" if first else f"{_heading(runs)} · thinkdial"


def _section(run: Run, number: int, with_reasoning: bool, reference: Reference) -> PageSection:
    anchor = f"run-{number}"
    results = run.results
    cells = cells_of(results)
    repeated = is_repeated(cells)
    needed = samples_needed(sum(cell.samples > 0 for cell in cells))
    created = results[0].created_at if results else ""
    return PageSection(
        anchor=anchor,
        run_id=one_line(run.run_id, 64),
        date=_date(created),
        iso_date=one_line(created, 40),
        heading=one_line(run.prompt, _TITLE_LENGTH) or "An empty prompt",
        prompt_html=Shown(run.prompt, marked_up=False),
        system_html=Shown(run.system or "", marked_up=False),
        simulated=any(warning.code == SIMULATED for result in results for warning in result.warnings),
        totals=totals(run),
        tiles=_tiles(run),
        answers=tuple(
            _answer(result, label, f"{anchor}-answer-{index}", with_reasoning)
            for index, (result, label) in enumerate(zip(results, labels(results), strict=True), 1)
        ),
        table=numbers(results, reference) if results else None,
        # Bars of every sample, and lines through all of them, would hide what the strips show.
        bars=tuple(filter(None, (time_chart(results), tokens_chart(results), cost_chart(results))))
        if not repeated
        else (),
        scatter=scatter_chart(results),
        sweeps=tuple(sweep_charts(results, reference)) if not repeated else (),
        cells=tuple(cell_rows(cells)) if repeated else (),
        legend=tuple(legend(cells, needed)) if repeated else (),
        strips=strip_charts(cells, results) if repeated else (),
        remarks=tuple(filter(None, (*twin_notes(results), one_sample_words(results)))),
        fields=_fields(results),
        calls=_calls(results),
        files=tuple(file_lines(run)),
    )


def _fields(results: Sequence[Result]) -> FieldsTable | None:
    shown = compared(results)
    rows = field_rows(shown)
    if not rows:
        return None
    return _table(rows, shown, LEGEND)


def _calls(results: Sequence[Result]) -> FieldsTable | None:
    shown = callers(results)
    rows = call_rows(shown)
    return _table(rows, shown, CALLS_LEGEND) if rows else None


def _table(rows: Sequence[FieldRow], shown: Sequence[Result], told: str) -> FieldsTable:
    made = tuple(
        (
            DIFFERS if row.differs else "",
            row.path,
            tuple(Chip(words(row, at), "bad" if row.wrong[at] else "quiet") for at in range(len(shown))),
        )
        for row in rows
    )
    return FieldsTable(tuple(labels(shown)), made, told)


def _date(written: str) -> str:
    """`21 November 2026, 10:00 UTC`, or what was written where that is no time."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return one_line(written, 40)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M}{' UTC' if moment.tzinfo else ''}"


def _tiles(run: Run) -> tuple[tuple[str, str, str], ...]:
    """What, how much, and a remark."""
    summary = run.summary
    failed = [
        f"{count} {word}"
        for word, count in (("partial", summary.partial), ("failed", summary.error), ("cancelled", summary.cancelled))
        if count
    ]
    part = share(summary.reasoning_tokens, summary.output_tokens)
    return (
        ("answers", f"{summary.ok} of {summary.results}", ", ".join(failed) or "all whole"),
        ("cost", dollars(summary.usd), _unknown_words(summary)),
        ("output tokens", tokens(summary.output_tokens), f"{part} of them reasoning" if part else ""),
        ("time", seconds(summary.total_s), "from first request to last answer"),
    )


def _unknown_words(summary: Summary) -> str:
    if not summary.usd_unknown:
        return "all known" if summary.usd is not None else "nothing charged"
    return f"and {summary.usd_unknown} unknown" if summary.usd is not None else f"{summary.usd_unknown} unknown"


def _answer(result: Result, label: str, anchor: str, with_reasoning: bool) -> Answer:
    mark, words, style = state_words(result)
    text = (result.reasoning.text or "") if with_reasoning else ""
    return Answer(
        anchor=anchor,
        label=label,
        think=think_path(result),
        state=Chip(f"{mark} {words}", TONES.get(style, "quiet")),
        chips=_chips(result),
        model=model_words(result),
        went_along=went_along(result),
        took=seconds(result.latency.total_s),
        cost=dollars(result.cost.usd),
        cost_source=COST_SOURCES.get(result.cost.source or "", ""),
        output=f"{tokens(result.usage.output_tokens)} tokens",
        reasoning=reasoning_words(result),
        reasoning_html=Shown(text),
        billed=_billed(result),
        html=Shown(result.answer),
        problems=tuple(map(harmless, why_not_whole(result))),
        notes=_notes(result),
        source=harmless(result.answer) if len(result.answer) <= MAX_CHARACTERS else "",
        sizes=_sizes(result),
        calls=tuple(Chip(line, TONES.get(style, "quiet")) for line, style in call_lines(result)),
    )


def _sizes(result: Result) -> tuple[tuple[str, str], ...]:
    """By what answers can be put in order; what is unknown is left out."""
    known = (
        ("total", number(result.latency.total_s)), ("cost", number(result.cost.usd)),
        ("output", number(result.usage.output_tokens)), ("reasoning", number(result.reasoning.tokens)),
    )  # fmt: skip
    return tuple((name, value) for name, value in known if value is not None)


def _chips(result: Result) -> tuple[Chip, ...]:
    """How the wish was sent, how it was met, and why the answer ended."""
    fidelity = result.think.fidelity
    chips = [
        Chip(
            {"default": "provider's default"}.get(fidelity, fidelity),
            "caution" if fidelity in SUBSTITUTED or fidelity == "assumed" else "quiet",
            "how the asked think value was sent",
        )
    ]
    if result.status == "ok":
        mark, words, style = verdict_words(result)
        chips.append(Chip(f"{mark} {words}", TONES.get(style, "quiet"), "what the answer showed of it"))
    for said_of in (check_words, shape_words):
        told, style = said_of(result)
        if told:
            chips.append(Chip(told, TONES.get(style, "quiet"), "whether it is what was expected"))
    raw = one_line(result.finish_raw or "", 40)
    finish = result.finish.replace("_", " ")
    said = f"{finish} ({raw})" if raw and raw != result.finish else finish
    chips.append(Chip(f"finish: {said}", "quiet", "why the answer ended, and the provider's own word"))
    if result.attempts > 1:
        chips.append(Chip(f"{result.attempts} attempts", "quiet"))
    return tuple(chips)


def _billed(result: Result) -> str:
    """What is to be said of reasoning whose text is not all there."""
    match result.reasoning.visibility:
        case "hidden" | "redacted" | "encrypted":
            return "The provider does not show this reasoning. Its tokens are billed all the same."
        case "summary":
            return "A summary by the provider. The whole reasoning is billed, not the summary."
        case _:
            return ""


def _notes(result: Result) -> tuple[str, ...]:
    said = [result.think.note or ""]
    said += [warning.message for warning in result.warnings if warning.code != SIMULATED]
    if result.think.verdict != "starved":  # that is told among the problems
        said.append(explanation(result))
    said += [words for words, _ in check_notes(result)]
    if result.escalation is not None:
        said.append(bill_words(result.escalation))
    said.append(result.cost.note or "")
    return tuple(dict.fromkeys(words for text in said if (words := one_line(text, 1000))))
