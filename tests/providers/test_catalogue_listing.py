"""Model lists of any shape, and which providers have one that can be asked without a prompt."""

from __future__ import annotations

from typing import Any

import pytest

from thinkdial.profiles import facts
from thinkdial.providers.catalogue import is_listed, listed_names

from ..cases import each

NAMES = frozenset(
    {"gpt-6-sol", "claude-haiku-4-5-20251001", "qwen3:latest", "openai/gpt-oss-120b", "mistral-medium-2508"}
)


@pytest.mark.parametrize(
    "document",
    [
        {"object": "list", "data": [{"id": "one"}, {"id": "two", "aliases": ["three"], "name": "Two!"}]},
        {"models": [{"name": "models/one"}, {"name": "two"}, {"model": "three", "name": "three"}]},
        [{"id": "one"}, {"id": "two"}, {"id": "three"}],
    ],
)
def test_every_shape(document: Any) -> None:
    assert listed_names(document) == {"one", "two", "three"}


@each("document", [None, 7, "x", [], [7], {}, {"data": {"id": "x"}}, {"data": [{"id": None}, [], 3]}])
def test_what_is_no_list_names_nothing(document: Any) -> None:
    assert listed_names(document) == frozenset()


@each(
    "model",
    [
        "gpt-6-sol",
        "claude-haiku-4-5",
        "claude-haiku-4-5-20251001",
        "qwen3",
        "openai/gpt-oss-120b:groq",
        "mistral-medium",
    ],
)
def test_what_stands_for_a_listed_model(model: str) -> None:
    assert is_listed(model, NAMES)


@each("model", ["gpt-6", "gpt-6-so", "claude-haiku", "gpt.6.sol", "gpt-oss-120b", "claude-haiku-4", ""])
def test_what_does_not(model: str) -> None:
    assert not is_listed(model, NAMES)


def test_the_providers_that_can_be_asked() -> None:
    shipped = {name: facts.shipped_provider(name) for name in facts.provider_names()}
    silent = {name for name, provider in shipped.items() if provider.listing is None and provider.catalogue is None}
    assert silent == {
        "byteplus", "cloudflare", "databricks", "github-models", "google-vertex", "perplexity", "qwen", "volcengine",
        "zai",
    }  # fmt: skip
    for provider in shipped.values():
        if provider.listing is not None:
            assert provider.listing.path.startswith("/")
            assert (provider.listing.key_path or "/").startswith("/")
