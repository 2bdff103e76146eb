"""A program of somebody who has installed thinkdial: it calls the library against the simulator, and knows its types.

It runs outside of the checkout, and passes pyright in strict mode there.
"""

# ruff: noqa: T201
from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import thinkdial
from thinkdial.simulator import running_simulator

CONFIG = """
profiles:
  a: {{provider: anthropic, model: claude-opus-5-5, base_url: "{url}/anthropic"}}
  o: {{provider: openai, model: gpt-6-sol, base_url: "{url}/openai/v1"}}
groups: {{both: [a, o]}}
"""


class Listener(thinkdial.Silent):
    """Collects the answer as it comes."""

    def __init__(self) -> None:
        self.text = ""

    def delta(self, index: int, delta: thinkdial.Delta) -> None:
        match delta:
            case thinkdial.AnswerDelta(text=text):
                self.text += text
            case _:
                pass


def told(observer: thinkdial.Observer, run: thinkdial.Run) -> None:
    """Tell an observer of results that are there already."""
    for index, result in enumerate(run.results):
        observer.finished(index, result)


def row(result: thinkdial.Result) -> Mapping[str, str | int | float | Decimal | None]:
    """What this program keeps of a result."""
    return {
        "profile": result.profile,
        "asked": result.think.requested,
        "sent": str(sorted(result.think.native)),
        "status": result.status,
        "thought": result.usage.reasoning_tokens,
        "usd": result.cost.usd,
        "first": result.latency.first_answer_s,
        "error": None if result.error is None else result.error.message,
        "expected": None if result.forecast is None else result.forecast.expected_usd,
        "warnings": ", ".join(notice.code for notice in result.warnings),
    }


async def many(config: thinkdial.Config) -> list[thinkdial.Result]:
    """Three calls at once, and a comparison, from one purse."""
    async with thinkdial.Client(config, max_cost=Decimal("0.50"), history=False, note=print) as client:
        asked = await asyncio.gather(*(client.ask("hi", "o", think=value) for value in ("off", "low", 2000)))
        compared = await client.compare("hi", ["both", "a@high"], system="Be brief.", max_output=2000)
    return [*asked, *compared.results]


def main() -> None:
    """Call everything once."""
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        os.environ[name] = "simulated-key"
    with running_simulator() as url, tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "mine.yaml"
        path.write_text(CONFIG.format(url=url), encoding="utf-8")
        run = thinkdial.compare("Is 91 prime?", "both", think=["off", "high"], config=path, max_cost=1, history=False)
        told(thinkdial.Silent(), run)
        assert run.summary.ok == 4 and run.summary.usd == sum(result.cost.usd or 0 for result in run.results)
        for result in run.results:
            print(row(result))

        listener = Listener()
        answer: str = thinkdial.ask("hi", "a", think=8000, config=path, observer=listener, history=False).answer
        assert answer == listener.text

        plans = thinkdial.plan("hi", ["both"], think="high", config=path)
        print([(call.prepared.plan.native, call.forecast.expected_usd, call.key_source) for call in plans.calls])

        rows = ["Is 91 prime?", {"id": "97", "prompt": "Is 97 prime?", "expect": {"regex": "."}, "tag": 1}]
        heard: list[thinkdial.RowResult] = []
        batch = thinkdial.batch(rows, "both", config=path, max_cost=1, history=False, on_result=heard.append)
        print([(one.row_id, one.profile, one.passed, one.row.get("tag")) for one in batch.results])
        assert batch.outcome is thinkdial.BatchOutcome.OK and len(heard) == batch.summary.results == 4
        print([(group.profile, group.pass_rate, group.usd_per_passed) for group in batch.summary.groups])

        config = thinkdial.load_config(path)
        assert all(result.status == "ok" for result in asyncio.run(many(config)))

        try:
            thinkdial.ask("hi", "nobody", config=config)
        except thinkdial.ThinkdialError as error:
            print(type(error).__name__, error.message, error.hint)


if __name__ == "__main__":
    main()
