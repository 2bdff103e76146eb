"""Prices in the configuration: every field, which one wins, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.engine.costs.prices.pricing import Bought, cost_of, own_price
from thinkdial.engine.targets.target import Target, resolve
from thinkdial.profiles.config import load
from thinkdial.profiles.price_list import price_for
from thinkdial.profiles.profile import LongPrompt, Price
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.fold import Reply
from thinkdial.providers.schema import Usage

D = Decimal
WHOLE = """
    input: 0.30
    output: 1.20
    cached_input: 0.03
    cache_write: 0.375
    cache_write_1h: 0.6
    reasoning: 2.4
    batch: {input: 0.1, output: 0.6, long_prompt: {above_tokens: 1000, input: 0.2, output: 0.9}}
    long_prompt: {above_tokens: 1000, input: 0.6, output: 1.8, cached_input: 0.06}
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "written.yaml"


def test_every_field_of_a_price_is_read_exactly(written: Path) -> None:
    written.write_text(f"prices:\n  openai/gpt-6-sol:{WHOLE}  xai/*: {{input: 1, output: 2, batch: 0.8}}\n")
    prices = load(written).prices
    long = LongPrompt(1000, D("0.6"), D("1.8"), cached_input=D("0.06"))
    assert prices["openai/gpt-6-sol"] == Price(
        D("0.30"), D("1.20"), D("0.03"), D("0.375"), D("0.6"), D("2.4"),
        batch=Price(D("0.1"), D("0.6"), long_prompt=LongPrompt(1000, D("0.2"), D("0.9"))), long_prompt=long,
    )  # fmt: skip
    assert prices["xai/*"].batch == D("0.8")


@pytest.mark.parametrize(
    "usage, long_written, is_batch, entered, output",
    [
        # In millionths: 200 x 0.3 + 300 x 0.03 + 400 x 0.375 + 100 x 0.6; 40 x 1.2 + 60 x 2.4
        (Usage(1000, 300, 500, 100, 60), 100, False, "279", "192"),
        # 501 x 0.6 + 300 x 0.06 + 200 x 0.6, for what has no price there costs as much as input there
        (Usage(1001, 300, 200, 100, None), None, False, "438.6", "180"),
        (Usage(1000, 300, 200, 100, 60), None, True, "100", "60"),
        (Usage(1001, 300, 200, 100, 60), None, True, "200.2", "90"),
    ],
)
def test_each_of_them_is_charged(
    written: Path, usage: Usage, long_written: int | None, is_batch: bool, entered: str, output: str
) -> None:
    written.write_text(f"prices:\n  openai/gpt-6-sol:{WHOLE}")
    price = load(written).prices["openai/gpt-6-sol"]
    bought = Bought(usage, "openai", ("gpt-6-sol",), cache_write_1h_tokens=long_written, is_batch=is_batch)
    cost = cost_of(Reply(), bought, price)
    assert (cost.input_usd, cost.output_usd) == (D(entered) / 1_000_000, D(output) / 1_000_000)
    assert (cost.source, cost.note) == ("profile", None)


PRICES = """
profiles:
  own: {provider: openai, model: gpt-6-sol, price: {input: 7, output: 7}}
  plain: {provider: openai, model: gpt-6-sol}
  deployed: {provider: openai, model: my-deployment, known_as: gpt-6-luna}
  other: {provider: xai, model: grok-4.7}
prices:
  "openai/gpt-*": {input: 1, output: 1}
  "openai/gpt-6*": {input: 2, output: 2}
  openai/GPT-6-Sol: {input: 3, output: 3}
"""


def target(path: Path, name: str) -> Target:
    config = load(path)
    return resolve(config.profiles[name], config)


def test_the_profiles_price_wins_then_the_very_name_then_the_longest_pattern(written: Path) -> None:
    written.write_text(PRICES)

    def entered(name: str, *models: str) -> Decimal | None:
        price = own_price(target(written, name), *models)
        return None if price is None else price.input

    assert entered("own") == 7
    assert entered("plain") == 3
    assert entered("plain", "gpt-6-sol-2026-10-01", "gpt-6-sol") == 2
    assert entered("plain", "gpt-5.6") == 1
    assert entered("deployed") == 2
    assert entered("plain", "o3") is None
    assert entered("other") is None
    # The model that answered goes before the one that was asked for.
    assert entered("plain", "gpt-6-luna", "gpt-6-sol") == 2


def test_later_layers_add_to_earlier_ones(written: Path, own_home: Path) -> None:
    user = own_home / "xdg_config_home" / "thinkdial"
    user.mkdir(parents=True)
    (user / "config.yaml").write_text("prices: {xai/a: {input: 1, output: 1}, xai/b: {input: 1, output: 1}}")
    written.write_text("prices: {xai/b: {input: 2, output: 2}}")
    prices = load(written).prices
    assert {name: price.input for name, price in prices.items()} == {"xai/a": 1, "xai/b": 2}


@pytest.mark.parametrize(
    "text, words",
    [
        ("prices: {gpt-6-sol: {input: 1, output: 1}}", "must be provider/model"),
        ("prices: {opanai/gpt-6-sol: {input: 1, output: 1}}", "'opanai' is not a provider (did you mean openai?)"),
        ("prices: {openai/gpt-6-sol: }", "is empty"),
        ("prices: {openai/gpt-6-sol: {input: 1}}", "a price needs input and output"),
        ("prices: {openai/gpt-6-sol: {input: 1, output: 1, cached: 1}}", "unknown key"),
        ("prices: {openai/gpt-6-sol: {input: 1, output: 1, batch: 2}}", "must be a factor from 0 to 1"),
        ("prices: {openai/gpt-6-sol: {input: 1, output: 1, batch: half}}", "must be an amount"),
        ("prices: {openai/x: {input: 1, output: 1, batch: {input: 1, output: 1, batch: 1}}}", "no batch price"),
        ("prices: {openai/x: {input: 1, output: 1, long_prompt: {input: 1, output: 1}}}", "above_tokens"),
        ("prices: {openai/x: {input: 1, output: 1, long_prompt: {above_tokens: 5, input: 1}}}", "needs input"),
        ("prices: {openai/x: {input: -1, output: 1}}", "must be an amount in USD"),
    ],
)
def test_what_is_no_price_is_refused_with_its_place(written: Path, text: str, words: str) -> None:
    written.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(written)
    assert words in caught.value.message
    assert str(written) in caught.value.message


def test_a_project_file_sets_prices_only_once_it_is_trusted(tmp_path: Path) -> None:
    (tmp_path / ".thinkdial.yaml").write_text("prices: {openai/gpt-6-sol: {input: 0, output: 0}}")
    with pytest.raises(ConfigError, match="only after you have vouched"):
        load(start=tmp_path)


def test_a_plugins_provider_may_have_prices_only_if_it_is_there(written: Path) -> None:
    written.write_text("prices: {'*/gpt-6-sol': {input: 1, output: 1}}")
    prices = load(written).prices
    assert price_for(prices, "openai", "gpt-6-sol") == price_for(prices, "azure", "GPT-6-Sol") == Price(D(1), D(1))
