"""Reasoning inside the answer, in tags: the same result however the text is cut."""

from __future__ import annotations

import itertools

import pytest

from thinkdial.providers.fold import Fold
from thinkdial.providers.inline_think import BARE_CLOSER_WINDOW, LEADING_SPACE, TAG_PAIRS, InlineThinkSplitter

CASES: dict[str, tuple[str, str, str]] = {
    "no tags": ("Just 3.", "", "Just 3."),
    "nothing": ("", "", ""),
    "block and answer": ("<think>r, r, r</think>3", "r, r, r", "3"),
    "white space around the block is dropped": ("\n <think>\nr\n</think>\n\n3\n", "r\n", "3\n"),
    "white space before a plain answer stays": ("\n  3", "", "\n  3"),
    "empty block": ("<think>\n\n</think>\n\n3", "", "3"),
    "unclosed": ("<think>r, r", "r, r", ""),
    "opener alone": ("<think>", "", ""),
    "closer cut off": ("<think>r</thi", "r</thi", ""),
    "opener cut off": ("<thi", "", "<thi"),
    "no opener": ("r, r\n</think>\n\n3", "r, r\n", "3"),
    "closer first": ("</think>3", "", "3"),
    "opener later is the user's subject": ("Write <think>x</think> first", "", "Write <think>x</think> first"),
    "closer later after a block": ("<think>r</think>a </think> b", "r", "a </think> b"),
    "quoted closers": (
        "The `</think>` tag, \"</think>\" or '</think>'",
        "",
        "The `</think>` tag, \"</think>\" or '</think>'",
    ),
    "a thought that ends in a quotation": ('he said "3"</think>3', 'he said "3"', "3"),
    "a thought that ends in code": ("call `f()`</think>\n\n3", "call `f()`", "3"),
    "quotation at the very end": ('say "</think>', 'say "', ""),
    "two blocks": ("<think>a</think>\n<think>b</think>3", "a\n\nb", "3"),
    "block after a bare closer": ("a</think><think>b</think>3", "a\n\nb", "3"),
    "opener inside the block": ("<think>a <think> b</think>3", "a <think> b", "3"),
    "nearly a tag": ("<thinker>r</thinker>", "", "<thinker>r</thinker>"),
    "nearly a closer": ("<think>a </thin b < c</think>3", "a </thin b < c", "3"),
    "another tag in the block": ("<think>[/THINK] r</think>3", "[/THINK] r", "3"),
    "answer begins like a tag": ("<b>3</b>", "", "<b>3</b>"),
    "nothing after the block": ("<think>r</think>\n\n", "r", ""),
    "text beyond ASCII": ("<think>数える</think>三", "数える", "三"),
}


def split(*pieces: str) -> tuple[str, str]:
    splitter, fold = InlineThinkSplitter(), Fold()
    for piece in pieces:
        for delta in splitter.feed(piece):
            fold.add(delta)
    for delta in splitter.close():
        fold.add(delta)
    return fold.reply().reasoning, fold.reply().answer


@pytest.mark.parametrize("case", CASES)
def test_reasoning_and_answer_are_told_apart(case: str) -> None:
    text, reasoning, answer = CASES[case]
    assert split(text) == (reasoning, answer)


@pytest.mark.parametrize("case", CASES)
def test_every_chunking_gives_the_same(case: str) -> None:
    text, reasoning, answer = CASES[case]
    for size in range(1, len(text)):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert split(*pieces) == (reasoning, answer), pieces
    for first, second in itertools.combinations(range(len(text) + 1), 2):
        pieces = [text[:first], text[first:second], text[second:]]
        assert split(*pieces) == (reasoning, answer), pieces


@pytest.mark.parametrize(("opener", "closer"), TAG_PAIRS)
def test_every_pair_of_tags_is_known_even_in_single_characters(opener: str, closer: str) -> None:
    assert split(*f"{opener}r{closer}3") == ("r", "3")


def test_only_think_closes_without_an_opener() -> None:
    assert split("r[/THINK]3") == ("", "r[/THINK]3")


def test_text_is_shown_before_the_block_or_the_answer_ends() -> None:
    splitter = InlineThinkSplitter()
    assert [delta.text for delta in splitter.feed("<think>one two</th")] == ["one two"]
    assert [delta.text for delta in splitter.feed("ink>three <")] == ["three <"]


@pytest.mark.parametrize("size", [1000, BARE_CLOSER_WINDOW * 2])
@pytest.mark.parametrize(("length", "is_reasoning"), [(BARE_CLOSER_WINDOW, True), (BARE_CLOSER_WINDOW + 1, False)])
def test_a_bare_closer_counts_within_its_window_whatever_the_chunks(length: int, is_reasoning: bool, size: int) -> None:
    text = "r" * length + "</think>3"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert split(*pieces) == (("r" * length, "3") if is_reasoning else ("", text))


@pytest.mark.parametrize("size", [999, LEADING_SPACE * 2])
@pytest.mark.parametrize(("length", "is_reasoning"), [(LEADING_SPACE, True), (LEADING_SPACE + 1, False)])
def test_an_opener_counts_after_a_bounded_stretch_of_space(length: int, is_reasoning: bool, size: int) -> None:
    text = "\n" * length + "<think>r"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert split(*pieces) == (("r", "") if is_reasoning else ("", text))


def test_a_known_reasoning_field_makes_a_bare_closer_the_subject() -> None:
    splitter = InlineThinkSplitter()
    splitter.expect_no_bare_closer()
    deltas = [*splitter.feed("ends with </think> always"), *splitter.close()]
    assert "".join(delta.text for delta in deltas) == "ends with </think> always"


def test_unclosed_names_the_opener_that_waits_for_its_closer() -> None:
    splitter = InlineThinkSplitter()
    list(splitter.feed("[THINK]r"))
    assert splitter.unclosed == "[THINK]"
    list(splitter.feed("[/THINK]"))
    assert splitter.unclosed is None
