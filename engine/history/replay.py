"""A stored answer, decoded again with today's code and priced with today's list; and what that changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct
from msgspec.structs import replace

from ...profiles.config import Config
from ...profiles.profile import Profile
from ...providers.errors import ConfigError, Failure, UsageError
from ...providers.fold import Reply
from ...providers.schema import Call, HttpRequest, Json, Notice
from ...providers.think import AUTO, Think, parse_think
from ..costs.prices.pricing import price_of
from ..exchange.outcome import Outcome
from ..exchange.raw_response import RawResponse, reply_of
from ..planning.plan import ThinkPlan
from ..planning.prepare import Asked, Prepared, Prompt
from ..results.assembly import result_of
from ..results.documents import result_document
from ..results.receipt import read_reasoning
from ..results.result import Result
from ..targets.target import Target, resolve
from .unfinished import KILLED, as_recovered

if TYPE_CHECKING:
    from ...profiles.tools.server_tools import ServerToolRule
    from ..shapes.request import ShapePlan
    from ..tools.request import ToolsPlan
    from .read import StoredResult, StoredRun

BROKEN = frozenset(("timeout", "connection", "cancelled", "budget", "config"))
"""Kinds of failure that happen to an exchange and leave nothing in its bytes."""

READING = frozenset(
    (
        "commentary", "content_filter", "continuation", "cost", "effort_differs", "empty_answer", "finish",
        "model_load", "output_limit", "paused", "reasoning_uncounted", "refusal", "repeated", "shape_answer",
        "skipped", "tool_call",
        "usage_reconciled", "usage_uncounted", "usage_unreconciled",
    )
)  # fmt: skip
"""Codes of the warnings that reading and pricing an answer give; all others were there before it came."""

_UNTOUCHED = ("id", "run_id", "created_at", "latency", "attempts", "request_id", "forecast")
"""What is measured or given while a call is made, and cannot come out differently."""


class Change(Struct, frozen=True):
    """One field that differs: its path in `thinkdial.result/1`, what was stored, and what it is with today's code."""

    path: str
    was: object
    is_: object


class Replayed(Struct, frozen=True):
    """A result made again. `notes` say what could not be, and why."""

    result: Result
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def replay_all(stored: StoredRun, config: Config) -> list[tuple[StoredResult, Replayed]]:
    """Every result of a run with what comes out today."""
    return [(entry, replay(entry, config)) for entry in stored.entries]


def replay(stored: StoredResult, config: Config) -> Replayed:
    """Decode, judge and price the stored bytes of one result again, and compare."""
    was = stored.result
    if not was.attempts:
        return Replayed(was, (), ("no request was sent, so there is nothing to decode",))
    if stored.raw is None:
        return Replayed(was, (), ("no response had come, so there is nothing to decode",))
    try:
        reply = _reply(stored, stored.raw)
    except ConfigError as error:
        return Replayed(was, (), (f"nothing could be done again: {error.message}",))
    notes: list[str] = []
    try:
        target = _target(stored, config, notes)
    except ConfigError as error:
        notes.append(f"cost and verdict are those that were stored: {error.message}")
        made = _by_reply_alone(was, reply)
    else:
        made = _made(stored, reply, target, config)
    made = _keep_what_bytes_do_not_tell(stored, made, stored.raw, notes)
    return Replayed(made, tuple(_changes(was, made)), tuple(notes))


def _reply(stored: StoredResult, raw: RawResponse) -> Reply:
    quirks: Json = stored.sent.get("quirks") or {}
    emulated = bool(stored.sent.get("emulated"))
    return reply_of(raw, stored.result.dialect, quirks, emulated, broken=_break(stored))


def _break(stored: StoredResult) -> Failure | None:
    """Why the exchange ended early, where only the stored result knows."""
    if stored.unfinished:
        return KILLED
    error = stored.result.error
    return error if error is not None and error.kind in BROKEN and error.status is None else None


def _target(stored: StoredResult, config: Config, notes: list[str]) -> Target:
    """The profile as today's configuration has it, for the model and the dialect that answered.

    Raises `ConfigError` when its provider cannot be called today.
    """
    was = stored.result
    profile = config.profiles.get(was.profile)
    if profile is not None and profile.provider == was.provider:
        if profile.model != was.model:
            notes.append(f"profile {was.profile} calls {profile.model} today; what is known of {was.model} was used")
            profile = replace(profile, model=was.model, known_as=None, card=None, spelling=None, price=None)
    else:
        if "/" not in was.profile:
            notes.append(f"profile {was.profile} does not call {was.provider} today; its own price is not known")
        profile = Profile(name=was.profile, provider=was.provider, model=was.model)
    base_url = stored.sent.get("base_url")
    # A profile that may not be used today is still the one that was called; nothing is sent.
    profile = replace(profile, dialect=was.dialect, quirks={}, blocked=None, simulated=None)
    return resolve(profile, config, base_url=str(base_url) if base_url else None)


