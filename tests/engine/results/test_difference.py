"""Two results beside each other: what is said of their words and figures is true, in bounded time."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import pairwise

import pytest

from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results import word_changes as changes_of_words
from thinkdial.engine.results.difference import difference, difference_document
from thinkdial.engine.results.result import Cost, Reasoning
from thinkdial.engine.results.word_changes import WordChanges, word_changes

from ...cases import each
from ...growth import LINEAR, growth
from ..history.made import result

PAIRS = [
    ("", ""),
    ("", "new words only"),
    ("gone words only", ""),
    ("the same", "the same"),
    ("No. 91 is not prime: 91 = 7 × 13.", "No, 91 is a composite number: it equals 7 × 13."),
    ("def f():\n    return 1\n", "def f():\n\treturn 2\n"),
    ("日本語の文章です。", "日本語の文です。"),
    ("e\u0301te\u0301 👨‍👩‍👧 ok", "ete\u0301 👨‍👩‍👦 ok"),
    ("a\r\nb", "a\nb"),
    (" lead  and\x00 trail ", "lead and trail"),
]


def sides(found: WordChanges) -> tuple[str, str]:
    """What the pieces say that the first and the second text are."""
    before = "".join(piece.text for piece in found.pieces if piece.kind != "new")
    after = "".join(piece.text for piece in found.pieces if piece.kind != "gone")
    return before, after


@each(("before", "after"), PAIRS)
def test_the_pieces_are_both_texts(before: str, after: str) -> None:
    found = word_changes(before, after)
    was, became = sides(found)
    assert became == after
    assert was.replace(" ", "") == before.replace(" ", "")
    assert found.is_complete and all(piece.text for piece in found.pieces)
    kinds = [piece.kind for piece in found.pieces]
    assert all(one != other for one, other in pairwise(kinds))


def test_random_edits_are_found_and_nothing_else() -> None:
    source = random.Random(3)
    for _ in range(200):
        words = [source.choice(["alpha", "beta", "gamma", ".", ",", "the", "of"]) for _ in range(source.randrange(80))]
        edited = [word for word in words if source.random() > 0.2]
        for _ in range(source.randrange(5)):
            edited.insert(source.randrange(len(edited) + 1), f"added{source.random()}")
        before, after = " ".join(words), " ".join(edited)
        was, became = sides(word_changes(before, after))
        assert became == after and was.replace(" ", "") == before.replace(" ", "")


def test_the_share_is_of_words_in_order() -> None:
    found = word_changes("one two three four", "one two nine four")
    assert (found.words_a, found.words_b, found.words_same) == (4, 4, 3)
    assert found.same_share == 0.75
    assert word_changes("", "").same_share is None
    assert word_changes("wrapped\nhere", "wrapped here").words_same == 2


def test_short_coincidences_are_no_thread() -> None:
    found = word_changes("Six red foxes run the wild long way", "Nobody can ever guess the final mean price")
    assert [piece.kind for piece in found.pieces] == ["gone", "new"]


def edited(words: int) -> tuple[str, str]:
    source = random.Random(words)
    text = [f"w{min(4999, int(source.paretovariate(0.8)))}" for _ in range(words)]
    return " ".join(text), " ".join("changed" if at % 17 == 0 else word for at, word in enumerate(text))


def rewritten(words: int) -> tuple[str, str]:
    return edited(words)[0], edited(words + 1)[0]


def two_letters(words: int) -> tuple[str, str]:
    source = random.Random(words)
    return tuple(" ".join(source.choice("ab") for _ in range(words)) for _ in range(2))  # type: ignore[return-value]


def between_anchors(words: int) -> tuple[str, str]:
    """The worst for a comparison: all that can be divided, and nothing of it that is easy."""
    source = random.Random(words)
    return tuple(  # type: ignore[return-value]
        " ".join(f"u{block} " + " ".join(source.choice("ab") for _ in range(400)) for block in range(words // 400))
        for _ in range(2)
    )


@pytest.mark.parametrize(
    "text", [edited, between_anchors, *(pytest.param(one, marks=pytest.mark.slow) for one in (rewritten, two_letters))]
)
def test_time_grows_with_the_length(text) -> None:
    texts = {size: text(size) for size in (8000, 16_000)}
    assert growth(lambda size: word_changes(*texts[size]), 8000) < LINEAR


def test_what_is_not_compared_is_said_and_stands_whole() -> None:
    before, after = two_letters(5000)
    found = word_changes(before, after)
    assert not found.is_complete
    assert sides(found)[1] == after


def test_figures_stand_side_by_side_and_unknown_is_not_zero() -> None:
    a = result(cost=Cost(Decimal("0.5")), reasoning=Reasoning("Hm.", "summary", 300, "reported"))
    b = result("gpt", model="gpt", cost=Cost(), reasoning=Reasoning(None, "hidden", 900, "reported"),
               latency=Latency(0.1, 0.2, 0.3, None, None), answer="forty-two")  # fmt: skip
    figures = {figure.name: figure for figure in difference(a, b).figures}
    assert (figures["reasoning_tokens"].change, figures["reasoning_tokens"].ratio) == (600, 3.0)
    assert (figures["usd"].a, figures["usd"].b, figures["usd"].change) == (Decimal("0.5"), None, None)
    assert figures["total_s"].b is None and figures["total_s"].ratio is None
    assert figures["model"].differs and figures["model"].change is None


def test_a_ratio_to_nothing_is_none() -> None:
    a, b = (result(reasoning=Reasoning(None, "none", count, "reported")) for count in (0, 10))
    figure = next(figure for figure in difference(a, b).figures if figure.name == "reasoning_tokens")
    assert (figure.change, figure.ratio) == (10, None)


def test_the_document_has_decimals_as_text() -> None:
    document = difference_document(difference(result(), result(cost=Cost(Decimal("0.75"))), same_prompt=True))
    usd = next(figure for figure in document["figures"] if figure["name"] == "usd")
    assert (usd["a"], usd["b"], usd["change"], usd["ratio"]) == ("0.500000", "0.750000", "0.250000", 1.5)
    assert document["same_prompt"] is True
    assert document["answer"]["pieces"] == [{"kind": "same", "text": "42"}]


def test_what_is_behind_the_most_that_is_compared_stands_as_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes_of_words, "MOST_CHARACTERS", 12)
    cases = {
        ("one two six end of it", "one two ten end of it"): (6, 6, 5, True),
        ("one two six end of it", "one two six and so on"): (6, 6, 3, False),
        ("one two six ", "one two six and so on"): (3, 6, 3, False),
    }
    for (before, after), expected in cases.items():
        found = word_changes(before, after)
        assert (found.words_a, found.words_b, found.words_same, found.is_complete) == expected
        assert "".join(piece.text for piece in found.pieces if piece.kind != "gone") == after
        assert "".join(piece.text for piece in found.pieces if piece.kind != "new") == before
