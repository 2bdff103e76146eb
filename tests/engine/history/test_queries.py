"""What is asked of the history by number and id."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from thinkdial.engine.history.documents import sent_document
from thinkdial.engine.history.queries import chosen_runs, forget_runs, named_run, named_runs, one_response
from thinkdial.engine.history.search.matches import RunFilter
from thinkdial.engine.history.search.run_rows import matching_runs
from thinkdial.engine.results.result import ThinkReceipt
from thinkdial.providers.errors import StoreError, UsageError

from .made import result, store_run


@pytest.fixture(autouse=True)
def two_runs() -> None:
    low = replace(result(), think=ThinkReceipt("low", {}, "exact", None, "as_asked"))
    store_run(None, [result(), low, result("gpt")], run_id="aaaa0001")
    store_run(None, [result("gpt")], run_id="bbbb0002")


def test_a_run_is_narrowed_to_a_profile_or_to_one_of_its_think_values() -> None:
    assert [entry.result.profile for entry in named_run("1").entries] == ["claude", "claude", "gpt"]
    assert len(named_run("1", "claude").entries) == 2
    one = named_run("aaaa", "claude@low")
    assert [entry.result.think.requested for entry in one.entries] == ["low"]
    assert one.run.results == (one.entries[0].result,) and one.run.summary.results == 1
    assert [row["profile"] for row in sent_document(one)["sent"]] == ["claude"]
    with pytest.raises(UsageError, match="no result of 'sonar'") as raised:
        named_run("1", "sonar")
    assert raised.value.hint == "it has claude@high, claude@low, gpt@high"


def test_there_must_be_one_response() -> None:
    assert one_response(named_run("2")).data == b"data: {}\n\n"
    with pytest.raises(UsageError, match="run 1 has 3 results"):
        one_response(named_run("1"))


def test_runs_are_named_once_and_forgotten() -> None:
    assert [run.number for run in named_runs(["last", "2", "1"])] == [2, 1]
    assert chosen_runs(["last", "2"]).numbers == [2] and chosen_runs([]).numbers == [1, 2]
    assert forget_runs([2]) == 1 and forget_runs([2]) == 0
    found = matching_runs(RunFilter())
    assert [row.number for row in found.rows] == [1] and found.exists
    with pytest.raises(StoreError):
        named_run("2")
