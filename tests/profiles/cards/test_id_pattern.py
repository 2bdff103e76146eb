"""What is read from an expression before it is compiled never excludes a match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random

import pytest

from thinkdial.profiles import facts
from thinkdial.profiles.cards.id_pattern import beginnings, fits, fits_glob
from thinkdial.profiles.cards.retirement import listed_ends
from thinkdial.profiles.cards.vendors import vendors

LETTERS = "ab-]|(ſk"
SETS = (("[ab]", "a"), ("[^]a|(]", "b"), ("[]|]", "]"), (r"[\]a|)]", "]"), (r"\d", "7"), (".", "x"), ("(?!z)", ""))


def made(random: Random, depth: int = 2) -> tuple[str, str]:
    """An expression with a text that it matches. Groups are not repeated: those within others take for ever."""
    pattern = match = ""
    for _ in range(random.randint(1, 3)):
        kind = random.randint(0, 9) if depth else random.randint(0, 6)
        if kind <= 5:
            letter = random.choice(LETTERS)
            part, text = re.escape(letter), letter
        elif kind == 6:
            part, text = random.choice(SETS)
        else:
            branches = [made(random, depth - 1) for _ in range(random.randint(1, 3))]
            text = random.choice(branches)[1]
            part = f"{random.choice(('(', '(?:'))}{'|'.join(one for one, _ in branches)})"
        if kind == 6 and part.startswith("(?!"):
            pass
        elif kind > 6:
            part, text = random.choice(((part, text), (f"{part}?", random.choice((text, "")))))
        else:
            times, most = random.choice((("", 1), ("", 1), ("?", 0), ("*", 0), ("+", 2), ("{0,2}", 0), ("+?", 1)))
            part, text = part + times, text * (most or random.randint(0, 1))
        pattern, match = pattern + part, match + text
    if depth == 2 and random.random() < 0.3:
        pattern = f"{made(random, 1)[0]}|{pattern}"
    return pattern, match


@pytest.mark.parametrize("cases", [500, pytest.param(3_000, marks=pytest.mark.slow)])
def test_no_match_is_ever_excluded(cases: int) -> None:
    random, told = Random(18), 0
    for _ in range(cases):
        pattern, match = made(random)
        if re.fullmatch(pattern, match) is None:  # a look-around forbids it
            continue
        assert fits(pattern, match), (pattern, match)
        for name in (match.upper(), match.replace("k", "\u212a"), match.replace("ſ", "s")):
            assert fits(pattern, name, any_case=True) == (re.fullmatch(pattern, name, re.IGNORECASE) is not None)
        for name in (match + "a", match[:-1], match + "\n"):
            assert fits(pattern, name) == (re.fullmatch(pattern, name) is not None), (pattern, name)
        told += beginnings(pattern) != ("",)
    for name in ("a", "ab", "a\n", "b", ""):
        assert fits("a.*", name) == (re.fullmatch("a.*", name) is not None), name
    assert told > cases / 4


def test_beginnings_are_those_of_every_branch() -> None:
    expected = {
        "gpt-4o?": ("gpt-4",),
        r"gpt-4\.1(-20.*)?": ("gpt-4.1-20", "gpt-4.1"),
        "(models/)?gemini-.*": ("models/", "gemini-"),
        "(a|b)?+(c)?d|e(f)*": ("a", "b", "c", "d", "e"),
        "(a)?": ("a", ""),
        "(gpt-|o[134](-|$)).*|codex": ("gpt-", "o", "codex"),
        "(?:a|b)+c": ("a", "b"),
        "a(?!b|c)|d": ("a", "d"),
        "(?i)a|b": ("",),
        "a(?#|)*": ("",),
        "a(b": ("a",),
    }
    assert {pattern: beginnings(pattern) for pattern in expected} == expected


def test_globs_mean_what_a_shell_means() -> None:
    for glob in ("a/b", "a/b*", "*b", "a[/]b", "a/[!c]", "a?b", "a/b]", "", "A/b"):
        wrong = [
            name for name in ("a/b", "a/bc", "b", "a/b]", "", "A/b") if fits_glob(glob, name) != fnmatchcase(name, glob)
        ]
        assert not wrong, (glob, wrong)


def shipped() -> Iterator[str]:
    for name in facts.provider_names():
        provider = facts.shipped_provider(name)
        yield from (card.match for file in provider.models for card in facts.cards(file))
        yield from (end.match for end in listed_ends(name).listed)
    yield from (maker.ids for maker in vendors().listed.values())
    yield from (card.match for card in vendors().lines)


def test_shipped_expressions_fit_what_they_match() -> None:
    table = (Path(__file__).parent / "ids.tsv").read_text("utf-8").splitlines()
    names = sorted({cell for line in table for cell in line.split("\t") if cell})[::7]
    patterns = sorted(set(shipped()))
    for pattern in patterns:
        compiled = re.compile(pattern)
        wrong = [name for name in names if fits(pattern, name) != (compiled.fullmatch(name) is not None)]
        assert not wrong, (pattern, wrong[:3])
    assert sum(beginnings(one) != ("",) for one in patterns) > len(patterns) * 0.8


def test_the_first_card_of_a_file_that_fits_an_example_is_its_own() -> None:
    files = {file for name in facts.provider_names() for file in facts.shipped_provider(name).models}
    wrong: list[str] = []
    for card, listed in ((card, facts.cards(file)) for file in files for card in facts.cards(file)):
        for any_case in (False, True):
            first = next((one for one in listed if fits(one.match, card.example, any_case=any_case)), None)
            wrong += [] if first is card else [card.example]
    assert not wrong
