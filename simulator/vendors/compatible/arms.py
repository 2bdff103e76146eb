"""The table of simulated models whose truth is known, for whoever tests how a choice between models is made.

    model              right, by level (none minimal low medium high xhigh max)    reasoning tokens, medians by level
    arm-p40 … arm-p100 as its name says, at every level                           0 60 200 500 1200 2500 5000
    arm-climb          .30 .45 .60 .80 .97 .98 .98                                0 60 200 500 1200 2500 5000
    arm-climb-fast     .50 .65 .80 .98 .98 .98 .98                                0 60 200 500 1200 2500 5000
    arm-climb-slow     .20 .30 .40 .60 .80 .97 .98                                0 60 200 500 1200 2500 5000
    arm-overthinker    .85 .92 .97 .90 .75 .60 .50                                0 60 200 500 1200 2500 5000
    arm-noop           .90 at every level                                         0 60 400 400 1200 1200 1200
    arm-flat           .90 at every level                                         500 at every level, none as well
    arm-wide           .90 at every level; its tokens scatter over a factor of 50 0 60 200 500 1200 2500 5000
    arm-bargain        .97 at every level, at a quarter of the price of others    0 60 200 500 1200 2500 5000
    arm-dear           .97 at every level, at ten times the price of others       0 60 200 500 1200 2500 5000
    arm-silent         .90 at every level; its usage says nothing of reasoning    0 60 200 500 1200 2500 5000
    arm-budget         .90; it takes token budgets and uses 60 % of them          (60 % of the budget)
    arm-equal70-a … d  .70 at every level, all four alike in everything           0 60 200 500 1200 2500 5000
    arm-equal90-a … d  .90 likewise
    arm-equal98-a … d  .98 likewise

The ladder's prices rise with its pass rates, so that on one level its order by cost is the order of the table. Output
costs 2 USD per million tokens where nothing else is said, input a tenth of output.
"""

from __future__ import annotations

from collections import Counter

from ...answers.arms import KnownArm
from ...answers.thinking import Dial
from ...answers.turns import SimulatedTurn
from ...calls.call import ApiCall
from ...openai_family.chat_request import ChatRequest

LEVELS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
LADDER = (40, 50, 60, 70, 75, 80, 85, 90, 95, 97, 99, 100)
"""The pass rates, in percent, of the arms `arm-p40` to `arm-p100`."""

EQUAL_SETS, MEMBERS = (70, 90, 98), "abcd"
"""The pass rates, in percent, of the sets of equal arms, and the letters of the arms in each."""


def _by_level(*values: float) -> dict[str, float]:
    return dict(zip(LEVELS, values * (len(LEVELS) // len(values)), strict=True))


def _tokens(*values: int) -> dict[str, int]:
    return dict(zip(LEVELS, values * (len(LEVELS) // len(values)), strict=True))


_RISING = _tokens(0, 60, 200, 500, 1200, 2500, 5000)
_NINETY = _by_level(0.9)

_TABLE = (
    *(
        KnownArm(
            f"arm-p{rate}",
            _by_level(rate / 100),
            _RISING,
            f"right {rate} of 100 times at every level",
            input_usd=(1 + place / 2) / 10,
            output_usd=1 + place / 2,
        )
        for place, rate in enumerate(LADDER)
    ),
    KnownArm("arm-climb", _by_level(0.3, 0.45, 0.6, 0.8, 0.97, 0.98, 0.98), _RISING, "better with more thinking"),
    KnownArm(
        "arm-climb-fast",
        _by_level(0.5, 0.65, 0.8, 0.98, 0.98, 0.98, 0.98),
        _RISING,
        "better early, and dear",
        input_usd=0.6,
        output_usd=6.0,
    ),
    KnownArm(
        "arm-climb-slow",
        _by_level(0.2, 0.3, 0.4, 0.6, 0.8, 0.97, 0.98),
        _RISING,
        "better late, and cheap",
        input_usd=0.1,
        output_usd=1.0,
    ),
    KnownArm(
        "arm-overthinker", _by_level(0.85, 0.92, 0.97, 0.9, 0.75, 0.6, 0.5), _RISING, "worse with more than a little"
    ),
    KnownArm("arm-noop", _NINETY, _tokens(0, 60, 400, 400, 1200, 1200, 1200), "medium is low, and xhigh is high"),
    KnownArm("arm-flat", _NINETY, _tokens(500), "its dial does nothing"),
    KnownArm("arm-wide", _NINETY, _RISING, "its tokens scatter widely", spread=1.1, prompt_spread=0.9),
    KnownArm("arm-bargain", _by_level(0.97), _RISING, "good and cheap", input_usd=0.05, output_usd=0.5),
    KnownArm("arm-dear", _by_level(0.97), _RISING, "good and dear", input_usd=2.0, output_usd=20.0),
    KnownArm("arm-silent", _NINETY, _RISING, "does not say how much it thought", counts_reasoning=False),
    KnownArm("arm-budget", _NINETY, _RISING, "takes budgets and uses 60 % of them", takes_budgets=True),
    *(
        KnownArm(f"arm-equal{rate}-{letter}", _by_level(rate / 100), _RISING, f"one of {len(MEMBERS)} equal arms")
        for rate in EQUAL_SETS
        for letter in MEMBERS
    ),
)
ARMS = {arm.id: arm for arm in _TABLE}


class ArmSamples:
    """Counts how often each arm was asked the same, so that every repeat is a sample of its own."""

    def __init__(self) -> None:
        self._asked: Counter[tuple[str, str, Dial]] = Counter()

    def turn(self, arm: KnownArm, call: ApiCall, asked: ChatRequest) -> SimulatedTurn:
        """The next sample of an arm for a request."""
        prompt = asked.prompt.text
        key = (arm.id, prompt, asked.dial)
        self._asked[key] += 1
        return arm.take_turn(prompt, asked.dial, asked.output_limit, seed=call.seed, nth=self._asked[key])
