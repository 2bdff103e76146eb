"""Where lists of prices differ: the provider's own goes first, all are shown, and the receipt tells."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from thinkdial.engine.costs.prices.documents import prices_document
from thinkdial.engine.costs.prices.known_prices import known_prices
from thinkdial.engine.costs.prices.pricing import price_of
from thinkdial.engine.targets.target import Target, resolve
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.profiles.published import PublishedModels, store
from thinkdial.providers.catalogue import Published
from thinkdial.providers.errors import UsageError
from thinkdial.providers.fold import Reply
from thinkdial.providers.schema import Usage

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
MODEL = "openai/gpt-6-sol"


def target(provider: str = "openrouter", model: str = MODEL) -> Target:
    return resolve(Profile(name="p", provider=provider, model=model), load_builtin(), environment={})


def publish(entered: str, output: str) -> None:
    price = {"input": Decimal(entered), "output": Decimal(output)}
    store(PublishedModels("openrouter", "2026-11-19", {MODEL: Published(MODEL, price=price)}))


def reply(model: str = MODEL, tokens: int = 1000, **more: str) -> Reply:
    return Reply(model=model, usage=Usage(input_tokens=tokens, output_tokens=1000), **more)


def test_the_list_of_the_provider_goes_before_the_table_and_a_difference_is_told() -> None:
    assert price_of(reply(), target(), AT).source == "table"
    publish("3", "12")
    cost = price_of(reply(), target(), AT)
    assert (cost.usd, cost.source) == (Decimal("0.015"), "catalogue")
    assert cost.note == "by the provider's own list; by the price table it would be 0.012"


def test_a_difference_of_less_than_a_twentieth_is_not_told() -> None:
    publish("2.05", "10.1")
    cost = price_of(reply(), target(), AT)
    assert (cost.usd, cost.source, cost.note) == (Decimal("0.01215"), "catalogue", None)


def test_the_list_is_for_the_standard_terms_of_what_was_asked_for() -> None:
    publish("3", "12")
    assert price_of(reply(service_tier="priority"), target(), AT).source != "catalogue"
    assert price_of(reply(tokens=300_000), target(), AT).source == "table", "a long prompt"
    assert price_of(reply(model="openai/gpt-5.4"), target(), AT).source == "catalogue", "a name of the same model"


def test_another_list_is_told_in_the_receipt_and_shown() -> None:
    cost = price_of(reply("mistral-large-4"), target("mistral", "mistral-large-4"), AT)
    assert cost.note == "https://github.com/sst/models.dev lists 1.36 and 4.18 per million"
    document = prices_document(known_prices("mistral/mistral-large-latest", None, load_builtin(), AT))
    assert [one["source"] for one in document["other_lists"]] == [
        "npm @earendil-works/pi-ai 1.6.0", "genai-prices 0.2.3",
    ]  # fmt: skip


def test_both_are_shown() -> None:
    publish("3", "12")
    document = prices_document(known_prices(f"openrouter/{MODEL}", None, load_builtin(), AT))
    assert document["listed_on"] == "2026-11-19"
    assert (document["listed"][0]["input"], document["table"][0]["input"]) == ("3", "2")


def test_a_model_without_a_price_says_why() -> None:
    with pytest.raises(UsageError, match="it runs on your own machine, which sends no bill"):
        known_prices("ollama/gpt-oss:20b", None, load_builtin(), AT)
