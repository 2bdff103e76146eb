"""Think values of a sweep that make the very same request: asked once, and told for all of them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.planning.twins import standing_for, twins_among
from thinkdial.engine.runs.jobs import Options, make_jobs
from thinkdial.engine.runs.plan_documents import plan_document
from thinkdial.engine.runs.plans import plan_calls
from thinkdial.engine.targets.target import resolve, select
from thinkdial.profiles.config import Config, load_builtin
from thinkdial.providers.think import parse_think

KEYS = {"GOOGLE_API_KEY": "g", "OPENAI_API_KEY": "o"}


@pytest.fixture(scope="module")
def config() -> Config:
    return load_builtin()


def calls(config: Config, name: str, *thinks: str) -> list[Prepared]:
    target = resolve(config.profiles[name], config)
    return [prepare(target, parse_think(think), Prompt("x"), config.reference) for think in thinks]


def sweep(*thinks: str, repeat: int = 1) -> Options:
    return Options(tuple(map(parse_think, thinks)), repeat=repeat)


def test_the_value_that_is_sent_as_asked_stands_for_the_others(config: Config) -> None:
    assert twins_among(calls(config, "gemini", "off", "minimal", "low", "high")) == {0: 2, 1: 2}
    assert twins_among(calls(config, "gemini", "off", "minimal")) == {1: 0}
    assert twins_among([None, *calls(config, "gemini", "low", "high")]) == {}


def test_another_profile_and_the_same_value_again_are_no_twins(config: Config) -> None:
    low, again, off = calls(config, "gemini", "low", "low", "off")
    assert twins_among([low, again]) == {}
    other = replace(off, target=replace(off.target, profile=replace(off.target.profile, name="other")))
    assert twins_among([low, other]) == {} and twins_among([low, off]) == {1: 0}
    assert twins_among([low, replace(off, emulated=True)]) == {}


def test_a_call_tells_what_it_stands_for(config: Config) -> None:
    low, off = calls(config, "gemini", "low", "off")
    made = standing_for(low, [off])
    assert [(str(twin.think), twin.plan.fidelity) for twin in made.asked.twins] == [("off", "clamped")]
    assert made.request == low.request and standing_for(low, []) is low


def test_jobs_are_made_once_unless_repeated(config: Config) -> None:
    names = ["gemini@off", "gemini", "gpt"]
    made = make_jobs(select(names, config), Prompt("x"), config, sweep("low", "minimal", "high"), KEYS)
    assert [(job.profile, str(job.think), [str(twin.think) for twin in job.twins]) for job in made] == [
        ("gemini", "low", ["off", "minimal"]), ("gemini", "high", []),
        ("gpt", "low", ["minimal"]), ("gpt", "high", []),
    ]  # fmt: skip
    repeated = make_jobs(select(["gemini"], config), Prompt("x"), config, sweep("off", "low", repeat=2), KEYS)
    assert [(str(job.think), job.repeat) for job in repeated] == [("off", 1), ("off", 2), ("low", 1), ("low", 2)]
    assert not any(job.twins for job in repeated)


def test_a_plan_says_so_and_counts_the_money_once(config: Config) -> None:
    selections = select(["gemini"], config)
    once = plan_document(plan_calls(selections, Prompt("x"), config, sweep("off", "low", "high")).calls)
    told = [(p["think"]["requested"], p["samples"], p["same_request_as"]) for p in once["plans"]]
    assert told == [("off", 0, "low"), ("low", 1, None), ("high", 1, None)]
    low, high = (plan["forecast"] for plan in once["plans"][1:])
    assert once["total"]["calls"] == 2
    assert float(once["total"]["high_usd"]) == pytest.approx(float(low["high_usd"]) + float(high["high_usd"]))
    thrice = plan_document(plan_calls(selections, Prompt("x"), config, sweep("off", "low", "high", repeat=3)).calls)
    assert [(p["samples"], p["same_request_as"]) for p in thrice["plans"]] == [(3, None)] * 3
    assert thrice["total"]["calls"] == 9
