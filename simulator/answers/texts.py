"""The words of the simulated models: short Markdown answers and readable reasoning, never a real model's."""

from __future__ import annotations

import re
from functools import cache
from itertools import count

from msgspec import Struct

from .thinking import digest, fraction, tokens
from .verdicts import verdict_for

NOTICE = "_Simulated answer – no model was called._"
REFUSAL = "I’m sorry, but I can’t help with that. (Simulated refusal.)"


class Passage(Struct, frozen=True):
    """One step of a reasoning summary, as vendors show it: a heading and a few sentences."""

    heading: str
    text: str


class Topic(Struct, frozen=True):
    """A question the simulator recognizes: every group needs one of its words in the prompt."""

    words: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]
    thoughts: tuple[Passage, ...]


TOPICS = (
    Topic(
        (("bat",), ("ball",)),
        (
            "The ball costs **5 cents** (€0.05 or $0.05).\n\n- ball = x, bat = x + 1.00\n- 2x + 1.00 = 1.10 → x = 0.05",
            "**$0.05.**\n\nWith 10 cents the bat would be $1.10 and the sum $1.20.\nWith 5 cents: 1.05 + 0.05 = 1.10 ✓",
        ),
        (
            Passage("Setting up the equation", "Let the ball cost x. The bat costs x + 1.00, so 2x + 1.00 = 1.10."),
            Passage(
                "Distrusting the first guess",
                "“10 cents” comes to mind at once, but then the total would be 1.20. So x = 0.05.",
            ),
        ),
    ),
    Topic(
        (("strawberry",), ("how many", "count", "letter")),
        (
            "There are **3** r’s in “strawberry” 🍓:\n\nst**r**awbe**rr**y",
            "**Three.**\n\n1. st**r**aw\n2. be**r**…\n3. …**r**y",
        ),
        (
            Passage("Spelling the word out", "s-t-r-a-w-b-e-r-r-y: positions 3, 8 and 9 hold an r."),
            Passage("Checking the count", "One r in “straw” and two in “berry” give three in all."),
        ),
    ),
    Topic(
        (("sheep",), ("all but", "run away", "die", "left")),
        (
            "**9 sheep** are left.\n\n“All but 9” means that 9 remain; the starting number does not matter.",
            "Nine.\n\n- *All but 9* run away\n- so **9** stay",
        ),
        (
            Passage("Reading the wording", "“All but nine” names those who stay, not those who leave."),
            Passage(
                "Avoiding a subtraction", "17 − 9 = 8 is tempting and wrong: the question already contains its answer."
            ),
        ),
    ),
    Topic(
        (("monty hall", "goat", "three doors", "3 doors"),),
        (
            (
                "**Switch.** It wins with probability 2⁄3, staying with 1⁄3.\n\nThe host’s choice moves the whole 2⁄3 "
                "of the two other doors onto the one he leaves closed."
            ),
            "You should switch:\n\n| strategy | wins |\n|---|---|\n| stay | ≈ 33 % |\n| switch | ≈ 67 % |",
        ),
        (
            Passage("Recalling the rules", "The host knows where the car is and always opens a door with a goat."),
            Passage(
                "Counting the cases", "The first pick is wrong in two cases of three, and then switching always wins."
            ),
        ),
    ),
    Topic(
        (("9.11", "9,11"), ("9.9", "9,9", "9.8")),
        (
            "**9.9 is larger.**\n\n9.9 = 9.90, and 9.90 > 9.11.",
            "9.9 > 9.11, because 0.90 > 0.11.\n\n(As *version numbers* the order would be the other way round.)",
        ),
        (
            Passage("Aligning the decimals", "Written with two places the numbers are 9.90 and 9.11."),
            Passage(
                "Considering other readings",
                "As software versions 9.11 would come after 9.9, but the question is about numbers.",
            ),
        ),
    ),
    Topic(
        (("prime",), ("infinite", "infinitely", "proof", "prove")),
        (
            (
                "Suppose p₁, …, pₙ were all the primes.\nLet N = p₁·…·pₙ + 1.\n\nNo pᵢ divides N, so a prime factor "
                "of N is missing from the list: **contradiction**. ∎"
            ),
        ),
        (
            Passage(
                "Choosing a proof",
                "Euclid’s argument is the shortest: assume a finite list and build a number beyond it.",
            ),
            Passage(
                "Checking the key step", "N leaves remainder 1 on division by every pᵢ, so its prime factors are new."
            ),
        ),
    ),
    Topic(
        (("sky",), ("blue",)),
        (
            (
                "Air scatters short wavelengths far more than long ones (**Rayleigh scattering**, ∝ 1/λ⁴).\n\n"
                "So blue light reaches the eye from all over the sky, red light mostly straight from the sun."
            ),
        ),
        (
            Passage(
                "Identifying the effect",
                "Molecules are much smaller than the wavelength, so Rayleigh scattering applies.",
            ),
            Passage(
                "Explaining why not violet",
                "Violet scatters even more, but the sun sends less of it and the eye sees it poorly.",
            ),
        ),
    ),
    Topic(
        (("train",), ("km", "mph", "miles", "speed", "hour")),
        (
            (
                "Add the speeds to get the closing speed, then divide the remaining distance by it:\n\n"
                "- t = d ⁄ (v₁ + v₂)\n- meeting point = v₁ · t from the first station"
            ),
        ),
        (
            Passage("Setting up relative motion", "Both trains approach each other, so their speeds add up."),
            Passage("Handling the head start", "Any earlier departure first shortens the gap by speed × delay."),
        ),
    ),
    Topic(
        (("capital",), ("france",)),
        ("The capital of France is **Paris**.", "**Paris** (on the Seine, ≈ 2.1 million people)."),
        (Passage("Recalling a fact", "The capital of France is Paris; there is nothing to compute."),),
    ),
)

