"""Which rows a shard takes, whatever stands before them, and what schedulers say of it."""

from __future__ import annotations

import json
import random

import pytest

from thinkdial.engine.batch.rows.rows import Row, read_rows
from thinkdial.engine.batch.shards.shard import Shard, named_for, shard_of
from thinkdial.providers.errors import UsageError

SHARDS = 5


def shares(rows: list[dict[str, str]]) -> dict[str, int]:
    """The shard of each row by what it asks."""
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    found: dict[str, int] = {}
    for row in read_rows(lines, "jsonl", keyed=True):
        assert isinstance(row, Row)
        (number,) = (number for number in range(1, SHARDS + 1) if Shard(number, SHARDS).takes(row.key))
        assert found.setdefault(row.text, number) == number  # duplicates stay together
    return found


def test_a_row_is_in_one_shard_wherever_it_stands() -> None:
    rows = [{"prompt": f"question {number}"} for number in range(300)]
    rows += [{"id": f"r{number}", "prompt": f"named {number}"} for number in range(300)]
    before = shares(rows + rows[:50])
    mixed = [*rows, {"prompt": "new"}, *rows[:7]]
    mixed = [one for one in mixed if "id" not in one] + [one for one in rows if "id" in one]
    random.Random(1).shuffle(mixed)
    after = shares(mixed)
    assert {text: after[text] for text in before} == before
    counts = [list(before.values()).count(number) for number in range(1, SHARDS + 1)]
    assert min(counts) > 80, counts
    # A row that is called something stays where it is when what it asks is mended; the order of fields is no matter.
    assert shares([{"id": "r1", "prompt": "mended"}])["mended"] == before["named 1"]
    assert shares([{"b": "1", "prompt": "x"}]) == shares([{"prompt": "x", "b": "1"}])


def test_schedulers_say_which_shard_it_is_or_what_is_missing() -> None:
    slurm = {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "5"}
    good = {
        ("3/16",): (Shard(3, 16), {}),
        ("auto", "slurm"): (Shard(3, 3), {**slurm, "SLURM_ARRAY_TASK_MAX": "7"}),
        ("auto", "step"): (
            Shard(2, 4),
            {
                "SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "1",
                "SLURM_ARRAY_TASK_MAX": "7", "SLURM_ARRAY_TASK_STEP": "2",
            },
        ),
        ("auto/16", "kubernetes"): (Shard(1, 16), {"JOB_COMPLETION_INDEX": "0"}),
        ("auto/16", "one task again"): (Shard(5, 16), {"SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_COUNT": "1"}),
        ("auto", "aws"): (Shard(2, 2), {"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "2"}),
        ("auto", "gitlab"): (Shard(2, 4), {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "4"}),
        ("auto", "grid"): (
            Shard(2, 3),
            {"SGE_TASK_ID": "4", "SGE_TASK_FIRST": "2", "SGE_TASK_LAST": "6", "SGE_TASK_STEPSIZE": "2"},
        ),
    }  # fmt: skip
    for (text, *_), (shard, environment) in good.items():
        assert shard_of(text, environment) == shard
    bad = [
        ("3", {}, "is no shard"),
        ("0/4", {}, "numbered from 1"),
        ("5/4", {}, "numbered from 1"),
        ("auto", {}, "no scheduler"),
        ("auto", {"SGE_TASK_ID": "undefined", "CI_NODE_TOTAL": "1"}, "no scheduler"),
        ("auto", {"JOB_COMPLETION_INDEX": "3"}, "not told"),
        ("auto/3", {"JOB_COMPLETION_INDEX": "3"}, "numbered from 1"),
        ("auto", {**slurm, "CI_NODE_INDEX": "1"}, "both set"),
        ("auto", {**slurm, "SLURM_ARRAY_TASK_MAX": "9"}, "no even steps"),
    ]
    for text, environment, words in bad:
        with pytest.raises(UsageError, match=words):
            shard_of(text, environment)


def test_a_name_says_its_shard() -> None:
    assert named_for("s3://b/{shard}/x", Shard(3, 16)) == "s3://b/03-of-16/x"
    with pytest.raises(UsageError, match="there is none"):
        named_for("part-{shard}.jsonl", None)
