"""Runs with their cells as JSON documents."""

from __future__ import annotations

from typing import Any

from ..results.documents import plain, run_document
from ..results.result import Run
from .cell import Cell, cells_of


def compared_document(run: Run) -> dict[str, Any]:
    """`thinkdial.run/1` with its cells: what the samples of each profile and think value say together."""
    document = run_document(run)
    summary = document.pop("summary")
    return {**document, "cells": [cell_document(cell) for cell in cells_of(run.results)], "summary": summary}


def cell_document(cell: Cell) -> dict[str, Any]:
    """A cell as a part of `thinkdial.run/1`."""
    return plain(cell)
