"""The files of a job: what is in them is not to be trusted blindly, though it is ours."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from thinkdial.engine.batch.provider.job_store import BatchPart, JobStore
from thinkdial.providers.errors import StoreError


def test_stored_files_that_are_spoilt_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for bound in ("HELD_BYTES", "MOST_STORED_BYTES"):
        monkeypatch.setattr(f"thinkdial.engine.batch.provider.job_store.{bound}", 2**20)
    store = JobStore(tmp_path)
    job = store.new(output="o", form="jsonl", batch="b", config=None, options={}, settings={})
    part = BatchPart(1, "a", "openai", "m", 1, 1)
    packed = gzip.compress(b"x" * 2**20)
    for content in (packed[: len(packed) // 2], b"nonsense", gzip.compress(b"x" * (2**20 + 1))):
        job.path(part, "sent").write_bytes(content)
        with pytest.raises(StoreError, match=r"part-001\.sent: cannot be read: "):
            job.content(part)
    job.path(part, "sent").write_bytes(packed)
    assert len(job.content(part)) == 2**20
    assert job.works(part) == set()
    job.path(part, "works").write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(StoreError, match=r"part-001\.works: cannot be read: larger than 1 MiB"):
        job.works(part)
    (job.directory / "job.json").write_bytes(b" " * 2**20 + b"{}")
    assert store.jobs() == []
