"""The shipped corrections as data, and a fetched table: used when it is sound, never in the way when it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest

from thinkdial.engine.costs.prices import library_table, price_table, pricing
from thinkdial.engine.costs.prices.price_card import price_card
from thinkdial.engine.costs.prices.quote import Quote, Unpriced, Wanted, known_terms, quote
from thinkdial.profiles import facts
from thinkdial.profiles.price_corrections import Correction, corrections, read_corrections
from thinkdial.profiles.yaml_file import read_yaml
from thinkdial.providers.errors import ConfigError

from ....cases import each
from ....sources import is_source

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 21, 2, tzinfo=UTC)
UNLISTED = ("labs-", "devstral", "v4.1", "astra-law", "gpt-6.2*")
"""Parts of patterns for names that the table does not list itself."""


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    price_table.forget()
    yield
    price_table.forget()


def entered(provider: str, model: str, at: datetime = AT, **terms: str) -> Decimal | None:
    found = quote(Wanted(provider, model, at, terms, 1000, 1000))
    return found.rates.input if isinstance(found, Quote) else None


# The corrections.


def test_every_correction_is_cited_dated_and_about_a_provider_of_the_table() -> None:
    from genai_prices.data_snapshot import get_snapshot

    shipped = corrections()
    known = {provider.id for provider in get_snapshot().providers} | {"qwen", "nvidia", "huggingface", "xiaomi"}
    assert date.fromisoformat(shipped.checked_on) and shipped.table.startswith("genai-prices ")
    for one in shipped.listed:
        assert all(map(is_source, one.sources)) and one.why
        assert date.fromisoformat(one.checked_on)
        assert {model.partition("/")[0] for model in one.models} <= known
        kinds = (
            one.like, one.listed_by, one.price, one.cached_input_factor, one.cache_write_1h_factor, one.terms,
            one.uplift, one.priced_at,
        )  # fmt: skip
        said = sum(bool(kind) or kind == time(0) for kind in kinds)
        assert said == 1 or (said == 0 and one.elsewhere), one.models
        assert bool(one.uplift) == bool(one.hosts or one.regions)
        assert bool(one.priced_at) == bool(one.days)


def test_every_correction_makes_a_difference_to_the_installed_table() -> None:
    """One that does not, because the table has caught up, is to be deleted."""

    def stays(one: Correction) -> bool:
        for pattern in one.models:
            provider, _, model = pattern.partition("/")
            found = price_table.table_for(provider)
            listed = found.price_list(provider)
            names = [listed.entry(number).id.lower() for number in range(len(listed.entries))] if listed else []
            tried = [name for name in names if fnmatchcase(f"{provider}/{name}", pattern)]
            tried += [f"accounts/fireworks/models/{name}" for name in names if provider == "fireworks"]
            tried += [model.replace("*", ""), model.replace("*:*", "openai/gpt-oss-120b:groq")]
            for name in tried:
                for terms in ({}, *known_terms(provider, name, AT)):
                    host = next(iter(one.hosts), "").replace("*", "x")
                    region = next(iter(one.regions), None)
                    offer = quote(Wanted(provider, name, SATURDAY, terms, 1000, 1000, host, region))
                    if isinstance(offer, Quote) and one in offer.used:
                        return True
        return False

    unused = [one.models for one in corrections().listed if not stays(one) and not (one.elsewhere or one.since)]
    assert [models for models in unused if not any(part in models[0] for part in UNLISTED)] == []


@each(
    "provider, model, price",
    [
        ("mistral", "labs-leanstral-1-5", "0"),
        ("mistral", "devstral-medium-2507", "0.4"),
        ("deepseek", "deepseek-v4.1-flash-1017", "0.15"),
        ("mistral", "zai-glm-latest", "1.4"),
        ("mistral", "mistral-vibe-cli-fast", "0.15"),
        ("openai", "gpt-6-astra-law", "10"),
        ("x-ai", "grok-code-fast-1", "1"),
        ("google", "claude-mythos-5", "10"),
    ],
)
def test_names_that_the_table_does_not_list(provider: str, model: str, price: str) -> None:
    assert entered(provider, model) == Decimal(price)


def test_a_redirect_holds_from_its_day_on() -> None:
    assert entered("x-ai", "grok-code-fast-1", datetime(2026, 5, 14, tzinfo=UTC)) == Decimal("0.2")
    assert entered("x-ai", "grok-code-fast-1", datetime(2026, 5, 15, tzinfo=UTC)) == 1


def test_what_the_table_does_not_list_has_the_price_of_a_source_that_is_named() -> None:
    for provider, model, price in [
        ("openai", "gpt-6.2-sol", "2"), ("openai", "gpt-6.2-astra-law", "8"), ("google", "gemini-4-neon", "3"),
        ("anthropic", "claude-mythos-preview", "10"), ("cohere", "command-a-reasoning-08-2025", "2.5"),
        ("aws", "us.openai.gpt-6.2-sol", "2.2"), ("aws", "eu.amazon.nova-2-lite-v1:0", "0.374"),
        ("huggingface", "openai/gpt-oss-120b:groq", "0.15"), ("openrouter", "google/gemma-4-31b-it:free", "0"),
    ]:  # fmt: skip
        found = quote(Wanted(provider, model, AT))
        assert isinstance(found, Quote) and found.rates.input == Decimal(price), model
        assert found.used and found.used[0].sources


def test_cached_input_has_its_discount_where_the_table_says_nothing() -> None:
    for provider, model, cached in [("mistral", "codestral-latest", "0.03"),
                                    ("mistral", "devstral-medium-latest", "0.04"),
                                    ("google", "gemini-3-pro-image", "0.2")]:  # fmt: skip
        found = quote(Wanted(provider, model, AT))
        assert isinstance(found, Quote) and found.rates.cached_input == Decimal(cached), model


def test_a_correction_gives_way_once_the_table_says_something_else(
    published: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert entered("mistral", "mistral-large-latest") == Decimal("0.5")
    keep(published, "mistral", "mistral-large", {"input_mtok": 0.6, "output_mtok": 1.9})
    assert entered("mistral", "mistral-large-latest") == Decimal("0.6")


@pytest.mark.parametrize(
    "text",
    [
        "corrections: [{models: [a/b]}]",
        "corrections: [{models: [a/b], why: x}]",
        "corrections: [{models: [a/b], why: x, sources: [https://x], unknown: 1}]",
        "corrections: [{models: [a/b], why: x, sources: [https://x], terms: {batch: }}]",
        "corrections: [{models: [a/b], why: x, sources: [https://x], terms: {batch: {factr: 1}}}]",
    ],
)
def test_a_correction_must_be_whole(text: str) -> None:
    with pytest.raises(ConfigError):
        read_corrections(read_yaml(text, "test.yaml"))


def test_nothing_is_read_before_something_is_priced(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = facts.packaged
    monkeypatch.setattr(facts, "packaged", lambda name: asked.append(name) or real(name))
    corrections.cache_clear()
    pricing.warm()
    assert asked == []
    assert entered("openai", "gpt-6-sol") == 2
    assert entered("openai", "gpt-6-luna") == Decimal("0.1")
    assert asked == ["prices.yaml", "prices-missing.yaml"]


def test_a_price_card_has_every_tier_size_hour_and_day() -> None:
    sol = price_card("openai", "gpt-6-sol", AT)
    assert sol is not None
    shown = [(row.tier, row.above_tokens, row.up_to_tokens) for row in sol.rows]
    assert [row for row in shown if row[0] in ("standard", "batch")] == [
        ("standard", None, 272_000), ("standard", 272_000, None), ("batch", None, 272_000), ("batch", 272_000, None),
    ]  # fmt: skip
    assert {row.tier for row in sol.rows} == {"standard", "flex", "priority", "fast", "batch", "ultrafast"}
    assert [one.hosts for one in sol.uplifts] == [("*.api.openai.com",)]
    argon = price_card("google", "gemini-4-argon", AT)
    assert argon is not None
    assert {(row.since, row.rates.input) for row in argon.rows if row.tier == "standard"} == {
        (None, Decimal(2)), ("2026-12-01", Decimal(4)),
    }  # fmt: skip
    # On a Saturday too the hours of a working day are shown.
    for day in (20, 21):
        flash = price_card("deepseek", "deepseek-flash", datetime(2026, 11, day, 12, tzinfo=UTC))
        assert flash is not None
        assert [(row.hours, row.rates.input) for row in flash.rows] == [
            ("04:00–06:00, 10:00–01:00, and sat, sun", Decimal("0.15")),
            ("01:00–04:00, 06:00–10:00, not sat, sun", Decimal("0.3")),
        ]
    assert price_card("openai", "no-such-model", AT) is None


def test_a_name_that_is_a_pattern_or_a_template_is_only_a_name() -> None:
    for name in ("*", "[", "{model}", "{0.__class__}", "a" * 100_000, "gpt-6-sol/../x"):
        assert quote(Wanted("openai", name, AT)) is None
        assert not isinstance(quote(Wanted("openrouter", name, AT, {"processing": "batch"})), Unpriced)


# A fetched table.


def keep(published: list[dict[str, Any]], provider: str, model: str, prices: Any) -> None:
    """Change one price in a published table, and fetch it."""
    entry = next(one for one in published if one["id"] == provider)
    listed = next(one for one in entry["models"] if one["id"] == model)
    listed["prices"], listed["price_variants"] = prices, None
    data = json.dumps(published).encode()
    price_table.store(library_table.checked(data), data, "https://prices.test/data.json", AT)


def test_a_fetched_table_says_exactly_what_the_installed_one_says(published_text: str) -> None:
    names = [("openai", "gpt-6-sol"), ("anthropic", "claude-haiku-5-5"), ("google", "gemini-3.8-flash"),
             ("deepseek", "deepseek-flash"), ("azure", "gpt-6-sol"), ("google", "claude-opus-5-5")]  # fmt: skip
    before = {name: quote(Wanted(*name, AT, input_tokens=300_000)) for name in names}
    data = published_text.encode()
    path = price_table.store(library_table.checked(data), data, "https://prices.test/data.json", AT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {name: quote(Wanted(*name, AT, input_tokens=300_000)) for name in names} == before
    assert price_table.table_for("openai").compiled.url == "https://prices.test/data.json"
    found = price_table.price_data(AT.date())
    assert found.words.startswith("updated 2026-11-20 from https://prices.test/data.json, newest dated price 2026-")
    assert found.problem is None


def test_a_fetched_price_is_used_and_exact(published: list[dict[str, Any]]) -> None:
    keep(published, "openai", "gpt-6-sol", {"input_mtok": 0.123, "output_mtok": "9.87654321"})
    found = quote(Wanted("openai", "gpt-6-sol", AT))
    assert isinstance(found, Quote)
    assert (found.rates.input, found.rates.output) == (Decimal("0.123"), Decimal("9.87654321"))


HOSTILE = [
    (b"", ""),
    (b"<html>", ""),
    (b"{}", "no list of providers"),
    (b"[]", "nothing on anthropic, google, openai"),
    (b"[[[[1]]]]", "nothing on"),
    (b"[" * 100_000, ""),
    (b'[{"id": "openai"}]', "0.name"),
    (b"\xff\xfe\x00", ""),
]


@each("data, words", HOSTILE, ids=[repr(data[:20]) for data, _ in HOSTILE])
def test_what_is_no_table_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        library_table.checked(data)
    assert caught.value.message.startswith("the price data cannot be used") and words in caught.value.message
    assert not price_table.cache_file().exists()


def poisoned(published: list[dict[str, Any]], **changes: Any) -> bytes:
    entry = next(one for one in published if one["id"] == "openai")
    listed = next(one for one in entry["models"] if one["id"] == "gpt-6-sol")
    listed |= changes
    return json.dumps(published).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"prices": {"input_mtok": -1, "output_mtok": 1}},
        {"prices": {"input_mtok": 1e9, "output_mtok": 1}},
        {"prices": {"input_mtok": float("nan"), "output_mtok": 1}},
        {"prices": {"input_mtok": "1e400000", "output_mtok": 1}},
        {"prices": {"input_mtok": {"base": 1, "tiers": [{"start": 5, "price": "Infinity"}]}, "output_mtok": 1}},
        {"prices": "free"},
        {"match": {"regex": "(a+)+$"}},
        {"match": {"regex": "("}},
        {"match": {"regex": "a" * 1000}},
        {"match": {"regex": "(?:x|x)*y"}},
        {"match": {"regex": ".*.*.*x"}},
        {"match": {"or": [{"regex": "([a-z]+)*"}]}},
        {"match": {"no_such_clause": "x"}},
    ],
    ids=str,
)
def test_one_bad_entry_spoils_the_whole(published: list[dict[str, Any]], changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="the price data cannot be used"):
        library_table.checked(poisoned(published, **changes))


def test_a_table_with_few_providers_is_refused(published: list[dict[str, Any]]) -> None:
    few = [one for one in published if one["id"] in ("openai", "anthropic", "google")]
    with pytest.raises(ConfigError, match="only 3 providers"):
        library_table.checked(json.dumps(few).encode())


DAMAGED = {
    "empty": b"",
    "an object": b"{}",
    "a list": b"[]",
    "zeros": b"\x00" * 100,
    "deep": b"[" * 100_000,
    "another version": b'{"schema": "thinkdial.price-table/2"}',
    "no models": {"id": "openai"},
    "wrong types": {"id": "openai", "fallback_model_providers": [1, {}], "models": 5},
}


@each("content", DAMAGED.values(), ids=DAMAGED)
def test_a_stored_table_that_was_damaged_never_stops_the_pricing(content: bytes | dict[str, Any]) -> None:
    if isinstance(content, dict):
        document = {"schema": price_table.SCHEMA, "fetched_at": "x", "url": "y", "providers": [content]}
        content = json.dumps(document).encode()
    path = price_table.cache_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    price_table.forget()
    pricing.warm()
    assert entered("openai", "gpt-6-sol") == 2
    found = price_table.price_data(AT.date())
    assert found.fetched_at is None and found.problem and "thinkdial prices update" in found.problem


def test_a_stored_table_that_cannot_be_read_never_stops_the_pricing() -> None:
    path = price_table.cache_file()
    path.mkdir(parents=True)
    price_table.forget()
    assert entered("openai", "gpt-6-sol") == 2


def test_a_place_that_cannot_be_written_is_said(published_text: str) -> None:
    directory = price_table.cache_file().parent
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.write_text("a file")
    with pytest.raises(ConfigError, match="cannot be written"):
        price_table.store([], b"", "https://x", AT)
