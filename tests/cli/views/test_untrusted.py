"""Nothing a model wrote moves the cursor, hides text or runs; nothing it wrote for people is broken."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest

from thinkdial.providers.untrusted import csv_cell, harmless, harmless_json, one_line

from ...cases import each


@each(
    ("text", "safe"),
    [
        ("\x1b[31mred\x1b]0;title\x07", "␛[31mred␛]0;title␇"),
        ("\x00\x7f\x08", "␀␡␈"),
        ("\x9b31m\x85", "<U+009B>31m<U+0085>"),
        ("a\r\nb\rc\tend\n", "a\nbc\tend\n"),
        ("abc\u202egnp.exe\u202c", "abc<U+202E>gnp.exe<U+202C>"),
        ("\u2066x\u2069\u200e\u200f\u061c", "<U+2066>x<U+2069><U+200E><U+200F><U+061C>"),
        ("a\u2028b\u2029c", "a<U+2028>b<U+2029>c"),
        ("\ufeffa\u200bb\u2060c\u00add", "<U+FEFF>a<U+200B>b<U+2060>c<U+00AD>d"),
        ("hi\U000e0068\U000e0069", "hi<U+E0068><U+E0069>"),
        ("x\ud83d", "x<U+D83D>"),
        ("a\u200db", "a<U+200D>b"),
        ("é\u200d\u200c\u200dx", "é<U+200D><U+200C><U+200D>x"),
        ("\ufe0f", "<U+FE0F>"),
        ("a\U000e0100\U000e0101", "a<U+E0100><U+E0101>"),
    ],
)
def test_what_could_act_or_hide_is_spelled_out(text: str, safe: str) -> None:
    assert harmless(text) == safe
    assert harmless(safe) == safe


@each(
    "text",
    [
        "plain text\n\twith tabs",
        "👩‍💻 ❤️‍🔥 👨‍👩‍👧‍👦 1️⃣ ☎︎ 🏳️‍🌈",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می‌خواهم",
        "क्‍ष",
        "葛\U000e0100",
        "漢字 한국어 עברית العربية",
        "[bold red]x[/]",
    ],
)
def test_text_for_people_stays_as_it_is(text: str) -> None:
    assert harmless(text) is text or harmless(text) == text


def test_no_control_character_of_unicode_gets_through() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") and character not in "\n\t":
            assert character not in harmless(f"a{character}b"), hex(code)


def test_json_keeps_its_value_and_loses_its_danger() -> None:
    value = {"a": "x\u202ey\x9b\x7f\U000e0041 👩‍💻 é\u2028", "\ufeffkey": ["\x1b[2J"]}
    document = json.dumps(value, ensure_ascii=False, indent=2)
    safe = harmless_json(document)
    assert json.loads(safe) == value
    assert "\\u202e" in safe and "\\udb40\\udc41" in safe and "👩‍💻" in safe
    assert not set(safe) & set("\u202e\x9b\x7f\U000e0041\u2028\ufeff\x1b")


def test_json_with_a_lone_surrogate_can_be_encoded() -> None:
    safe = harmless_json(json.dumps("a\ud800", ensure_ascii=False))
    assert safe.encode() == b'"a\\ud800"' and json.loads(safe) == "a\ud800"


@each("text", ["=1+1", "+1", "-1", "@x", "\tx", "  =x", "\n=x", "\r=x", "＝1", "＋1", "－1", "＠x"])
def test_a_formula_is_neutralized(text: str) -> None:
    assert csv_cell(text) == "'" + text.replace("\r", "")


@pytest.mark.parametrize("text", ["", "1-1", "a=b", "$1", "'=1"])
def test_other_cells_stay(text: str) -> None:
    assert csv_cell(text) == text


def test_a_cell_is_harmless() -> None:
    assert csv_cell("\x1b[31m=x") == "␛[31m=x"


def test_one_line_has_one_line() -> None:
    assert one_line(" a\n b\t\x1bc ") == "a b ␛c"
    assert one_line("abcdef", 4) == "abc…"
