"""A long conversation: how long `ask` takes that goes on with 200 turns of 2 KB, against one that begins nothing."""

from __future__ import annotations

import json
from pathlib import Path

from measure import Report, Target, compare, in_turns, progress, run_child
from server import loopback_server
from surroundings import surroundings

from thinkdial.simulator import running_simulator

HERE = Path(__file__).resolve().parent
TARGET_RATIO = 2.0
PROMPT = "Is 91 prime?"


def measure(rounds: int) -> Report:
    """Text alone, against a server that answers at once; and signed thinking that is bound to all that was before it.

    The simulator reads every word that it is sent, so that only our own CPU time counts there.
    """
    progress("sessions")
    with surroundings() as here, loopback_server() as url, running_simulator() as simulated:
        config = here.directory / "profiles.yaml"
        price = {"input": 1, "output": 2}
        text = {"provider": "openai-compatible", "model": "example-1", "base_url": f"{url}/0/v1", "price": price}
        signed = {"provider": "anthropic", "model": "claude-opus-5-5", "base_url": f"{simulated}/anthropic"}
        config.write_text(
            json.dumps({"profiles": {"text": text, "signed": signed | {"price": price}}}), encoding="utf-8"
        )
        environment = {**here.environment, "ANTHROPIC_API_KEY": "loopback"}
        sides = {}
        for profile in ("text", "signed"):
            filled = [here.python, HERE / "long_session.py", config, profile, profile]
            run_child(filled, environment, here.directory)
            ask = [*here.thinkdial, "ask", PROMPT, "--config", config, "-p", profile]
            for name, more in ((profile, []), (f"{profile}, long", ["--session", profile])):
                command: list[str | Path] = [*ask, *more]
                sides[name] = lambda command=command: run_child(command, environment, here.directory)
        spent = in_turns(sides, rounds)
    return [
        compare(
            "ask after 200 turns of text / without a session",
            spent["text, long"],
            spent["text"],
            Target("session", "wall", TARGET_RATIO),
        ),
        compare(
            "ask after 200 turns of signed thinking / without a session",
            spent["signed, long"],
            spent["signed"],
            Target("session", "cpu", TARGET_RATIO),
        ),
    ]
