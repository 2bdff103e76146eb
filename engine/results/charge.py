"""The one rule for what a call may have cost without anybody telling us, of a result or of its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from ...providers.errors import ErrorKind
from ..exchange.outcome import NEVER_SENT
from .result import Result

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
    """Whether `result` may have cost something, and nobody has said what."""
    return result.cost.usd is None and may_have_cost(result)


def may_have_cost(result: Result) -> bool:
    """Whether `result` can have cost anything: its request left, and was not turned away before it was answered."""
    failed = result.error
    return _may_have_cost(
        result.attempts,
        [notice.code for notice in result.warnings],
        bool(result.answer or result.reasoning.text),
        None if failed is None else failed.kind,
        None if failed is None else failed.status,
    )


def document_may_have_cost(document: Mapping[str, Any]) -> bool:
    """`may_have_cost` of the result that `document` (`thinkdial.result/1`) describes."""
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


def _inner(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