OPENINGS = (
    "Here is a short answer about **{subject}**:",
    "In brief, on **{subject}**:",
    "A compact view of **{subject}** – naïve, but readable:",
)
POINTS = (
    "- start from what is known and name what is missing",
    "- compare two options → keep the simpler one",
    "- check the result against one extreme case (0, 1, ∞)",
    "- state the remaining doubt openly",
)
STEPS = (
    Passage("Understanding the question", "I separate what is asked from what is only mentioned, and note the units."),
    Passage(
        "Collecting what is known", "The prompt gives a few facts; everything else has to be derived or left open."
    ),
    Passage(
        "Weighing two approaches", "A direct computation is short; an estimate would be faster but harder to defend."
    ),
    Passage("Testing an edge case", "With an extreme value (0 or ∞) the result should degenerate – and it does."),
    Passage("Double-checking the result", "Working backwards from the answer leads to the given numbers again."),
    Passage("Phrasing the answer", "The reader wants the result first, then the reason – naïve wording beats jargon."),
)


def topic_of(prompt: str) -> Topic | None:
    """The first topic whose word groups all occur in the prompt."""
    lowered = prompt.lower()
    return next((t for t in TOPICS if all(any(word in lowered for word in group) for group in t.words)), None)


def subject_of(prompt: str) -> str:
    """A few words of the prompt, printable and without Markdown, to show that it was read."""
    words = "".join(letter if letter.isalnum() or letter in "'’-" else " " for letter in prompt[-2000:]).split()
    return " ".join(word[:24] for word in words[:6]) or "an empty prompt"


_SUM = re.compile(r"(?<![\w.])(\d{1,12}) ([-+−*×]) (\d{1,12})(?![\w.])")
_SLIPS = 0.08


def exact_result_of_sum(prompt: str) -> int | None:
    """What the first sum, difference or product in the prompt makes; None without one."""
    found = _SUM.search(prompt)
    if found is None:
        return None
    first, second = int(found[1]), int(found[3])
    return first + second if found[2] == "+" else first * second if found[2] in "*×" else first - second


def result_of_sum(prompt: str, *key: object) -> int | None:
    """The same, one in twelve times wrong, so that batches of such questions have a pass rate to show."""
    made = exact_result_of_sum(prompt)
    return None if made is None else made + (fraction("slip", prompt, *key) < _SLIPS)


def answer_for(prompt: str, *key: object) -> str:
    """A few lines of Markdown that fit the prompt if it is a known question or a sum, else generic ones.

    Asked to judge, the verdict.
    """
    if (verdict := verdict_for(prompt, *key)) is not None:
        return verdict
    topic = topic_of(prompt)
    if topic is None and (made := result_of_sum(prompt, *key)) is not None:
        return f"It makes **{made}**.\n\n{NOTICE}"
    pick = int(digest("answer", prompt, *key)[:8], 16)
    if topic is not None:
        return f"{topic.answers[pick % len(topic.answers)]}\n\n{NOTICE}"
    first = pick % len(POINTS)
    points = "\n".join((POINTS * 2)[first : first + 3])
    return f"{OPENINGS[pick % len(OPENINGS)].format(subject=subject_of(prompt))}\n\n{points}\n\n{NOTICE}"


def summary_for(prompt: str, thinking_tokens: int, *key: object) -> tuple[Passage, ...]:
    """The passages a vendor would show for so much thinking: none for none, one more for each doubling."""
    if thinking_tokens <= 0:
        return ()
    wanted = max(1, (thinking_tokens // 100).bit_length())
    topic = topic_of(prompt)
    known = topic.thoughts if topic is not None else ()
    shift = int(fraction("steps", prompt, *key) * len(STEPS))
    return (*known, *STEPS[shift:], *STEPS[:shift])[:wanted]


@cache
def _tokens_of_passage(text: str) -> tuple[str, ...]:
    """The tokens of one of the few passages that there are."""
    return tuple(tokens(text))


def raw_thought(prompt: str, length_tokens: int, *key: object) -> str:
    """A full chain of thought of exactly so many tokens, for servers that show it all."""
    taken: list[str] = []
    passages = summary_for(prompt, 100_000_000, *key)
    for step in count():
        if len(taken) >= length_tokens:
            break
        passage = passages[step % len(passages)]
        lead = "" if step == 0 else ("\n\nWait, once more. " if step % len(passages) == 0 else " ")
        taken += _tokens_of_passage(lead + passage.text)
    return "".join(taken[:length_tokens])
