"""Dose curves as a JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ..results.documents import plain
from .curves import DoseCurve, DoseFigure

DOSE_SCHEMA = "thinkdial.dose/1"


def dose_document(curves: Sequence[DoseCurve], notes: Sequence[str] = ()) -> dict[str, Any]:
    """`thinkdial.dose/1`: a curve for each model, with the judgements of neighbouring think values."""
    return {"schema": DOSE_SCHEMA, "curves": [curve_entry(curve) for curve in curves], "notes": [*notes]}


def curve_entry(curve: DoseCurve) -> dict[str, Any]:
    """One model's curve."""
    return {
        "name": curve.name,
        **curve.asked._asdict(),
        "doses": [plain(dose) | {"usd": _usd(dose.usd)} for dose in curve.doses],
        "steps": [
            {name: value for name, value in plain(step).items() if name != "arm"} | {"words": step.words}
            for step in curve.steps
        ],
    }


def _usd(figure: DoseFigure | None) -> dict[str, Any] | None:
    """A figure of money: amounts are texts of exact digits, as everywhere."""
    if figure is None:
        return None
    amounts = {
        name: None if (usd := getattr(figure, name)) is None else Decimal(f"{usd:.12f}")
        for name in ("median", "low", "high")
    }
    return plain({"n": figure.n, **amounts, "level": figure.level})
