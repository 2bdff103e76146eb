"""Whatever a server says, and however much of it: the time to read it grows with its size, and its words are cut."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from thinkdial.engine.exchange.lessons.levels import legal_levels
from thinkdial.engine.exchange.raw_response import RawResponse, reply_of
from thinkdial.engine.exchange.reader import ResponseReader
from thinkdial.engine.exchange.secrets import Secrets
from thinkdial.profiles import facts
from thinkdial.providers.dialect import failure
from thinkdial.providers.errors import Failure, did_you_mean
from thinkdial.providers.fold import MOST_NOTICES, Fold
from thinkdial.providers.refusals.rate_headers import readings, seconds_until
from thinkdial.providers.refusals.waits import retry_delay_s
from thinkdial.providers.registry import NAMES, dialect
from thinkdial.providers.schema import Notice
from thinkdial.providers.untrusted import MOST_WORDS, csv_cell, harmless, harmless_json, one_line

from ...growth import LINEAR, growth
from .recordings import CONTRACT, kind_of

pytestmark = pytest.mark.slow  # each text is read at two sizes

EVENTS: dict[str, list[tuple[str, Any]]] = {name: CONTRACT["events_of"](name) for name in NAMES}
FRAME = CONTRACT["frame"]
SECRETS = Secrets(("sk-0123456789",))

WORDS = (
    "input token count ", "bearer token ", "security token", "model ", "context ", "1", "1h", "reasoning one of ",
    "supported values are ", "accepts ", " ", "\n", "<", "\\", "(", "Please retry in ", "limit ",
)  # fmt: skip
PIECES = (" ", "\n", "<", "</", "<think>", "</think>", "`</think>`", "<|channel|>", "\\u0073", "s", "\ud83d", "x" * 40)


def with_texts(value: Any, words: str) -> Any:
    """`value` with every longer text in it replaced: the pieces of an answer, names, ids."""
    if isinstance(value, dict):
        return {key: inner if key == "type" else with_texts(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_texts(inner, words) for inner in value]
    return words if isinstance(value, str) and value not in ("assistant", "stop", "model") else value


def read(name: str, body: bytes) -> None:
    reader, fold = ResponseReader(200, kind_of(name), {}, name, {}, secrets=SECRETS), Fold()
    for at in range(0, len(body), 1500):
        for delta in reader.feed(body[at : at + 1500]):
            fold.add(delta)
    for delta in reader.close():
        fold.add(delta)
    fold.reply()


@pytest.mark.parametrize("name", NAMES)
def test_an_event_that_comes_again_and_again(name: str) -> None:
    for at, (event, document) in enumerate(EVENTS[name]):
        before = b"".join(FRAME(name, *earlier) for earlier in EVENTS[name][:at])
        again = FRAME(name, event, document)
        assert growth(lambda n, before=before, again=again: read(name, before + again * n), 300) < LINEAR, (at, event)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("name", NAMES)
def test_a_text_that_comes_again_and_again(name: str, piece: str) -> None:
    for at, (event, document) in enumerate(EVENTS[name]):
        changed = with_texts(document, piece)
        if changed == document:
            continue
        before = b"".join(FRAME(name, *earlier) for earlier in EVENTS[name][:at])
        again = FRAME(name, event, changed if isinstance(changed, dict) else json.dumps(changed))
        assert growth(lambda n, before=before, again=again: read(name, before + again * n), 150) < LINEAR, (at, event)


def documents(words: str) -> Iterator[Any]:
    yield {"error": {"message": words, "code": words, "type": words, "param": words, "status": words}}
    yield {"error": words}
    yield {"message": words, "__type": words, "code": words}
    yield {"detail": [{"msg": words}, {"msg": words}]}
    yield {"type": "error", "error": {"type": "invalid_request_error", "message": words}}


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("name", NAMES)
def test_an_error_of_any_length(name: str, words: str) -> None:
    def refused(n: int) -> None:
        for status in (400, 403, 429):
            for document in documents(words * n):
                failed = dialect(name).read_error(status, {}, document)
                legal_levels(failed)
                assert len(failed.message) <= MOST_WORDS

    assert growth(refused, 5_000) < LINEAR


@pytest.mark.parametrize("status", [200, 400, 429, 500])
@pytest.mark.parametrize("name", NAMES)
def test_a_megabyte_of_error_becomes_a_few_words(name: str, status: int) -> None:
    for document in documents("token " * 200_000):
        for body in (json.dumps(document).encode(), b"data: " + json.dumps(document).encode() + b"\n\n"):
            reply = reply_of(RawResponse(status, kind_of(name), True, body), name, {}, False)
            failed = reply.failure
            assert failed is not None
            assert len(failed.message) <= MOST_WORDS and len(failed.param or "") <= 200
            assert len(reply.finish_raw or "") <= 200 and all(len(one.message) <= MOST_WORDS for one in reply.notices)


def test_notices_are_bounded_and_take_time_by_their_number() -> None:
    def add(n: int) -> Fold:
        fold = Fold()
        for number in range(n):
            fold.add(Notice("code", f"cause {number}"))
            fold.add(Notice("code", "the same"))
        return fold

    assert growth(add, 3000) < LINEAR
    notices = add(3000).reply().notices
    assert len(notices) == MOST_NOTICES + 1 and notices[-1].code == "more_warnings"
    assert notices[:2] == [Notice("code", "cause 0"), Notice("code", "the same")]
    assert len(add(MOST_NOTICES - 1).reply().notices) == MOST_NOTICES


@pytest.mark.parametrize("text", ["1", "1.", "1h", "1m1", "9e", ":", "Mon, ", "2026-", "00:00 ", "("])
def test_headers_of_any_length(text: str) -> None:
    def look(n: int) -> None:
        names = ("retry-after", "retry-after-ms", "date", "x-ratelimit-limit-requests", "x-ratelimit-reset-requests")
        headers = SECRETS.out_of_headers(dict.fromkeys(names, text * n))
        seconds_until(text * n, text * n)
        readings(headers)
        retry_delay_s(headers)

    assert growth(look, 20_000) < LINEAR


@pytest.mark.parametrize("show", [harmless, harmless_json, one_line, csv_cell, lambda text: one_line(text, 80)])
@pytest.mark.parametrize("text", [" ", "\u200b", "\x1b[", "\u200d", "=", "\t", "é\u200d", "\U000e0041"])
def test_what_is_shown_of_any_length(show: Any, text: str) -> None:
    assert growth(lambda n: show(text * n), 20_000) < LINEAR


def test_a_word_of_any_length_is_compared_with_others() -> None:
    assert growth(lambda n: did_you_mean("ab" * n, ["abc" * 30, "ba" * 40]), 20_000) < LINEAR
    assert isinstance(failure("server", "x" * 10**6), Failure)


def test_the_names_of_models_are_matched_in_time_by_their_length() -> None:
    files = {file for name in facts.provider_names() for file in facts.shipped_provider(name).models}
    patterns = {card.match for file in files for card in facts.cards(file)}
    assert len(patterns) > 50
    for pattern in patterns:
        for piece in ("-", "1", "a", pattern.partition("[")[0].replace("\\", "")[:12] or "x", "-20"):
            assert growth(lambda n, p=pattern, text=piece: re.fullmatch(p, text * n), 3000) < LINEAR, pattern
