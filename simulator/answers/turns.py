"""One simulated model turn: how much is thought, what is said, where the output limit cuts, how long it takes."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from .texts import Passage, answer_for, raw_thought, summary_for
from .thinking import Dial, count_tokens, thinking_tokens, tokens

TOKENS_PER_DELTA = 4


class Speed(Struct, frozen=True):
    """A vendor's simulated speed: seconds to the first byte, then tokens per second while thinking and answering."""

    first_s: float
    thinking_per_s: float
    answer_per_s: float


class SimulatedTurn(Struct, frozen=True):
    """What a simulated model does with one prompt. Token counts are whole numbers of simulated tokens.

    `thinking_text` is the complete thought and has `thinking_tokens` tokens; `summary` is what vendors show instead.
    """

    thinking_tokens: int
    answer_tokens: int
    summary: tuple[Passage, ...]
    thinking_text: str
    answer: str
    cut: bool
    speed: Speed

    def fragments(self, *, filtered: bool, size: int = TOKENS_PER_DELTA) -> list[str]:
        """The answer as a stream sends it; a filtered one ends halfway."""
        all_of_it = deltas(self.answer, size)
        return all_of_it[: len(all_of_it) // 2] if filtered else all_of_it

    @property
    def output_tokens(self) -> int:
        return self.thinking_tokens + self.answer_tokens

    @property
    def thinking_s(self) -> float:
        return self.thinking_tokens / self.speed.thinking_per_s

    @property
    def answer_s(self) -> float:
        return self.answer_tokens / self.speed.answer_per_s

    @property
    def total_s(self) -> float:
        return self.speed.first_s + self.thinking_s + self.answer_s


def take_turn(
    prompt: str,
    dial: Dial,
    *,
    key: Sequence[object],
    speed: Speed,
    output_limit: int | None,
    forced_answer: str | None = None,
    thinking_share: float = 1.0,
    limit_covers_thinking: bool = True,
) -> SimulatedTurn:
    """The turn of the model that `key` (seed, vendor, model) names.

    The output limit covers thinking and answer, or only the answer. `thinking_share` scales the thinking of models that
    show all of it, so that a demo stays readable.
    """
    asked = round(thinking_tokens(dial, *key, prompt) * thinking_share)
    answer = tokens(forced_answer if forced_answer is not None else answer_for(prompt, *key))
    limit = asked + len(answer) if output_limit is None else output_limit
    if output_limit is not None and not limit_covers_thinking:
        limit += asked
    thought = min(asked, limit)
    said = answer[: limit - thought]
    text = raw_thought(prompt, thought, *key)
    summary = summary_for(prompt, thought, *key)
    cut = thought < asked or len(said) < len(answer)
    return SimulatedTurn(thought, len(said), summary, text, "".join(said), cut, speed)


def deltas(text: str, size: int = TOKENS_PER_DELTA) -> list[str]:
    """A text cut into the fragments that a stream sends; joined again they are the text."""
    pieces = tokens(text)
    return ["".join(pieces[start : start + size]) for start in range(0, len(pieces), size)]


def input_tokens(*texts: str) -> int:
    """Simulated size of a prompt, with a few tokens for the chat template."""
    return 7 + sum(count_tokens(text) for text in texts)