def _made(stored: StoredResult, reply: Reply, target: Target, config: Config) -> Result:
    was, sent = stored.result, stored.sent
    request = HttpRequest(
        str(sent.get("method") or "POST"), str(sent.get("url") or ""), (), str(sent.get("body") or "").encode()
    )
    decided = ThinkPlan(
        was.think.requested, was.think.native, was.think.fidelity, was.think.note, thinks=None, aim=was.aim
    )
    outcome = Outcome(
        prepared=Prepared(
            target=target,
            think=_think(was),
            plan=decided,
            call=Call(was.model, "", max_output_tokens=sent.get("max_output_tokens"), native=was.think.native),
            request=request,
            asked=Asked(Prompt(""), config.reference),
            emulated=bool(sent.get("emulated")),
            shape=_shape(sent),
            server_tools=_server_tools(was, target),
            tools=_tools(sent),
        ),
        reply=reply,
        latency=was.latency,
        attempts=was.attempts,
        request_id=was.request_id,
        notices=_kept_notices(was),
    )
    at = _moment(was.created_at)
    made = result_of(outcome, price_of(reply, target, at), run_id=was.run_id, at=at)
    if stored.unfinished:
        made = as_recovered(made, reply)
    made = _with_second_call(was, made)
    return replace(
        made, id=was.id, created_at=was.created_at, forecast=was.forecast, host=was.host, simulated=was.simulated,
        repeat=was.repeat, same_request=was.same_request, round=was.round, rounds_end=was.rounds_end,
        tool_runs=was.tool_runs, continuity=made.continuity if was.round is None else was.continuity,
    )  # fmt: skip


def _server_tools(was: Result, target: Target) -> tuple[ServerToolRule, ...]:
    """The rules of the tools that the provider was asked to run."""
    if not was.server_tools:
        return ()
    from ...profiles.tools.server_tools import server_tool

    names = [use.name for use in was.server_tools if use.asked]
    found = [server_tool(name, was.provider, was.dialect, target.profile.known_as or was.model) for name in names]
    return tuple(rule for rule in found if rule is not None)


def _with_second_call(was: Result, made: Result) -> Result:
    """The answer as a second call had put it into its shape: that one has bytes of its own."""
    second = None if was.shape is None else was.shape.second
    if second is None or was.shape is None:
        return made
    shape = replace(was.shape, second=replace(second, draft=made.answer))
    kept = [notice for notice in was.warnings if notice.code in ("shape_answer", "shape_second")]
    answer = was.answer if shape.form is not None else made.answer
    warnings = tuple(dict.fromkeys((*made.warnings, *kept)))
    return replace(
        made, answer=answer, shape=shape, answer_json=was.answer_json, schema_errors=was.schema_errors,
        warnings=warnings,
    )  # fmt: skip


def _shape(sent: Json) -> ShapePlan | None:
    if sent.get("shape") is None:
        return None
    from ..shapes.kept import shape_kept

    return shape_kept(sent["shape"])


def _tools(sent: Json) -> ToolsPlan | None:
    if sent.get("tools") is None:
        return None
    from ..tools.kept import tools_kept

    return tools_kept(sent["tools"])


def _by_reply_alone(was: Result, reply: Reply) -> Result:
    """What needs neither a profile nor a price: all that the bytes say themselves."""
    return replace(
        was,
        model_reported=reply.model,
        reasoning=read_reasoning(reply, was.reasoning.visibility),
        answer=reply.answer,
        finish=was.finish if reply.failure is not None else reply.finish,
        finish_raw=reply.finish_raw,
        usage=reply.usage,
        warnings=tuple(dict.fromkeys((*was.warnings, *reply.notices))),
    )


def _keep_what_bytes_do_not_tell(stored: StoredResult, made: Result, raw: RawResponse, notes: list[str]) -> Result:
    was = stored.result
    lost = replace(made.cost, lost_attempts=was.cost.lost_attempts, lost_usd=was.cost.lost_usd)
    made = replace(made, cost=lost)
    if stored.unfinished:
        return made
    if was.cost.source == "estimated" and made.cost.usd is None:
        notes.append("the cost is the estimate that was made when the call was cut; the bytes hold no usage")
        made = replace(made, cost=was.cost, warnings=_with_cost_notes(made.warnings, was.warnings))
    error = made.error
    if was.error is None or error is None:
        return made
    if error.kind == was.error.kind:
        error = replace(error, hint=was.error.hint)
        made = replace(made, error=error)
    if error == replace(was.error, param=error.param):
        return replace(made, finish=was.finish, status=was.status) if was.error.kind in BROKEN else made
    if raw.status >= 300 and error.kind == was.error.kind:
        # Response headers are not stored, and these come from them.
        made = replace(made, error=replace(error, retryable=was.error.retryable, retry_after_s=was.error.retry_after_s))
    return made


def _with_cost_notes(made: tuple[Notice, ...], was: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """The warnings of `made`, with what was said about the cost before."""
    others = [notice for notice in made if notice.code != "cost"]
    return (*others, *(notice for notice in was if notice.code == "cost"))


def _kept_notices(was: Result) -> tuple[Notice, ...]:
    return tuple(notice for notice in was.warnings if notice.code not in READING)


def _think(was: Result) -> Think:
    try:
        asked = parse_think(was.think.requested)
        return asked if was.aim is None else replace(parse_think(was.aim.chosen), aim=asked.aim)
    except UsageError:
        return AUTO


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)


def _changes(was: Result, made: Result) -> Iterator[Change]:
    before, after = result_document(was), result_document(made)
    for name in _UNTOUCHED:
        before.pop(name, None)
        after.pop(name, None)
    for document in (before, after):  # their order says nothing
        document["warnings"] = sorted(document["warnings"], key=lambda warning: (warning["code"], warning["message"]))
    yield from _differences("", before, after)


def _differences(path: str, was: object, now: object) -> Iterator[Change]:
    before, after = _inside(path, was), _inside(path, now)
    if before is None or after is None:
        if was != now:
            yield Change(path, was, now)
        return
    for name in dict.fromkeys((*before, *after)):
        yield from _differences(f"{path}.{name}" if path else name, before.get(name), after.get(name))


def _inside(path: str, value: object) -> Mapping[str, Any] | None:
    """The fields of a part of a result; None for what is compared as a whole, as native fields are."""
    if not isinstance(value, Mapping) or path == "think.native":
        return None
    return cast("Mapping[str, Any]", value)
