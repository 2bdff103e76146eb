"""`compare --diff`: the first answer beside each of the others, wherever the results go."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from thinkdial.profiles.facts import packaged_text

ASKED = ("compare", "Is 91 prime?", "-p", "a", "-p", "o", "-p", "g", "--diff", "--no-history", "-q")


def test_the_table_is_followed_by_the_differences(cli: Callable[..., Any], sim: Path) -> None:
    ended = cli(*ASKED, "--config", sim)
    assert ended.code == 0
    assert ended.out.count("[-only in A-]") + ended.out.count("The answers are the same") == 2
    assert ended.out.index("A  a\n") > ended.out.index("profile")


def test_json_has_them_behind_the_results(cli: Callable[..., Any], sim: Path) -> None:
    document = cli(*ASKED, "--config", sim, "--json").json
    Draft202012Validator(json.loads(packaged_text("schemas/result.schema.json"))).validate(document)
    assert [found["b"]["profile"] for found in document["differences"]] == ["o", "g"]
    assert {found["a"]["id"] for found in document["differences"]} == {document["results"][0]["id"]}


@pytest.mark.parametrize(("form", "said"), [("md", "## Differences"), ("html", "<del>"), ("text", "A  a\n")])
def test_documents_have_a_section_of_them(cli: Callable[..., Any], sim: Path, form: str, said: str) -> None:
    assert said in cli(*ASKED, "--config", sim, "--format", form).out


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_rows_have_no_place_for_them(cli: Callable[..., Any], sim: Path, form: str) -> None:
    ended = cli(*ASKED, "--config", sim, "--format", form)
    assert ended.code == 2 and f"--diff does not go with --format {form}" in ended.err
