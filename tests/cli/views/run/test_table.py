"""The numbers table at 80 and 160 columns: complete, honest, in line."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len

from thinkdial.cli.views.run.dial import labels
from thinkdial.cli.views.run.rows import ONE_SAMPLE
from thinkdial.cli.views.run.table import numbers_table
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.receipt import is_whole
from thinkdial.engine.results.result import Cost, Reasoning, Result, ThinkReceipt
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import Usage

from ....cases import each

Make = Callable[..., Result]
Shown = Callable[..., str]

FAST = Latency(0.1, 0.2, 1.5, 2.0, 200.0)
UNKNOWN: dict[str, Any] = {"usage": Usage(), "cost": Cost(), "latency": Latency(), "reasoning": Reasoning()}


def failed(result: Make, profile: str = "grok") -> Result:
    failure = Failure("rate_limit", "slow down", 429, True)
    return result(profile, status="error", answer="", finish="error", error=failure, **UNKNOWN)


def line_with(text: str, word: str) -> str:
    return next(line for line in text.split("\n") if word in line)


def test_one_line_a_result_at_160(result: Make, shown: Shown) -> None:
    gpt = result("gpt", model="gpt-5.6", latency=FAST, cost={"usd": Decimal("0.0000025")})
    text = shown(numbers_table([result(), gpt], 160), 160)
    assert text.split("\n")[0].split() == (
        [
            "profile",
            "model",
            "asked",
            "→",
            "sent",
            "→",
            "measured",
            "reasoning",
            "output",
            "first",
            "answer",
            "total",
            "tokens/s",
            "cost",
            "verdict",
        ]
    )
    claude = "claude claude-opus-5-5 high → high → 312 312 90 % 348 3.10 s 4.00 s 87 $0.00706 ✓ as asked"
    assert line_with(text, "claude").split() == claude.split()
    other = "gpt gpt-5.6 high → high → 312 312 90 % 348 1.50 s 2.00 s 200 $0.0000025 ✓ as asked"
    assert line_with(text, "gpt").split() == other.split()


def test_two_lines_a_result_at_80(result: Make, shown: Shown) -> None:
    text = shown(numbers_table([result(), result("gpt", model="gpt-5.6", latency=FAST)], 80), 80)
    lines = [line.split() for line in text.split("\n")]
    assert ["claude", "high", "→", "high", "312", "3.10", "s", "$0.00706", "✓", "as", "asked"] in lines
    assert ["claude-opus-5-5", "→", "312", "of", "348", "4.00", "s", "87"] in lines
    assert ["gpt", "high", "→", "high", "312", "1.50", "s", "$0.00706", "✓", "as", "asked"] in lines


def test_a_narrow_window_gets_receipts(result: Make, shown: Shown) -> None:
    text = shown(numbers_table([result()], 40), 40)
    assert text.startswith("claude\nhigh → high → 312 reasoning tokens\n✓ as asked · 348 output\n")


@each("width", [40, 60, 72, 80, 100, 120, 160, 200])
def test_nothing_is_wider_than_the_window_and_no_number_is_cut(result: Make, shown: Shown, width: int) -> None:
    many = [
        result(f"a-rather-long-profile-name-{n}", model="vendor/some-model-with-a-long-name-2026-11-21", status=status)
        for n, status in enumerate(["ok", "partial", "cancelled"] * 3)
    ]
    text = shown(numbers_table([*many, failed(result)], width), width)
    assert all(cell_len(line) <= width for line in text.split("\n"))
    assert text.count("$0.00706") == 9 and text.count("348") == 9 and "rate limit" in " ".join(text.split())
    assert "…" not in text


def test_unknown_is_a_dash_and_never_a_zero(result: Make, shown: Shown) -> None:
    text = shown(numbers_table([result(think=ThinkReceipt("auto", {}, "default"), **UNKNOWN)], 160), 160)
    row = "claude claude-opus-5-5 auto → default → – – – – – – – ? unknown"
    assert line_with(text, "claude").split() == row.split()
    assert "★" not in text


def test_a_failure_shows_its_kind_in_the_row(result: Make, shown: Shown) -> None:
    text = shown(numbers_table([result(), failed(result)], 160), 160)
    assert line_with(text, "grok").endswith("✗ rate limit")
    partial = result("mistral", status="partial", error=Failure("connection", "cut"))
    assert line_with(shown(numbers_table([partial], 160), 160), "mistral").endswith("! partial: connection failed")


@each(
    "changes",
    [
        {"status": "partial"}, {"status": "error"}, {"status": "cancelled"}, {"answer": " \n"}, {"finish": "refusal"},
        {"finish": "content_filter"}, {"finish": "length"}, {"think": {"verdict": "starved"}},
    ],
)  # fmt: skip
def test_one_sample_each_is_no_reason_for_a_star(result: Make, shown: Shown, changes: dict[str, Any]) -> None:
    quick = result("gpt", latency=FAST, cost={"usd": Decimal("0.000001")})
    text = shown(numbers_table([result(), quick], 160), 160)
    assert text.count("★") == 1 and ONE_SAMPLE in text and "--repeat 5" in ONE_SAMPLE
    cut = result("gpt", latency=FAST, **changes)
    assert not is_whole(cut)
    assert "★" not in shown(numbers_table([result(), cut], 160), 160)  # nothing to compare with


@pytest.mark.parametrize("width", [100, 160])
def test_the_points_of_a_column_are_below_each_other(result: Make, shown: Shown, width: int) -> None:
    cheap, dear = Cost(Decimal("0.0000025")), Cost(Decimal("1.24"))
    text = shown(
        numbers_table([result(), result("gpt", latency=FAST, cost=cheap), result("dear", cost=dear)], width), width
    )
    lines = [line for line in text.split("\n") if " s " in line and "$" in line]
    assert len(lines) == 3
    assert len({line.index(" s") for line in lines}) == 1
    if width == 160:
        assert len({line.index(".", line.index("$")) for line in lines}) == 1


def test_a_substituted_level_is_marked_and_explained(result: Make, shown: Shown) -> None:
    think = ThinkReceipt("max", {"effort": "high"}, "clamped", "max → high: this model's top level", "as_asked")
    text = shown(numbers_table([result(think=think)], 160), 160)
    assert "max → high* → 312" in text
    assert "* claude: max → high: this model's top level" in text


def test_a_sweep_names_its_profile_once(result: Make, shown: Shown) -> None:
    levels = ["off", "low", "high"]
    sweep = [result(p, think=ThinkReceipt(level, {"effort": level}, "exact")) for p in ("a1", "b2") for level in levels]
    assert labels(sweep) == ["a1@off", "a1@low", "a1@high", "b2@off", "b2@low", "b2@high"]
    for width in (80, 160):
        text = shown(numbers_table(sweep, width), width)
        assert text.count("a1") == 1 and text.count("b2") == 1
        assert text.count("low → low") == 2


def test_values_that_were_asked_once_stand_in_one_row(result: Make, shown: Shown) -> None:
    twins = (ThinkReceipt("off", {}, "clamped"), ThinkReceipt("minimal", {}, "clamped"))
    low = result(think=ThinkReceipt("low", {"effort": "low"}, "exact"), same_request=twins)
    for width in (80, 160):
        text = shown(numbers_table([low, result("gpt")], width), width)
        assert "low =off =minimal → low" in text
        assert "= claude @off, @minimal: same request as @low, asked once" in " ".join(text.split())


def test_hostile_names_are_harmless(result: Make, shown: Shown) -> None:
    think = ThinkReceipt("high", {"effort": "[red]x[/]\x1b"}, "clamped", "\x1b[2Jnote [bold]b[/]\nsecond")
    text = shown(numbers_table([result("\x1b]0;x\x07[bold]p[/]", model="m\u202e", think=think)], 160), 160)
    assert "\x1b" not in text and "\u202e" not in text
    assert "␛]0;x␇[bold]p[/]" in text and "m<U+202E>" in text and "[red]x[/]␛" in text
    assert "note [bold]b[/] second" in text


def test_no_results_is_no_crash(shown: Shown) -> None:
    assert "profile" in shown(numbers_table([], 80), 80)


def test_what_is_assumed_of_a_model_is_said_once(result: Make, shown: Shown) -> None:
    assumed = [
        result("new", model="claude-opus-6", think={"requested": level, "fidelity": "assumed", "note": "unknown model"})
        for level in ("low", "high")
    ]
    text = shown(numbers_table(assumed, 160), 160)
    assert text.count("? new: assumed, no cited fact says that this model takes it here") == 1
    assert "low → high?" in text
