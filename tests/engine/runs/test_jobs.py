"""From names and options to calls: selection, keys, and what cannot be called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.runs.jobs import Options, make_jobs
from thinkdial.engine.targets.keys import Key, check_transfer, describe_key, find_key
from thinkdial.engine.targets.target import Selection, is_loopback, named_again, resolve, select, think_values
from thinkdial.profiles.config import Config, load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.errors import ConfigError, UsageError
from thinkdial.providers.think import AUTO, Level, Think, parse_think

from ...cases import each

SECRET = "sk-marked-SECRET"


@pytest.fixture(scope="module")
def config() -> Config:
    return load_builtin()


def target(config: Config, **changes: Any) -> Any:
    return resolve(replace(config.profiles["gpt"], **changes), config)


def jobs(config: Config, *names: str, sweep: str = "", environment: dict[str, str] | None = None) -> Any:
    values = tuple(parse_think(word) for word in sweep.split(",") if word)
    return make_jobs(select(names, config), Prompt("x"), config, Options(values), environment or {})


def test_names_groups_and_models_without_a_name(config: Config) -> None:
    chosen = select(["gpt@high", "frontier@low", "openai/gpt-9-new@8k", "quick"], config)
    assert [(s.profile.name, str(s.think)) for s in chosen[:5]] == [
        ("gpt", "high"), ("claude", "low"), ("gpt", "low"), ("gemini", "low"), ("openai/gpt-9-new", "8192"),
    ]  # fmt: skip
    assert chosen[4].profile.provider == "openai" and chosen[4].profile.model == "gpt-9-new"
    assert [s.think for s in chosen[5:]] == [None] * 3


def test_a_member_of_a_group_has_its_own_value(config: Config) -> None:
    grouped = replace(config, groups={"mixed": ("claude@max", "gpt")})
    assert [s.think for s in select(["mixed"], grouped)] == [Think(Level.MAX), None]
    assert [s.think for s in select(["mixed@off"], grouped)] == [Think(Level.OFF)] * 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("claud", "did you mean claude?"),
        ("frontir", "did you mean frontier?"),
        ("nobody/model", "no profile or group is called 'nobody/model'"),
        ("gpt@hgih", "did you mean high?"),
        ("gpt@", "'' is not a think value"),
        ("", "no profile or group is called ''"),
    ],
)
def test_names_that_stand_for_nothing(config: Config, name: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        select([name], config)
    assert words in caught.value.message and caught.value.hint


def test_no_name_at_all(config: Config) -> None:
    with pytest.raises(UsageError, match="no profile was chosen"):
        select([], config)
    chosen = select([], replace(config, defaults=replace(config.defaults, profiles=("gpt",))))
    assert [s.profile.name for s in chosen] == ["gpt"]


def test_each_cell_has_its_samples_in_their_order(config: Config) -> None:
    environment = {"OPENAI_API_KEY": SECRET, "ANTHROPIC_API_KEY": SECRET}
    names = ["gpt", "claude@high", "gpt"]
    options = Options((parse_think("low"), parse_think("high")), repeat=2, times=named_again(names, config))
    made = make_jobs(select(names, config), Prompt("x"), config, options, environment)
    assert [(job.profile, str(job.think), job.repeat) for job in made] == [
        *(("gpt", "low", number) for number in (1, 2, 3, 4)),
        *(("gpt", "high", number) for number in (1, 2, 3, 4)),
        ("claude", "high", 1), ("claude", "high", 2),
    ]  # fmt: skip
    assert all(job.prepared.asked.repeat == job.repeat for job in made if job.prepared is not None)
    assert len({job.prepared.request.body for job in made[:4] if job.prepared is not None}) == 1
    assert [job.repeat for job in jobs(config, "gpt", environment=environment)] == [None]


def test_only_a_name_that_is_written_again_means_samples(config: Config) -> None:
    assert named_again(["frontier", "gpt"], config) == {}
    assert named_again(["gpt", "gpt@low", "gpt"], config) == {"gpt": 2}
    assert named_again(["quick", "quick"], config) == dict.fromkeys(config.groups["quick"], 2)


def test_the_nearest_think_value_wins(config: Config) -> None:
    low, sweep = Think(Level.LOW), (Think(Level.MAX), AUTO)
    own = Selection(replace(config.profiles["gpt"], think=low))
    assert think_values(replace(own, think=Think(Level.OFF)), sweep, config) == (Think(Level.OFF),)
    assert think_values(own, sweep, config) == sweep
    assert think_values(own, (), config) == (low,)
    assert think_values(Selection(config.profiles["gpt"]), (), config) == (AUTO,)


def test_a_missing_key_names_the_variable_and_where_to_get_one(config: Config) -> None:
    with pytest.raises(ConfigError) as caught:
        jobs(config, "gpt")
    assert "OPENAI_API_KEY is not set" in caught.value.message
    assert "export OPENAI_API_KEY=..." in str(caught.value.hint) and "https://" in str(caught.value.hint)


def test_everything_that_is_missing_is_said_at_once(config: Config) -> None:
    with pytest.raises(ConfigError) as caught:
        jobs(config, "gpt", "claude", sweep="low,high")
    assert caught.value.message.count("OPENAI_API_KEY") == 1 and caught.value.message.count("ANTHROPIC_API_KEY") == 1
    assert "export OPENAI" in str(caught.value.hint) and "export ANTHROPIC" in str(caught.value.hint)


def test_one_missing_key_does_not_stop_the_other(config: Config) -> None:
    gpt, claude = jobs(config, "gpt", "claude", environment={"OPENAI_API_KEY": SECRET})
    assert gpt.refused is None and gpt.prepared is not None
    assert claude.refused.kind == "config" and claude.prepared is None


def test_params_that_contradict_one_value_do_not_stop_the_others(config: Config) -> None:
    own = replace(config.profiles["gpt"], params={"reasoning": {"effort": "low"}})
    settings = replace(config, profiles={"gpt": own})
    high, auto = jobs(settings, "gpt", sweep="high,auto", environment={"OPENAI_API_KEY": SECRET})
    assert "params.reasoning.effort" in high.refused.message and high.prepared is None
    assert auto.refused is None and auto.prepared is not None


def test_where_a_key_comes_from(config: Config) -> None:
    own = target(config, api_key_env=("FIRST", "SECOND"))
    assert find_key(own, {"SECOND": f"  {SECRET}\n", "OPENAI_API_KEY": "other"}) == Key(SECRET, "SECOND")
    assert describe_key(own, {"SECOND": "x"}) == "SECOND" and describe_key(own, {}) == "FIRST (not set)"
    with pytest.raises(ConfigError, match="FIRST or SECOND is not set"):
        find_key(own, {"FIRST": "  "})


def test_a_server_on_this_machine_needs_no_key(config: Config) -> None:
    local = target(config, base_url="http://127.0.0.1:1/v1")
    assert find_key(local, {}) is None and describe_key(local, {}) is None
    with pytest.raises(ConfigError, match="MINE is not set"):
        find_key(target(config, base_url="http://localhost/v1", api_key_env=("MINE",)), {})


@pytest.mark.parametrize("value", ["two\nlines", "tab\there", "umläut", "x" * 20_000, "zero\x00"])
def test_a_key_that_no_header_can_carry_is_not_repeated(config: Config, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_key(target(config), {"OPENAI_API_KEY": f"sk{value}end"})
    assert "OPENAI_API_KEY" in caught.value.message and value not in str(caught.value) + str(caught.value.hint)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_command_may_give_the_key(config: Config) -> None:
    own = target(config, api_key_command=python(f"print('{SECRET}')"))
    key = find_key(own, {"OPENAI_API_KEY": "other"})
    assert key is not None and key.reveal() == SECRET and SECRET not in repr(key)
    assert describe_key(own) == f"command {sys.executable}"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/no/such/program",), "cannot run"),
        (python("raise SystemExit(3)"), "exit 3"),
        (python("pass"), "gave no key"),
        (python(f"print('{SECRET}'); raise SystemExit(1)"), "gave no key"),
        (python(f"import sys; sys.stderr.write('{SECRET}')"), "gave no key"),
        (python(f"import sys; sys.stdout.buffer.write(b'\\xff{SECRET}')"), "cannot run"),
    ],
)
def test_a_command_that_fails_tells_no_secret(config: Config, command: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_key(target(config, api_key_command=command))
    assert words in caught.value.message and SECRET not in caught.value.message + str(caught.value.hint)


def test_a_key_does_not_travel_unencrypted(config: Config) -> None:
    key = Key(SECRET, "X")
    remote = target(config, base_url="http://example.com/v1")
    with pytest.raises(ConfigError, match="without encryption"):
        check_transfer(remote, key)
    check_transfer(remote, None)
    check_transfer(target(config, base_url="http://example.com/v1", allow_insecure=True), key)
    check_transfer(target(config, base_url="http://127.0.0.1/v1"), key)
    check_transfer(target(config), key)


@each(
    ("url", "local"),
    [
        ("http://127.0.0.1:80/v1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:80", True),
        ("http://localhost", True),
        ("http://a.localhost", True),
        ("http://LOCALHOST", True),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
        ("http://[bad", False),
        ("nonsense", False),
    ],
)
def test_what_is_this_machine(url: str, local: bool) -> None:
    assert is_loopback(url) is local


def test_what_cannot_be_resolved(config: Config) -> None:
    with pytest.raises(ConfigError, match="needs a base_url"):
        resolve(Profile("x", "openai-compatible", "m"), config)
    with pytest.raises(ConfigError, match="not a provider"):
        resolve(Profile("x", "opnai", "m"), config)
    blocked = ConfigError("not trusted")
    with pytest.raises(ConfigError) as caught:
        resolve(Profile("x", "openai", "m", blocked=blocked), config)
    assert caught.value is blocked


def test_keys_are_in_no_representation(config: Config, tmp_path: Path) -> None:
    (job,) = jobs(config, "gpt", environment={"OPENAI_API_KEY": SECRET})
    assert job.key is not None and SECRET not in repr(job) and SECRET not in str(job)
