"""Deltas -> one reply."""

from __future__ import annotations

from decimal import Decimal

import pytest

from thinkdial.providers.errors import Failure
from thinkdial.providers.fold import Fold, Reply
from thinkdial.providers.schema import (
    AnswerDelta,
    AnswerWasReasoning,
    Bill,
    Complete,
    Delta,
    Notice,
    ReasoningAbsent,
    ReasoningDelta,
    ReasoningWithheld,
    Served,
    Usage,
    UsageReport,
    Visibility,
)

from ..cases import each

COUNTS = Usage(input_tokens=5, output_tokens=50, reasoning_tokens=40, total_tokens=55)


def folded(*deltas: Delta) -> Reply:
    fold = Fold()
    for delta in deltas:
        fold.add(delta)
    return fold.reply()


def test_nothing_is_an_incomplete_reply_without_numbers() -> None:
    reply = folded()
    assert (reply.answer, reply.reasoning, reply.visibility, reply.finish) == ("", "", "none", "unknown")
    assert not reply.complete
    assert reply.usage == Usage()


def test_pieces_join_and_parts_are_paragraphs() -> None:
    reply = folded(
        ReasoningDelta("a", "summary", "0"),
        ReasoningDelta("b", "summary", "0"),
        AnswerDelta("x", "2"),
        ReasoningDelta("c", "summary", "1"),
        AnswerDelta("y", "2"),
        AnswerDelta("z", "3"),
    )
    assert reply.reasoning == "ab\n\nc"
    assert reply.answer == "xy\n\nz"


def test_answer_that_was_reasoning_moves_and_what_follows_is_answer() -> None:
    reply = folded(AnswerDelta("r"), AnswerWasReasoning(), AnswerDelta("3"))
    assert (reply.reasoning, reply.answer, reply.visibility) == ("r", "3", "inline")


@pytest.mark.parametrize("deltas", [[ReasoningDelta("\n\n", "inline")], [AnswerDelta("\n"), AnswerWasReasoning()]])
def test_white_space_is_no_reasoning(deltas: list[Delta]) -> None:
    reply = folded(*deltas, AnswerDelta("3"), Complete())
    assert (reply.reasoning, reply.visibility, reply.answer) == ("", "none", "3")


def test_space_between_words_of_reasoning_is_kept() -> None:
    assert folded(ReasoningDelta("a"), ReasoningDelta(" "), ReasoningDelta("b")).reasoning == "a b"


@pytest.mark.parametrize(
    ("seen", "strongest"),
    [
        (["hidden", "summary"], "summary"),
        (["full", "summary"], "full"),
        (["encrypted", "hidden"], "encrypted"),
        (["summary", "redacted"], "summary"),
        (["inline", "redacted"], "inline"),
    ],
)
def test_visibility_is_the_most_that_was_shown(seen: list[Visibility], strongest: Visibility) -> None:
    shown = ("full", "summary", "inline")
    deltas = [ReasoningDelta("r", kind) if kind in shown else ReasoningWithheld(kind) for kind in seen]
    assert folded(*deltas).visibility == strongest


def test_a_later_usage_replaces_an_earlier_one_field_by_field() -> None:
    first = UsageReport(Usage(input_tokens=5, cached_input_tokens=3, output_tokens=1), cache_write_1h_tokens=7)
    reply = folded(first, UsageReport(COUNTS), UsageReport(Usage()), Complete())
    assert reply.usage == Usage(
        input_tokens=5, cached_input_tokens=3, output_tokens=50, reasoning_tokens=40, total_tokens=55
    )
    assert reply.cache_write_1h_tokens == 7


def test_without_an_end_output_counts_and_bill_are_unknown_and_input_is_kept() -> None:
    reply = folded(UsageReport(COUNTS, billed=COUNTS), Bill(Decimal("0.1")), AnswerDelta("x"))
    assert reply.usage == Usage(input_tokens=5)
    assert reply.bill is None
    assert reply.billed is None
    assert reply.answer == "x"


def test_final_counts_stand_although_the_reply_breaks_off_after_them() -> None:
    running, final = UsageReport(Usage(output_tokens=1)), UsageReport(COUNTS, final=True)
    broken = folded(running, final, Bill(Decimal("0.1")), Failure("server", "m"))
    assert (broken.usage, broken.bill) == (COUNTS, Decimal("0.1"))
    assert folded(final, running, Failure("server", "m")).usage == Usage(input_tokens=5)


def test_with_an_end_counts_and_bill_stand() -> None:
    reply = folded(UsageReport(COUNTS), Bill(Decimal("0.1")), Bill(Decimal("0.2")), Complete())
    assert reply.usage == COUNTS
    assert reply.bill == Decimal("0.2")


def test_served_keeps_what_a_later_one_does_not_say() -> None:
    reply = folded(
        Served(model="m-1", response_id="r"), Served(service_tier="flex", effort="low"), Served(speed="fast")
    )
    assert (reply.model, reply.response_id, reply.service_tier, reply.effort, reply.speed) == (
        "m-1",
        "r",
        "flex",
        "low",
        "fast",
    )


def test_the_first_failure_is_the_cause() -> None:
    first, second = Failure("overloaded", "a"), Failure("server", "b")
    assert folded(first, second).failure == first


def test_the_same_notice_is_kept_once() -> None:
    notice = Notice("n", "m")
    assert folded(notice, Notice("n", "other"), notice).notices == [notice, Notice("n", "other")]


def test_absence_of_reasoning_is_recorded_as_evidence() -> None:
    assert folded(ReasoningAbsent()).reasoning_absent
    assert not folded(AnswerDelta("x"), Complete()).reasoning_absent


def test_a_reply_asked_for_early_does_not_change_later() -> None:
    fold = Fold()
    fold.add(AnswerDelta("a"))
    early = fold.reply()
    fold.add(AnswerDelta("b"))
    assert (early.answer, fold.reply().answer) == ("a", "ab")


@each("between", ["", " ", "\n", " \n ", "\n\n\n\n"])
@each("value", ['{"a": 1}', "[1, 2]", "{}"])
def test_the_same_json_twice_is_kept_and_told(value: str, between: str) -> None:
    answer = f" {value}{between}{value}\n"
    reply = folded(AnswerDelta(answer), Complete())
    assert reply.answer == answer
    assert [notice.code for notice in reply.notices] == ["repeated"]


@each("answer", ["", "{", "{{", "aa", "1 1", '{"a": 1}', '{"a": 1} {"a": 2}', "[1][1][1]", "[[]]"])
def test_other_answers_are_not_taken_for_one_that_is_repeated(answer: str) -> None:
    assert folded(AnswerDelta(answer), Complete()).notices == []
