"""What dies while a batch runs over a cluster: it ends whole, or says what is missing, and the same command goes on.

What may be paid twice is told: what the provider has billed beyond the results is at most that, in calls.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from decimal import Decimal

import pytest

from .conftest import NEEDS_RAY, OWN_KEY, Command, Desk, node_key
from .nodes import Nodes, until

pytestmark = NEEDS_RAY

ROWS = 250
SILENCE_S = 30


def begin(desk: Desk, nodes: Nodes, *more: object) -> Command:
    """With a limit, so that what is lost counts at the most that it can have cost."""
    more = more if "--max-cost" in more else (*more, "--max-cost", 1000)
    return desk.begin(*more, more={**nodes.environment, "RAY_ADDRESS": nodes.address})


def reached(desk: Desk, count: int, command: Command) -> None:
    until(lambda: desk.answered() >= count, command.lives)


def check_bills(desk: Desk, rows: int, told: int) -> None:
    """Each call that was billed has a result, or was told as lost; the history knows the same to the cent."""
    counts = desk.check_whole(rows)
    unheard = len(desk.provider.bills) - counts.results
    assert 0 <= unheard <= told, (unheard, told)
    spent = desk.spent()["total"]
    estimated = Decimal(str(spent["estimated_usd"]))
    assert Decimal(str(spent["usd"])) - estimated == counts.usd
    billed_unheard = desk.provider.billed - counts.usd
    assert billed_unheard <= estimated, (billed_unheard, estimated)


def told_twice(err: str) -> int:
    """How many calls the command says may be paid without a result."""
    return sum(int(found.replace(",", "")) for found in re.findall(r"([\d,]+) calls? of lost workers", err))


def test_workers_and_a_node_are_killed_and_a_worker_is_silent(desk: Desk, nodes: Nodes) -> None:
    desk.write_rows(4 * ROWS)
    command = begin(desk, nodes)
    until(lambda: all(node.workers for node in nodes.nodes), command.lives)
    reached(desk, 100, command)
    os.kill(nodes.nodes[1].workers[0], signal.SIGKILL)
    reached(desk, 300, command)
    stopped = nodes.nodes[0].workers[0]
    os.kill(stopped, signal.SIGSTOP)
    try:
        until(lambda: "is not heard of" in command.said(), command.lives)
        desk.provider.delay_s = 0.5  # so that it is heard of again before the end
        before = desk.answered()
        nodes.end(nodes.nodes[2])
        reached(desk, before + 200, command)
    finally:
        os.kill(stopped, signal.SIGCONT)
    desk.provider.delay_s = 0.1
    code, out, err = command.end()
    assert (code, out) == (0, ""), err
    assert "is heard of again" in err, err
    told = told_twice(err)
    assert told > 0 and "may be paid twice" in err, err
    check_bills(desk, 4 * ROWS, told)
    nodes.begin(key=node_key(3))


def test_the_command_is_killed(desk: Desk, nodes: Nodes) -> None:
    desk.write_rows(ROWS)
    command = begin(desk, nodes)
    reached(desk, ROWS, command)
    command.kill()
    until(lambda: not any(node.workers for node in nodes.nodes))  # nobody is left to spend money
    answered, billed = desk.answered(), len(desk.provider.bills)
    assert billed - answered <= 20, "more than was under way"
    code, _, err = begin(desk, nodes).end()
    assert code == 0, err
    counts, spent = desk.check_whole(ROWS), desk.spent()["total"]
    # What was under way counts as an estimate, and so does what was written, but not settled yet.
    assert 0 < spent["estimated"] <= 40, spent
    assert len(desk.provider.bills) - counts.results <= spent["estimated"]
    estimated = Decimal(str(spent["estimated_usd"]))
    assert desk.provider.billed <= Decimal(str(spent["usd"])) <= desk.provider.billed + estimated


def test_nodes_without_a_key_or_with_one_that_is_refused(desk: Desk, nodes: Nodes) -> None:
    poor, stale = nodes.begin(key=None), nodes.begin(key="sk-stale-of-a-node")
    try:
        desk.write_rows(ROWS)
        command = begin(desk, nodes)
        code, out, err = command.end()
        assert (code, out) == (0, ""), err
        assert "SIM_KEY is not set" in err and "its key is refused here" in err, err
        assert len(re.findall(r"gets no calls: \w+: .*SIM_KEY is not set", err)) <= 2, "told once a profile"
        check_bills(desk, ROWS, told_twice(err))
        assert {bill.key for bill in desk.provider.bills} <= {node_key(number) for number in range(1, 5)}
        # Those that nobody had told of it have asked once each, and no more.
        assert 0 < desk.provider.refused["sk-stale-of-a-node"] <= 20, desk.provider.refused
    finally:
        nodes.leave(poor)
        nodes.leave(stale)


class Limiter:
    """`thinkdial limiter serve`, over a socket in the desk's directory."""

    def __init__(self, desk: Desk) -> None:
        self.url = f"unix://{desk.home}/l.sock"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "thinkdial.cli", "limiter", "serve", self.url],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=desk.environment({}), cwd=desk.directory,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline()
        assert "listens" in self.first, self.first + self.process.stdout.read()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_the_limiter_is_killed_and_comes_back_or_not(desk: Desk, nodes: Nodes) -> None:
    desk.write_rows(ROWS)
    limiter = Limiter(desk)
    try:
        command = begin(desk, nodes, "--limiter", limiter.url, "--max-cost", 100)
        reached(desk, 100, command)
        limiter.kill()
        until(lambda: "limiter" in command.said(), command.lives)
        limiter = Limiter(desk)
        code, out, err = command.end()
        assert (code, out) == (0, ""), err
        check_bills(desk, ROWS, told_twice(err))

        # It stays away: what is missing is told, and the same command goes on once there is one.
        desk.write_rows(2 * ROWS)
        command = begin(desk, nodes, "--limiter", limiter.url)
        reached(desk, 2 * ROWS + 100, command)
        limiter.kill()
        code, _, err = command.end()
        missing = 4 * ROWS - sum(line["status"] == "ok" for line in desk.lines())
        assert code != 0 and missing > 0, err
        assert f"{missing:,}" in err, (missing, err)
        limiter = Limiter(desk)
        code, _, err = begin(desk, nodes, "--limiter", limiter.url).end()
        assert code == 0, err
        check_bills(desk, 2 * ROWS, told_twice(err))
    finally:
        limiter.kill()


