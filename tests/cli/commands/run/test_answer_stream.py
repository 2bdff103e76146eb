"""The answer on a pipe: it flows, and is the answer alone where that can be known in time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.cli.commands.run.answer_stream import AnswerStream
from thinkdial.cli.views.tools.runs import run_line
from thinkdial.engine.results.tool_use import ToolRun
from thinkdial.providers.inline.holdback import MOST_HELD
from thinkdial.providers.schema import AnswerDelta, AnswerWasReasoning, Delta, ReasoningDelta


def stream(**quirks: Any) -> AnswerStream:
    target = SimpleNamespace(use=SimpleNamespace(quirks=quirks), card=SimpleNamespace(inline_think=None))
    return AnswerStream(SimpleNamespace(target=target), show_reasoning=True)  # type: ignore[arg-type]


def heard(capsys: pytest.CaptureFixture[str], made: AnswerStream, *deltas: Delta) -> list[str]:
    """What stands on stdout after each delta."""
    pieces: list[str] = []
    with made:
        made.started(0, 1)
        for delta in deltas:
            made.delta(0, delta)
            pieces.append(capsys.readouterr().out)
        made.finished(0, SimpleNamespace(answer="not looked at", shape=None, tool_calls=()))  # type: ignore[arg-type]
    pieces.append(capsys.readouterr().out)
    return pieces


def answer(*words: str) -> list[Delta]:
    return [AnswerDelta(word) for word in words]


def test_words_come_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert heard(capsys, stream(), *answer("Yes", ", it", " is.")) == ["Yes", ", it", " is.", "\n"]


def test_a_closer_that_comes_in_time_leaves_the_answer_alone(capsys: pytest.CaptureFixture[str]) -> None:
    given = heard(capsys, stream(), *answer("Okay, ", "so 6 x 7. "), AnswerWasReasoning(), *answer("4", "2"))
    assert given == ["", "", "", "4", "2", "\n"]


def test_a_closer_that_comes_too_late_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    made = stream()
    with made:
        for delta in (*answer("Okay, " + "x" * MOST_HELD), AnswerWasReasoning(), *answer("42")):
            made.delta(0, delta)
    out, err = capsys.readouterr()
    assert out == f"Okay, {'x' * MOST_HELD}\n42\n"
    assert f"the first {MOST_HELD + 6} characters on standard output were reasoning" in err


def test_thoughts_that_came_elsewhere_end_the_wait(capsys: pytest.CaptureFixture[str]) -> None:
    given = heard(capsys, stream(), ReasoningDelta("Hm.", "full"), *answer("Okay, ", "42"))
    assert given == ["", "Okay, ", "42", "\n"]


def test_a_host_that_types_its_thoughts_is_never_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert heard(capsys, stream(inline_think=False), *answer("Okay, ", "42")) == ["Okay, ", "42", "\n"]


def test_an_end_without_a_closer_shows_what_was_held(capsys: pytest.CaptureFixture[str]) -> None:
    parts = [AnswerDelta("Okay, ", "a"), AnswerDelta("fine", "b")]
    assert heard(capsys, stream(), *parts) == ["", "", "Okay, \n\nfine\n"]


def test_what_was_said_before_a_tool_ran_and_the_answer_are_not_one_word(capsys: pytest.CaptureFixture[str]) -> None:
    made = stream()
    with made:
        for words in ("I look it up.", "7 degrees."):
            made.started(0, 1)
            for delta in answer(words):
                made.delta(0, delta)
            made.tool_ran(0, SimpleNamespace())  # type: ignore[arg-type]
    assert capsys.readouterr().out == "I look it up.\n7 degrees.\n"


def test_a_tool_that_was_broken_off_is_not_said_not_to_have_run() -> None:
    run = ToolRun(1, "pay", "c1", {"eur": 5}, "interrupted", "", 0, note="it was broken off")
    assert run_line(run) == 'broke off pay({"eur":5})'
    assert run_line(replace(run, end="refused", note="not given")) == 'did not run pay({"eur":5}): not given'
