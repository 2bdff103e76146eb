"""The receipt: one row a case, and never `as_asked` without evidence."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

from thinkdial.engine.planning.plan import Fidelity, ThinkPlan
from thinkdial.engine.results.receipt import judge, read_reasoning
from thinkdial.engine.results.result import Verdict
from thinkdial.profiles import facts
from thinkdial.profiles.cards.resolution import card_for
from thinkdial.providers.fold import Reply
from thinkdial.providers.schema import Usage, Visibility
from thinkdial.providers.think import parse_think

from ....cases import each

OPENAI, ANTHROPIC = facts.providers()["openai"], facts.providers()["anthropic"]
CARDS = {
    "summary": card_for(OPENAI, "gpt-6-sol"),
    "full": card_for(ANTHROPIC, "claude-3-7-sonnet-20250219"),
    "none": card_for(OPENAI, "gpt-4o"),
    "unknown": card_for(OPENAI, "newcomer"),
}


def said(
    value: str, *, fidelity: Fidelity = "exact", card: str = "summary", tokens: int | None = None,
    output: int | None = None, **reply: Any,
) -> Verdict:  # fmt: skip
    whole = Reply(**{
        "answer": "yes", "finish": "stop", "complete": True,
        "usage": Usage(output_tokens=output, reasoning_tokens=tokens), **reply,
    })  # fmt: skip
    think = parse_think(value)
    decided = ThinkPlan(str(think), {}, fidelity, None, None)
    return judge(think, decided, whole, read_reasoning(whole, CARDS[card].visibility), CARDS[card])


SEEN: dict[str, Any] = {"reasoning": "hm", "visibility": "summary"}
HIDDEN: dict[str, Any] = {"visibility": "hidden"}

CASES: list[tuple[Verdict, str, dict[str, Any]]] = [
    # as_asked: a wish and its proof
    ("as_asked", "high", {"tokens": 5}),
    ("as_asked", "high", SEEN),
    ("as_asked", "high", {"visibility": "redacted"}),
    ("as_asked", "high", {"visibility": "encrypted"}),
    ("as_asked", "high", HIDDEN),
    ("as_asked", "high", {"tokens": 5, "fidelity": "clamped"}),
    ("as_asked", "high", {**SEEN, "tokens": 0}),
    ("as_asked", "auto", {"tokens": 5, "fidelity": "default"}),
    ("as_asked", "auto", {"tokens": 0, "fidelity": "default"}),
    ("as_asked", "off", {"tokens": 0}),
    ("as_asked", "off", {"reasoning_absent": True}),
    ("as_asked", "off", {"tokens": 0, "fidelity": "clamped"}),
    # budgets: within, at exactly 110 %, over
    ("as_asked", "1000", {"tokens": 1000}),
    ("as_asked", "1000", {"tokens": 1100}),
    ("over_budget", "1000", {"tokens": 1101}),
    ("as_asked", "10", {"tokens": 11}),
    ("over_budget", "10", {"tokens": 12}),
    ("as_asked", "70", {"tokens": 77}),
    ("over_budget", "70", {"tokens": 78}),
    ("as_asked", "30", {"tokens": 33}),
    ("as_asked", "8k", {"tokens": 9011, "fidelity": "mapped"}),
    ("over_budget", "8k", {"tokens": 9012, "fidelity": "mapped"}),
    ("as_asked", "1000", SEEN),
    ("not_observed", "1000", {"tokens": 0}),
    # not_observed: asked for, nothing reported and nothing seen
    ("not_observed", "high", {"tokens": 0}),
    ("not_observed", "high", {"reasoning_absent": True}),
    ("not_observed", "high", {}),
    ("not_observed", "high", {"card": "full"}),
    ("not_observed", "high", {"reasoning": " \n"}),
    ("not_observed", "high", {"tokens": 0, "fidelity": "unsupported", "card": "none"}),
    # unknown: no evidence at all
    ("unknown", "auto", {"fidelity": "default"}),
    ("unknown", "off", {}),
    ("unknown", "high", {"card": "unknown"}),
    ("unknown", "high", {"card": "none"}),
    ("unknown", "high", {"complete": False}),
    ("unknown", "high", {"fidelity": "unsupported"}),
    ("unknown", "high", {"fidelity": "unsupported", "tokens": 5}),
    # unwanted: off was asked
    ("unwanted", "off", {"tokens": 1}),
    ("unwanted", "off", SEEN),
    ("unwanted", "off", HIDDEN),
    ("unwanted", "0", {"tokens": 7, "fidelity": "clamped"}),
    # starved: the limit went to thinking
    ("starved", "high", {"finish": "length", "answer": "", "tokens": 16, "output": 16}),
    ("starved", "high", {"finish": "length", "answer": "  ", "visibility": "hidden"}),
    ("starved", "high", {"finish": "length", "tokens": 50, "output": 100}),
    ("as_asked", "high", {"finish": "length", "tokens": 49, "output": 100}),
    ("starved", "off", {"finish": "length", "answer": "", "tokens": 16}),
    ("starved", "auto", {"finish": "length", "answer": "", "tokens": 16, "fidelity": "default"}),
    ("starved", "10", {"finish": "length", "answer": "", "tokens": 16}),
    # empty: it ended without a word, and not for thinking
    ("empty", "high", {"finish": "stop", "answer": "", "tokens": 16}),
    ("empty", "auto", {"finish": "length", "answer": "", "fidelity": "default"}),
    ("empty", "off", {"finish": "length", "answer": "", "tokens": 0}),
]


@each("verdict, value, case", CASES)
def test_verdicts(verdict: Verdict, value: str, case: dict[str, Any]) -> None:
    assert said(value, **case) == verdict


def test_every_verdict_is_among_the_cases() -> None:
    assert {verdict for verdict, _, _ in CASES} == set(get_args(Verdict))


def test_without_evidence_nothing_is_as_asked() -> None:
    for value, fidelity, card, finish in product(
        ("auto", "off", "low", "max", "4000"), get_args(Fidelity), CARDS, ("stop", "length", "error", "refusal")
    ):
        for complete in (True, False):
            verdict = said(value, fidelity=fidelity, card=card, finish=finish, complete=complete)
            assert verdict in ("unknown", "not_observed"), (value, fidelity, card, finish)


@each(
    "reply, card, expected",
    [
        (Reply(), "summary", (None, "none", None, None)),
        (Reply(reasoning="abcde", visibility="summary"), "summary", ("abcde", "summary", None, None)),
        (Reply(reasoning="abcde", visibility="summary"), "full", ("abcde", "full", 2, "estimated")),
        (Reply(reasoning="abcde", visibility="inline"), "none", ("abcde", "inline", 2, "estimated")),
        (Reply(usage=Usage(reasoning_tokens=7)), "none", (None, "hidden", 7, "reported")),
        (Reply(usage=Usage(reasoning_tokens=0)), "summary", (None, "none", 0, "reported")),
        (Reply(visibility="encrypted", usage=Usage(reasoning_tokens=7), reasoning_source="derived"), "summary",
         (None, "encrypted", 7, "derived")),
    ],
)  # fmt: skip
def test_what_is_known_about_the_reasoning(reply: Reply, card: Visibility, expected: tuple[Any, ...]) -> None:
    found = read_reasoning(reply, card)
    assert (found.text, found.visibility, found.tokens, found.tokens_source) == expected
