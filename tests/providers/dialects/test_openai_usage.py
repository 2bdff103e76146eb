"""Token counts in OpenAI's shape, whose hosts disagree about where reasoning is counted; and OpenAI's errors."""

from __future__ import annotations

from typing import Any

import pytest

from thinkdial.providers.dialects.openai_usage import read_openai_error, read_usage
from thinkdial.providers.errors import ErrorKind
from thinkdial.providers.schema import Notice, Usage, UsageReport

from ...cases import each


def read(usage: dict[str, Any], *, outside: bool = False) -> tuple[Usage, list[str]]:
    deltas = list(read_usage(usage, reasoning_outside=outside))
    codes = [delta.code for delta in deltas if isinstance(delta, Notice)]
    return next(delta.usage for delta in deltas if isinstance(delta, UsageReport)), codes


def chat(prompt: int, completion: int, reasoning: int | None = None, total: int | None = None) -> dict[str, Any]:
    usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion}
    if reasoning is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return usage if total is None else usage | {"total_tokens": total}


@pytest.mark.parametrize("spelling", ["responses", "chat"])
def test_both_spellings_read_the_same(spelling: str) -> None:
    side = ("input", "output") if spelling == "responses" else ("prompt", "completion")
    usage, notices = read(
        {
            f"{side[0]}_tokens": 100,
            f"{side[0]}_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 20},
            f"{side[1]}_tokens": 50,
            f"{side[1]}_tokens_details": {"reasoning_tokens": 40},
            "total_tokens": 150,
        }
    )
    assert usage == Usage(100, 60, 20, 50, 40, 150)
    assert notices == []


@pytest.mark.parametrize(
    ("usage", "outside", "output", "total", "notices"),
    [
        pytest.param(chat(5, 50, 40, 55), False, 50, 55, [], id="inside, by the total"),
        pytest.param(chat(5, 10, 40, 55), False, 50, 55, [], id="beside, by the total (xAI chat)"),
        pytest.param(chat(197, 111, 110, 308), True, 111, 308, [], id="inside by the total, whatever the convention"),
        pytest.param(chat(197, 1, 146, 344), False, 147, 344, [], id="a single visible token"),
        pytest.param(chat(5, 50, 40), False, 50, 55, [], id="no total: inside by convention"),
        pytest.param(chat(5, 50, 40), True, 90, 95, [], id="no total: beside by convention"),
        pytest.param(chat(5, 10, 40), False, 50, 55, ["usage_reconciled"], id="no total: it cannot be inside"),
        pytest.param(chat(5, 10, 11, 15), False, 10, 15, [], id="larger by rounding"),
        pytest.param(chat(5, 50, None, 195), False, 190, 195, ["usage_reconciled"], id="hidden in the total"),
        pytest.param(chat(5, 50, 0, 195), False, 190, 195, ["usage_reconciled"], id="zero, and hidden in the total"),
        pytest.param(chat(5, 50, 40, 70), False, 50, 55, ["usage_unreconciled"], id="a total that fits nothing"),
        pytest.param(chat(5, 50, None, 20), False, 50, 55, ["usage_unreconciled"], id="a total below the sum"),
        pytest.param(chat(5, 0, 0, 5), False, 0, 5, [], id="zero is zero"),
    ],
)  # fmt: skip
def test_output_includes_reasoning_whatever_the_host_counts(
    usage: dict[str, Any], outside: bool, output: int, total: int, notices: list[str]
) -> None:
    read_back, told = read(usage, outside=outside)
    assert (read_back.output_tokens, read_back.total_tokens, told) == (output, total, notices)


@each(
    "usage",
    [
        {"prompt_tokens_details": {"cached_tokens": 60}},
        {"prompt_token_details": {"cached_tokens": 60}},
        {"input_tokens_details": {"cache_read_input_tokens": 60}},
        {"cached_tokens": 60},
        {"prompt_cache_hit_tokens": 60, "prompt_cache_miss_tokens": 40},
        {"num_cached_tokens": 60, "prompt_tokens_details": {"cached_tokens": None}},
    ],
)
def test_cached_tokens_are_found_in_every_place_and_are_inside_the_input(usage: dict[str, Any]) -> None:
    read_back, _ = read({"prompt_tokens": 100, "completion_tokens": 1} | usage)
    assert (read_back.input_tokens, read_back.cached_input_tokens) == (100, 60)


