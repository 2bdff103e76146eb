"""Answers as JSON to a schema, over real HTTP: what is sent, what came, and with which code it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
BOUNDED = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 1000}, "note": {"type": "string"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.fixture
def config(simulator: Any, config_for: Callable[..., Path]) -> Path:
    return config_for(simulator.base_url)


def results_of(ended: Any) -> list[Any]:
    return ended.json["results"]


@pytest.mark.parametrize("stream", [(), ("--no-stream",)])
def test_three_vendors_answer_to_a_schema_and_keep_the_dial(cli: Cli, config: Path, stream: tuple[str, ...]) -> None:
    three, schema = ("-p", "a", "-p", "o", "-p", "g", "--think", "low"), "name, age int, tags? [str]"
    ended = cli("compare", "Who?", *three, "--schema", schema, "--config", config, "--json", *stream)
    assert ended.code == 0
    for found in results_of(ended):
        assert (found["shape"]["fidelity"], found["shape"]["form"]) == ("native", "clean")
        assert found["schema_errors"] == []
        assert {"name", "age"} <= set(found["answer_json"])
        assert found["reasoning"]["tokens"] > 0


def test_a_bound_that_a_vendor_refuses_is_told_and_checked_and_gates_see_it(cli: Cli, config: Path) -> None:
    asked = ("ask", "Who?", "-p", "a", "--think", "low", "--config", config, "--json")
    ended = cli(*asked, "--schema", json.dumps(BOUNDED), "--fail-on", "schema_errors>0")
    assert ended.code == 6
    found = results_of(ended)[0]
    assert found["status"] == "ok"
    assert "is less than the minimum of 1000" in found["schema_errors"][0]
    assert [change["keyword"] for change in found["shape"]["changes"]] == ["minimum"]
    assert "schema_errors is 1" in ended.err


def test_keys_that_may_be_left_out_come_as_null_and_are_left_out(cli: Cli, config: Path) -> None:
    schema = {**BOUNDED, "properties": {**BOUNDED["properties"], "age": {"type": "integer"}}}  # type: ignore[dict-item]
    found = results_of(cli("ask", "Who?", "-p", "o", "--schema", json.dumps(schema), "--config", config, "--json"))[0]
    assert found["schema_errors"] == []
    assert "note" not in found["answer_json"] or isinstance(found["answer_json"]["note"], str)


def test_a_schema_that_leads_back_to_itself_goes_into_the_prompt_where_it_must(cli: Cli, config: Path) -> None:
    node = {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}},
            "required": ["next"], "additionalProperties": False}  # fmt: skip
    schema = json.dumps({"$ref": "#/$defs/n", "$defs": {"n": node}})
    ended = cli("compare", "Who?", "-p", "a", "-p", "o", "--schema", schema, "--config", config, "--json")
    claude, gpt = results_of(ended)
    assert (claude["shape"]["fidelity"], gpt["shape"]["fidelity"]) == ("prompt", "native")
    assert claude["schema_errors"] == []
    assert claude["shape"]["form"] in ("clean", "fenced")


def test_a_plan_has_the_shape_and_a_plain_plan_has_none(cli: Cli, config: Path) -> None:
    planned = cli("plan", "Who?", "-p", "g", "--schema", "name", "--config", config, "--json").json["plans"][0]
    assert planned["shape"]["native"]["generationConfig"]["responseMimeType"] == "application/json"
    assert "shape" not in cli("plan", "Who?", "-p", "g", "--config", config, "--json").json["plans"][0]


@pytest.mark.parametrize(
    "options, words",
    [
        (("--schema", "name", "--json-mode"), "say one of them"),
        (("--schema", "no/such/file.json"), "is no file, no JSON Schema and no short form"),
        (("--schema", '{"type": 7}'), "is no JSON Schema"),
    ],
)
def test_what_is_no_schema_ends_before_anything_is_sent(
    cli: Cli, config: Path, options: tuple[str, ...], words: str
) -> None:
    ended = cli("ask", "Who?", "-p", "a", "--config", config, *options)
    assert ended.code == 2
    assert words in ended.err


def test_rows_have_schemas_of_their_own(cli: Cli, config: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines: list[dict[str, Any]] = [
        {"id": "own", "prompt": "Who?", "schema": "city"},
        {"id": "any", "prompt": "Who?", "schema": "json"},
        {"id": "usual", "prompt": "Who?"},
        {"id": "bad", "prompt": "Who?", "schema": 7},
    ]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    ended = cli("batch", rows, "-p", "g", "--schema", "name", "-o", tmp_path / "out.jsonl", "--config", config)
    assert "schema must be JSON Schema" in ended.err
    found = {line["row_id"]: line for line in map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())}
    assert list(found["own"]["answer_json"]) == ["city"]
    assert list(found["usual"]["answer_json"]) == ["name"]
    assert found["any"]["shape"]["requested"] == "json"
    assert all(line["schema_errors"] == [] for line in found.values())


def test_a_kept_result_is_shown_again_with_its_fields(cli: Cli, config: Path) -> None:
    cli("compare", "Who?", "-p", "a", "-p", "g", "--schema", "name, age int", "--config", config)
    again = cli("history", "show", "last", "--json")
    assert all(found["schema_errors"] == [] for found in results_of(again))
    assert "age" in cli("history", "show", "last").out


@pytest.mark.parametrize(
    "schema", [json.dumps(BOUNDED), '{"type": "array", "items": {"type": "integer"}}', "name, note? str"]
)
def test_a_replay_reads_the_same_from_the_bytes(cli: Cli, config: Path, schema: str) -> None:
    ran = results_of(
        cli("compare", "Who?", "-p", "a", "-p", "o", "-p", "g", "--schema", schema, "--config", config, "--json")
    )
    replayed = results_of(cli("history", "replay", "last", "--config", config, "--json"))
    for was, again in zip(ran, replayed, strict=True):
        now = again["result"]
        assert again["changes"] == []
        for name in ("shape", "answer_json", "schema_errors", "answer"):
            assert now[name] == was[name], name


def test_an_answer_is_expected_to_fit_the_schema_that_was_asked_for(cli: Cli, config: Path) -> None:
    asked = ("ask", "Who?", "-p", "a", "--think", "low", "--config", config, "--json", "--expect", "schema")
    (fits,) = results_of(cli(*asked, "--schema", "name, age int"))
    (wrong,) = results_of(cli(*asked, "--schema", json.dumps(BOUNDED)))
    assert (fits["passed"], wrong["passed"]) == (True, False)
    assert "does not fit its schema: $.age" in wrong["expect_note"]
    none = cli(*asked)
    assert none.code == 2 and "none is asked for" in none.err and "--schema FILE" in none.err
    assert cli("plan", "Who?", "-p", "a", "--schema", "name", "--config", config).code == 0


def test_the_summaries_of_batches_comparisons_and_trials_say_how_many_fit(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"id": str(n), "prompt": f"Who is {n}?"}) + "\n" for n in range(4)))
    bounded, summary = json.dumps(BOUNDED), tmp_path / "s.json"
    made = cli("batch", rows, "-p", "a", "-p", "o", "--schema", bounded, "--think-then-shape", "--shape-with", "a",
               "--config", config, "-o", tmp_path / "out.jsonl", "--summary", summary)  # fmt: skip
    assert made.code == 0, made.err
    claude, gpt = json.loads(summary.read_text(encoding="utf-8"))["groups"]
    assert (claude["shape"]["answers"], claude["second_calls"], claude["judge_calls"]) == (4, 4, 0)
    assert claude["shape"]["fit"] == gpt["shape"]["fit"] == 0
    assert claude["shape"]["places"] == {"age": 4} and claude["shape"]["fidelities"] == {"two_calls": 4}
    assert "0 of 4 fit; wrong at age (4)" in made.err and "second calls $" in made.err and "judges" not in made.err
    told = cli("compare", "Who?", "-p", "a", "-p", "o", "--schema", bounded, "--config", config)
    assert "1 of 2 fit the schema" in told.out
    found = cli("tune", rows, "-p", "a", "-p", "o", "--schema", "name, age int", "--target", "0.5", "--config", config,
                "--json")  # fmt: skip
    assert [arm["pass_rate"] for arm in found.json["arms"]] == [1.0, 1.0]


def test_a_forecast_counts_the_schema_where_it_is_input_and_says_where_nobody_knows(cli: Cli, config: Path) -> None:
    def planned(profile: str, *options: str) -> tuple[int, str]:
        plan = cli("plan", "Who?", "-p", profile, *options, "--config", config, "--json").json["plans"][0]
        return plan["forecast"]["input_tokens"], plan["forecast"]["method"]

    bounded = ("--schema", json.dumps(BOUNDED))
    (plain, _), (shaped, words) = planned("a"), planned("a", *bounded)
    assert shaped > plain + 30 and "the schema is counted as it is sent" in words
    (plain, _), (shaped, words) = planned("o"), planned("o", *bounded)
    assert shaped == plain and "of which nobody says whether it is input here" in words
    assert planned("mistral/mistral-large-4", *bounded)[0] > planned("mistral/mistral-large-4")[0] + 30
    assert "schema" not in planned("o", "--json-mode")[1]


def test_a_second_call_without_a_schema_is_refused_before_anything_is_sent(
    cli: Cli, config: Path, simulator: Any
) -> None:
    for command in ("ask", "compare", "plan"):
        for option in (("--think-then-shape",), ("--shape-with", "o")):
            ended = cli(command, "Who?", "-p", "a", "--config", config, *option)
            assert ended.code == 2, (command, option, ended.err)
            assert "none is said" in ended.err, (command, option, ended.err)
            assert ended.out == ""


def test_a_second_call_takes_the_schema_of_the_profile(cli: Cli, config: Path, tmp_path: Path) -> None:
    written = config.read_text(encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(written.replace("  a: {", "  a: {schema: name, ", 1), encoding="utf-8")
    ended = cli("ask", "Who?", "-p", "a", "--config", own, "--think-then-shape", "--json")
    assert ended.code == 0, ended.err
    assert results_of(ended)[0]["shape"]["fidelity"] == "two_calls"
