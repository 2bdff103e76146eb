"""Rows -> blocks: the same row into the same shard, and nothing that is done already."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from thinkdial.engine.batch.caller import caller_maker
from thinkdial.engine.batch.cluster.blocks import Blocks
from thinkdial.engine.batch.cluster.limiter import Limiter
from thinkdial.engine.batch.cluster.worker import Block
from thinkdial.engine.batch.output.merge import OrderWriter, Shards, read_order
from thinkdial.engine.batch.rows.rows import BadRow, read_rows
from thinkdial.engine.runs.jobs import Options
from thinkdial.profiles.config import load

from .conftest import Bench
from .test_worker import orders_for, run


def cut(
    bench: Bench, size: int, *, retry_failed: bool = False, text: bytes | None = None
) -> tuple[Blocks, list[Block]]:
    bench.shards.mkdir(exist_ok=True)
    lines = (bench.rows.read_bytes() if text is None else text).splitlines(True)
    problems: list[BadRow] = []
    blocks = Blocks(
        read_rows(lines, "jsonl"),
        size=size,
        profiles=("a",),
        make_caller=caller_maker(load(bench.config), Options(), "run"),
        shards=Shards.read(bench.shards, "batch"),
        order=OrderWriter(bench.shards),
        on_bad_row=problems.append,
        retry_failed=retry_failed,
    )
    made = list(blocks)
    assert len(problems) == blocks.bad_rows
    return blocks, made


def test_blocks_are_cut_by_number_and_the_order_is_taken_down(bench: Callable[..., Bench]) -> None:
    made = bench(7)
    blocks, cuts = cut(made, 3)
    assert [(block.number, [row.id for row in block.rows]) for block in cuts] == [
        (0, ["r0", "r1", "r2"]),
        (1, ["r3", "r4", "r5"]),
        (2, ["r6"]),
    ]
    assert (blocks.rows, blocks.works, blocks.skipped) == (7, 7, 0)
    assert len(read_order(made.shards)) == 7


def test_bad_rows_and_unknown_profiles_are_told_and_the_rest_goes_on(bench: Callable[..., Bench]) -> None:
    made = bench(1)
    text = b'{"id": "x", "prompt": "p", "profile": "nobody"}\nnonsense\n{"id": "y", "prompt": "p"}\n'
    blocks, (block,) = cut(made, 3, text=text)
    assert blocks.bad_rows == 2 and [row.id for row in block.rows] == ["y"]


def test_what_any_shard_holds_is_left_out_although_the_rows_have_moved(bench: Callable[..., Bench]) -> None:
    made = bench(6)
    _, cuts = cut(made, 3)
    run(made, Limiter(2), orders_for(made), cuts)
    text = b'{"id": "first", "prompt": "another one"}\n' + made.rows.read_bytes()
    blocks, (block,) = cut(made, 3, text=text)
    assert block.number == 0 and [row.id for row in block.rows] == ["first"]
    assert (blocks.works, blocks.skipped) == (1, 6)
    run(made, Limiter(1), orders_for(made), [block])
    assert set(made.completed().values()) == {1}


def test_a_changed_row_runs_again_and_a_failed_one_when_asked(bench: Callable[..., Bench]) -> None:
    made = bench(4)
    made.configure(model="claude-opus-5-5@server_error:1")
    _, cuts = cut(made, 4)
    run(made, Limiter(1), orders_for(made, options=Options(retries=0)), cuts)
    assert sum(line["status"] == "error" for line in made.lines()) == 1
    assert cut(made, 4)[1] == []
    blocks, (block,) = cut(made, 4, retry_failed=True)
    assert len(block.rows) == blocks.works == 1
    text = made.rows.read_bytes().replace(b"question 2", b"question two")
    changed = {row.id for block in cut(made, 4, text=text)[1] for row in block.rows}
    assert "r2" in changed and len(changed) == 1


def test_a_lane_for_each_think_value_of_a_profile_shares_one_pace(bench: Callable[..., Bench]) -> None:
    made = bench(20, pace=0.02)
    _, cuts = cut(made, 10)
    orders = orders_for(made, profiles=("a@low", "a@high"))
    reports = run(
        made, Limiter(2), orders, [replace(b, rows=tuple(replace(r, profiles=()) for r in b.rows)) for b in cuts]
    )
    assert all(report.finished for report in reports) and made.most_at_once <= 6
    assert len({(line["row_id"], line["think"]["requested"]) for line in made.lines()}) == len(made.lines()) == 40
