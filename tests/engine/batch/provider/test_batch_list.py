"""The tables of batches at 80 columns."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from thinkdial.cli.views.batch.job_list import job_view, jobs_view, progress_line
from thinkdial.cli.views.name_list import tabbed
from thinkdial.engine.batch.provider.job_store import BatchJob, BatchPart

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def job() -> BatchJob:
    parts = [
        BatchPart(1, "claude", "anthropic", "m", 5000, 1, "created", batch_id="msgbatch_1", status="running",
             counts={"total": 5000}, created_at="2026-11-21T09:55:00Z", expires_at="2026-11-22T09:55:00Z"),
        BatchPart(2, "a-profile-with-a-long-name", "openai", "m", 50000, 1, "created", batch_id="batch\x1b[31m2",
             status="cancelling", counts={"succeeded": 49_000, "failed": 12}, created_at="2026-11-18T09:55:00Z",
             expires_at="2026-11-19T09:55:00Z", guessed=True),
        BatchPart(3, "gemini", "google", "m", 7, 1, "collected", ok=6, failed=1),
        BatchPart(4, "grok", "xai", "m", 7, 1, "dropped", problem={"kind": "quota", "message": "no\nmoney"}),
        BatchPart(5, "q", "groq", "m", 7, 1, "creating"),
    ]  # fmt: skip
    return BatchJob("01234567", "2026-11-21T09:54:00Z", "/x/out.jsonl", "jsonl", "b", None, {}, {}, Path("/x"), parts)


def printed(*renderables: object) -> str:
    console = Console(width=80, file=StringIO(), color_system=None, _environ={})
    for renderable in renderables:
        console.print(renderable)
    output = console.file
    assert isinstance(output, StringIO)
    return output.getvalue()


def test_the_list_fits_80_columns():
    text = printed(jobs_view([job()], NOW))
    lines = [line.rstrip() for line in text.splitlines()]
    assert all(len(line) <= 80 for line in lines) and "\x1b" not in text
    assert lines[0] == "01234567"
    assert "running · –/5,000 · age 2h · expires in 21h" in text
    assert "cancelling · 49,000/50,000 -12 · age 3d · expires overdue" in text
    assert "6/7 -1" in text and "collected" in text and "not taken" in text and "unanswered" in text
    assert "a-profile-w" in text and "…" not in text


def test_a_pipe_has_the_id_of_the_job_in_every_line():
    head, *rows = tabbed(jobs_view([job()], NOW))
    assert head.split("\t") == ["id", "profile", "provider", "state", "rows", "age", "expires"]
    assert [row.split("\t")[0] for row in rows] == ["01234567"] * 5


def test_one_job_in_detail():
    text = printed(*job_view(job(), NOW))
    assert "results go to /x/out.jsonl" in text and "msgbatch_1" in text and "no money" in text
    assert "perhaps: found by its time and size" in text and "\x1b" not in text


def test_one_line_while_waiting():
    assert progress_line(job()).startswith("batch 01234567: claude running –/5,000 · a-profile")
