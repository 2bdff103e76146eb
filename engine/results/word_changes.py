"""Two texts compared word by word, in time that grows with their length. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from regex import Pattern

PieceKind = Literal["same", "gone", "new"]

MOST_AT_ONCE = 600
"""Words of one side that the standard library compares at a time: its worst case grows with their square."""
MOST_CHARACTERS = 2**20
"""Of each text, as each of its words takes some 100 bytes. What is behind them is the same, or stands as changed."""
WORK_AT_LEAST = 2_000_000
WORK_PER_WORD = 100
"""Pairs of equal words that are looked at, in all: what repeats itself without end is not compared to its end."""
ROUNDS_OF_A_PAIR = 8
"""How often one pair is looked at, about: once for each halving of what is compared."""
DEEPEST = 12
"""How often what lies between two anchors is divided again."""
SHORT_WORDS = 3
"""So few equal words between larger changes are no thread that a reader could follow."""


class WordPiece(Struct, frozen=True):
    """A stretch of text that both have, that only the first has, or that only the second has."""

    kind: PieceKind
    text: str


class WordChanges(Struct, frozen=True):
    """What became of the first text in the second.

    `words_a` and `words_b` count words, punctuation marks and line breaks alike, `words_same` those that both have in
    the same order. All pieces but the gone ones are the second text, to the letter; all but the new ones are the
    first, but for single blanks. `is_complete` False: some stretches were too long, or too much alike in too many
    ways, to be compared further, and stand as changed in whole.
    """

    pieces: tuple[WordPiece, ...]
    words_a: int
    words_b: int
    words_same: int
    is_complete: bool

    @property
    def same_share(self) -> float | None:
        """Which part of all words both have, from 0 to 1; None where there are none."""
        words = self.words_a + self.words_b
        return 2 * self.words_same / words if words else None


class _Stretch(Struct, frozen=True):
    """Words `a` to `a_end` of the first text and `b` to `b_end` of the second."""

    a: int
    a_end: int
    b: int
    b_end: int

    @property
    def words(self) -> int:
        """How many words the longer side has."""
        return max(self.a_end - self.a, self.b_end - self.b)


def word_changes(before: str, after: str) -> WordChanges:
    """What became of `before` in `after`: in the fewest and longest stretches that a reader can follow."""
    if max(len(before), len(after)) > MOST_CHARACTERS:
        return _changes_of_long(before, after)
    texts_a, texts_b = _words(before), _words(after)
    a, b = [_key(text) for text in texts_a], [_key(text) for text in texts_b]
    matcher = _Matcher(a, b)
    alike = _readable(matcher.alike(), len(a), len(b))
    pieces: list[WordPiece] = []
    at_a = at_b = same = 0
    for match in (*alike, _Stretch(len(a), len(a), len(b), len(b))):
        if gone := texts_a[at_a : match.a]:
            pieces.append(WordPiece("gone", "".join(gone)))
        if new := texts_b[at_b : match.b]:
            pieces.append(WordPiece("new", "".join(new)))
        if match.words:
            pieces.append(WordPiece("same", "".join(texts_b[match.b : match.b_end])))
        same += match.words
        at_a, at_b = match.a_end, match.b_end
    return WordChanges(tuple(pieces), len(a), len(b), same, matcher.is_complete)


def _changes_of_long(before: str, after: str) -> WordChanges:
    begun = word_changes(before[:MOST_CHARACTERS], after[:MOST_CHARACTERS])
    gone, new = before[MOST_CHARACTERS:], after[MOST_CHARACTERS:]
    words_gone, words_new = (sum(1 for _ in _word_pattern().finditer(text)) for text in (gone, new))
    same = gone == new
    kinds: tuple[tuple[PieceKind, str], ...] = (("same", new),) if same else (("gone", gone), ("new", new))
    rest = tuple(WordPiece(kind, text) for kind, text in kinds if text)
    return WordChanges(
        (*begun.pieces, *rest), begun.words_a + words_gone, begun.words_b + words_new,
        begun.words_same + (words_new if same else 0), begun.is_complete and same,
    )  # fmt: skip


def _words(text: str) -> list[str]:
    """Words with the blank behind them, marks, and white space of more than a blank; together they are the text."""
    return _word_pattern().findall(text)


@cache
def _word_pattern() -> Pattern[str]:
    import regex

    # Scripts without blanks are compared by characters; marks stay with the character that they belong to.
    alone = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    blank = r" (?!\s)"
    word = rf"(?:[\p{{L}}\p{{N}}_](?<![{alone}])\p{{M}}*+)++"
    return regex.compile(rf"[{alone}]\p{{M}}*+(?:{blank})?|{word}(?:{blank})?|\s++|\X(?:{blank})?")


def _key(text: str) -> str:
    """What of a word is compared: all but the one blank behind it."""
    return text[:-1] if len(text) > 1 and text[-1] == " " and not text.isspace() else text


class _Matcher:
    """Finds what two lists of words have in common, in order, with a bound on the work."""

    def __init__(self, a: Sequence[str], b: Sequence[str]) -> None:
        self._a, self._b = a, b
        self._work = WORK_AT_LEAST + WORK_PER_WORD * (len(a) + len(b))
        self.is_complete = True

    def alike(self) -> list[_Stretch]:
        """The stretches that are the same, in order."""
        found: list[_Stretch] = []
        waiting = [(_Stretch(0, len(self._a), 0, len(self._b)), 0)]
        while waiting:
            whole, depth = waiting.pop()
            head, gap, tail = self._trimmed(whole)
            found += [match for match in (head, tail) if match.words]
            if gap.a == gap.a_end or gap.b == gap.b_end:
                continue
            if self._can_be_compared(gap):
                found += self._compared(gap)
            elif depth < DEEPEST and (anchors := self._anchors(gap)):
                a, b = gap.a, gap.b
                for at_a, at_b in (*anchors, (gap.a_end, gap.b_end)):
                    waiting.append((_Stretch(a, at_a, b, at_b), depth + 1))
                    a, b = at_a, at_b
            else:
                self.is_complete = False
        return sorted(found, key=lambda match: match.a)

    def _trimmed(self, gap: _Stretch) -> tuple[_Stretch, _Stretch, _Stretch]:
        """What is the same at the beginning, what is left to compare, and what is the same at the end."""
        a, b, a_end, b_end = gap.a, gap.b, gap.a_end, gap.b_end
        while a < a_end and b < b_end and self._a[a] == self._b[b]:
            a, b = a + 1, b + 1
        while a < a_end and b < b_end and self._a[a_end - 1] == self._b[b_end - 1]:
            a_end, b_end = a_end - 1, b_end - 1
        return (
            _Stretch(gap.a, a, gap.b, b),
            _Stretch(a, a_end, b, b_end),
            _Stretch(a_end, gap.a_end, b_end, gap.b_end),
        )

    def _can_be_compared(self, gap: _Stretch) -> bool:
        """Whether what is left of the work is enough for it; if so, it is taken."""
        if gap.words > MOST_AT_ONCE:
            return False
        count = Counter(self._a[gap.a : gap.a_end])
        pairs = sum(count[word] for word in self._b[gap.b : gap.b_end])
        work = (pairs + gap.words) * ROUNDS_OF_A_PAIR
        if work > self._work:
            return False
        self._work -= work
        return True

    def _compared(self, gap: _Stretch) -> Iterator[_Stretch]:
        from difflib import SequenceMatcher

        matcher = SequenceMatcher(None, self._a[gap.a : gap.a_end], self._b[gap.b : gap.b_end], autojunk=False)
        for match in matcher.get_matching_blocks():
            if match.size:
                a, b = gap.a + match.a, gap.b + match.b
                yield _Stretch(a, a + match.size, b, b + match.size)

    def _anchors(self, gap: _Stretch) -> list[tuple[int, int]]:
        """Places of words that occur once on both sides: the most of them that stand in the same order."""
        places_a, places_b = _only_places(self._a, gap.a, gap.a_end), _only_places(self._b, gap.b, gap.b_end)
        pairs = [(place, places_b[word]) for word, place in places_a.items() if word in places_b]
        ends: list[int] = []
        last: list[int] = []
        before = [-1] * len(pairs)
        for index, (_, at_b) in enumerate(pairs):
            rank = bisect_left(ends, at_b)
            before[index] = last[rank - 1] if rank else -1
            if rank == len(ends):
                ends.append(at_b)
                last.append(index)
            else:
                ends[rank], last[rank] = at_b, index
        chosen: list[tuple[int, int]] = []
        index = last[-1] if last else -1
        while index >= 0:
            chosen.append(pairs[index])
            index = before[index]
        return chosen[::-1]


def _only_places(words: Sequence[str], start: int, end: int) -> dict[str, int]:
    """Where each word stands that occurs there once, in the order of the text."""
    count = Counter(words[start:end])
    return {words[at]: at for at in range(start, end) if count[words[at]] == 1}


def _readable(alike: Sequence[_Stretch], words_a: int, words_b: int) -> list[_Stretch]:
    """The stretches joined where they touch, without those that are short and lie between larger changes."""
    joined: list[_Stretch] = []
    for match in alike:
        if joined and (joined[-1].a_end, joined[-1].b_end) == (match.a, match.b):
            joined[-1] = _Stretch(joined[-1].a, match.a_end, joined[-1].b, match.b_end)
        else:
            joined.append(match)
    kept: list[_Stretch] = []
    for index, match in enumerate(joined):
        after = joined[index + 1] if index + 1 < len(joined) else _Stretch(words_a, words_a, words_b, words_b)
        a, b = (kept[-1].a_end, kept[-1].b_end) if kept else (0, 0)
        changed_before = max(match.a - a, match.b - b)
        changed_after = max(after.a - match.a_end, after.b - match.b_end)
        if match.words > SHORT_WORDS or match.words > min(changed_before, changed_after):
            kept.append(match)
    return kept
