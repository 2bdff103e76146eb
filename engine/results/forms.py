"""The form of a file, as its name says it: of results that are written, and of rows that are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

_FORM_OF_SUFFIX: Mapping[str, str] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".md": "md",
    ".html": "html",
    ".htm": "html",
    ".txt": "text",
    ".lst": "lines",
    ".parquet": "parquet",
}

F = TypeVar("F", bound=str)


def form_of(name: Path | str | None, among: Iterable[F]) -> F | None:
    """Of the forms that are possible the one that the end of `name` says; None where it says none of them."""
    said = None if name is None else _FORM_OF_SUFFIX.get(Path(name).suffix.lower())
    return next((form for form in among if form == said), None)
