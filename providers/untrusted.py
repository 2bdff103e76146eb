"""Text written by a model, a server or a stranger's file, made safe to show: nothing in it moves, hides or runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

MOST_WORDS = 4_000
"""Characters that are taken of what a server says: of an error, a warning, a header."""

MOST_NAME = 200
"""Characters that are taken of a name from outside: of a model, a response, a reason to stop."""

_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f"
_FLAG_TAGS = tuple(
    "".join(chr(0xE0000 + ord(c)) for c in region) + "\U000e007f" for region in ("gbeng", "gbsct", "gbwls")
)

_INVISIBLE = (
    "\u007f-\u009f"  # DEL and C1: U+009B alone starts an escape sequence
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, separators, bidi controls
    "\u3164\ufeff\uffa0\ufff0-\ufffb" + _SELECTORS + "\ud800-\udfff"  # lone surrogates: nothing can encode them
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # tags and selectors that can smuggle whole sentences
)
_MOST_CONTEXT = 12


class _Visible(dict[int, str]):
    """What stands for a character that must not reach a terminal; filled as characters turn up."""

    def __missing__(self, code: int) -> str:
        if code == 0x0D:
            shown = ""
        elif code < 0x20:
            shown = chr(0x2400 + code)
        else:
            shown = "␡" if code == 0x7F else f"<U+{code:04X}>"
        self[code] = shown
        return shown


class _Escaped(dict[int, str]):
    r"""The `\uXXXX` form of a character, as a surrogate pair where JSON needs one."""

    def __missing__(self, code: int) -> str:
        if code > 0xFFFF:
            high, low = divmod(code - 0x10000, 0x400)
            escaped = f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
        else:
            escaped = f"\\u{code:04x}"
        self[code] = escaped
        return escaped


_VISIBLE = _Visible()
_ESCAPED = _Escaped()


def harmless(text: str) -> str:
    """Return `text` with every control and every invisible character spelled out, and `\\r` dropped.

    Newlines and tabs stay, and so do the joiners and selectors that emoji and many scripts are made of.
    """
    if text.isascii() and text.isprintable():  # as most names and words are
        return text
    return _suspect().sub(_spell_out, text)


LONG = 2**16
"""Characters that are made harmless at once of a text that is written in pieces."""


def harmless_pieces(text: str, start: int = 0, end: int | None = None) -> Iterator[str]:
    """`harmless` of `text` from `start` to `end`, in pieces, none of which is long: what they join to is the same.

    A run of characters that are spelled out is cut only where it is so long that all of it is spelled out anyway.
    """
    end = len(text) if end is None else end
    while start < end:
        cut = min(start + LONG, end)
        most = min(cut + 2 * _MOST_CONTEXT, end)
        while cut < most and _suspect().match(text, cut):
            cut += 1
        yield harmless(text[start:cut])
        start = cut


def span_without(blanks: str, text: str) -> tuple[int, int]:
    """Where `text.strip(blanks)` begins and ends, of which no copy is made."""
    start, end = 0, len(text)
    while start < end and text[start] in blanks:
        start += 1
    while end > start and text[end - 1] in blanks:
        end -= 1
    return start, end


def harmless_json(document: str) -> str:
    """Return the JSON text `document` with dangerous characters as escapes: the same value, safe on a terminal."""
    if document.isascii() and document.rstrip("\n").isprintable():  # as most lines are: found in a fifth of the time
        return document
    return _suspect_in_json().sub(_escape, document)


def bounded(words: str, limit: int = MOST_WORDS) -> str:
    """`words`, cut to `limit` characters with an ellipsis where there are more."""
    return words if len(words) <= limit else f"{words[: limit - 1]}…"


def one_line(text: str, limit: int = 0) -> str:
    """Return `text` harmless and on one line; with a `limit`, cut to so many characters with an ellipsis."""
    if limit:
        text = bounded(text, max(MOST_WORDS, 4 * limit))  # what is cut off need not be made harmless first
    line = " ".join(harmless(text).split())
    return f"{line[: limit - 1].rstrip()}…" if limit and len(line) > limit else line


def csv_cell(text: str) -> str:
    """Return `text` harmless, and with a leading `'` where a spreadsheet would take it for a formula."""
    safe = text if text.isascii() and text.isprintable() else harmless(text)
    if safe[:1].isalnum():  # as nearly all begin: a formula does not
        return safe
    return f"'{safe}" if is_formula(safe) else safe


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take `text` for a formula."""
    return _formula().match(text) is not None


class HarmlessStream:
    """`harmless` for a text that comes in pieces: a piece may begin with the second half of an emoji."""

    def __init__(self) -> None:
        self._before = ""

    def feed(self, piece: str) -> str:
        """What to show of `piece`, given what came before it."""
        shown_before = harmless(self._before)
        shown = harmless(self._before + piece)
        whole = self._before + piece
        start = len(whole) - 1
        while start > 0 and len(whole) - start < _MOST_CONTEXT and _suspect().match(whole[start]):
            start -= 1
        self._before = whole[start:]
        return shown.removeprefix(shown_before) if shown.startswith(shown_before) else harmless(piece)


@cache
def _suspect() -> re.Pattern[str]:
    return re.compile(f"[\x00-\x08\x0b-\x1f{_INVISIBLE}]+")


@cache
def _suspect_in_json() -> re.Pattern[str]:
    return re.compile(f"[{_INVISIBLE}]+")


@cache
def _formula() -> re.Pattern[str]:
    return re.compile(r"\s*[=+\-@＝＋－＠﹦﹢﹣﹫]|\t")


def _spell_out(match: re.Match[str]) -> str:
    return match[0] if _belongs(match) else match[0].translate(_VISIBLE)


def _escape(match: re.Match[str]) -> str:
    return match[0] if _belongs(match) else match[0].translate(_ESCAPED)


def _belongs(match: re.Match[str]) -> bool:
    """Whether the run of invisible characters is a part of the visible character before it.

    One joiner or selector after a visible character is; a run of them is a hiding place.
    """
    run, start = match[0], match.start()
    before = match.string[start - 1] if start else " "
    if len(run) == 1:
        if run in _JOINERS:
            return not before.isascii()
        if "\ufe00" <= run <= "\ufe0f":
            return not before.isspace()
        return "\U000e0100" <= run <= "\U000e01ef" and before >= "\u3400" and before.isalpha()
    if len(run) == 2:
        return run in ("\ufe0f\u200d", "\ufe0e\u200d") and not before.isascii()
    return before == "\U0001f3f4" and run in _FLAG_TAGS
