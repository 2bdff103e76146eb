"""Credentials in whatever spelling and in whatever pieces a server repeats them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from thinkdial.engine.exchange.intake import Saying
from thinkdial.engine.exchange.redaction import MARK, Redactor
from thinkdial.engine.exchange.secrets import NOTHING_SECRET, Secrets
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import (
    AnswerDelta,
    AnswerWasReasoning,
    Complete,
    Delta,
    Finish,
    Notice,
    ReasoningDelta,
    Served,
)
from thinkdial.providers.untrusted import MOST_NAME, MOST_WORDS

from ...cases import each
from ...growth import LINEAR, growth

KEYS = ("sk-secret-0123456789", "uu\\u/8u=0\"é'x+y", "AIza/b+c==d\\e", "schlüssel-😀-0123")


def _numbered(text: str) -> str:
    pairs = text.encode("utf-16-be")
    return "".join(f"\\u{pairs[at : at + 2].hex()}" for at in range(0, len(pairs), 2))


def spellings(key: str) -> Iterator[str]:
    """As JSON may write it, once and within itself."""
    yield key
    yield json.dumps(key)[1:-1]
    yield json.dumps(key)[1:-1].replace("/", "\\/")
    yield _numbered(key)
    yield _numbered(key).upper().replace("\\U", "\\u")
    yield key[:5] + _numbered(key[5:9]) + key[9:]
    yield "".join(_numbered(c) if at % 2 else c for at, c in enumerate(key) if c not in '"\\') if key.isalnum() else key
    yield json.dumps(json.dumps(key))[3:-3]
    yield json.dumps(_numbered(key))[1:-1]


@each("key", KEYS)
@each("size", [1, 2, 3, 5, 11, 1000])
def test_every_spelling_goes_in_whatever_pieces_it_comes(key: str, size: int) -> None:
    for spelled in spellings(key):
        data = f'{{"error": "no \\n {spelled}, really; {spelled[:7]}"}}'.encode()
        redactor = Redactor([key.encode()])
        given = b"".join(redactor.feed(data[at : at + size]) for at in range(0, len(data), size)) + redactor.close()
        assert given == data.replace(spelled.encode(), MARK.encode()), spelled
        assert redactor.found


@each("key", KEYS, every=4)
def test_what_only_begins_like_a_secret_comes_out_whole(key: str) -> None:
    for spelled in spellings(key):
        for cut in range(len(spelled)):
            data = f"words {spelled[:cut]}".encode()
            redactor = Redactor([key.encode()])
            assert b"".join(redactor.feed(data[at : at + 1]) for at in range(len(data))) + redactor.close() == data


def test_other_escapes_hold_nothing_back() -> None:
    redactor = Redactor([KEYS[0].encode()])
    for data in (b'{"a": "\\u003cb\\u003e"}\n\n', b"say \\n\\n", b"so \\u00e4s\\u003c", b"sk\\u003d"):
        assert redactor.feed(data) == data


@pytest.mark.slow
@each("piece", [b"s", b"\\", b"\\u0073", b"sk-secret-", b"\\u0073\\u006b-", b"\\\\\\\\s", b"sk\\u00"])
def test_the_time_grows_with_the_bytes(piece: bytes) -> None:
    secret = KEYS[0].encode()
    assert growth(lambda n: Redactor([secret]).whole(piece * n), 10_000) < LINEAR

    def in_pieces(n: int) -> None:
        redactor = Redactor([secret])
        for _ in range(n):
            redactor.feed(piece)

    assert growth(in_pieces, 1_000) < LINEAR


def heard(saying: Saying, *deltas: Delta) -> list[Delta]:
    return [*saying.feed(deltas), *saying.close()]


def text_of(deltas: list[Delta], kind: type[AnswerDelta] | type[ReasoningDelta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, kind))


@pytest.mark.parametrize("size", [1, 2, 7, 30])
def test_a_secret_that_is_split_over_deltas_stays_out_of_both_texts(size: int) -> None:
    text = f"it is {KEYS[0]}, and s"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    saying = Saying(Secrets(KEYS))
    mixed = [delta for piece in pieces for delta in (ReasoningDelta(piece), AnswerDelta(piece))]
    found = heard(saying, *mixed, Finish("stop", "stop"), Complete())
    assert text_of(found, AnswerDelta) == text_of(found, ReasoningDelta) == f"it is {MARK}, and s"
    assert [type(delta) for delta in found[-2:]] == [Finish, Complete]
    assert saying.found_secret


def test_an_ordinary_text_flows_and_is_the_same_object() -> None:
    saying, delta = Saying(Secrets(KEYS)), AnswerDelta("plain words.")
    assert saying.feed([delta])[0] is delta and not saying.found_secret
    assert saying.feed([AnswerDelta("ends with s")]) == [AnswerDelta("ends with ")]
    assert saying.feed([AnswerDelta("o", "2")]) == [AnswerDelta("s"), AnswerDelta("o", "2")]
    assert saying.feed([AnswerWasReasoning()]) == [AnswerWasReasoning()]
    assert Saying(NOTHING_SECRET).feed([AnswerDelta(KEYS[0])]) == [AnswerDelta(KEYS[0])]


def test_names_and_messages_are_clean_and_no_longer_than_a_person_reads() -> None:
    key = KEYS[0]
    saying = Saying(Secrets(KEYS))
    found = saying.feed(
        [
            Failure("auth", f"{key} {'x' * 300_000}", 401, param=f"{key}{'y' * 9000}"),
            Notice("refusal", f"{_numbered(key)} {'z' * 300_000}"),
            Served(model=f"m {key}", response_id="i" * 5000),
            Finish("unknown", f"{key}{'f' * 9000}"),
        ]
    )
    assert key not in repr(found) and "u0073" not in repr(found)
    failed, notice, served, finish = found
    assert isinstance(failed, Failure) and len(failed.message) == MOST_WORDS and failed.param is not None
    assert isinstance(notice, Notice) and len(notice.message) == MOST_WORDS
    assert isinstance(served, Served) and served.model == f"m {MARK}" and len(served.response_id or "") == MOST_NAME
    assert isinstance(finish, Finish) and len(finish.raw or "") == MOST_NAME == len(failed.param)


def test_a_text_that_was_put_together_later_is_clean_too() -> None:
    from thinkdial.providers.fold import Fold

    fold = Fold()
    for delta in (ReasoningDelta(KEYS[0][:9]), AnswerDelta(KEYS[0][9:]), AnswerWasReasoning(), Complete()):
        fold.add(delta)
    reply = fold.reply()
    assert reply.reasoning == KEYS[0]
    assert Secrets(KEYS).out_of_reply(reply).reasoning == MARK
    assert NOTHING_SECRET.out_of_reply(reply) is reply


def test_headers_are_clean_and_bounded() -> None:
    headers = Secrets(KEYS).out_of_headers({"location": f"/?k={KEYS[0]}", "x": "v" * 99_999, "date": "now"})
    assert headers["location"] == f"/?k={MARK}" and len(headers["x"]) == MOST_WORDS and headers["date"] == "now"


@pytest.mark.parametrize("key", KEYS)
def test_a_long_text_is_cleaned_piece_by_piece_as_its_bytes_are(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: list[tuple[int, str]] = []
    for spelled in spellings(key):
        told = f"é no {spelled}, really; {spelled[:7]}"
        for size in range(1, len(told) + 1):
            monkeypatch.setattr("thinkdial.engine.exchange.redaction.LONGEST_PIECE", size)
            for cut in (0, len(told) // 2):
                redactor = Redactor([key.encode()])
                given = redactor.text(told[:cut]) + redactor.text(told[cut:]) + redactor.close().decode()
                if given != told.replace(spelled, MARK):
                    wrong.append((size, given))
    assert not wrong


def test_a_text_without_a_secret_is_the_same_object_whatever_its_end_was_taken_for() -> None:
    redactor = Redactor([b"sk-secret-0123456789"])
    plain = "a\\b sk-nothing " * 3
    assert redactor.text(plain) is plain
    assert (redactor.text("so sk-se"), redactor.text("e"), redactor.close()) == ("so ", "sk-see", b"")
