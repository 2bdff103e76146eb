"""The shipped JSON Schemas are generated, valid, and what the program prints conforms to them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.assembly import make_run
from thinkdial.engine.results.documents import result_document, run_document
from thinkdial.engine.results.moments import timestamp
from thinkdial.engine.results.result import Cost, Reasoning, Result, ThinkReceipt
from thinkdial.profiles.facts import packaged_text
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import Notice, Usage

ROOT = Path(__file__).resolve().parent.parent


def schema(name: str) -> Draft202012Validator:
    document = json.loads(packaged_text(f"schemas/{name}"))
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def example(**changes: Any) -> Result:
    whole: dict[str, Any] = {
        "id": "1", "run_id": "r", "created_at": timestamp(datetime(2026, 11, 21, 10, tzinfo=UTC)), "profile": "claude",
        "provider": "anthropic", "dialect": "anthropic-messages", "model": "claude-opus-5-5",
        "model_reported": "claude-opus-5-5", "status": "ok",
        "think": ThinkReceipt("high", {"output_config": {"effort": "high"}}, "exact", None, "as_asked"),
        "reasoning": Reasoning("…", "summary", 312, "reported"), "answer": "yes", "finish": "stop",
        "finish_raw": "end_turn", "usage": Usage(25, 0, 0, 348, 312, 373),
        "cost": Cost(Decimal("0.00706"), Decimal("0.0001"), Decimal("0.00696"), Decimal("0.00624"), "table"),
        "latency": Latency(0.41, 0.62, 3.1, 4.0, 87.0), "attempts": 1, "request_id": "req_1",
    }  # fmt: skip
    return Result(**{**whole, **changes})


RESULTS = {
    "whole": example(),
    "nothing known": example(
        status="error", usage=Usage(), cost=Cost(), latency=Latency(), reasoning=Reasoning(), answer="", finish="error",
        finish_raw=None, model_reported=None, request_id=None,
        error=Failure("timeout", "slow", None, True, "wait", 1.5),
        warnings=(Notice("a", "b"),),
    ),
}  # fmt: skip


def test_the_shipped_schemas_are_the_generated_ones() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "scripts/schemas.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", RESULTS)
def test_results_and_runs_conform(name: str) -> None:
    result = RESULTS[name]
    schema("result.schema.json").validate(result_document(result))
    schema("result.schema.json").validate(run_document(make_run("r", "prompt", None, [result], 1.0)))


def test_the_result_has_the_fields_and_words_of_its_definition() -> None:
    document = result_document(RESULTS["whole"])
    assert document["schema"] == "thinkdial.result/1"
    assert document["cost"] == {
        "usd": "0.007060", "input_usd": "0.000100", "output_usd": "0.006960", "reasoning_usd": "0.006240",
        "source": "table", "note": None, "cache_saved_usd": None, "cache_pays_after": None,
        "listed_usd": None, "fees_usd": None, "lost_usd": None, "lost_attempts": 0,
    }  # fmt: skip
    assert document["created_at"] == "2026-11-21T10:00:00Z"
    failed = result_document(RESULTS["nothing known"])["error"]
    assert set(failed) == {"kind", "status", "message", "retryable", "hint", "retry_after_s"}


def test_an_unknown_number_is_null_and_a_float_cost_is_refused() -> None:
    document = result_document(RESULTS["nothing known"])
    assert set(document["usage"].values()) == {None}
    with pytest.raises(ValidationError):
        schema("result.schema.json").validate({**document, "cost": {**document["cost"], "usd": 0.0}})


@pytest.mark.parametrize("name", ["starter.yaml", "example.yaml"])
def test_the_shipped_configurations_conform(name: str) -> None:
    schema("config.schema.json").validate(yaml.safe_load(packaged_text(f"data/{name}")))


def test_an_editor_has_words_for_every_key() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from config_words import SCHEMA_ID, WORDS, places
    finally:
        sys.path.pop(0)
    document = json.loads(packaged_text("schemas/config.schema.json"))
    assert document["$id"] == SCHEMA_ID
    found = dict(places(document))
    assert [path for path, place in found.items() if not place.get("description")] == []
    said = {place["description"] for place in found.values()}
    assert [
        path for path, words in WORDS.items() if (words[0] if isinstance(words, tuple) else words) not in said
    ] == []
    for place in found.values():
        for example in place.get("examples", ()):
            Draft202012Validator(place).validate(example)


def test_the_configuration_schema_refuses_what_the_loader_refuses() -> None:
    for wrong in ({"profile": {}}, {"profiles": {"a": {"modle": "x"}}}, {"defaults": {"think": "hgih"}}):
        with pytest.raises(ValidationError):
            schema("config.schema.json").validate(wrong)
