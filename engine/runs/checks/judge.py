"""A model that judges answers: asked as any other is, with its cost, its thinking and its word for what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from ....profiles.cards.vendors import vendors
from ....profiles.checks.definitions import JudgeCheck
from ...checks.verdict import (
    SYSTEM,
    Fence,
    JudgeVerdict,
    NoVerdictError,
    judge_question,
    not_worse,
    passes,
    read_verdict,
)
from ...planning.prepare import Prompt
from ...results.checked import CheckOutcome
from ...results.result import Result
from ..beside.side_calls import Ask

MakeMark = Callable[[], str]


async def judge(
    name: str, check: JudgeCheck, ask: Ask, task: str, result: Result, other: Result | None, make_mark: MakeMark
) -> CheckOutcome:
    """The opinion of the check's judge on `result`; where it compares, against `other`, in both orders.

    What is no verdict, and a call that failed or that the budget refused, make it unknown, never a pass.
    """
    if check.against is None:
        orders = [[result.answer]]
    elif other is None or other.status != "ok" or not other.answer.strip():
        note = f"there is no answer of {check.against} to compare with"
        return CheckOutcome("judge", name, None, note, opinion=True, profile=check.profile)
    else:
        orders = [[result.answer, other.answer], [other.answer, result.answer]]
    verdicts: list[JudgeVerdict] = []
    replies: list[Result] = []
    problem: str | None = None
    for answers in orders:
        marks = _marks(task, answers, make_mark)
        reply = await ask(check.profile, Prompt(judge_question(check, task, answers, marks), SYSTEM))
        replies.append(reply)
        problem = _no_answer(reply)
        if problem is not None:
            break
        try:
            verdicts.append(read_verdict(check, reply.answer, marks))
        except NoVerdictError as error:
            problem = str(error)
            break
    passed = None if problem is not None else _decided(check, verdicts)
    return CheckOutcome(
        kind="judge",
        name=name,
        passed=passed,
        note=problem or _reasons(passed, verdicts),
        opinion=True,
        profile=check.profile,
        own_vendor=_same_vendor(replies[0], result),
        score=verdicts[0].score if verdicts and problem is None else None,
        calls=len([reply for reply in replies if reply.attempts]),
        usd=_sum([reply.cost.usd for reply in replies if reply.attempts]),
        output_tokens=_count([reply.usage.output_tokens for reply in replies if reply.attempts]),
        reasoning_tokens=_count([reply.usage.reasoning_tokens for reply in replies if reply.attempts]),
    )


def vendor_of(result: Result) -> str:
    """Who makes the model, as far as its name tells; else who serves it."""
    maker = vendors().maker_of(result.model.rpartition("/")[2])
    return result.provider if maker is None else maker.name


def _same_vendor(reply: Result, result: Result) -> bool:
    return vendor_of(reply) == vendor_of(result)


def _marks(task: str, answers: Sequence[str], make_mark: MakeMark) -> Fence:
    """Two random words that stand in none of the texts."""
    found: list[str] = []
    while len(found) < 2:
        mark = make_mark()
        if not any(mark in text for text in (task, *answers)) and mark not in found:
            found.append(mark)
    return Fence(*found)


def _no_answer(reply: Result) -> str | None:
    """Why there is no reply to read, in words; None where there is one."""
    if reply.status != "ok":
        return f"the judge did not answer: {reply.error.message if reply.error else reply.status}"
    if reply.finish in ("refusal", "content_filter"):
        return "the judge refused"
    return None if reply.answer.strip() else "the judge's answer is empty"


def _decided(check: JudgeCheck, verdicts: Sequence[JudgeVerdict]) -> bool | None:
    return passes(check, verdicts[0]) if len(verdicts) == 1 else not_worse(verdicts[0], verdicts[1])


def _reasons(passed: bool | None, verdicts: Sequence[JudgeVerdict]) -> str:
    if passed is None:
        return "its verdicts contradict each other: the order of the two answers decided"
    return "; ".join(dict.fromkeys(verdict.reason for verdict in verdicts if verdict.reason))


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def _count(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None
