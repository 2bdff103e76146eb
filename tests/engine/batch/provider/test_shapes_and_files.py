"""Schemas, tools and files in the batches of providers: the same requests as live, and answers held against them."""

from __future__ import annotations

import json

import pytest

from tests.files_made import png

from .conftest import Bench

pytestmark = pytest.mark.slow


def test_schemas_and_files_go_with_the_rows_and_answers_are_held_against_them(bench: Bench) -> None:
    (bench.directory / "chart.png").write_bytes(png(280, 280))
    rows = [{"id": "1", "prompt": "What is it?", "attach": "chart.png"}, {"id": "2", "prompt": "Who?"}]
    bench.rows.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ended = bench.through("--schema", "name, age int", "--expect", "schema", profiles="aogm")
    assert ended.code == 0, ended.err
    results = bench.results()
    assert len(results) == 8
    for result in results:
        where = result["profile"], result["row_id"]
        assert result["shape"]["fidelity"] == "native" and result["schema_errors"] == [], where
        assert set(result["answer_json"]) == {"name", "age"} and result["passed"] is True, where
        assert "batch_request" not in [warning["code"] for warning in result["warnings"]], where
    counted = {(one["profile"], one["row_id"]): one["usage"]["input_tokens"] for one in results}
    assert all(counted[name, "1"] > counted[name, "2"] + 90 for name in "aogm")


def test_tools_go_with_the_rows(bench: Bench) -> None:
    tool = bench.directory / "tool.json"
    tool.write_text('{"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}')
    bench.write_rows(1)
    assert bench.through("--tool", tool, "--tool-choice", "required", profiles="og").code == 0
    assert [[call["name"] for call in result["tool_calls"]] for result in bench.results()] == [["weather"]] * 2


def test_files_that_need_an_upload_are_refused_with_what_to_do(bench: Bench) -> None:
    (bench.directory / "chart.png").write_bytes(png(280, 280))
    bench.rows.write_text('{"id": "1", "prompt": "What is it?", "attach": "chart.png"}\n', encoding="utf-8")
    bench.through("--upload", profiles="a")
    (result,) = bench.results()
    assert "go through an upload" in result["error"]["message"] and "without --via" in result["error"]["hint"]


def test_a_reference_to_a_file_that_is_not_there_is_the_error_of_its_row(bench: Bench) -> None:
    import httpx2

    url = f"{bench.simulator.base_url}/anthropic/v1/messages/batches"
    headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
    block = {"type": "image", "source": {"type": "file", "file_id": "file_gone"}}
    params = {"model": "claude-opus-5-5", "max_tokens": 9000, "messages": [{"role": "user", "content": [block]}]}
    batch = httpx2.post(url, json={"requests": [{"custom_id": "1", "params": params}]}, headers=headers).json()
    for _ in range(5):
        state = httpx2.get(f"{url}/{batch['id']}", headers=headers).json()
    assert state["request_counts"]["errored"] == 1
    assert "File not found: file_gone" in httpx2.get(f"{url}/{batch['id']}/results", headers=headers).text