def test_tools_are_run_by_the_command_and_rounds_outlive_a_worker(desk: Desk, nodes: Nodes) -> None:
    desk.configure_tool()
    desk.write_rows(100)
    command = begin(desk, nodes, "--run-tools", "allow:look")
    reached(desk, 40, command)
    os.kill(nodes.nodes[1].workers[0], signal.SIGKILL)
    code, out, err = command.end()
    assert (code, out) == (0, ""), err
    assert desk.check_rounds(100, command.process.pid) == told_twice(err)


def test_budgets_hold_over_all_nodes(desk: Desk, nodes: Nodes) -> None:
    desk.configure(at_once=2, more="budget: {monthly_usd: 1.00}\n")
    desk.write_rows(ROWS)
    code, _, err = begin(desk, nodes, "--max-cost", "0.50").end()
    assert code == 4, err
    assert Decimal("0.20") < desk.provider.billed <= Decimal("0.50"), (desk.provider.billed, err)
    assert Decimal(str(desk.spent()["total"]["usd"])) == desk.provider.billed
    code, _, err = begin(desk, nodes).end()
    assert code == 4 and "there is no more money" in err, err
    assert Decimal("0.70") < desk.provider.billed <= Decimal("1.00"), (desk.provider.billed, err)
    desk.configure()
    code, _, err = begin(desk, nodes).end()
    assert code == 0, err
    check_bills(desk, ROWS, 0)
    assert desk.spent()["total"]["estimated"] == 0


def test_the_head_is_killed(desk: Desk, nodes: Nodes) -> None:
    desk.write_rows(ROWS)
    command = begin(desk, nodes)
    reached(desk, ROWS, command)
    desk.provider.delay_s = 5.0
    nodes.head.kill()
    code, out, err = command.end()
    missing = 2 * ROWS - sum(line["status"] == "ok" for line in desk.lines())
    desk.provider.delay_s = 0.1
    assert out == "" and missing > 0, err
    assert code == 1 and f"{missing:,}" in err and "the same command goes on" in err, (missing, err)
    told = told_twice(err)
    code, _, err = desk.begin("--workers", 2, "--send-keys", more={"RAY_TMPDIR": str(nodes.temporary)}).end()
    assert code == 0, err
    check_bills(desk, ROWS, told)
    assert {bill.key for bill in desk.provider.bills} > {OWN_KEY}


@pytest.fixture(autouse=True)
def _alone(nodes: Nodes) -> None:
    """No worker of an earlier test is left."""
    until(lambda: not any(node.workers for node in nodes.nodes))