def test_cached_tokens_that_exceed_the_input_were_counted_beside_it() -> None:
    usage, notices = read(
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 90},
            "total_tokens": 105,
        }
    )
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens) == (100, 90, 5)
    assert notices == ["usage_reconciled"]


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens_details": {"cache_creation_input_tokens": 4}},
        {"prompt_tokens_details": {"cache_creation_tokens": 4, "cached_tokens": 3}, "cache_creation_input_tokens": 4},
        {"cache_creation_input_tokens": 4, "cache_read_input_tokens": 3},
        {"input_tokens_details": {"cache_write_tokens": 4}},
    ],
)
def test_cache_writes_are_found_in_every_place_and_are_inside_the_input(usage: dict[str, Any]) -> None:
    read_back, notices = read({"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10} | usage)
    assert (read_back.input_tokens, read_back.cache_write_tokens, notices) == (9, 4, [])
    assert read_back.cached_input_tokens in (None, 3)


@pytest.mark.parametrize(
    "details",
    [
        {"cache_write_tokens_details": {"ttl_30m_tokens": 1, "ttl_12h_tokens": 3}},
        {"cache_creation_token_details": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 3}},
    ],
)
def test_cache_writes_that_are_kept_long_are_told_apart(details: dict[str, Any]) -> None:
    told = read_usage({"prompt_tokens": 9, "prompt_tokens_details": {"cache_write_tokens": 4} | details})
    assert [one.cache_write_1h_tokens for one in told if isinstance(one, UsageReport)] == [3]


def test_reasoning_tokens_may_be_at_the_top() -> None:
    assert read(chat(5, 50) | {"reasoning_tokens": 40})[0].reasoning_tokens == 40


def test_what_is_not_reported_is_unknown_and_never_zero() -> None:
    assert read({"prompt_tokens": 5})[0] == Usage(input_tokens=5)
    assert read({"total_tokens": 9})[0] == Usage(total_tokens=9)
    assert list(read_usage({})) == []


@each("junk", [None, "x", -1, 1.5, True, [], {}, {"cached_tokens": "x"}, 10**30])
def test_junk_counts_are_not_reported(junk: Any) -> None:
    usage, _ = read(
        {
            "prompt_tokens": junk,
            "completion_tokens": junk,
            "total_tokens": junk,
            "prompt_tokens_details": junk,
            "completion_tokens_details": junk,
        }
    )
    assert usage == Usage()


@each(
    ("status", "document", "kind"),
    [
        (400, {"error": {"message": "m", "type": "invalid_request_error"}}, "invalid_request"),
        (400, {"error": {"message": "m", "code": "context_length_exceeded"}}, "context_length"),
        (400, {"error": {"message": "maximum context length is 8", "type": "invalid_request_error"}}, "context_length"),
        (400, {"error": {"message": "m", "type": "exceed_context_size_error"}}, "context_length"),
        (400, {"code": "invalid-argument", "error": "Incorrect API key provided: sk"}, "auth"),
        (401, {"error": {"message": "m", "type": "invalid_request_error", "code": "invalid_api_key"}}, "auth"),
        (401, {"error": {"message": "m", "type": "invalid_request_error", "code": None}}, "auth"),
        (403, {"error": {"message": "m", "type": "invalid_request_error"}}, "permission"),
        (404, {"error": {"message": "m", "code": "model_not_found"}}, "not_found"),
        (404, {"detail": "Not Found"}, "not_found"),
        (422, {"detail": [{"loc": ["body", "n"], "msg": "m"}]}, "invalid_request"),
        (429, {"error": {"message": "m", "code": "rate_limit_exceeded"}}, "rate_limit"),
        (429, {"error": {"message": "m", "type": "invalid_request_error"}}, "rate_limit"),
        (429, {"error": {"message": "m", "type": "too_many_requests"}}, "rate_limit"),
        (429, {}, "rate_limit"),
        (500, {"error": {"message": "m", "type": "server_error"}}, "server"),
        (500, {"error": {"message": "m", "type": "invalid_request_error"}}, "server"),
        (503, {"error": {"code": "server_is_overloaded", "type": "service_unavailable_error"}}, "overloaded"),
        (503, {"error": {"message": "loading", "type": "unavailable_error", "code": 503}}, "overloaded"),
        (None, {"error": {"message": "m", "code": 429}}, "rate_limit"),
        (None, {"error": {"message": "m", "code": "502"}}, "server"),
        (None, {"error": {}, "status_code": 401}, "auth"),
        (None, {"object": "error", "message": "m", "code": "3051", "raw_status_code": 400}, "invalid_request"),
        (None, {"error": {"message": "m", "code": 7}}, "server"),
        (None, {"error": {"message": "m", "code": "invalid_prompt"}}, "invalid_request"),
        (None, {"error": "text"}, "server"),
        (None, None, "server"),
    ],
)
def test_code_then_type_then_status_decide(status: int | None, document: Any, kind: ErrorKind) -> None:
    assert read_openai_error(status, {}, document).kind == kind


@each(
    "code",
    [
        "insufficient_quota",
        "billing_hard_limit_reached",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    ],
)
def test_the_six_quota_codes_never_recover_although_they_are_429(code: str) -> None:
    read_back = read_openai_error(429, {"retry-after": "1"}, {"error": {"message": "m", "code": code}})
    assert (read_back.kind, read_back.retryable) == ("quota", False)
    by_type = read_openai_error(429, {}, {"error": {"message": "m", "code": "new", "type": "insufficient_quota"}})
    assert by_type.kind == "quota"


def test_the_refused_field_is_named() -> None:
    error = {"message": "m", "type": "invalid_request_error", "param": "reasoning.summary"}
    assert read_openai_error(400, {}, {"error": error}).param == "reasoning.summary"
