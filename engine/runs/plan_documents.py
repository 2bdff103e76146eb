"""Plans as JSON documents: what would be sent, with every credential masked, and what it may cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..exchange.secrets import masked_headers, shown_body
from ..planning.prepare import Prepared
from ..results.documents import plain
from ..results.result import Forecast, totals
from .plans import PlannedCall

if TYPE_CHECKING:
    from ..shapes.request import ShapePlan
    from ..tools.request import ToolsPlan
    from .checks.judge_calls import JudgeCalls

PLAN_SCHEMA = "thinkdial.plan/1"


def plan_document(
    plans: Iterable[PlannedCall], outlooks: Sequence[object] = (), judges: Sequence[JudgeCalls] = ()
) -> dict[str, Any]:
    """`thinkdial.plan/1`: each call once, and in total as many as would be made of it.

    `outlooks` are those of the session that the calls go on with, one for each call; there are none outside of one.
    `judges` are the calls that judge the answers, a part of the total.
    """
    entries = list(plans)
    return {
        "schema": PLAN_SCHEMA,
        "plans": [
            {
                **plan_entry(entry.prepared, entry.forecast, entry.key_source),
                "samples": entry.samples,
                "same_request_as": entry.same_request_as,
                **({"outlook": plain(outlooks[at])} if outlooks else {}),
            }
            for at, entry in enumerate(entries)
        ],
        **({"judges": [_judge_entry(one) for one in judges]} if judges else {}),
        "total": plain(
            totals(
                [
                    *(entry.forecast for entry in entries for _ in range(entry.samples)),
                    *(made for judge in judges for made in judge.forecasts),
                ]
            )
        ),
    }


def _judge_entry(judge: JudgeCalls) -> dict[str, Any]:
    return {"check": judge.check, "profile": judge.profile, "total": plain(totals(judge.forecasts))}


def plan_entry(prepared: Prepared, forecast: Forecast | None, key_source: str | None) -> dict[str, Any]:
    """One call of a plan: what would be sent, with every credential masked, and what it may cost."""
    target, decided, past = prepared.target, prepared.plan, prepared.asked.prompt.past
    return {
        "profile": target.profile.name,
        "provider": target.provider.name,
        "dialect": target.dialect,
        "model": target.profile.model,
        "think": {
            "requested": str(prepared.think),
            "native": plain(decided.native),
            "fidelity": decided.fidelity,
            "note": decided.note,
        },
        "aim": plain(decided.aim),
        **({} if prepared.shape is None else {"shape": _shape_entry(prepared.shape)}),
        **({} if prepared.tools is None else {"tools": _tools_entry(prepared.tools)}),
        "request": {
            "method": prepared.request.method,
            "url": prepared.request.url,
            "headers": masked_headers(prepared, key_source),
            "body": shown_body(prepared),
        },
        "key": key_source,
        "forecast": None if forecast is None else plain(forecast),
        "warnings": plain(decided.notices),
        "session": None if past is None else plain(past.place),
        "continuity": [fate.document() for fate in prepared.continuity.fates],
    }


def _tools_entry(tools: ToolsPlan) -> dict[str, Any]:
    """What the model may call, in the form that a result has it."""
    from ..tools.answer import receipt_of

    return plain(receipt_of(tools))


def _shape_entry(shape: ShapePlan) -> dict[str, Any]:
    """What is asked of the answer's shape, in the form that a result has it."""
    return {
        "requested": shape.shape.word,
        "fidelity": shape.fidelity,
        "native": plain(shape.native),
        "note": shape.note,
        "changes": plain(shape.changes),
    }
