"""A batch over a cluster of four nodes: whole, and what it did cost is what the provider has billed."""

from __future__ import annotations

from decimal import Decimal

from .conftest import NEEDS_RAY, Desk, node_key
from .nodes import Nodes

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
