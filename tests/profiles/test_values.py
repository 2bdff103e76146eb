"""What the words and numbers of a configuration mean."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.profiles import facts
from thinkdial.profiles.config import Config
from thinkdial.profiles.own_profiles.reader import read_think
from thinkdial.profiles.yaml_file import MAX_FILE_BYTES, read_yaml
from thinkdial.providers.errors import ConfigError

from ..cases import each

DESIGN_YAML = """
# yaml-language-server: $schema=<the path `thinkdial profiles schema` writes>
defaults: {profile: claude, think: medium, retries: 2, history: true}
profiles:
  claude:
    provider: anthropic
    model: claude-opus-5-5
    think: high
  local:
    provider: openai-compatible
    base_url: http://127.0.0.1:8080/v1
    model: qwen3
    dialect: openai-chat         # only to override the provider's own
    stream: true                 # false asks for one JSON body
    max_output_tokens: 8000
    timeout: 600                 # seconds without an event; total: total_timeout
    retries: 2
    api_key_env: MY_KEY          # or api_key_command: [op, read, ...]; or the keyring; never a key in the file
    headers: {X-Team: red}
    params: {temperature: 0.2}   # native fields, merged last into the body
    price: {input: 0.30, cached_input: 0.03, output: 1.20}   # USD per million tokens; wins over the table
    limits: {concurrency: 4, rpm: 60, tpm: 200000}
groups: {frontier: [claude, gpt, gemini]}
budget: {monthly_usd: 50, on_exceed: refuse}
"""


def test_the_example_of_the_design_loads_as_written(written: Callable[[str], Config]) -> None:
    config = written(DESIGN_YAML)
    local = config.profiles["local"]
    assert (local.provider, local.model, local.dialect) == ("openai-compatible", "qwen3", "openai-chat")
    assert (local.base_url, local.stream) == ("http://127.0.0.1:8080/v1", True)
    assert (local.max_output_tokens, local.timeout, local.retries) == (8000, 600.0, 2)
    assert (local.api_key_env, local.headers, local.params) == (("MY_KEY",), {"X-Team": "red"}, {"temperature": 0.2})
    assert local.price and (local.price.input, local.price.cached_input, local.price.output) == (
        Decimal("0.30"), Decimal("0.03"), Decimal("1.20"),
    )  # fmt: skip
    assert (local.limits.concurrency, local.limits.rpm, local.limits.tpm) == (4, 60, 200000)
    assert str(config.profiles["claude"].think) == "high"
    assert config.defaults.profiles == ("claude",) and str(config.defaults.think) == "medium"
    assert config.groups["frontier"] == ("claude", "gpt", "gemini")
    assert config.budget.monthly_usd == Decimal(50) and config.budget.on_exceed == "refuse"
    assert config.notes == ()


def test_the_shipped_example_loads(written: Callable[[str], Config]) -> None:
    assert written(facts.packaged_text("data/example.yaml")).profiles["claude"].think


@each(
    "value, think",
    [("off", "off"), ("Off", "off"), ("on_", None), ("8k", "8192"), ("4000", "4000"), ("0", "off"), ("auto", "auto"),
     ("xhigh", "xhigh"), ("'high'", "high"), ("010", "10"), ("1e4", None), ("no", None), ("~", "")],
)  # fmt: skip
def test_think_values(value: str, think: str | None) -> None:
    section = read_yaml(f"think: {value}", "f.yaml")
    if think is None:
        with pytest.raises(ConfigError, match=r"f\.yaml:1:1: think: "):
            read_think(section, "think")
    else:
        found = read_think(section, "think")
        assert (str(found) if found is not None else "") == think


@each(
    "value, meaning",
    [("off", "off"), ("on", "on"), ("yes", "yes"), ("no", "no"), ("n", "n"), ("NO", "NO"), ("2026-01-01", "2026-01-01"),
     ("true", True), ("False", False), ("trueish", "trueish"), ("falsetto", "falsetto"), ("TRUE", True), ("~", None),
     ("null", None), ("", None), ("1", 1), ("0.5", 0.5), ("1e-3", 0.001), ("2E5", 200000.0), ("1.5.0", "1.5.0"),
     ("gpt-5", "gpt-5"), ("=", "="), ("'1'", "1"), ("[1, off, true]", [1, "off", True]), ("{off: no}", {"off": "no"})],
)  # fmt: skip
def test_plain_words_are_those_of_yaml_1_2(value: str, meaning: object) -> None:
    found = read_yaml(f"a: {value}", "f.yaml").plain("a")
    assert found == meaning and type(found) is type(meaning)


def test_a_number_is_a_text_as_it_was_written(written: Callable[[str], Config]) -> None:
    config = written("profiles: {x: {provider: openai, model: 4.10, headers: {X-A: 1.50, X-B: 007}}}")
    assert config.profiles["x"].model == "4.10"
    assert config.profiles["x"].headers == {"X-A": "1.50", "X-B": "007"}
    assert written("profiles: {gpt: {api_key_command: [op, 1.10]}}").profiles["gpt"].api_key_command == ("op", "1.10")


@each(
    "written_as, amount",
    [("0.30", "0.30"), ("0.1234567890123456789", "0.1234567890123456789"), ("'0.1'", "0.1"), ("3", "3"), ("0", "0"),
     ("1e-7", "1e-7"), ("1000000.01", "1000000.01"), (".5", ".5")],
)  # fmt: skip
def test_prices_are_exact(written_as: str, amount: str) -> None:
    found = read_yaml(f"a: {written_as}", "f.yaml").dollars("a")
    assert found == Decimal(amount) and str(found) == str(Decimal(amount))


def test_an_empty_file_is_an_empty_configuration(written: Callable[[str], Config]) -> None:
    for text in ("", "# nothing\n", "---\n"):
        assert written(text).profiles["claude"].place.startswith("starter.yaml:")


def test_long_harmless_files_are_read(written: Callable[[str], Config]) -> None:
    dashes = "-" * 20_000
    assert written(f"profiles: {{claude: {{system: 'x{dashes}'}}}}").profiles["claude"].system == f"x{dashes}"


def test_the_size_is_limited_for_texts_too() -> None:
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        read_yaml("#" * (MAX_FILE_BYTES + 1), "f.yaml")


OWN_PROVIDER = """
providers:
  house:
    base_url: https://llm.example.org/v1/
    api_key_env: HOUSE_KEY
    auth_header: X-House
    auth_scheme: ""
    models: [openai]
    dialects:
      openai-chat: {quirks: {path: /chat, reasoning_fields: [thoughts]}, body: {store: false}, refuses_levels: [max]}
    unknown_model: {control: effort, levels: [low, high], absent: low, spelling: {openai-chat: openai-chat-effort}}
