"""Which limits hold for a batch, here and over a cluster."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from thinkdial.engine.batch.budget import batch_limits, is_limited, profiles_of
from thinkdial.engine.batch.options import BatchOptions
from thinkdial.engine.planning.option_names import LIBRARY
from thinkdial.engine.runs.money import CostOptions
from thinkdial.profiles.config import Config, load


def config(directory: Path, budget: str = "") -> Config:
    path = directory / "budget.yaml"
    profiles = "".join(f"  {name}: {{provider: anthropic, model: claude-opus-5-5}}\n" for name in "ab")
    path.write_text(f"profiles:\n{profiles}{budget}", encoding="utf-8")
    return load(path)


def test_nothing_is_looked_up_where_nothing_limits_it(tmp_path: Path) -> None:
    settings, options = config(tmp_path), BatchOptions([], None)
    assert not is_limited(options.cost, settings) and batch_limits(options, settings, ["a"]).limits == ()


def test_profiles_that_only_rows_name_keep_their_budgets(tmp_path: Path) -> None:
    settings = config(tmp_path, "budget: {profiles: {b: {daily_usd: 1}}}\n")
    assert profiles_of(["a@high"], settings) == ["a", "b"]
    found = batch_limits(BatchOptions([], None), settings, profiles_of(["a@high"], settings))
    assert [(limit.name, limit.total_usd) for limit in found.limits] == [("budget.profiles.b.daily_usd", Decimal(1))]


def test_a_limit_has_the_callers_name_and_what_is_left(tmp_path: Path) -> None:
    cost = CostOptions(Decimal(5), spent_usd=Decimal(2))
    found = batch_limits(BatchOptions([], None, cost=cost, names=LIBRARY), config(tmp_path), ["a"])
    assert [(limit.name, limit.left_usd) for limit in found.limits] == [("max_cost", Decimal(3))]
