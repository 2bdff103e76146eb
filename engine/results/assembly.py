"""An outcome -> the normalized result, and results -> a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ...providers.dialect import failure
from ...providers.errors import Failure
from ...providers.fold import Reply
from ...providers.json_values import count, is_blank, text
from ...providers.merge import at_path
from ...providers.schema import FinishReason, Json, Notice, Usage
from ...providers.skipped import skipped
from ...providers.think import Think
from ..exchange.call_facts import Latency
from ..exchange.outcome import Outcome
from ..planning.prepare import Prepared, Twin
from ..planning.report import reported_fates
from ..planning.think_plan import AimReceipt
from ..planning.turns import turn_of
from ..targets.target import Target
from .charge import beside_usd, cost_is_unknown
from .moments import timestamp
from .receipt import empty_notice, judge, read_reasoning
from .result import Cost, Reasoning, Result, Run, RunFile, Status, Summary, ThinkReceipt

if TYPE_CHECKING:
    from ...providers.turns.pieces import TurnPiece
    from ..shapes.words import ShapeReceipt
    from ..tools.answer import Called
    from .tool_use import ServerToolUse

SIMULATED = Notice("simulated", "answered by the built-in simulator, not by a provider; the cost was not charged")
"""Said of each result of a simulator."""

NOTHING_SENT = "nothing was sent"
EFFORT_PATHS = ("reasoning.effort", "reasoning_effort", "output_config.effort")


def new_id() -> str:
    """32 hexadecimal digits that nobody else has."""
    return os.urandom(16).hex()


def result_of(outcome: Outcome, cost: Cost, *, run_id: str, at: datetime, extra: tuple[Notice, ...] = ()) -> Result:
    """Everything that is known about one call, in the normalized form. `at` is when the run began."""
    prepared, reply = outcome.prepared, _with_failure(outcome.reply)
    if reply is not outcome.reply:
        outcome = replace(outcome, reply=reply)
    target, decided, past = prepared.target, prepared.plan, prepared.asked.prompt.past
    reasoning = read_reasoning(reply, target.card.visibility)
    if target.is_simulated and not any(notice.code == SIMULATED.code for notice in extra):
        extra = (SIMULATED, *extra)
    elif target.profile.simulated is not None and not target.is_simulated:
        words = f"the profile is marked as simulated, and {target.host} does not prove it: what it costs is counted"
        extra = (Notice("not_simulated", words), *extra)
    notices = [*extra, *decided.notices, *outcome.notices, *reply.notices, *_served_otherwise(outcome)]
    shaped = _shaped(prepared, reply)
    notices += shaped.notices
    called = _called(prepared, reply)
    if called is not None:
        notices += called.notices
    turn = None if past is None else turn_of(len(past.turns) + 1, prepared, reply, timestamp(at))
    if turn is not None and turn.compacted_at is not None and prepared.asked.compaction is None:
        words = f"{target.provider.name} has compacted what came before this answer; the full turns stay in the session"
        unshown = set(skipped("compaction", {"text": "it is kept as what it is"}))
        notices = [*(notice for notice in notices if notice not in unshown), Notice("context_compacted", words)]
    if cost.note:
        notices.append(Notice("cost", cost.note))
    verdict = judge(prepared.think, decided, reply, reasoning, target.card)
    if verdict == "empty":
        notices.append(empty_notice(reply, cost.usd))
    status = _status(outcome)
    finish: FinishReason = reply.finish
    if reply.failure is not None and finish not in ("cancelled", "length", "content_filter", "refusal"):
        finish = "cancelled" if reply.failure.kind == "cancelled" else "error"
    return Result(
        id=new_id(),
        run_id=run_id,
        created_at=timestamp(at),
        profile=target.profile.name,
        provider=target.provider.name,
        dialect=target.dialect,
        model=target.profile.model,
        model_reported=reply.model,
        status=status,
        think=ThinkReceipt(
            requested=str(prepared.think),
            native=decided.native,
            fidelity=decided.fidelity,
            note=decided.note,
            verdict=verdict,
        ),
        reasoning=reasoning,
        answer=shaped.answer,
        finish=finish,
        finish_raw=reply.finish_raw,
        usage=reply.usage,
        cost=cost,
        latency=outcome.latency,
        attempts=outcome.attempts,
        request_id=outcome.request_id,
        warnings=tuple(dict.fromkeys(notices)),
        error=_with_hint(reply.failure, target, outcome.hint),
        host=target.host,
        simulated=target.is_simulated,
        repeat=prepared.asked.repeat,
        same_request=_twins(prepared, reply, reasoning),
        session=None if past is None else past.place,
        aim=_aim(decided.aim, reasoning, cost),
        continuity=reported_fates(prepared, reply.changes),
        shape=shaped.receipt,
        answer_json=shaped.value,
        schema_errors=shaped.errors,
        server_tools=_server_tools(prepared, reply),
        tools=None if called is None else called.receipt,
        tool_calls=() if called is None else called.calls,
        turn=turn,
        refused={} if past is None else {turn.number: turn.dead for turn in past.turns if turn.dead},
        refused_compactions={}
        if past is None
        else {at: one.turn.dead for at, one in enumerate(past.compactions) if one.turn.dead},
    )


def _server_tools(prepared: Prepared, reply: Reply) -> tuple[ServerToolUse, ...]:
    if not prepared.server_tools and not reply.tools:
        return ()
    from .tool_use import server_tool_uses

    return server_tool_uses(prepared.server_tools, reply)


class _Shaped(Struct, frozen=True):
    """What an answer is as JSON, where that was asked for."""

    answer: str
    receipt: ShapeReceipt | None = None
    value: Any = None
    errors: tuple[str, ...] | None = None
    notices: tuple[Notice, ...] = ()


def _shaped(prepared: Prepared, reply: Reply) -> _Shaped:
    asked = prepared.shape
    if asked is None:
        return _Shaped(reply.answer)
    from ..shapes.answer import FORM_WORDS, read_answer
    from ..shapes.words import VALUELESS, ShapeReceipt

    receipt = ShapeReceipt(asked.shape.word, asked.fidelity, asked.native, asked.note, asked.changes)
    answer = reply.answer
    if asked.fidelity == "two_calls":
        return _Shaped(answer, receipt)
    if asked.fidelity == "tool":
        called = [piece.text for piece in reply.pieces if piece.kind == "call" and piece.name == asked.shape.name]
        answer = called[-1] if called else answer
    if reply.failure is not None or reply.finish in ("refusal", "content_filter"):
        return _Shaped(answer, receipt)
    if asked.fidelity != "tool" and is_blank(answer) and any(piece.kind == "call" for piece in reply.pieces):
        return _Shaped(answer, receipt)  # tools were called first: the answer comes when they have said something
    read = read_answer(answer, reply.reasoning, asked.shape, asked.adaptation)
    told = [FORM_WORDS[read.form]] if read.form in FORM_WORDS else []
    if read.note:
        told.append(read.note)
    if read.errors and read.form not in VALUELESS:
        first, *others = read.errors
        more = f" (and {len(others)} more)" if others else ""
        told.append(f"the answer does not fit the schema: {first}{more}")
    notices = tuple(Notice("shape_answer", words) for words in told)
    return _Shaped(answer, replace(receipt, form=read.form), read.value, read.errors, notices)


def _called(prepared: Prepared, reply: Reply) -> Called | None:
    """What was called, and of what; None where nothing was, and nothing could be."""
    shape = prepared.shape
    answers = shape.shape.name if shape is not None and shape.fidelity == "tool" else None
    pieces = [piece for piece in reply.pieces if piece.kind == "call" and piece.name != answers]
    if not pieces and prepared.tools is None:
        return None
    from ..tools.answer import read_called

    is_whole = reply.complete and reply.failure is None and reply.finish in ("stop", "tool_call", "unknown")
    params = prepared.call.params or prepared.target.profile.params
    by_params = any(name in params for name in ("tools", "toolConfig", "functions"))
    return read_called(pieces, prepared.tools, is_whole=is_whole, by_params=by_params)


def _twins(prepared: Prepared, reply: Reply, reasoning: Reasoning) -> tuple[ThinkReceipt, ...]:
    """Receipts of the think values that the call stands for beside its own."""
    decided, card = prepared.plan, prepared.target.card
    receipts: list[ThinkReceipt] = []
    for twin in prepared.asked.twins:
        # Where the provider refused a field, all of them were sent without it.
        plan = twin.plan if decided.native == twin.plan.native else decided
        verdict = judge(twin.think, plan, reply, reasoning, card)
        receipts.append(ThinkReceipt(str(twin.think), plan.native, plan.fidelity, plan.note, verdict))
    return tuple(receipts)


def unsent_result(
    target: Target | None, profile: str, model: str, think: Think, failed: Failure, *, run_id: str, at: datetime,
    native: Json | None = None, repeat: int | None = None, twins: Sequence[Twin] = (),
) -> Result:  # fmt: skip
    """The result of a call that was never made: a missing key, say."""
    return Result(
        id=new_id(),
        run_id=run_id,
        created_at=timestamp(at),
        profile=profile,
        provider=target.provider.name if target else "",
        dialect=target.dialect if target else "",
        model=model,
        model_reported=None,
        status="cancelled" if failed.kind == "cancelled" else "error",
        think=ThinkReceipt(str(think), native or {}, "unsupported", NOTHING_SENT, "unknown"),
        reasoning=Reasoning(),
        answer="",
        finish="cancelled" if failed.kind == "cancelled" else "error",
        finish_raw=None,
        usage=Usage(),
        cost=Cost(),
        latency=Latency(),
        attempts=0,
        request_id=None,
        error=failed,
        host=target.host if target else None,
        simulated=target is not None and target.is_simulated,
        repeat=repeat,
        same_request=tuple(
            ThinkReceipt(str(twin.think), native or {}, "unsupported", NOTHING_SENT, "unknown") for twin in twins
        ),
    )


def summarize(results: Iterable[Result], total_s: float | None) -> Summary:
    """Totals. Sums are over the known numbers; None when none is known."""
    listed = list(results)
    known = [result.cost.usd for result in listed if result.cost.usd is not None]
    output = [result.usage.output_tokens for result in listed if result.usage.output_tokens is not None]
    reasoning = [result.usage.reasoning_tokens for result in listed if result.usage.reasoning_tokens is not None]
    counted = {
        status: sum(result.status == status for result in listed) for status in ("ok", "partial", "error", "cancelled")
    }
    beside = [usd for result in listed for usd in beside_usd(result)]
    known_beside = [usd for usd in beside if usd is not None]
    return Summary(
        results=len(listed),
        ok=counted["ok"],
        partial=counted["partial"],
        error=counted["error"],
        cancelled=counted["cancelled"],
        usd=sum(known, Decimal(0)) if known else None,
        # A call that was never made cost nothing; only what was attempted can have an unknown price.
        usd_unknown=sum(cost_is_unknown(result) for result in listed),
        output_tokens=sum(output) if output else None,
        reasoning_tokens=sum(reasoning) if reasoning else None,
        total_s=total_s,
        checks_usd=sum(known_beside, Decimal(0)) if known_beside else None,
        checks_usd_unknown=len(beside) - len(known_beside),
    )


def make_run(
    run_id: str,
    prompt: str,
    system: str | None,
    results: Iterable[Result],
    total_s: float,
    asked: Iterable[TurnPiece] = (),
) -> Run:
    """The run of `results`. `asked` are the parts of its prompt, where files are among them."""
    listed = tuple(results)
    return Run(run_id, prompt, listed, summarize(listed, total_s), system, files_among(asked))


def files_among(asked: Iterable[TurnPiece]) -> tuple[RunFile, ...]:
    """What went along, of the parts of a prompt; a text has a name where it came as a file."""
    return tuple(
        RunFile(
            kind=piece.carrier,
            name=piece.name or "",
            media_type=text(piece.native.get("media_type")),
            bytes=count(piece.native.get("bytes")),
            sha256=text(piece.native.get("sha256")),
            changed=text(piece.native.get("changed")),
        )
        for piece in asked
        if piece.kind == "file" or (piece.kind == "text" and piece.name is not None)
    )


def _aim(aim: AimReceipt | None, reasoning: Reasoning, cost: Cost) -> AimReceipt | None:
    """The dose with what was taken: by the provider's counts, for a guess of ours says nothing about a miss."""
    if aim is None:
        return None
    if aim.unit == "usd":
        return aim.after(None if cost.usd is None or cost.source == "estimated" else float(cost.usd))
    return aim.after(None if reasoning.tokens_source == "estimated" else reasoning.tokens)


