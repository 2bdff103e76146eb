"""Reasoning inside the answer, in tags: the same result however the text is cut."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from thinkdial.engine.exchange.reasoning_tags import reasoning_tags
from thinkdial.providers.fold import Fold
from thinkdial.providers.inline.splitter import BARE_CLOSER_WINDOW, LEADING_SPACE, MOST_DOUBT, InlineThinkSplitter
from thinkdial.providers.inline.tag_table import TagPair
from thinkdial.providers.schema import Notice

from ...cases import each

TABLE = reasoning_tags()

ANALYSIS, FINAL = (f"<|start|>assistant<|channel|>{name}<|message|>" for name in ("analysis", "final"))

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
    "a pair inside the block": ("<think>a <think>b</think> c</think>3", "a <think>b</think> c", "3"),
    "pairs inside the block": (
        "<think>a <think>b</think> c <think>d</think></think>3",
        "a <think>b</think> c <think>d</think>",
        "3",
    ),
    "pairs that never balance": ("<think>a <think> <think>b</think> c</think> 3", "a <think> <think>b</think> c", "3"),
    "a pair inside, cut off": ("<think>a <think>b</think> c", "a <think>b", "c"),
    "solution behind a thought": ("<think>r</think>\n<answer>\n3\n</answer>\n", "r", "3"),
    "solution cut off": ("<think>r</think><answer>3", "r", "3"),
    "solution and more": ("<think>r</think><answer>3</answer>, surely", "r", "3, surely"),
    "solution without a thought is the user's subject": ("<answer>3</answer>", "", "<answer>3</answer>"),
    "channels": (f"{ANALYSIS}r<|end|>{FINAL}3<|return|>", "r", "3"),
    "channels without ends": (f"{ANALYSIS}r{FINAL}3", "r", "3"),
    "channels whose first header the prompt began": (f"analysis<|message|>r<|end|>{FINAL}3", "r", "3"),
    "channels whose first header the prompt held": (f"r, r<|end|>{FINAL}3", "r, r", "3"),
    "channels without roles": ("r<|channel|>final<|message|>3", "r", "3"),
    "several thoughts": (f"{ANALYSIS}a<|end|>{ANALYSIS}b<|end|>{FINAL}3", "a\n\nb", "3"),
    "a call is not the user's": (
        f"{ANALYSIS}r<|end|><|start|>assistant<|channel|>commentary to=f <|constrain|>json<|message|>{{}}<|call|>",
        "r",
        "",
    ),
    "commentary beside an answer": (f"<|channel|>commentary<|message|>c<|end|>{FINAL}3", "", "3"),
    "commentary alone": ("<|channel|>commentary<|message|>c<|end|>", "", "c"),
    "a header cut off": (f"{ANALYSIS}r<|end|><|start|>assistant<|chan", "r", ""),
    "a thought cut off": (f"{ANALYSIS}r, r", "r, r", ""),
    "channels later are the user's subject": (
        "Write <|channel|>analysis<|message|>r",
        "",
        "Write <|channel|>analysis<|message|>r",
    ),
    "nearly a channel": ("<|channels|>3", "", "<|channels|>3"),
    "a word that is a channel's name": ("analysis of 3", "", "analysis of 3"),
    "Gemma's channel": ("<|channel>thought\nr<channel|>3", "r", "3"),
    "Gemma's channel without its opener": ("r<channel|>3", "r", "3"),
    "Gemma's empty channel": ("<|channel>thought\n<channel|>3", "", "3"),
    "nearly a tag": ("<thinker>r</thinker>", "", "<thinker>r</thinker>"),
    "nearly a closer": ("<think>a </thin b < c</think>3", "a </thin b < c", "3"),
    "another tag in the block": ("<think>[/THINK] r</think>3", "[/THINK] r", "3"),
    "answer begins like a tag": ("<b>3</b>", "", "<b>3</b>"),
    "nothing after the block": ("<think>r</think>\n\n", "r", ""),
    "text beyond ASCII": ("<think>数える</think>三", "数える", "三"),
}


def split(*pieces: str) -> tuple[str, str]:
    splitter, fold = InlineThinkSplitter(TABLE), Fold()
    for piece in pieces:
        for delta in splitter.feed(piece):
            fold.add(delta)
    for delta in splitter.close():
        fold.add(delta)
    return fold.reply().reasoning, fold.reply().answer


@each("case", CASES)
def test_reasoning_and_answer_are_told_apart(case: str) -> None:
    text, reasoning, answer = CASES[case]
    assert split(text) == (reasoning, answer)


@pytest.mark.parametrize("nth", [5, pytest.param(1, marks=pytest.mark.slow)])
@each("case", CASES)
def test_every_chunking_gives_the_same(case: str, nth: int) -> None:
    text, reasoning, answer = CASES[case]
    for size in range(1, len(text)):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert split(*pieces) == (reasoning, answer), pieces
    for first, second in itertools.islice(itertools.combinations(range(len(text) + 1), 2), 0, None, nth):
        pieces = [text[:first], text[first:second], text[second:]]
        assert split(*pieces) == (reasoning, answer), pieces


@each("pair", TABLE.pairs)
def test_every_pair_of_tags_is_known_even_in_single_characters(pair: TagPair) -> None:
    assert split(*f"{pair.opener}r{pair.closer}3") == ("r", "3")


def cuts(text: str) -> Iterator[list[str]]:
    """Every way to cut `text` in two, and in pieces of one length."""
    for size in range(1, len(text)):
        yield [text[at : at + size] for at in range(0, len(text), size)]
    for at in range(1, len(text)):
        yield [text[:at], text[at:]]


def shapes(pair: TagPair) -> Iterator[tuple[str, str, str]]:
    """What a model may do with a pair: text, reasoning, answer."""
    opener, closer = pair.opener, pair.closer
    yield f"{opener}r{closer}3", "r", "3"
    yield f"\n{opener}r {opener}s{closer} t{closer}\n3", f"r {opener}s{closer} t", "3"
    yield f"{opener}r {opener} s{closer}3", f"r {opener} s", "3"
    yield f"{opener}a{closer}{opener}b{closer}3", "a\n\nb", "3"
    yield f"{opener}r", "r", ""
    yield f"{opener}r{closer}3 {closer}", "r", f"3 {closer}"
    yield f"Say {opener}r{closer}", "", f"Say {opener}r{closer}"
    yield f"Say `{closer}`", "", f"Say `{closer}`"
    yield f"r{closer}3", *(("r", "3") if pair.bare else ("", f"r{closer}3"))


@each("pair", TABLE.pairs)
def test_every_pair_in_every_shape_is_the_same_in_every_cut(pair: TagPair) -> None:
    for text, reasoning, answer in shapes(pair):
        assert split(text) == (reasoning, answer), text
        for pieces in cuts(text):
            assert split(*pieces) == (reasoning, answer), pieces


@pytest.mark.parametrize("wrapper", TABLE.wrappers)
def test_every_wrapper_of_the_answer_is_taken_off_behind_every_pair(wrapper: TagPair) -> None:
    for pair in TABLE.pairs:
        text = f"{pair.opener}r{pair.closer}\n{wrapper.opener}\n3 3\n{wrapper.closer}"
        for size in range(1, len(text) + 1):
            pieces = [text[at : at + size] for at in range(0, len(text), size)]
            assert split(*pieces) == ("r", "3 3"), pieces


def test_any_mixture_of_marks_is_the_same_in_every_cut() -> None:
    dice = random.Random(11)
    tags = [tag for pair in (*TABLE.pairs, *TABLE.wrappers) for tag in (pair.opener, pair.closer)]
    marks = [
        *tags,
        ANALYSIS,
        FINAL,
        "<|end|>",
        "<|start|>",
        "<|channel|>",
        "<|message|>",
        "commentary to=f",
        "`",
        "<",
        "\n",
    ]
    for _ in range(1500):
        chosen = dice.sample(marks, 4)
        text = "".join(dice.choice((*chosen, "a", " b", "\n")) for _ in range(dice.randrange(1, 12)))
        whole = split(text)
        assert split(*text) == whole, text
        for _ in range(4):
            at = sorted(dice.randrange(len(text) + 1) for _ in range(3))
            pieces = [text[begin:end] for begin, end in itertools.pairwise((0, *at, len(text)))]
            assert split(*pieces) == whole, pieces


def test_what_follows_a_doubtful_closer_is_held_back_up_to_a_bound() -> None:
    splitter = InlineThinkSplitter(TABLE)
    assert [delta.text for delta in splitter.feed("<think>a <think> b</think>3")] == ["a <think> b"]
    assert "".join(delta.text for delta in splitter.feed("x" * MOST_DOUBT)) == "3" + "x" * MOST_DOUBT


def test_text_in_several_parts_keeps_them() -> None:
    splitter = InlineThinkSplitter(TABLE)
    fed = [("<think>r</think>", "0"), ("3 <", "0"), ("4", "1")]
    deltas = [delta for text, part in fed for delta in splitter.feed(text, part)] + [*splitter.close()]
    assert [(delta.text, delta.part) for delta in deltas] == [("r", ""), ("3 <", "0"), ("4", "1")]


def test_commentary_that_is_left_out_or_stands_for_the_answer_is_told() -> None:
    assert told("<|channel|>commentary<|message|>c<|end|>") == ["commentary"]
    assert told(f"<|channel|>commentary<|message|>c<|end|>{FINAL}3") == ["commentary"]


def told(text: str) -> list[str]:
    splitter = InlineThinkSplitter(TABLE)
    return [delta.code for delta in (*splitter.feed(text), *splitter.close()) if isinstance(delta, Notice)]


def test_a_closer_that_nobody_sends_alone_is_text() -> None:
    assert split("r[/THINK]3") == ("", "r[/THINK]3")


def test_text_is_shown_before_the_block_or_the_answer_ends() -> None:
    splitter = InlineThinkSplitter(TABLE)
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
    splitter = InlineThinkSplitter(TABLE)
    splitter.expect_no_bare_closer()
    deltas = [*splitter.feed("ends with </think> always"), *splitter.close()]
    assert "".join(delta.text for delta in deltas) == "ends with </think> always"


def test_unclosed_names_the_opener_that_waits_for_its_closer() -> None:
    splitter = InlineThinkSplitter(TABLE)
    list(splitter.feed("[THINK]r"))
    assert splitter.unclosed == "[THINK]"
    list(splitter.feed("[/THINK]"))
    assert splitter.unclosed is None
