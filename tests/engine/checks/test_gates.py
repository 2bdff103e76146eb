"""Gates: what fails them, what passes, and what is no gate."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.checks.gates import Gate, GateTally
from thinkdial.engine.planning.fates import PieceFate, SessionPlace
from thinkdial.engine.results.documents import result_document
from thinkdial.engine.results.result import Cost, Reasoning, Result
from thinkdial.providers.errors import UsageError
from thinkdial.providers.schema import Usage

from ...cases import each
from ..history.made import result

IN_SESSION = SessionPlace("tea", "s1", 2)


def seen(verdict: Any = "as_asked", **changes: Any) -> Result:
    made = result(**changes)
    return replace(made, think=replace(made.think, verdict=verdict))


DROPPED = seen(
    session=IN_SESSION, continuity=(PieceFate(1, 0, "text", "kept", ""), PieceFate(1, 1, "reasoning", "dropped", ""))
)


@each(
    ("gate", "made", "fails"),
    [
        ("verdict=not_observed", seen("not_observed"), True),
        ("verdict=not_observed", seen(), False),
        ("verdict!=as_asked", seen("unknown"), True),
        ("verdict=not_observed", seen(status="error"), True),
        ("fidelity!=exact", seen(), False),
        ("fidelity=exact", seen(), True),
        ("cost>0.05", seen(), True),
        ("cost>0.5", seen(), False),
        ("cost>=0.5", seen(), True),
        ("cost>$1", seen(), False),
        ("cost>1", seen(cost=Cost()), True),
        ("reasoning_tokens<300", seen(), False),
        ("reasoning_tokens<=300", seen(), True),
        ("reasoning_tokens<1", seen(reasoning=Reasoning(), usage=Usage()), True),
        ("total_s>2.5", seen(), False),
        ("total_s > 2.4", seen(), True),
        ("pass<1", seen(passed=True), False),
        ("pass<1", seen(passed=False), True),
        ("pass<90%", seen(), True),
        ("continuity=dropped", DROPPED, True),
        ("continuity!=kept", seen(session=IN_SESSION), False),
        ("continuity=dropped", seen(), True),
        ("agreement<0.5", seen(), True),
    ],
)
def test_a_gate_fails_where_it_is_true_or_nothing_is_known(gate: str, made: Result, fails: bool) -> None:
    made_gate = Gate.parse(gate)
    assert bool(made_gate.failures([made])) is fails
    tally = GateTally(made_gate)
    tally.add_line(json.loads(json.dumps(result_document(made))))
    assert tally.failures() == made_gate.failures([made])


def test_it_says_which_results_and_with_what_value() -> None:
    many = [seen(cost=Cost(Decimal(amount)), passed=amount == "0.01") for amount in ("0.01", "0.06", "0.07")]
    other = seen(profile="gpt", cost=Cost(Decimal("0.001")), passed=True)
    assert Gate.parse("cost>0.05,pass<0.9", "verdict=empty").failures([*many, other]) == [
        "claude @high: cost>0.05: in 2 of 3 results, the first cost is 0.06",
        "claude @high: pass<0.9: pass is 0.3333 (1 of 3 passed)",
    ]
    assert Gate.parse("cost>0.05").failures(many[1:2]) == ["claude @high: cost>0.05: cost is 0.06"]
    assert Gate.parse("pass<0.1").failures([]) == ["pass<0.1: there is no result"]


def test_a_result_that_was_not_judged_did_not_pass() -> None:
    judged = [seen(passed=True)] * 9
    assert Gate.parse("pass<0.9").failures([*judged, seen()]) == []
    assert Gate.parse("pass<0.9").failures([*judged, seen(), seen(status="error")]) != []


def test_agreement_is_of_the_samples_of_one_cell() -> None:
    samples = [seen(answer=answer) for answer in ("Yes.", "yes", "no", "YES")]
    assert Gate.parse("agreement<0.75").failures(samples) == []
    assert Gate.parse("agreement<0.8").failures(samples) == ["claude @high: agreement<0.8: agreement is 0.75"]
    tally = GateTally(Gate.parse("agreement<0.75"))
    for row, answers in {"a": ("1", "1"), "b": ("1", "2")}.items():
        for answer in answers:
            tally.add_line(result_document(seen(answer=answer)) | {"row_id": row})
    assert tally.failures() == []


@each(
    ("text", "words"),
    [
        ("", "a gate is NAME"),
        ("pass", "a gate is NAME"),
        ("pass<", "a gate is NAME"),
        ("pass<0.9,", "a gate is NAME"),
        ("pass<<1", "a gate is NAME"),
        ("pas<1", "did you mean pass"),
        ("verdict<empty", "is a word"),
        ("verdict=not_obsrved", "did you mean not_observed"),
        ("cost>cheap", "is a number"),
        ("cost>nan", "is a number"),
        ("cost>5%", "is a number"),
        ("continuity=lost", "is never"),
    ],
)
def test_what_is_no_gate_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Gate.parse(text)
