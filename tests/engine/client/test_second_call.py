"""Reason freely, then shape: a second call with the answer, its bill, and what is left when it fails."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import thinkdial
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.results.assembly import unsent_result
from thinkdial.engine.results.documents import result_document
from thinkdial.engine.results.restored import result_from
from thinkdial.engine.results.result import Result
from thinkdial.engine.runs.beside.second_call import Shaper
from thinkdial.engine.shapes.words import ShapeReceipt
from thinkdial.profiles.shapes.shape import Shape
from thinkdial.providers.errors import BudgetError, ConfigError, Failure, UsageError
from thinkdial.providers.think import AUTO

SCHEMA = "name, born int"


def test_the_free_answer_is_put_into_its_shape_and_both_calls_are_billed(sim: Path) -> None:
    asked = thinkdial.ask("Who was Ada?", "a", think="low", schema=SCHEMA, shape_with="o", config=sim)
    assert asked.shape is not None
    second = asked.shape.second
    assert second is not None
    assert (asked.shape.fidelity, second.fidelity, second.profile, second.status) == ("two_calls", "native", "o", "ok")
    assert set(asked.answer_json) == {"name", "born"}
    assert asked.schema_errors == ()
    assert second.draft.strip()
    assert second.draft != asked.answer
    assert asked.reasoning.text
    assert second.usd is not None
    assert second.usd > 0
    assert result_from(json.loads(json.dumps(result_document(asked)))).shape == asked.shape


def test_a_run_sums_second_calls_beside_its_results_and_the_cheapest_makes_them(sim: Path) -> None:
    faultless = sim.with_name("faultless.yaml")
    lines = sim.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line == "profiles:\n" or ("model: " in line and "@" not in line)]
    faultless.write_text("".join(kept), encoding="utf-8")
    run = thinkdial.compare("Who?", ["a", "g"], schema=SCHEMA, shape_with="", config=faultless)
    seconds = [one.shape.second for one in run.results if one.shape is not None and one.shape.second is not None]
    assert len(seconds) == 2
    assert run.summary.checks_usd == sum((one.usd for one in seconds if one.usd is not None), Decimal(0))
    assert run.summary.checks_usd > 0


def test_each_row_is_shaped_as_it_says(sim: Path) -> None:
    rows: list[Any] = [{"prompt": "Who?", "schema": "age int"}, {"prompt": "What?"}]
    done = thinkdial.batch(rows, "a", schema="name", shape_with="o", config=sim)
    found = sorted(list(one.answer_json) for one in done.results)
    assert found == [["age"], ["name"]]
    (group,) = done.summary.groups
    assert group.checks_usd is not None


def test_where_the_second_call_fails_the_free_answer_stays_and_it_is_said(sim: Path) -> None:
    made = thinkdial.ask("Who was Ada?", "a", schema=SCHEMA, shape_with="busy", retries=0, config=sim)
    assert made.status == "ok"
    assert made.answer
    assert (made.schema_errors, made.answer_json) == (None, None)
    assert made.shape is not None
    assert made.shape.second is not None
    assert (made.shape.second.status, made.shape.second.draft) == ("error", made.answer)
    assert [one.code for one in made.warnings].count("shape_second") == 1


def test_what_has_no_whole_answer_is_put_into_no_shape(sim: Path) -> None:
    made = thinkdial.ask("Who was Ada?", "busy", schema=SCHEMA, shape_with="o", retries=0, config=sim)
    assert made.status == "error"
    assert made.shape is None or made.shape.second is None


def test_a_limit_counts_both_calls(sim: Path) -> None:
    whole = thinkdial.ask("Who was Ada?", "a", schema=SCHEMA, shape_with="o", config=sim)
    assert whole.shape is not None
    assert whole.shape.second is not None
    with pytest.raises(BudgetError):
        thinkdial.ask("Who was Ada?", "a", schema=SCHEMA, shape_with="o", max_cost="0.0000001", config=sim)

    async def twice() -> list[Result]:
        async with thinkdial.Client(sim, max_cost="5") as client:
            return [await client.ask("Who was Ada?", "a", max_output=2000, schema=SCHEMA, shape_with="o")]

    (again,) = asyncio.run(twice())
    assert again.answer_json is not None


def test_an_answer_stands_between_marks_that_it_does_not_have() -> None:
    marks, seen = iter(["here", "there"]), list[str]()

    async def ask(profile: str, prompt: Prompt) -> Result:
        seen.append(prompt.text)
        raise ConfigError("no")

    first = unsent_result(None, "a", "m", AUTO, Failure("config", ""), run_id="r", at=datetime.now(UTC))
    first = replace(first, status="ok", answer="END here", shape=ShapeReceipt("schema", "two_calls", {}))
    made = asyncio.run(Shaper(ask, lambda: next(marks)).shaped(first, Shape({}, by="o"), "task"))
    assert "----- ANSWER there -----\nEND here\n----- END there -----" in seen[0]
    assert made.answer == "END here"


def test_without_anybody_who_could_do_it_nothing_is_sent(tmp_path: Path) -> None:
    config = tmp_path / "none.yaml"
    entry = "{provider: openai-compatible, base_url: 'http://127.0.0.1:9/v1', model: m}"
    config.write_text(f"profiles: {{mine: {entry}}}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no profile that is ready"):
        thinkdial.ask("hi", "mine", schema=SCHEMA, shape_with="", config=config)
