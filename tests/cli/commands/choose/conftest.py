"""Rows of sums, and profiles that call simulated models whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thinkdial.simulator import ARMS, Simulator
from thinkdial.simulator.calls.call import WRONG_KEY


@pytest.fixture
def arms(simulator: Simulator, tmp_path: Path) -> Path:
    """A configuration with a profile for each arm (`write_arms`)."""
    return write_arms(tmp_path / "arms.yaml", simulator)


def write_arms(path: Path, simulator: Simulator) -> Path:
    """Profiles named as their models; `unpriced` is arm-p100 at an unknown price, and `refused` has a wrong key."""
    where = f"provider: openai-compatible, base_url: '{simulator.base_url}/compatible/v1'"
    dial = (
        "thinking: {control: effort, levels: [minimal, low, medium, high, xhigh, max], absent: medium,"
        " can_be_off: true, visibility: hidden, spelling: {openai-chat: openai-chat-effort}}"
    )
    wrong = f"headers: {{authorization: Bearer {WRONG_KEY}}}"
    lines = ["profiles:"]
    for arm in ARMS.values():
        price = f"price: {{input: {arm.input_usd:g}, output: {arm.output_usd:g}}}"
        lines.append(f"  {arm.id}: {{{where}, model: {arm.id}, {price}, {dial}, simulated: {simulator.mark}}}")
    lines += [
        f"  unpriced: {{{where}, model: arm-p100, {dial}, simulated: {simulator.mark}}}",
        f"  refused: {{{where}, model: arm-p100, {dial}, {wrong}, simulated: {simulator.mark}}}",
        f"  stalled: {{{where}, model: arm-p100@stall, {dial}, simulated: {simulator.mark}}}",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    """200 rows, each with the number that is right."""
    return write_sums(tmp_path / "sums.jsonl", 200)


def write_sums(path: Path, count: int, first: int = 100) -> Path:
    pairs = [(first + number, 3 * number + 7) for number in range(count)]
    rows = [{"prompt": f"What is {a} + {b}?", "expect": {"number": a + b}} for a, b in pairs]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
