"""Kinds of failure, waiting times, and the words of error bodies."""

from __future__ import annotations

from typing import Any

import pytest

from thinkdial.providers.dialect import document_of, error_message, failure
from thinkdial.providers.errors import RETRYABLE_KINDS, ErrorKind, did_you_mean, kind_for_status
from thinkdial.providers.framing.sse import Event
from thinkdial.providers.refusals.sizes import is_long_prompt
from thinkdial.providers.refusals.waits import retry_delay_s

from ..cases import each

NO_MESSAGE = "the provider sent an error without a message"


@each(
    ("status", "kind"),
    [
        (400, "invalid_request"),
        (401, "auth"),
        (402, "quota"),
        (403, "permission"),
        (404, "not_found"),
        (408, "timeout"),
        (409, "server"),
        (413, "invalid_request"),
        (422, "invalid_request"),
        (429, "rate_limit"),
        (500, "server"),
        (502, "server"),
        (503, "overloaded"),
        (504, "timeout"),
        (529, "overloaded"),
    ],
)
def test_a_status_stands_for_a_kind(status: int, kind: ErrorKind) -> None:
    assert kind_for_status(status) == kind


@each("kind", ["auth", "permission", "not_found", "invalid_request", "context_length", "quota"])
def test_what_asking_again_cannot_cure_is_not_retryable(kind: ErrorKind) -> None:
    assert not failure(kind, "m").retryable


@pytest.mark.parametrize("kind", sorted(RETRYABLE_KINDS))
def test_what_may_pass_is_retryable(kind: ErrorKind) -> None:
    assert failure(kind, "m").retryable


@each(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 09:00:00 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 -0000", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "2026-11-21T10:00:30Z", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "1795255230", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"retry-after": "2.5s"}, 2.5),
        ({"retry-after": "1m30s"}, 90.0),
        ({"retry-after": "7, 7"}, 7.0),
        ({"retry-after": "Sat, 21 Nov 99999999999999999999 10:00:30 GMT", "date": "x"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "inf"}, 1e9),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "9" * 400}, 1e9),
        ({"retry-after": "31536000"}, 31536000.0),
        ({"retry-after": "3000000000000000"}, 1e9),
        ({"retry-after": "1" * 60_000 + "x"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "tomorrow"}, None),
    ],
)
def test_the_delay_is_read_as_seconds_or_as_a_date_against_the_response_itself(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_delay_s(headers) == seconds


@each(
    ("document", "message"),
    [
        ({"error": {"message": "m"}}, "m"),
        ({"error": "m"}, "m"),
        ({"code": "invalid-argument", "error": "m"}, "m"),
        ({"message": "m"}, "m"),
        ({"detail": "m"}, "m"),
        ({"detail": [{"loc": ["body"], "msg": "a"}, {"msg": "b"}]}, "a; b"),
        ({"message": {"detail": [{"msg": "a"}]}}, "a"),
        ({"error": {"detail": "m"}}, "m"),
        ({"error": {"message": "m", "metadata": {"raw": '{"error": {"message": "why"}}'}}}, "m: why"),
        ({"error": {"message": "m", "metadata": {"raw": {"message": "why"}}}}, "m: why"),
        ({"error": {"message": "m", "metadata": {"raw": " why "}}}, "m: why"),
        ({"error": {"message": "m", "metadata": {"raw": "m"}}}, "m"),
        ({"error": {"message": "m", "metadata": {"raw": 5}}}, "m"),
        ({"error": {}}, NO_MESSAGE),
        ({"error": {"message": ""}}, NO_MESSAGE),
        ({"error": {"message": 5}, "detail": [5, {"msg": None}]}, NO_MESSAGE),
        ({}, NO_MESSAGE),
        (None, NO_MESSAGE),
        ([{"error": 1}], NO_MESSAGE),
    ],
)
def test_the_words_are_found_in_every_shape_of_error(document: Any, message: str) -> None:
    assert error_message(document) == message


@each(
    "message",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "This model's maximum context length is 8192 tokens.",
        "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
        "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
        "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
        "request (9000 tokens) exceeds the available context size, exceed_context_size_error",
    ],
)
def test_a_long_prompt_is_known_by_its_words(message: str) -> None:
    assert is_long_prompt(message)


@pytest.mark.parametrize("message", ["max_tokens is too large", "budget_tokens must be below max_tokens", ""])
def test_other_complaints_about_tokens_are_no_long_prompt(message: str) -> None:
    assert not is_long_prompt(message)


@pytest.mark.parametrize("data", [b"", b" \n", b"[DONE]", b" [DONE] "])
def test_events_without_a_document_have_none(data: bytes) -> None:
    assert document_of(Event("", data)) is None


def test_a_document_cut_short_by_the_end_of_the_body_is_none_and_a_broken_one_is_an_error() -> None:
    assert document_of(Event("", b'{"a": ', whole=False)) is None
    with pytest.raises(ValueError):
        document_of(Event("", b'{"a": '))


@pytest.mark.parametrize(("word", "said"), [("hihg", " (did you mean high?)"), ("banana", "")])
def test_did_you_mean_names_only_what_is_near(word: str, said: str) -> None:
    assert did_you_mean(word, ("high", "low")) == said
