"""One rule from a file's name to its form, of which each place takes what it can write or read."""

from __future__ import annotations

from pathlib import Path

from thinkdial.cli.commands.batch.summary import SUMMARY_FORMS
from thinkdial.cli.options import Format
from thinkdial.engine.batch.output.output_file import OUTPUT_FORMS
from thinkdial.engine.batch.rows.entries import guess_form
from thinkdial.engine.results.forms import form_of

from ...cases import each

NAMES = [
    # name, of a run, of a batch, of a summary, of rows that look like text
    ("x.json", "json", None, "json", "jsonl"),
    ("x.jsonl", "jsonl", "jsonl", None, "jsonl"),
    ("dir.csv/x.NDJSON", "jsonl", "jsonl", None, "jsonl"),
    ("x.csv", "csv", "csv", None, "csv"),
    ("x.tsv", None, None, None, "csv"),
    ("x.md", "md", None, "md", "lines"),
    ("x.html", "html", None, "html", "lines"),
    ("x.HTM", "html", None, "html", "lines"),
    ("x.txt", "text", None, None, "lines"),
    ("x.lst", None, None, None, "lines"),
    ("x.csv.gz", None, None, None, "lines"),
    ("csv", None, None, None, "lines"),
    (".json", None, None, None, "lines"),
    ("-", None, None, None, "lines"),
    ("", None, None, None, "lines"),
]


@each(("name", "run", "batch", "summary", "rows"), NAMES)
def test_each_name_means_one_form(
    name: str, run: str | None, batch: str | None, summary: str | None, rows: str
) -> None:
    for written in (name, Path(name)):
        assert form_of(written, Format) == run
        assert form_of(written, OUTPUT_FORMS) == batch
        assert form_of(written, SUMMARY_FORMS) == summary
    assert guess_form(name, b"hello") == rows


def test_no_name_says_nothing() -> None:
    assert form_of(None, Format) is None
    assert form_of("x.md", ()) is None
    assert form_of("x.md", Format) is Format.MD
