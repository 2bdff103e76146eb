"""A batch over a cluster of four nodes: whole, and what it did cost is what the provider has billed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from .conftest import NEEDS_RAY, Desk, node_key
from .nodes import GROWN_KEY, Nodes, until

pytestmark = NEEDS_RAY

ROWS = 3000


def test_three_thousand_rows_to_the_cent(desk: Desk, nodes: Nodes) -> None:
    desk.configure(at_once=32)
    desk.write_rows(ROWS)
    code, out, err = desk.begin("-q", more={**nodes.environment, "RAY_ADDRESS": nodes.address}).end()
    assert (code, out) == (0, ""), err
    counts = desk.check_whole(ROWS)
    bills = desk.provider.bills
    assert len(bills) == 2 * ROWS and counts.lost == 0
    assert counts.usd == desk.provider.billed == Decimal(str(desk.spent()["total"]["usd"]))
    made = desk.provider.by_key()
    assert set(made) == {node_key(number) for number in (1, 2, 3, 4)}, made  # each with the key that is there
    assert min(made.values()) > ROWS / 10, made


def test_machines_that_come_late_get_calls(desk: Desk, nodes: Nodes) -> None:
    """The first workers do not take all that waits, and a node that joins has its part."""
    desk.configure(at_once=24)
    desk.provider.delay_s = 0.4
    desk.write_rows(1000)
    command = desk.begin("-q", more={**nodes.environment, "RAY_ADDRESS": nodes.address})
    until(lambda: desk.answered() >= 100, command.lives)
    nodes.begin(key="sk-marked-of-a-late-node")
    code, _, err = command.end()
    assert code == 0, err
    counts, made = desk.check_whole(1000), desk.provider.by_key()
    assert counts.usd == desk.provider.billed
    assert made["sk-marked-of-a-late-node"] > 50, made


def test_a_cluster_grows_by_as_many_nodes_as_workers_are_asked_for(desk: Desk, shared_directory: Path) -> None:
    growing = Nodes(shared_directory)
    try:
        growing.begin_growing(2)
        desk.write_rows(200)
        desk.provider.delay_s = 2.0
        more = {**growing.environment, "RAY_ADDRESS": growing.address}
        command = desk.begin("--workers", 2, more=more)
        until(lambda: len(growing.head.workers) == 2, command.lives)
        desk.provider.delay_s = 0.1
        assert len(growing.head.processes("raylet/raylet")) == 3
        code, _, err = command.end()
        assert code == 0, err
        assert desk.check_whole(200).usd == desk.provider.billed
        assert set(desk.provider.by_key()) == {GROWN_KEY}
    finally:
        growing.close()
