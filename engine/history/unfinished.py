"""A result whose process did not live to store it, made from the bytes that had come."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import ConfigError, Failure
from ...providers.fold import Reply
from ...providers.json_values import is_blank
from ...providers.schema import Json, Notice
from ..exchange.call_facts import Latency
from ..exchange.raw_response import RawResponse, reply_of
from ..results.receipt import read_reasoning
from ..results.result import Cost, Result, Status, ThinkReceipt
from ..targets.target import host_of

KILLED = Failure("cancelled", "the process was killed before the answer was complete")
RECOVERED = Notice("recovered", "made of the bytes that had been stored: its process was killed, or is still at work")


class Begun(Struct, frozen=True):
    """What was stored when a call began."""

    id: str
    run_id: str
    created_at: str
    profile: str
    provider: str
    dialect: str
    model: str
    think: str
    sent: Json


def recovered(begun: Begun, raw: RawResponse | None) -> Result:
    """What can be said about a call of which only the bytes are known: neither its times nor its cost."""
    notices = [RECOVERED]
    reply = Reply(failure=KILLED, finish="cancelled")
    if raw is not None:
        try:
            reply = reply_of(
                raw, begun.dialect, begun.sent.get("quirks") or {}, bool(begun.sent.get("emulated")), broken=KILLED
            )
        except ConfigError as error:
            notices.append(Notice("unreadable", error.message))
    finish = reply.finish
    if reply.failure is not None and finish not in ("cancelled", "length", "content_filter", "refusal"):
        finish = "error"
    return Result(
        id=begun.id,
        run_id=begun.run_id,
        created_at=begun.created_at,
        profile=begun.profile,
        provider=begun.provider,
        dialect=begun.dialect,
        model=begun.model,
        model_reported=reply.model,
        status=status_of(reply),
        think=ThinkReceipt(
            requested=begun.think,
            native=begun.sent.get("native") or {},
            fidelity=begun.sent.get("fidelity") or "default",
            note=begun.sent.get("note"),
        ),
        reasoning=read_reasoning(reply, reply.visibility),
        answer=reply.answer,
        finish=finish,
        finish_raw=reply.finish_raw,
        usage=reply.usage,
        cost=Cost(),
        latency=Latency(),
        attempts=1,
        request_id=None,
        warnings=(*notices, *reply.notices),
        error=reply.failure,
        host=host_of(str(begun.sent.get("base_url") or "")) or None,
        repeat=begun.sent.get("repeat"),
    )


def status_of(reply: Reply) -> Status:
    """`ok` where the bytes hold a whole answer, `error` where they hold the provider's own failure, else `partial`."""
    if reply.failure is None:
        return "ok" if reply.finish != "error" else "error"
    told = reply.failure.kind != KILLED.kind and (is_blank(reply.answer) and is_blank(reply.reasoning))
    return "error" if told else "partial"


def as_recovered(result: Result, reply: Reply) -> Result:
    """`result`, made anew from `reply` of an unfinished call, with the status and the notice of one."""
    return replace(result, status=status_of(reply), warnings=tuple(dict.fromkeys((RECOVERED, *result.warnings))))