def _with_failure(reply: Reply) -> Reply:
    """A reply that the provider ended with an error, without saying which, is none that is whole."""
    if reply.failure is not None or reply.finish != "error":
        return reply
    words = f"the provider stopped with {reply.finish_raw or 'an error'} and did not say why"
    return replace(reply, failure=failure("server", words))


def _status(outcome: Outcome) -> Status:
    reply = outcome.reply
    if reply.failure is None:
        return "ok"
    if reply.failure.kind == "cancelled":
        return "cancelled"
    return "error" if is_blank(reply.answer) and is_blank(reply.reasoning) else "partial"


def _served_otherwise(outcome: Outcome) -> list[Notice]:
    """Another effort than the one that was sent, in the provider's own words."""
    applied = outcome.reply.effort
    if applied is None:
        return []
    sent = next((at_path(outcome.prepared.plan.native, path) for path in EFFORT_PATHS), None)
    if sent and applied and sent != applied:
        return [Notice("effort_differs", f"effort {sent} was sent; the provider says it applied {applied}")]
    return []


def _with_hint(failed: Failure | None, target: Target, own: str | None) -> Failure | None:
    """The failure with words on what to do: its `own`, or the usual remedy for a failure of its kind."""
    if failed is None or failed.hint:
        return failed
    if own:
        return replace(failed, hint=own)
    provider, profile = target.provider, target.profile
    variables = profile.api_key_env or provider.api_key_env
    hints = {
        "auth": f"check the key in {' or '.join(variables)}" if variables else "check the key",
        "permission": "the key is valid but may not use this model; check the project, region or plan",
        "not_found": f"{target.base_url} does not serve {profile.model}; see: thinkdial models --provider "
        f"{provider.name}",
        "quota": "the account's quota or balance is used up; waiting does not help",
        "rate_limit": "wait, or lower limits.concurrency of the profile",
        "overloaded": "the provider is overloaded; try again later",
        "context_length": "the prompt is longer than the model's context; shorten it",
    }
    hint = hints.get(failed.kind)
    if failed.kind == "not_found" and (near := _near_names(target)):
        hint = f"did you mean {' or '.join(near)}? {hint}"
    return replace(failed, hint=hint) if hint else failed


def _near_names(target: Target) -> list[str]:
    """The known models of the provider whose names are near the one that it does not know."""
    from difflib import get_close_matches

    from ...profiles import facts
    from ...profiles.cards.retirement import retirement_of

    asked = target.profile.model.removeprefix("models/")
    name, listed = target.provider.name, (card for file in target.provider.models for card in facts.cards(file))
    known = [card.example for card in listed if retirement_of(name, card.example, card) is None]
    return [near for near in get_close_matches(asked, known, n=2, cutoff=0.75) if near != asked]
