"""Turns made from results in the history: picked from a comparison, begun from any run, or left by a killed process."""

from __future__ import annotations

import json

from msgspec import Struct
from msgspec.structs import replace

from ...providers.dialect import failure
from ...providers.errors import StoreError, UsageError
from ...providers.fold import Reply
from ...providers.schema import Json
from ...providers.turns.prefix import prefix_of
from ...providers.turns.turn import Origin, Turn
from ..exchange.raw_response import reply_of
from ..history.conversations.changes import asked_document, finish_left
from ..history.conversations.rows import StoredSession, unfinished_turn
from ..history.conversations.turn_rows import answered_document
from ..history.queries import entry_name, is_named
from ..history.read import StoredResult, StoredRun, find_run, stored_run
from ..history.store import Store
from ..history.unfinished import KILLED
from ..planning.turns import made_turn


class StoredAnswer(Struct, frozen=True):
    """One result of one run, as a turn that a session can take: both sides as they are stored."""

    run: int
    result: int
    asked: Json
    answered: Json
    turn: Turn


def named_answer(store: Store, written: str) -> tuple[StoredRun, StoredResult]:
    """The result that `RUN[:PROFILE[@THINK]]` names. Raises `StoreError` for none, `UsageError` for more than one."""
    name, _, wanted = written.partition(":")
    run = stored_run(store, find_run(store, name))
    return run, chosen_entry(run, wanted)


def chosen_entry(run: StoredRun, wanted: str) -> StoredResult:
    """The result of `run` that `PROFILE[@THINK][#SAMPLE]` names; nothing is enough where it has only one."""
    names = [entry_name(entry) for entry in run.entries]
    fitting = [entry for entry in run.entries if not wanted or is_named(entry, wanted)]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(dict.fromkeys(names))
    if not fitting:
        raise UsageError(f"run {run.number} has no result of {wanted}", hint=f"it has {listed}")
    raise UsageError(f"run {run.number} has {len(fitting)} results; say which", hint=f"one of {listed}")


def answer_of(run: StoredRun, entry: StoredResult, number: int) -> StoredAnswer:
    """The turn of a stored result; `number` is the result's row. Raises `UsageError` where nothing was answered."""
    result = entry.result
    if entry.raw is None:
        raise UsageError(f"run {run.number}: {result.profile} has no answer to go on from")
    turn = with_asked(turn_of_stored(entry, run.run.prompt), run)
    if not turn.pieces:
        raise UsageError(f"run {run.number}: the answer of {result.profile} is empty, so that nothing goes on from it")
    asked = asked_document(turn.asked, system=run.run.system, profile=result.profile, think=result.think.requested)
    return StoredAnswer(run.number, number, asked, answered_document(replace(result, turn=turn)), turn)


def with_asked(turn: Turn, run: StoredRun) -> Turn:
    """`turn` with the files that went along with the prompt."""
    return replace(turn, asked=run.asked) if run.asked else turn


def turn_of_stored(entry: StoredResult, prompt: str) -> Turn:
    """The turn in a stored result: its bytes, decoded again. Raises `StoreError` when they cannot be."""
    result, sent = entry.result, entry.sent
    if entry.raw is None:
        reply = Reply(failure=KILLED)
    else:
        broken = KILLED if entry.unfinished else None
        if not entry.unfinished and result.status in ("partial", "cancelled"):
            broken = result.error or failure("cancelled", "it was cut")
        quirks: Json = sent.get("quirks") or {}
        reply = reply_of(entry.raw, result.dialect, quirks, bool(sent.get("emulated")), broken=broken)
    origin = Origin(
        provider=result.provider,
        endpoint=str(sent.get("base_url") or ""),
        dialect=result.dialect,
        model=result.model,
        served=reply.model,
        account=sent.get("account"),
        prefix=_prefix(sent),
        date=result.created_at,
    )
    turn = made_turn(0, prompt, reply, origin)
    return replace(turn, is_cut=turn.is_cut or entry.unfinished or result.status != "ok")


def _prefix(sent: Json) -> str | None:
    try:
        return prefix_of(json.loads(str(sent.get("body") or "")))
    except (ValueError, AttributeError):
        return None


def result_row(store: Store, run: int, entry: StoredResult) -> int:
    """The row of a result, which a turn refers to so that its run is kept."""
    found = store.connection.execute(
        "SELECT number FROM results WHERE run = ?1 AND (id = ?2 OR (id IS NULL AND ?2 LIKE '%-' || position))",
        (run, entry.result.id),
    ).fetchone()
    if found is None:
        raise StoreError(f"run {run}: the result of {entry.result.profile} is gone")
    return found[0]


def recover_turn(store: Store, session: StoredSession) -> bool:
    """Take what a killed process had received of the session's next turn as that turn; whether there was any.

    To be called by who holds the session. A turn of which nothing had come is forgotten.
    """
    left = unfinished_turn(store, session)
    if left is None or left.run is None or left.result is None:
        return False
    run = stored_run(store, left.run)
    entry = next(entry for entry in run.entries if result_row(store, left.run, entry) == left.result)
    turn = with_asked(turn_of_stored(entry, run.run.prompt), run)
    answered = answered_document(replace(entry.result, turn=turn)) if turn.pieces else None
    finish_left(store, session, left.number, answered)
    return answered is not None
