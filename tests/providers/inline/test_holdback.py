"""How much of an answer waits on a pipe."""

from __future__ import annotations

from thinkdial.engine.exchange.reasoning_tags import reasoning_tags
from thinkdial.providers.inline.holdback import MOST_HELD, Holdback

from ...cases import each

BEGINNINGS = reasoning_tags().beginnings


def shown(*pieces: str, expects_closer: bool = False) -> list[str]:
    hold = Holdback(BEGINNINGS, expects_closer=expects_closer)
    return [hold.feed(piece) for piece in pieces]


@each("text", ["42 is the answer", "Yes.", "# Title", "\n\n- one", "Okapis are", "Userspace", "Wow"])
def test_an_answer_flows_from_its_first_words(text: str) -> None:
    given = shown(*text, "!")
    assert "".join(given) == f"{text}!" and given[-1] == "!"
    longest = max(map(len, BEGINNINGS))
    assert sum(not piece for piece in given) <= longest + len(text) - len(text.lstrip())


@each("beginning", BEGINNINGS)
@each("before", ["", "\n", "  "])
def test_what_begins_as_thought_waits_for_its_closer_and_no_longer_than_that(beginning: str, before: str) -> None:
    for written in (beginning, beginning.upper(), beginning.title()):
        hold = Holdback(BEGINNINGS)
        assert not any(hold.feed(piece) for piece in (*before, *written, " and so on. "))
        assert hold.drop() == len(f"{before}{written} and so on. ") and hold.feed("4") == "4"
    given = shown(before + beginning, *["x" * 100] * (MOST_HELD // 100 + 2))
    assert "".join(given).startswith(before + beginning) and given[-1] == "x" * 100
    assert len(given[0]) == 0 and sum(not piece for piece in given) <= MOST_HELD // 100 + 1


def test_a_model_that_is_known_for_it_is_waited_for_whatever_it_says() -> None:
    assert shown("42 is", " the answer", expects_closer=True) == ["", ""]
    assert "".join(shown("x" * MOST_HELD, "y", expects_closer=True)) == "x" * MOST_HELD + "y"


def test_what_is_held_comes_out_once() -> None:
    hold = Holdback(BEGINNINGS)
    assert hold.feed("Okay, ") == "" and hold.release() == "Okay, " and hold.release() == ""
    assert hold.feed("so") == "so"
