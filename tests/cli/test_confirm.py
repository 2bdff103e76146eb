"""The question before the money: who is asked, what is shown, and what counts as a yes."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.cli import confirmation as confirmation_module
from thinkdial.cli.confirmation import confirm_cost
from thinkdial.cli.views.run.forecasts import forecast_table
from thinkdial.engine.costs.budget.limits import confirmation
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.results.result import Forecast, totals
from thinkdial.engine.runs.forecasts import forecasts_for
from thinkdial.engine.runs.jobs import Job, Options, make_jobs
from thinkdial.engine.targets.target import Selection
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.errors import BudgetError, Failure, UsageError
from thinkdial.providers.think import parse_think

PROMPT = Prompt("Is 91 prime?")
Asked = tuple[list[Job], list[Forecast | None]]


@pytest.fixture
def calls() -> Asked:
    profiles = [Profile("claude", "anthropic", "claude-opus-5-5"), Profile("gpt", "openai", "gpt-6-sol")]
    jobs = make_jobs(
        [Selection(profile) for profile in profiles],
        PROMPT,
        load_builtin(),
        Options((parse_think("high"),), 50_000),
        {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"},
    )
    return jobs, forecasts_for(jobs, PROMPT, datetime(2026, 11, 21, tzinfo=UTC))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], io.StringIO]:
    """A terminal on which somebody types; gives what it shows."""

    def typed(text: str) -> io.StringIO:
        shown = io.StringIO()
        monkeypatch.setattr(confirmation_module, "is_terminal", lambda _: True)
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        monkeypatch.setattr(sys, "stderr", shown)
        return shown

    return typed


def test_nobody_is_asked_without_a_reason(calls: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    assert confirm_cost(*calls) and confirm_cost(*calls, yes=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("typed, agreed", [("y\n", True), ("yes\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_a_person_sees_the_forecast_and_says_yes_or_no(
    calls: Asked, terminal: Callable[[str], io.StringIO], typed: str, agreed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = terminal(typed)
    assert confirm_cost(*calls, asked=True) is agreed
    text = " ".join(shown.getvalue().split())
    for words in (
        "profile think input expected 8 in 10 worst case source",
        "claude high ~15",
        "recorded",
        "total $",
        "Make these 2 calls? [y/N]",
    ):
        assert words in text, words
    assert capsys.readouterr().out == ""


def test_yes_shows_the_forecast_and_asks_nobody(calls: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    assert confirm_cost(*calls, asked=True, yes=True)
    shown = capsys.readouterr()
    assert shown.out == "" and "total" in shown.err and "[y/N]" not in shown.err


def test_without_a_terminal_it_is_refused_and_says_how_to_go_on(calls: Asked) -> None:
    with pytest.raises(UsageError) as refused:
        confirm_cost(*calls, asked=True)
    assert "--yes" in str(refused.value.hint)
    question = confirmation(Decimal("0.01"), calls[1])
    assert question is not None
    with pytest.raises(BudgetError) as dear:
        confirm_cost(*calls, question=question)
    assert "--yes" in str(dear.value.hint)


def test_the_reason_of_a_limit_is_said(calls: Asked, terminal: Callable[[str], io.StringIO]) -> None:
    question = confirmation(Decimal("0.01"), calls[1])
    assert question is not None
    shown = terminal("y\n")
    assert confirm_cost(*calls, question=question)
    assert question.words in " ".join(shown.getvalue().split())


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_table_fits_and_says_what_it_lacks(calls: Asked, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from thinkdial.cli.output import rendered

    jobs, forecasts = calls
    assert forecasts[0] is not None
    hostile = replace(jobs[0], profile="evil\x1b[2Jname" * 5)
    refused = Job("gone", "m", parse_think("low"), jobs[0].patience, refused=Failure("config", "no key"))
    unpriced = replace(forecasts[0], low_usd=None, expected_usd=None, high_usd=None, price_source=None)
    all_jobs: list[Any] = [*jobs, hostile, refused]
    made = [*forecasts, unpriced, None]
    total = totals(made[:3])
    text = rendered(forecast_table(all_jobs, made, total, width), width=width)
    assert max(len(line.rstrip()) for line in text.split("\n")) <= width and "\x1b" not in text
    shown = " ".join(text.split())
    assert "of 3 calls: the price of 1 is unknown" in shown and "Cost in USD before the call" in shown
    if width >= 80:
        assert "not sent" in shown and "no price" in shown
