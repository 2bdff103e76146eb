"""What a long memory costs: lists, sums and the forecast's samples over 200,000 stored runs against 1,000."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measure import Report, Row, Target, in_turns, progress, timed

from thinkdial.engine.history.samples import output_samples
from thinkdial.engine.history.search.matches import RunFilter
from thinkdial.engine.history.search.run_rows import list_runs
from thinkdial.engine.history.search.text_index import MOST_RUNS, catch_up
from thinkdial.engine.history.store import Store
from thinkdial.engine.history.sums.spend import forecast_errors, spent, spent_in

FEW, MANY = 1_000, 200_000
TARGET_RATIO = 2.0
MOST_OF_A_SEARCH_MS = 10.0
REPEATS = 5
DAYS = 365
LAST_DAY = datetime(2026, 11, 21, tzinfo=UTC)
CALLS = (
    ("claude", "anthropic", "claude-opus-5-5"),
    ("gpt", "openai", "gpt-6-sol"),
    ("gemini", "google", "gemini-4-argon"),
    ("local", "openai-compatible", "qwen3"),
)
THINKS = ("low", "high")
RARE = ("rare", "openrouter", "somebody/something")
"""A profile of the first few runs only: looking for it must not mean looking at all the others."""


def measure(rounds: int) -> Report:
    report: Report = []
    with TemporaryDirectory() as directory:
        paths = {size: Path(directory) / f"{size}.sqlite3" for size in (FEW, MANY)}
        for size, path in paths.items():
            progress(f"a history of {size:,} runs")
            generate(path, size)
        with Store.open(paths[FEW]) as few, Store.open(paths[MANY]) as many:
            for store in (few, many):  # each search adds some of what the index lacks
                for _ in range(1 + store.count_runs() // MOST_RUNS):
                    catch_up(store, "index")
            for what, work, target in _works():
                progress(what)
                report.append(_row(what, work, few, many, rounds, target))
    return report


def generate(path: Path, size: int) -> None:
    """A year of runs of two results each, evenly spread, with the sums that belong to them."""
    dice = random.Random(size)  # noqa: S311
    with Store.open(path, create=True) as store, store.transaction() as connection:
        sums: dict[tuple[str, str, str, str, str], list[Any]] = {}
        runs = list(_runs(size, dice))
        connection.executemany(
            "INSERT INTO runs (number, id, created_at, command, prompt, total_s) VALUES (?, ?, ?, 'compare', ?, 4.5)",
            ((number, run_id, at, prompt) for number, run_id, at, prompt, _ in runs),
        )
        connection.executemany(
            "INSERT INTO results (id, run, position, created_at, profile, provider, dialect, model, think, status,"
            " verdict, answer, input_tokens, output_tokens, reasoning_tokens, total_s, usd, cost_source, document,"
            " sent, raw_head, raw) VALUES (?, ?, ?, ?, ?, ?, 'd', ?, ?, 'ok', 'as_asked', ?, 100, ?, 300, 4.0, ?,"
            " 'table', ?, ?, '{\"status\":200}', ?)",
            _results(runs, dice, sums),
        )
        connection.executemany(
            "INSERT INTO spending (day, profile, provider, model, think, results, unpriced, usd, output_usd,"
            " reasoning_usd, reasoning_unknown, cache_saved_usd, input_tokens, output_tokens, reasoning_tokens)"
            " VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, 0, '0.000000', ?, ?, ?)",
            (
                (*key, count, f"{usd:f}", f"{usd * 4 / 5:f}", f"{usd / 2:f}", 100 * count, tokens, 300 * count)
                for key, (count, usd, tokens) in sums.items()
            ),
        )
        connection.executemany(
            "INSERT INTO forecast_errors (day, provider, model, think, source, results, within, expected_usd,"
            " actual_usd, absolute_error_usd) VALUES (?, ?, ?, ?, 'history', ?, ?, ?, ?, '0.010000')",
            (
                (day, provider, model, think, count, count, f"{usd:f}", f"{usd:f}")
                for (day, profile, provider, model, think), (count, usd, _) in sums.items()
                if profile != "local"
            ),
        )


def _runs(size: int, dice: random.Random) -> Iterator[tuple[int, str, str, str, list[tuple[str, str, str]]]]:
    first = LAST_DAY - timedelta(days=DAYS - 1)
    for index in range(size):
        at = first + timedelta(days=DAYS) * index / size
        called = [RARE] if index < 5 else dice.sample(CALLS, 2)
        prompt = f"Question {index}: " + "what happens when it rains and nobody looks? " * 5
        yield index + 1, f"{dice.getrandbits(128):032x}", at.strftime("%Y-%m-%dT%H:%M:%SZ"), prompt, called


def _results(runs: list[Any], dice: random.Random, sums: dict[Any, list[Any]]) -> Iterator[tuple[Any, ...]]:
    document, sent, raw = (zlib.compress(dice.randbytes(size)) for size in (400, 200, 600))
    for number, run_id, at, _, called in runs:
        for position, (profile, provider, model) in enumerate(called):
            think, tokens = dice.choice(THINKS), dice.randrange(100, 4000)
            usd = Decimal(tokens).scaleb(-5)
            total = sums.setdefault((at[:10], profile, provider, model, think), [0, Decimal(0), 0])
            total[0] += 1
            total[1] += usd
            total[2] += tokens
            yield (
                f"{run_id}{position}", number, position, at, profile, provider, model, think, "It gets wet. " * 10,
                tokens, f"{usd:f}", document, sent, raw,
            )  # fmt: skip


def _works() -> Iterator[tuple[str, Callable[[Store], object], Target | None]]:
    month = date(2026, 11, 1)
    target, search = Target("history", "wall", TARGET_RATIO), Target("history", "ms", MOST_OF_A_SEARCH_MS)
    yield "list", lambda store: list_runs(store, RunFilter()), target
    yield "list of a profile", lambda store: list_runs(store, RunFilter(profile="claude")), target
    yield (
        "list of a rare profile, by a part of its name",
        lambda store: list_runs(store, RunFilter(profile="rar")),
        target,
    )
    yield "list of a model", lambda store: list_runs(store, RunFilter(model="gpt-6-sol")), target
    yield "list since a day", lambda store: list_runs(store, RunFilter(since=month)), target
    yield "list by text that is there", lambda store: list_runs(store, RunFilter(text="when it rains")), search
    yield "list by text that is nowhere", lambda store: list_runs(store, RunFilter(text="snow")), search
    yield "list by text of one run", lambda store: list_runs(store, RunFilter(text="question 777:")), search
    yield "spend by day, a month", lambda store: spent(store, "day", month), target
    yield "spend by model, a year", lambda store: spent(store, "model"), target
    yield "spent this month, for a budget", lambda store: spent_in(store, month, {"claude"}), target
    yield "forecast errors, a year", forecast_errors, target
    yield (
        "the forecast's samples",
        lambda store: output_samples(store, "openai", "api.openai.com", "gpt-6-sol", "high"),
        target,
    )


def _row(
    what: str, work: Callable[[Store], object], few: Store, many: Store, rounds: int, target: Target | None
) -> Row:
    def repeated(store: Store) -> None:
        for _ in range(REPEATS):
            work(store)

    spent_times = in_turns(
        {"few": lambda: timed(lambda: repeated(few)), "many": lambda: timed(lambda: repeated(many))}, rounds
    )
    many_ms, few_ms = (spent_times[side].wall_s / REPEATS * 1000 for side in ("many", "few"))
    ratios = {"wall": spent_times["many"].wall_ratio(spent_times["few"]), "ms": many_ms}
    return Row(f"{what}: {MANY:,} / {FEW:,} runs", ratios, target, f"{many_ms:.2f} / {few_ms:.2f} ms")
