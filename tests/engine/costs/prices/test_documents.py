"""Amounts and headers as they are shown: exact, without exponents, without credentials."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from thinkdial.engine.costs.forecast import forecast
from thinkdial.engine.exchange.secrets import masked_headers
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.results.documents import dollars_text
from thinkdial.engine.runs.plan_documents import plan_document
from thinkdial.engine.runs.plans import PlannedCall
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import parse_think

from ....cases import each


@each(
    "amount, shown",
    [
        ("0.00706", "0.007060"), ("0", "0.000000"), ("0E-10", "0.000000"), ("1", "1.000000"), ("12.5", "12.500000"),
        ("0.0000001", "0.0000001"), ("1E-13", "0.0000000000001"), ("1E+3", "1000.000000"),
        ("0.12345678900", "0.123456789"),
        ("123456789.123456789", "123456789.123456789"), ("0.10000000", "0.100000"),
    ],
)  # fmt: skip
def test_dollars_are_exact_and_without_exponent(amount: str, shown: str) -> None:
    assert dollars_text(Decimal(amount)) == shown
    assert Decimal(dollars_text(Decimal(amount))) == Decimal(amount)


def prepared(provider: str = "anthropic", model: str = "claude-opus-5-5", **headers: str) -> Prepared:
    config = load_builtin()
    target = resolve(Profile("test", provider, model, headers=headers), config)
    return prepare(target, parse_think("high"), Prompt("hi"), config.reference)


def test_headers_that_may_hold_a_credential_are_masked() -> None:
    sent = {
        "X-Team": "red", "Authorization": "Bearer s1", "X-Auth": "s2", "X-Api-Key": "s3", "My-Token": "s4",
        "Cookie": "s5", "X-Secret-Sauce": "s6", "X-Password": "s7", "X-Passphrase": "s8", "X-Session-Id": "s9",
        "X-Signature": "s10", "X-Credential": "s11", "Ocp-Apim-Subscription-Key": "s12",
    }  # fmt: skip
    shown = masked_headers(prepared(**sent), "ANTHROPIC_API_KEY")
    assert shown["x-team"] == "red" and shown["anthropic-version"] == "2023-06-01"
    assert {name for name, value in shown.items() if value == "***"} == {name.lower() for name in sent} - {"x-team"}


@pytest.mark.parametrize(
    "provider, model, header, value",
    [
        ("anthropic", "claude-opus-5-5", "x-api-key", "***"),
        ("openai", "gpt-6-sol", "authorization", "Bearer ***"),
        ("google", "gemini-2.5-pro", "x-goog-api-key", "***"),
    ],
)
def test_the_header_of_the_key_is_shown_without_it(provider: str, model: str, header: str, value: str) -> None:
    assert masked_headers(prepared(provider, model), "MY_KEY")[header] == value
    assert header not in masked_headers(prepared(provider, model), None)


def test_the_header_that_a_route_authenticates_with_is_masked_whatever_its_name() -> None:
    call = prepared(**{"X-House": "s1"})
    provider = replace(call.target.provider, auth_header="x-house", auth_scheme="House ")
    assert masked_headers(replace(call, target=replace(call.target, provider=provider)), None)["x-house"] == "***"
    use = replace(call.target.use, auth_header="X-Route", auth_scheme="")
    shown = masked_headers(replace(call, target=replace(call.target, use=use)), "KEY")
    assert shown["x-route"] == "***" and "x-api-key" not in shown


def test_a_plan_document_is_plain_json_with_exact_amounts() -> None:
    call = prepared()
    document = plan_document(
        [PlannedCall(call, forecast(call, Prompt("hi"), datetime(2026, 11, 21, tzinfo=UTC)), "MY_KEY")]
    )
    (entry,) = json.loads(json.dumps(document))["plans"]
    assert document["schema"] == "thinkdial.plan/1"
    assert entry["think"] == {
        "requested": "high",
        "native": {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}},
        "fidelity": "exact",
        "note": None,
    }
    made = entry["forecast"]
    # USD 4 a million in, 20 out: 9 to 15 tokens in, 11 expected; 128,000 out at most.
    low, expected, high = (made[f"{end}_output_tokens"] for end in ("low", "expected", "high"))
    assert 50 < low < expected < high < 5000
    amounts = [
        f"{Decimal(4 * entered + 20 * out) / 10**6:.6f}" for entered, out in ((9, low), (11, expected), (15, high))
    ]
    assert [made["low_usd"], made["expected_usd"], made["likely_high_usd"]] == amounts
    assert made["high_usd"] == "2.560060"
    assert (made["input_tokens"], made["input_source"]) == (11, "estimated")
    assert (made["output_source"], made["output_runs"], made["output_answers"]) == ("reference", 0, 0)
    assert (made["output_limit_tokens"], made["price_source"]) == (128_000, "table") and made["method"]
    assert document["total"] == {
        "calls": 1,
        "low_usd": amounts[0],
        "low_unknown": 0,
        "expected_usd": amounts[1],
        "expected_unknown": 0,
        "likely_high_usd": amounts[2],
        "likely_high_unknown": 0,
        "high_usd": "2.560060",
        "high_unknown": 0,
    }
    assert json.loads(entry["request"]["body"])["max_tokens"] == 128_000
    assert entry["request"]["headers"]["x-api-key"] == "***" and entry["key"] == "MY_KEY"
