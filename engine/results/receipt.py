"""The receipt: what the answer shows about the wish to think. Pure, and never `as_asked` without evidence."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from ...profiles.card import ModelCard
from ...providers.fold import Reply
from ...providers.json_values import is_blank
from ...providers.schema import Notice, TokensSource, Visibility
from ...providers.think import Think
from ..planning.plan import ThinkPlan
from .result import Reasoning, Result, Verdict

OVER_BUDGET = 1.10
STARVED_SHARE = 0.5
"""A cut answer counts as starved when at least this share of the output was thinking."""

CHARACTERS_PER_TOKEN = 4
"""A rough rule, used only where reasoning is fully visible and its tokens are not reported; labelled as estimated."""


class Evidence(Struct, frozen=True):
    """What came back: `thought` is True or False when something proves it, None when nothing does."""

    thought: bool | None
    tokens: int | None


def read_reasoning(reply: Reply, card_visibility: Visibility) -> Reasoning:
    """The visible reasoning, labelled. A summary says nothing about how many tokens it stands for."""
    visibility = reply.visibility
    if visibility == "summary" and card_visibility == "full":
        visibility = "full"
    tokens = reply.usage.reasoning_tokens
    if visibility == "none" and tokens:
        visibility = "hidden"
    source: TokensSource | None = reply.reasoning_source if tokens is not None else None
    if tokens is None and reply.reasoning and visibility in ("full", "inline"):
        tokens, source = -(-len(reply.reasoning) // CHARACTERS_PER_TOKEN), "estimated"
    return Reasoning(reply.reasoning or None, visibility, tokens, source)


def judge(think: Think, decided: ThinkPlan, reply: Reply, reasoning: Reasoning, card: ModelCard) -> Verdict:
    """The verdict on one reply. It describes what was seen; it does not accuse."""
    evidence = _evidence(reply, reasoning)
    if _is_starved(reply, reasoning, evidence):
        return "starved"
    if is_empty(reply):
        return "empty"
    if think.is_off:
        if evidence.thought is None:
            return "unknown"
        return "unwanted" if evidence.thought else "as_asked"
    if evidence.thought is None:
        # Readable reasoning was asked for, from a model that shows it, and none came.
        asked = not think.is_auto and decided.fidelity != "unsupported" and reply.complete
        return "not_observed" if asked and card.known and card.visibility in ("full", "summary") else "unknown"
    if think.is_auto:
        return "as_asked"
    if not evidence.thought:
        return "not_observed"
    if think.budget_tokens is not None and evidence.tokens is not None:
        return "over_budget" if evidence.tokens > think.budget_tokens * OVER_BUDGET else "as_asked"
    return "as_asked" if decided.fidelity != "unsupported" else "unknown"


_EXPLAINED = frozenset({"tool_call", "refusal", "content_filter"})
"""Ends of an answer that say themselves why there is no text."""


def is_whole(result: Result) -> bool:
    """Whether it is a whole answer, neither refused, filtered, cut nor empty: only the numbers of such compete."""
    return (
        result.status == "ok"
        and not (is_blank(result.answer) and not result.tool_calls)
        and result.think.verdict not in ("starved", "empty")
        and result.finish in ("stop", "unknown", "tool_call")
    )


def is_empty(reply: Reply) -> bool:
    """Whether the reply is finished without an answer, which commentary is not."""
    if not reply.complete or reply.failure is not None or reply.finish in _EXPLAINED:
        return False
    return reply.only_commentary or is_blank(reply.answer)


def empty_notice(reply: Reply, usd: Decimal | None) -> Notice:
    """The warning that an answer is empty, with what it cost all the same."""
    what = "the answer is empty"
    if reply.only_commentary:
        what = "the answer is empty but for commentary"
    elif not is_blank(reply.reasoning):
        what = "the answer is empty, all text came as reasoning"
    output = (reply.billed or reply.usage).output_tokens
    billed = "what was billed is not known" if output is None else f"{output:,} output tokens were billed"
    if output == 0:
        billed = "no output was billed"
    return Notice("empty_answer", f"{what}; {billed}{f' (${usd:f})' if usd is not None else ''}")


def _evidence(reply: Reply, reasoning: Reasoning) -> Evidence:
    reported = reply.usage.reasoning_tokens
    if reported or not is_blank(reply.reasoning) or reasoning.visibility in ("redacted", "encrypted", "hidden"):
        return Evidence(True, reported if reported is not None else reasoning.tokens)
    if reported == 0 or reply.reasoning_absent:
        return Evidence(False, 0)
    return Evidence(None, None)


def _is_starved(reply: Reply, reasoning: Reasoning, evidence: Evidence) -> bool:
    if reply.finish != "length" or not evidence.thought:
        return False
    if is_blank(reply.answer):
        return True
    output, thought = reply.usage.output_tokens, reasoning.tokens
    return bool(output and thought and thought >= output * STARVED_SHARE)
