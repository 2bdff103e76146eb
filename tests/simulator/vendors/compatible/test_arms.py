"""Arms of known truth keep to it: pass rates, medians, a dial that does nothing, more that is worse, equal ones."""

from __future__ import annotations

from statistics import fmean, median

import pytest

from thinkdial.simulator import ARMS, simulator_in_thread
from thinkdial.simulator.answers.thinking import Dial

from ....cases import each

PROMPTS = tuple(f"What is {first} + {second}?" for first in range(10, 30) for second in range(31, 51))


def right(arm: str, prompt: str, dial: Dial, *, seed: int = 0, nth: int = 1) -> bool:
    first, second = (int(word.rstrip("?")) for word in prompt.split()[2::2])
    return f"**{first + second}**" in ARMS[arm].answer(prompt, dial, seed=seed, nth=nth)


def rate(arm: str, level: str, seed: int = 0) -> float:
    return fmean(right(arm, prompt, Dial(level), seed=seed) for prompt in PROMPTS)


def spent(arm: str, dial: Dial, nth: int = 1) -> list[int]:
    return [ARMS[arm].thought_tokens(prompt, dial, seed=0, nth=nth) for prompt in PROMPTS]


@each("arm", sorted(ARMS), every=4)
@each("level", ["none", "low", "high"])
def test_truth_of_the_table(arm, level):
    truth = ARMS[arm]
    deviation = (truth.pass_rate[level] * (1 - truth.pass_rate[level]) / len(PROMPTS)) ** 0.5
    assert rate(arm, level) == pytest.approx(truth.pass_rate[level], abs=4 * deviation + 1e-9)
    tolerance = 4 * 1.26 * (truth.spread**2 + truth.prompt_spread**2) ** 0.5 / len(PROMPTS) ** 0.5
    assert median(spent(arm, Dial(level))) == pytest.approx(truth.median_tokens[level], rel=tolerance, abs=1)


def test_mean_of_the_token_law():
    tokens = [amount for nth in range(1, 6) for amount in spent("arm-climb", Dial("high"), nth)]
    assert fmean(tokens) == pytest.approx(ARMS["arm-climb"].mean_tokens("high"), rel=0.05)


def test_budget_is_never_exceeded_and_mostly_not_reached():
    tokens = spent("arm-budget", Dial(budget_tokens=1000))
    assert max(tokens) <= 1000 and median(tokens) == pytest.approx(600, rel=0.1)


def test_seeds_and_repeats_are_samples_of_their_own():
    one = [right("arm-p50", prompt, Dial("low")) for prompt in PROMPTS]
    assert one == [right("arm-p50", prompt, Dial("low")) for prompt in PROMPTS]
    for other in ({"seed": 1}, {"nth": 2}):
        agreed = fmean(
            a == right("arm-p50", prompt, Dial("low"), **other) for a, prompt in zip(one, PROMPTS, strict=True)
        )
        assert 0.4 < agreed < 0.6


def test_wrong_answer_never_contains_the_right_one():
    arm = ARMS["arm-p40"]
    for sum_of in ("0 + 0", "1 + 0", "0 + 9", "7 - 9", "5 + 6"):
        for nth in range(200):
            said = arm.answer(f"What is {sum_of}?", Dial("low"), seed=0, nth=nth)
            exact = {"0 + 0": 0, "1 + 0": 1, "0 + 9": 9, "7 - 9": -2, "5 + 6": 11}[sum_of]
            assert (f"**{exact}**" in said) or str(exact) not in said


def test_over_http(vendors_of):
    def evening(seed: int) -> list[tuple[str, int]]:
        with simulator_in_thread(seed=seed) as server:
            replies = [
                vendors_of(server.base_url)
                .compatible(
                    model="arm-p50", reasoning_effort="low", messages=[{"role": "user", "content": "What is 17 + 25?"}]
                )
                .json()
                for _ in range(6)
            ]
        return [
            (reply["choices"][0]["message"]["content"], reply["usage"]["completion_tokens_details"]["reasoning_tokens"])
            for reply in replies
        ]

    first = evening(3)
    assert first == evening(3) and first != evening(4)
    assert len({tokens for _, tokens in first}) > 3


def test_a_stream_says_the_same_and_waits_first(vendors, frames):
    body = {"model": "arm-flat", "messages": [{"role": "user", "content": "What is 170 + 250?"}], "seed": 1}
    whole = vendors.compatible(**body).json()
    assert whole["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert "reasoning_content" not in whole["choices"][0]["message"]
    streamed = frames(vendors.compatible(stream=True, **body))
    assert (
        streamed[-1]["usage"]["completion_tokens"]
        > streamed[-1]["usage"]["completion_tokens_details"]["reasoning_tokens"]
    )


def test_limit_cuts_the_thought_first(vendors):
    asked = [{"role": "user", "content": "What is 1 + 2?"}]
    body = vendors.compatible(model="arm-flat", max_tokens=20, messages=asked).json()
    assert body["choices"][0]["finish_reason"] == "length" and body["choices"][0]["message"]["content"] == ""
    assert body["usage"]["completion_tokens"] == 20


def test_silence_about_reasoning(vendors):
    asked = [{"role": "user", "content": "What is 1 + 2?"}]
    usage = vendors.compatible(model="arm-silent", messages=asked).json()["usage"]
    assert "completion_tokens_details" not in usage and usage["completion_tokens"] > 100
