"""A conversation whose process is killed at any moment: nothing that had been shown is lost, and it goes on."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.store import Store
from thinkdial.engine.sessions.conversation import open_conversation
from thinkdial.simulator import simulator_in_thread

from ...forks.child import Forks
from .conftest import write_profiles

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("TEST_KILLS", "50"))
VENDORS = ("opus", "gpt", "gemini", "deepseek")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_KEY", "key-of-the-test")


def shown_by(forks: Forks, output: Path, arguments: list[str], kill_after_s: float | None) -> str:
    """What a command had written to its output when it ended, or was killed."""
    with output.open("wb") as out, output.with_suffix(".err").open("wb") as err:
        run = forks.start(*arguments, stdout=out, stderr=err)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        run.kill()
    run.wait(60)
    return output.read_text(encoding="utf-8")


def test_kills_at_any_moment_lose_nothing_that_was_shown(forks: Forks, tmp_path: Path) -> None:
    with simulator_in_thread(pace=0.05) as simulator:
        config = write_profiles(tmp_path / "talk.yaml", simulator.base_url)
        dice, longest, shown = random.Random(21), 0.0, dict[str, str]()
        forks.start("--version", stdout=subprocess.DEVNULL).wait()  # how long its server takes to start does not count
        for kill in range(KILLS + 1):
            prompt = f"Question {kill}: what do we know of primes?"
            ask = ["ask", prompt, "-p", VENDORS[kill % len(VENDORS)], "--session", "killed", "-q"]
            began = time.monotonic()
            after = None if kill == 0 else dice.uniform(0.1, 1.1) * longest
            shown[prompt] = shown_by(forks, tmp_path / f"shown-{kill}", [*ask, "--config", str(config)], after)
            longest = longest or time.monotonic() - began
        last = "The last question: what is left?"
        ask = ["ask", last, "-p", "opus", "--session", "killed", "-q", "--config", str(config)]
        shown[last] = shown_by(forks, tmp_path / "shown-last", ask, None)
        refused = [one.status for one in simulator.requests if one.status not in (None, 200)]
    with Store.open() as store:
        assert store.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert store.connection.execute("PRAGMA foreign_key_check").fetchall() == []
        turns = open_conversation(store, "killed").turns
    answers = {_text(turn.asked): (_text(turn.pieces), turn.is_cut) for turn in turns}
    assert len(answers) == len(turns)
    for prompt, text in shown.items():
        if text.strip():
            assert prompt in answers, f"{prompt}: nothing is left of {text!r}"
            answer, _ = answers[prompt]
            assert answer.startswith(text.rstrip("\n")), (prompt, text, answer)
    cut = sum(is_cut for _, is_cut in answers.values())
    whole = len(answers) - cut
    assert list(answers)[-1] == last and not answers[last][1] and refused == []
    assert KILLS < 20 or (cut > 0 and whole > 2), "no run was killed in the middle: the moments were badly chosen"


def _text(pieces: Any) -> str:
    return "".join(piece.text for piece in pieces if piece.kind == "text")
