"""Sums as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

from ....providers.untrusted import csv_cell


def csv_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """One line a row; nothing in it is a formula to a spreadsheet, and what is not known is empty."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = [row[name] for name in columns]
        # Amounts are decimals that we wrote ourselves: a negative one is no formula.
        writer.writerow(
            csv_cell(cell) if isinstance(cell, str) and not name.endswith("usd") else cell
            for name, cell in zip(columns, cells, strict=True)
        )
    return out.getvalue()
