"""Layers of configuration in a directory of the test's own, and forecasts with nothing but what a budget looks at."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.engine.results.result import Forecast
from thinkdial.profiles.config import Config, load, user_file

Load = Callable[..., Config]
MakeForecast = Callable[..., Forecast]


@pytest.fixture
def layered(tmp_path: Path) -> Load:
    """The configuration of a user's file, a project's and one for --config, given as texts."""

    def read(user: str = "", project: str = "", option: str = "") -> Config:
        inside = tmp_path / "project"
        inside.mkdir(exist_ok=True)
        user_file().parent.mkdir(parents=True, exist_ok=True)
        user_file().write_text(user, encoding="utf-8")
        (inside / ".thinkdial.yaml").write_text(project, encoding="utf-8")
        (tmp_path / "option.yaml").write_text(option, encoding="utf-8")
        return load(tmp_path / "option.yaml", start=inside)

    return read


@pytest.fixture
def forecast() -> MakeForecast:
    """A forecast of low, expected and high cost, written as texts; None is unknown."""

    def make(low: str | None, expected: str | None = None, high: str | None = None) -> Forecast:
        def usd(written: str | None) -> Decimal | None:
            return None if written is None else Decimal(written)

        return Forecast(
            10, "estimated", None, None, 0, None, usd(low), usd(expected), usd(high), "table" if low else None, "",
            least_usd=usd(low),
        )  # fmt: skip

    return make
