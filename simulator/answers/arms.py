"""Simulated models whose truth is known: how often they are right, and how much they think, by level.

Everything that happens is a function of the seed, the model, the prompt, the dial and how often just that was asked
before. So a whole evening of repeats can be repeated, and no two of its samples are copies of each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist

from msgspec import Struct, field

from .texts import NOTICE, answer_for, exact_result_of_sum
from .thinking import Dial, fraction, tokens
from .turns import SimulatedTurn, Speed

FIRST_S, THINKING_PER_S, ANSWER_PER_S = 0.3, 90.0, 60.0
_LARGEST_MISS = 9
_NORMAL = NormalDist()


class KnownArm(Struct, frozen=True):
    """A model by its id, with its truth for each level of the dial ("none" is off).

    `pass_rate` is how often it has a sum right; samples are independent. Reasoning tokens are log-normal around
    `median_tokens`: `prompt_spread` is the deviation of the logarithm from prompt to prompt (a prompt that takes long
    does so at every level), `spread` that from one sample of a prompt to the next. With a token budget the median is
    `budget_share` of it, never more than the budget, and the pass rate that of "medium". Prices are USD per million
    tokens. `counts_reasoning` is False where the usage does not say how much was thought.
    """

    id: str
    pass_rate: Mapping[str, float]
    median_tokens: Mapping[str, int]
    says: str
    spread: float = 0.35
    prompt_spread: float = 0.3
    input_usd: float = 0.2
    output_usd: float = 2.0
    budget_share: float = 0.6
    takes_budgets: bool = False
    counts_reasoning: bool = True
    levels: tuple[str, ...] = field(default=("minimal", "low", "medium", "high", "xhigh", "max"))

    def median_for(self, dial: Dial) -> float:
        """The median of its reasoning tokens over prompts and samples."""
        return self.median_tokens[dial.level] if dial.budget_tokens is None else self.budget_share * dial.budget_tokens

    def mean_tokens(self, level: str) -> float:
        """The mean of its reasoning tokens at a level, over prompts and samples."""
        return self.median_tokens[level] * math.exp((self.spread**2 + self.prompt_spread**2) / 2)

    def thought_tokens(self, prompt: str, dial: Dial, *, seed: int, nth: int) -> int:
        """Reasoning tokens of the `nth` sample; all samples of a prompt share the part that is the prompt's."""
        median = self.median_for(dial)
        if median <= 0:
            return 0
        shift = self.prompt_spread * _normal("prompt", seed, self.id, prompt)
        drawn = round(median * math.exp(shift + self.spread * _normal("sample", seed, self.id, prompt, dial, nth)))
        return max(1, drawn if dial.budget_tokens is None else min(drawn, dial.budget_tokens))

    def answer(self, prompt: str, dial: Dial, *, seed: int, nth: int) -> str:
        """What it says: of a sum the result, right as often as its truth is; of anything else a few lines."""
        exact = exact_result_of_sum(prompt)
        if exact is None:
            return answer_for(prompt, seed, self.id, nth)
        rate = self.pass_rate["medium" if dial.budget_tokens is not None else dial.level]
        key = (seed, self.id, prompt, dial, nth)
        right = fraction("right", *key) < rate
        made = exact if right else _missed(exact, fraction("miss", *key))
        return f"It makes **{made}**.\n\n{NOTICE}"

    def take_turn(self, prompt: str, dial: Dial, output_limit: int | None, *, seed: int, nth: int) -> SimulatedTurn:
        """The `nth` sample. The thought itself is not shown: its time goes by before the first token of the answer."""
        asked = self.thought_tokens(prompt, dial, seed=seed, nth=nth)
        answer = tokens(self.answer(prompt, dial, seed=seed, nth=nth))
        limit = asked + len(answer) if output_limit is None else output_limit
        thought = min(asked, limit)
        said = answer[: limit - thought]
        speed = Speed(FIRST_S + thought / THINKING_PER_S, math.inf, ANSWER_PER_S)
        cut = thought < asked or len(said) < len(answer)
        return SimulatedTurn(thought, len(said), (), "", "".join(said), cut, speed)


def _normal(*key: object) -> float:
    """A draw from the standard normal distribution that depends on nothing but the key."""
    return _NORMAL.inv_cdf(min(max(fraction(*key), 1e-12), 1 - 1e-12))


def _missed(exact: int, drawn: float) -> int:
    """A wrong result near the right one, whose digits do not contain those of the right one."""
    first = 1 + int(drawn * _LARGEST_MISS)
    misses = (exact + 1 + (first + step) % _LARGEST_MISS for step in range(_LARGEST_MISS))
    return next(miss for miss in misses if str(exact) not in str(miss))
