"""A character that a server cuts in two halves is whole again, on every wire, in the reply and for who listens."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from thinkdial.engine.exchange.reader import ResponseReader
from thinkdial.providers.fold import Fold
from thinkdial.providers.inline.separation import PairJoiner
from thinkdial.providers.schema import AnswerDelta, Bill, Delta, Finish, ReasoningDelta

from ...cases import each
from .test_separation import STREAMED, documents

HIGH, LOW = "\ud83d", "\ude00"


def joined(*deltas: Delta) -> list[tuple[str, str]]:
    joiner, told = PairJoiner(), list[Delta]()
    for delta in deltas:
        joiner.feed(delta, told)
    told += joiner.close()
    return [(type(delta).__name__[0], getattr(delta, "text", "")) for delta in told]


@each("inline", [True, False])
@each("name", STREAMED)
def test_halves_in_two_deltas_become_their_character_on_every_wire(
    name: str, inline: bool, speak: Callable[..., Any]
) -> None:
    reply = speak(name, inline_think=inline).stream(*documents(name, [f"a{HIGH}", f"{LOW}b", HIGH, LOW]))
    assert reply.answer == "a😀b😀"


@each("name", STREAMED)
def test_who_listens_hears_the_character_too(name: str) -> None:
    import json

    reader, fold = ResponseReader(200, "text/event-stream", {}, name, {}), Fold()
    heard: list[str] = []
    for document in documents(name, [f"a{HIGH}", f"{LOW}b"]):
        for delta in reader.feed(b"data: " + json.dumps(document).encode() + b"\n\n"):
            fold.add(delta)
            if isinstance(delta, AnswerDelta):
                delta.text.encode()
                heard.append(delta.text)
    assert "".join(heard) == "a😀b" == fold.reply().answer


def test_a_half_that_stays_alone_is_replaced_where_it_stood() -> None:
    finish = Finish("stop", "stop")
    assert joined(AnswerDelta(f"a{HIGH}"), finish) == [("A", "a"), ("A", "\ufffd"), ("F", "")]
    assert joined(AnswerDelta(f"a{HIGH}"), AnswerDelta("b")) == [("A", "a"), ("A", "\ufffdb")]
    assert joined(AnswerDelta(f"{LOW}a{HIGH}b")) == [("A", "\ufffda\ufffdb")]
    assert joined(AnswerDelta(HIGH, "0"), AnswerDelta(LOW, "1")) == [("A", "\ufffd"), ("A", "\ufffd")]
    assert joined(AnswerDelta(HIGH)) == [("A", "\ufffd")]


def test_what_comes_between_two_halves_does_not_part_them() -> None:
    from decimal import Decimal

    told = joined(
        AnswerDelta(HIGH), ReasoningDelta(f"r{HIGH}"), Bill(Decimal(1)), AnswerDelta(LOW), ReasoningDelta(LOW)
    )
    assert told == [("R", "r"), ("B", ""), ("A", "😀"), ("R", "😀")]


def test_every_cut_between_code_units_gives_the_same() -> None:
    units = [*"a", HIGH, LOW, "é", HIGH, LOW, HIGH, LOW, "b"]
    for first, second in itertools.combinations(range(len(units) + 1), 2):
        cut = ("".join(units[:first]), "".join(units[first:second]), "".join(units[second:]))
        assert "".join(text for _, text in joined(*map(AnswerDelta, cut))) == "a😀é😀😀b", cut
