"""A batch over a cluster of four nodes: whole, and what it did cost is what the provider has billed."""

from __future__ import annotations

from decimal import Decimal

from .conftest import NEEDS_RAY, Desk, node_key
from .nodes import Nodes, until

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
