"""`thinkdial spend`: sums that a person can read and a program can add up, with the unknown kept apart."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.cli import days
from thinkdial.cli.views.money.spend_words import bar, percent, signed_percent
from thinkdial.engine.costs.budget import limits
from thinkdial.engine.results.result import Cost, Forecast, Result, ThinkReceipt
from thinkdial.providers.schema import Usage

from ....cases import each
from ....engine.history.made import result, store_run

D = Decimal
NOW = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)


class AnyMoment(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


class Stopped(datetime, metaclass=AnyMoment):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return NOW.astimezone(tz)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (days, limits, sys.modules["datetime"]):  # the command imports it when it runs
        monkeypatch.setattr(module, "datetime", Stopped)


def at(usd: str | None, profile: str = "claude", think: str = "high", **changes: Any) -> Result:
    cost = Cost()
    if usd is not None:
        amount = D(usd)
        cost = Cost(amount, amount / 5, amount * 4 / 5, amount / 2, "table", None, amount / 10)
    model = "gpt-6-sol" if profile == "gpt" else "claude-opus-5-5"
    return replace(
        result(profile, model=model, cost=cost, think=ThinkReceipt(think, {}, "exact", None, "as_asked")), **changes
    )


@pytest.fixture
def spent(tmp_path: Path) -> None:
    store_run(None, [at("0.40"), at("0.10", "gpt")], run_id="a1", at=NOW - timedelta(days=3))
    store_run(None, [at("0.20", think="low"), at(None, "gpt")], run_id="a2", at=NOW)
    store_run(None, [at("5")], run_id="a3", at=NOW - timedelta(days=200))
    store_run(None, [at("7")], run_id="a4", simulated=True, at=NOW)


@pytest.mark.usefixtures("spent")
def test_the_last_thirty_days_are_shown_by_day_with_bars_and_a_total(cli: Callable[..., Any]) -> None:
    ended = cli("spend")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0] == f"Spent since {(NOW - timedelta(days=29)).date()}, by day"
    head, oldest, newest, total = lines[2:6]
    assert head.split() == ["day", "results", "unpriced", "cost", "reasoning", "cache", "saved"]
    assert re.fullmatch(rf"{(NOW - timedelta(days=3)).date()} +2 +\$0\.50  █+ +50 % +\$0\.05 *", oldest)
    assert re.fullmatch(rf"{NOW.date()} +2 +1 +\$0\.20  █+[▏▎▍▌▋▊▉]? +50 % +\$0\.02 *", newest)
    assert oldest.count("█") > 2 * newest.count("█") > 0
    assert re.fullmatch(r"total +4 +1 +\$0\.70 +50 % +\$0\.07 *", total)
    assert "1 result of unknown price is in none of these amounts." in lines


@pytest.mark.usefixtures("spent")
@pytest.mark.parametrize(("by", "keys"), [
    ("profile", {"claude": "5.600000", "gpt": "0.100000"}), ("provider", {"anthropic": "5.700000"}),
    ("model", {"claude-opus-5-5": "5.600000", "gpt-6-sol": "0.100000"}),
    ("think", {"high": "5.500000", "low": "0.200000"}),
])  # fmt: skip
def test_sums_by_anything_else_are_of_all_time(cli: Callable[..., Any], by: str, keys: dict[str, str]) -> None:
    document = cli("spend", "--by", by, "--json").json
    assert (document["schema"], document["by"], document["since"]) == ("thinkdial.spend/1", by, None)
    assert {row["key"]: row["usd"] for row in document["rows"]} == keys
    assert list(keys) == [row["key"] for row in document["rows"]]
    assert document["total"]["usd"] == "5.700000"
    assert document["total"]["unpriced"] == 1
    assert document["budgets"] == []


@pytest.mark.usefixtures("spent")
def test_both_ends_of_the_time_may_be_given(cli: Callable[..., Any]) -> None:
    today, before = NOW.date().isoformat(), (NOW - timedelta(days=200)).date().isoformat()
    document = cli("spend", "--since", "today", "--json").json
    assert [row["key"] for row in document["rows"]] == [today]
    document = cli("spend", "--since", before, "--until", before, "--json").json
    assert (document["since"], document["until"], document["total"]["usd"]) == (before, before, "5.000000")
    assert "Nothing was charged in that time." in cli("spend", "--until", "2001-01-01").out
    assert cli("spend", "--since", "whenever").code == 2


@pytest.mark.usefixtures("spent")
def test_what_is_wholly_unknown_is_null_and_a_dash_and_never_zero(cli: Callable[..., Any]) -> None:
    store_run(None, [at(None, "mystery")], run_id="b1", at=NOW)
    row = cli("spend", "--by", "profile", "--json").json["rows"][-1]
    assert (row["key"], row["usd"], row["output_usd"], row["reasoning_usd"], row["unpriced"]) == (
        "mystery",
        *[None] * 3,
        1,
    )
    assert re.search(r"^mystery +1 +1 +– +– *$", cli("spend", "--by", "profile").out, re.M)


@pytest.mark.usefixtures("spent")
def test_csv_is_the_rows_with_exact_amounts(cli: Callable[..., Any]) -> None:
    store_run(None, [at("0.3", "=cmd()")], run_id="b1", at=NOW)
    rows = list(csv.DictReader(io.StringIO(cli("spend", "--by", "profile", "--format", "csv").out)))
    assert [row["key"] for row in rows] == ["claude", "'=cmd()", "gpt"]
    assert (rows[0]["usd"], rows[0]["results"], rows[2]["unpriced"]) == ("5.600000", "3", "1")
    assert sum(D(row["usd"]) for row in rows) == D("6.0")


def test_a_negative_saving_is_a_number_in_csv(cli: Callable[..., Any]) -> None:
    store_run(None, [at("1", cost=Cost(D(1), source="table", cache_saved_usd=D("-0.25")))], run_id="a1", at=NOW)
    (row,) = csv.DictReader(io.StringIO(cli("spend", "--format", "csv").out))
    assert row["cache_saved_usd"] == "-0.250000"
    assert "-$0.25" in cli("spend").out


def test_an_unknown_part_of_reasoning_makes_its_share_the_least_it_was(cli: Callable[..., Any]) -> None:
    store_run(None, [at("1"), at("1", cost=Cost(D(1), source="provider"))], run_id="a1", at=NOW)
    out = cli("spend").out
    assert "≥25 %" in out
    assert "of 1 priced result the reasoning's part is not known" in out


@pytest.mark.usefixtures("spent")
def test_budgets_and_what_is_left_of_them(cli: Callable[..., Any], tmp_path: Path) -> None:
    config = tmp_path / "budget.yaml"
    config.write_text("budget: {daily_usd: 1, profiles: {claude: {daily_usd: 0.1}}}\n", encoding="utf-8")
    out = cli("spend", "--config", config).out
    assert re.search(r"^daily +█+[▏▎▍▌▋▊▉]?░+ +\$0\.20 of \$1\.00  \$0\.80 left \(1 unpriced\) *$", out, re.M)
    assert re.search(r"^claude, daily +█{14} +\$0\.20 of \$0\.10  \$0\.10 too much *$", out, re.M)
    first = cli("spend", "--config", config, "--json").json["budgets"][0]
    assert first == {
        "name": "daily", "limit_usd": "1.000000", "spent_usd": "0.200000", "left_usd": "0.800000", "unpriced": 1,
        "set_aside_usd": "0.000000",
    }  # fmt: skip


def foreseen(source: Any) -> Forecast:
    return Forecast(
        100, "estimated", 400, source, 9, 8000, D("0.1"), D("0.5"), D(1), "table", "m", low_output_tokens=100,
        high_output_tokens=900,
    )  # fmt: skip


def test_how_good_the_forecasts_were(cli: Callable[..., Any]) -> None:
    assert "No forecast has been compared" in cli("spend", "--forecast-error").out
    store_run(
        None,
        [
            at(usd, forecast=foreseen("history"), usage=Usage(output_tokens=tokens))
            for usd, tokens in (("0.6", 400), ("2", 900))
        ],
        run_id="a1",
        at=NOW,
    )
    store_run(
        None, [at("0.5", forecast=foreseen("observed"), think="low", usage=Usage(output_tokens=901))], run_id="a2"
    )
    out = cli("spend", "--forecast-error").out
    assert re.search(r"^from +results +in range +above +bias +error *$", out, re.M)
    assert re.search(r"^history +2 +100 % +50 % +\+160 % +62 %", out, re.M)
    assert re.search(r"^claude-opus-5-5  high +history +2 +100 % +50 % +\+160 % +62 %", out, re.M)
    assert re.search(r"^claude-opus-5-5  low +observed +1 +0 % +100 % +\+0 % +0 %", out, re.M)
    document = cli("spend", "--forecast-error", "--json").json
    assert [(one["source"], one["coverage"], one["above_median"]) for one in document["by_source"]] == [
        ("history", 1.0, 0.5), ("observed", 0.0, 1.0),
    ]  # fmt: skip
    row, _ = document["forecast_errors"]
    assert (row["ranged"], row["covered"], row["above"]) == (2, 2, 1)
    assert (row["results"], row["within"], row["actual_usd"], row["bias"]) == (2, 1, "2.600000", 1.6)
    assert cli("spend", "--forecast-error", "--until", "2001-01-01", "--json").json["forecast_errors"] == []
    line, _ = csv.DictReader(io.StringIO(cli("spend", "--forecast-error", "--format", "csv").out))
    assert (line["source"], line["expected_usd"]) == ("history", "1.000000")


def test_the_bills_that_differ_from_the_list(cli: Callable[..., Any]) -> None:
    assert "There are none." in cli("spend", "--disagreements").out
    store_run(None, [at("1", cost=Cost(D(2), source="provider", listed_usd=D(1)))], run_id="a1", at=NOW)
    assert re.search(r"1  claude +claude-opus-5-5 +\$2\.00 +\$1\.00 +\+100 %", cli("spend", "--disagreements").out)
    (row,) = cli("spend", "--disagreements", "--json").json["disagreements"]
    assert (row["run"], row["billed_usd"], row["listed_usd"]) == (1, "2.000000", "1.000000")
    assert cli("spend", "--disagreements", "--format", "csv").out.count("\n") == 2


@pytest.mark.parametrize(
    "options", [("--forecast-error", "--disagreements"), ("--json", "--format", "csv"), ("--by", "mood")]
)
def test_options_that_contradict_each_other_are_refused(cli: Callable[..., Any], options: tuple[str, ...]) -> None:
    assert cli("spend", *options).code == 2


def test_nothing_spent_is_said_and_nothing_is_made(cli: Callable[..., Any], own_home: Path) -> None:
    assert "Nothing has been charged yet." in cli("spend", "--by", "model").out
    assert cli("spend", "--json").json["rows"] == []
    assert not list(own_home.rglob("*.sqlite3"))


@pytest.fixture
def much_spent(spent: None) -> None:
    store_run(None, [at("123456.78", "a" * 30)], run_id="b1", at=NOW)


@pytest.mark.usefixtures("much_spent")
@each("width", [30, 40, 50, 60, 72, 80, 100, 120, 160])
@each("by", ["day", "model"])
def test_amounts_are_whole_at_any_width(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, width: int, by: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = cli("spend", "--by", by).out.splitlines()
    assert all(len(line) <= width for line in lines)
    if width >= 40:
        assert any("$123,4" in line for line in lines), lines


@each(("part", "most", "drawn"), [
    ("1", "1", "████"), ("0.5", "1", "██"), ("0.25", "8", "▏"), ("0.000001", "1", "▏"), ("0", "1", ""), ("0", "0", ""),
    ("0.3", "1", "█▎"), ("-1", "1", ""),
])  # fmt: skip
def test_a_bar_is_as_long_as_its_part_and_never_nothing_for_something(part: str, most: str, drawn: str) -> None:
    assert bar(D(part), D(most), 4) == drawn


def test_shares_in_words() -> None:
    assert [percent(D(x)) for x in ("0", "0.001", "0.5", "1")] == ["0 %", "<1 %", "50 %", "100 %"]
    assert (percent(None), percent(D("0.5"), at_least=True)) == ("–", "≥50 %")
    assert [signed_percent(x) for x in (D("0.5"), D("-0.5"), None)] == ["+50 %", "-50 %", "–"]