profiles: {mine: {provider: house, model: gpt-6-sol}}
"""


def test_a_newcomer_is_an_entry_and_no_code(written: Callable[[str], Config]) -> None:
    config = written(OWN_PROVIDER)
    house = config.provider("house")
    assert (house.base_url, house.auth_header, house.auth_scheme) == ("https://llm.example.org/v1", "x-house", "")
    assert house.dialects["openai-chat"].quirks["path"] == "/chat"
    assert config.card(config.profiles["mine"]).example == "gpt-6-sol"
    with pytest.raises(ConfigError, match=r"'hause' is not a provider \(did you mean house\?\)"):
        config.provider("hause")


@pytest.mark.parametrize(
    "wrong, right, message",
    [
        ("levels: [low, high]", "levels: [high, low]", "must be thinking levels in rising order"),
        ("levels: [low, high]", "levels: [off, high]", "must be thinking levels in rising order"),
        ("levels: [low, high]", "levels: [low, hihg]", "'hihg' is not a level"),
        ("absent: low", "absent: lwo", "'lwo' is not known"),
        ("openai-chat: openai-chat-effort", "openai-chat: openai-chat-efort", "is not a spelling (did you mean"),
        ("{openai-chat: openai-chat-effort}", "{openai-cha: openai-chat-effort}", "'openai-cha' is not a dialect"),
        ("absent: low", "match: '('", "is no regular expression"),
        ("absent: low", "budget: {min: 5}", "a budget needs min and max"),
        ("absent: low", "budget: {min: 5, max: 4}", "a budget needs min and max, min not above max"),
        ("absent: low", "budgte: {}", "(did you mean budget?)"),
    ],
)
def test_mistakes_in_cards(written: Callable[[str], Config], wrong: str, right: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        written(OWN_PROVIDER.replace(wrong, right))
    assert message in raised.value.message and "config.yaml:1" in raised.value.message


def test_model_cards_that_do_not_exist(written: Callable[[str], Config]) -> None:
    config = written(OWN_PROVIDER.replace("models: [openai]", "models: [../opneai]"))
    with pytest.raises(ConfigError, match=r"no model cards are called '\.\./opneai'"):
        config.card(config.profiles["mine"])


def test_the_packaged_files_are_all_readable() -> None:
    folder = Path(facts.__file__).parent
    for path in folder.glob("*.yaml"):
        assert list(read_yaml(path.read_text(encoding="utf-8"), path.name)), path.name
