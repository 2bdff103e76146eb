"""The dial's words and numbers."""

from __future__ import annotations

import pytest

from thinkdial.providers.errors import UsageError
from thinkdial.providers.think import AUTO, MAX_BUDGET_TOKENS, Level, Think, parse_think

from ..cases import each


@each("level", list(Level))
def test_every_level_is_a_word(level: Level) -> None:
    assert parse_think(level.value) == Think(level=level)
    assert str(parse_think(level.value.upper())) == level.value


def test_auto_is_no_level() -> None:
    assert parse_think("auto") == AUTO
    assert AUTO.is_auto
    assert not AUTO.is_off
    assert str(AUTO) == "auto"


@each(
    ("text", "tokens"),
    [("1", 1), ("4000", 4000), ("8k", 8192), ("8K", 8192), (" 1k ", 1024), (str(MAX_BUDGET_TOKENS), MAX_BUDGET_TOKENS)],
)
def test_a_number_is_a_budget_and_k_is_1024(text: str, tokens: int) -> None:
    assert parse_think(text) == Think(budget_tokens=tokens)
    assert str(parse_think(text)) == str(tokens)


@pytest.mark.parametrize("text", ["0", "0k", "000", "off"])
def test_zero_is_off(text: str) -> None:
    assert parse_think(text).is_off
    assert not parse_think(text).is_auto


@each(
    ("text", "nearest"),
    [("hgih", "high"), ("hig", "high"), ("med", "medium"), ("x-high", "xhigh"), ("minmal", "minimal"), ("of", "off")],
)
def test_a_misspelling_names_the_nearest_word(text: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=rf"did you mean {nearest}\?") as caught:
        parse_think(text)
    assert caught.value.hint is not None


@each(
    "text", ["", " ", "banana", "-1", "1.5k", "1e3", "10_000", "8kk", "k", "8 k", "٣", "²", "high,low", "None", "0x10"]
)
def test_nonsense_is_refused_with_the_legal_words(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_think(text)
    assert "xhigh" in str(caught.value.hint)
    assert repr(text) in caught.value.message


@pytest.mark.parametrize("text", [str(MAX_BUDGET_TOKENS + 1), "999999999", "999999k"])
def test_a_huge_budget_is_refused_as_huge(text: str) -> None:
    with pytest.raises(UsageError, match="more than any model takes"):
        parse_think(text)


def test_a_number_too_long_to_be_one_is_refused() -> None:
    with pytest.raises(UsageError):
        parse_think("9" * 5000)
