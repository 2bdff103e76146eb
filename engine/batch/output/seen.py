"""What a summary counts of one result, whether it is at hand or a line of output. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ....providers.json_values import array
from ...exchange.call_facts import ATTEMPT_LOST
from ...results.charge import cost_is_unknown, document_beside_usd, document_cost_is_unknown, judged_usd, shaped_usd
from ...results.checked import LADDER
from ...results.result import Result
from ...shapes.figures import ShapeSeen, shape_seen

if TYPE_CHECKING:
    from ..storage.plain_line import PlainLine


class Seen(Struct, frozen=True):
    """What a summary counts of one result, from the result itself or from the line that was written of it."""

    profile: str
    think: str
    model: str
    status: str
    verdict: str
    finish: str
    passed: bool | None
    error_kind: str | None
    usd: Decimal | None
    usd_unknown: bool
    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    total_s: float | None
    row_id: str | None = None
    answer: str = ""
    twins: tuple[str, ...] = ()
    judges: tuple[Decimal | None, ...] = ()
    """What each call of a judge has cost."""
    seconds: tuple[Decimal | None, ...] = ()
    """What each call has cost that put the answer into its shape."""
    shape: ShapeSeen | None = None
    simulated: bool = False


def seen_in(result: Result, row_id: str | None) -> Seen:
    """What there is to count of `result`."""
    usage, climb = result.usage, result.escalation
    return Seen(
        profile=result.profile,
        think=result.think.requested if climb is None else LADDER.join(climb.levels),
        model=result.model,
        status=result.status,
        verdict=result.think.verdict,
        finish=result.finish,
        passed=result.passed,
        error_kind=None if result.error is None else result.error.kind,
        usd=result.cost.usd if climb is None else climb.usd,
        usd_unknown=cost_is_unknown(result) if climb is None else climb.usd is None,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        total_s=result.latency.total_s,
        row_id=row_id,
        answer=result.answer,
        twins=tuple(receipt.requested for receipt in result.same_request) if result.same_request else (),
        judges=() if climb is not None or not result.checks else judged_usd(result),
        seconds=() if climb is not None or result.shape is None else shaped_usd(result),
        shape=None if (shape := result.shape) is None else shape_seen(shape.fidelity, shape.form, result.schema_errors),
        simulated=result.simulated,
    )


def seen_in_line(document: Mapping[str, Any]) -> Seen:
    """What there is to count of one line of output (`thinkdial.result/1` and what a batch adds)."""
    usage, cost, think = _inner(document, "usage"), _inner(document, "cost"), _inner(document, "think")
    kind, usd, passed = _inner(document, "error").get("kind"), cost.get("usd"), document.get("passed")
    requested = think.get("requested")
    if climb := _inner(document, "escalation"):
        usd = climb.get("usd")
        requested = LADDER.join(map(str, array(climb.get("levels")))) or requested
    # Read for every line of a large output: few have any.
    has_more = not climb and (document.get("checks") or document.get("shape"))
    judged, shaped = document_beside_usd(document) if has_more else ((), ())
    return Seen(
        profile=str(document.get("profile")),
        think=str(requested),
        model=str(document.get("model") or ""),
        status=str(document.get("status")),
        verdict=str(think.get("verdict")),
        finish=str(document.get("finish")),
        passed=None if passed is None else bool(passed),
        error_kind=None if kind is None else str(kind),
        usd=None if usd is None else Decimal(usd),
        usd_unknown=usd is None if climb else document_cost_is_unknown(document),
        input_tokens=usage.get("input_tokens"),
        output_tokens=usage.get("output_tokens"),
        reasoning_tokens=usage.get("reasoning_tokens"),
        total_s=_inner(document, "latency").get("total_s"),
        row_id=str(document.get("row_id") or "") or None,
        answer=str(document.get("answer") or ""),
        twins=tuple(str(receipt.get("requested")) for receipt in document.get("same_request") or ()),
        judges=judged,
        seconds=shaped,
        shape=_shape(document),
        simulated=document.get("simulated") is True,
    )


def seen_in_plain(line: PlainLine) -> Seen:
    """`seen_in_line` of a line that has next to nothing of what others may have."""
    usage, think = line.usage, line.think
    return Seen(
        line.profile, think.requested, line.model, line.status, think.verdict, line.finish, line.passed, None,
        Decimal(line.cost.usd), bool(line.warnings) and any(one.code == ATTEMPT_LOST.code for one in line.warnings),
        usage.input_tokens, usage.output_tokens, usage.reasoning_tokens, line.latency.total_s, line.row_id or None,
        line.answer, simulated=line.simulated,
    )  # fmt: skip


def _inner(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    return value if type(value) is dict else {}  # pyright: ignore[reportUnknownVariableType]


def _shape(document: Mapping[str, Any]) -> ShapeSeen | None:
    if not document.get("shape"):
        return None
    shape, errors = _inner(document, "shape"), document.get("schema_errors")
    form = shape.get("form")
    known = None if errors is None else [str(error) for error in array(errors)]
    return shape_seen(str(shape.get("fidelity")), None if form is None else str(form), known)
