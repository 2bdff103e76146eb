"""The one rule for what a call may have cost without anybody telling us, of a result or of its document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from msgspec.structs import replace

from ...providers.errors import ErrorKind
from ...providers.json_values import items
from ..exchange.call_facts import ATTEMPT_LOST, NEVER_SENT
from .result import Cost, Result

UNBILLED_KINDS: frozenset[ErrorKind] = frozenset(
    {
        "auth",
        "permission",
        "not_found",
        "invalid_request",
        "context_length",
        "rate_limit",
        "quota",
        "overloaded",
        "config",
    }
)
"""Errors with which a provider refuses a request: nothing was generated, nothing is charged."""


def cost_is_unknown(result: Result) -> bool:
    """Whether `result` may have cost something, or more than is known, and nobody has said what."""
    if ATTEMPT_LOST.code in _codes(result):
        return True
    return result.cost.usd is None and may_have_cost(result)


def spending_is_unknown(result: Result) -> bool:
    """Whether a part of what `result` may have cost has not even an estimate: of it or of attempts that were lost."""
    cost = result.cost
    if cost.lost_attempts and (cost.lost_usd is None or is_lost(result)):
        return cost.lost_usd is None
    return cost.usd is None and last_may_have_cost(result)


def is_lost(result: Result) -> bool:
    """Whether its last attempt ended before the provider had said what it cost, and may be billed."""
    return result.error is not None and result.cost.usd is None and last_may_have_cost(result)


def after_lost(result: Result, lost: Iterable[Cost]) -> Result:
    """`result` of a call that was made again after attempts which had `lost` what these say."""
    cost = result.cost
    parts = [cost, *lost] if cost.lost_attempts else list(lost)
    known = [part.lost_usd for part in parts if part.lost_usd is not None]
    usd = sum(known, Decimal(0)) if len(known) == len(parts) else None
    cost = replace(cost, lost_attempts=sum(part.lost_attempts for part in parts), lost_usd=usd)
    return replace(result, cost=cost, warnings=tuple(dict.fromkeys((*result.warnings, ATTEMPT_LOST))))


def may_have_cost(result: Result) -> bool:
    """Whether `result` can have cost anything: a request left, and was not turned away before it was answered."""
    return ATTEMPT_LOST.code in _codes(result) or last_may_have_cost(result)


def last_may_have_cost(result: Result) -> bool:
    """The same of the last attempt alone, of which `result` tells."""
    failed = result.error
    return _may_have_cost(
        result.attempts,
        _codes(result),
        bool(result.answer or result.reasoning.text),
        None if failed is None else failed.kind,
        None if failed is None else failed.status,
    )


def judged_usd(result: Result) -> tuple[Decimal | None, ...]:
    """What each call of a judge of `result` has cost."""
    return tuple(check.usd for check in result.checks if check.calls)


def shaped_usd(result: Result) -> tuple[Decimal | None, ...]:
    """What the call has cost that put the answer of `result` into its shape; empty where there was none."""
    second = None if result.shape is None else result.shape.second
    return () if second is None or not second.attempts else (second.usd,)


def beside_usd(result: Result) -> tuple[Decimal | None, ...]:
    """What each call beside that of `result` has cost: those of judges, and the one that shaped the answer."""
    return (*judged_usd(result), *shaped_usd(result))


def document_beside_usd(
    document: Mapping[str, Any],
) -> tuple[tuple[Decimal | None, ...], tuple[Decimal | None, ...]]:
    """`judged_usd` and `shaped_usd` of the result that `document` (`thinkdial.result/1`) describes."""
    judged = [check for check in items(document.get("checks")) if check.get("calls")]
    second = _inner(_inner(document, "shape"), "second")
    shaped = [second] if second.get("attempts") else []
    return tuple(map(_usd, judged)), tuple(map(_usd, shaped))


def _usd(call: Mapping[str, Any]) -> Decimal | None:
    return None if call.get("usd") is None else Decimal(call["usd"])


def document_cost_is_unknown(document: Mapping[str, Any]) -> bool:
    """`cost_is_unknown` of the result that `document` (`thinkdial.result/1`) describes."""
    if _has_lost(document):
        return True
    return _inner(document, "cost").get("usd") is None and document_may_have_cost(document)


def document_may_have_cost(document: Mapping[str, Any]) -> bool:
    """`may_have_cost` of the result that `document` (`thinkdial.result/1`) describes."""
    if _has_lost(document):
        return True
    reasoning, failed = _inner(document, "reasoning"), _inner(document, "error")
    attempts = document.get("attempts")
    return _may_have_cost(
        1 if attempts is None else attempts,
        (warning.get("code") for warning in document.get("warnings") or ()),
        bool(document.get("answer") or reasoning.get("text")),
        failed.get("kind"),
        failed.get("status"),
    )


def _may_have_cost(
    attempts: int, notices: Iterable[str | None], has_said: bool, kind: str | None, status: int | None
) -> bool:
    if not attempts or NEVER_SENT.code in notices:
        return False
    return kind is None or has_said or (kind not in UNBILLED_KINDS and (status or 0) < 400)


def _codes(result: Result) -> Collection[str]:
    return [notice.code for notice in result.warnings] if result.warnings else ()


def _has_lost(document: Mapping[str, Any]) -> bool:
    warnings = document.get("warnings")
    return bool(warnings) and any(warning.get("code") == ATTEMPT_LOST.code for warning in warnings)


def _inner(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
