"""A session made short: by its provider's own means, or by a summary. The full turns stay in the tree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.config import Config
from ....profiles.state.compactions import compaction_means
from ....profiles.state.context import ContextPolicy
from ....providers.errors import StoreError, UsageError
from ....providers.think import Think
from ...history.conversations import changes
from ...history.conversations.turn_rows import answered_document
from ...history.store import Store
from ...planning.compaction import compaction_pieces
from ...planning.prepare import Prompt
from ...results.result import Result
from ...runs.jobs import Options, prepare_one, resolved
from ...targets.target import Selection, one_selection
from ..next_turn import NextTurn
from ..voices import labelled, profiles_in
from .fit import fullness_of

SUMMARY_PROMPT = (
    "Sum up our conversation so far, so that somebody who has not seen it can go on with it in my place and yours. "
    "Keep what was asked, what was decided and why, names, numbers, code and quotations that may be needed again, and "
    "what is still open. Leave out greetings and what led nowhere. Write in the language of the conversation. Answer "
    "with the summary alone."
)
"""What a model is asked for where its provider cannot compact a conversation itself."""

_NO_LIMIT = 10**9


class CompactionCall(Struct, frozen=True):
    """The call that makes a session short. `covers` is the number of its turns; `is_ours`: by a summary."""

    selection: Selection
    prompt: Prompt
    options: Options
    covers: int
    is_ours: bool


def compaction_call(
    turn: NextTurn, config: Config, options: Options, *, given: Sequence[str] | None = None, by: str | None = None
) -> CompactionCall:
    """How the session is made short: by its provider, where it has means of its own for the model that goes on, else
    by a summary: of `by`, which is always one, of the policy's `summary_profile`, or of the session's own profile.

    `given` are the profiles of the next turn, where they are said. Raises `UsageError` where there is nothing to do.
    """
    going = turn.conversation
    covers = len(going.turns)
    newest = going.compactions[-1] if going.compactions else None
    if not covers or (newest is not None and newest.covers == covers and not newest.turn.dead):
        raise UsageError(f"session {going.name} has nothing to compact: no turn has been added")
    selection = one_selection(profiles_in(turn, given, config), config)
    policy = going.settings.policy.over(selection.profile.context)
    target = resolved(selection, config, options)
    model = target.profile.known_as or target.profile.model
    means = None if by is not None else compaction_means(target.provider.name, target.dialect, model)
    options = labelled(turn, options)
    if means is not None:
        return CompactionCall(selection, _asked(turn, ""), replace(options, compaction=means), covers, False)
    if (name := by or policy.summary_profile) is not None:
        selection = one_selection([name], config)
    if selection.profile.schema is not None:
        selection = replace(selection, profile=replace(selection.profile, schema=None))
    return CompactionCall(selection, _asked(turn, SUMMARY_PROMPT), replace(options, shape=None), covers, True)


def _asked(turn: NextTurn, words: str) -> Prompt:
    """The whole session before `words`: as much of it as the window holds, whatever its own limit is."""
    return turn.prompt(Prompt(words), policy=ContextPolicy(_NO_LIMIT, when_full="trim"))


def store_compaction(turn: NextTurn, call: CompactionCall, result: Result, path: Path | None = None) -> None:
    """Put what came in the tree, as the session's new tip. Raises `StoreError` where nothing came that could stand."""
    said = result.turn
    if result.error is not None or said is None or said.is_cut:
        raise StoreError(f"session {turn.conversation.name} was not compacted: {_why(result)}")
    pieces = said.pieces if call.is_ours else compaction_pieces(said.pieces)
    pieces = tuple(piece for piece in pieces if not call.is_ours or piece.kind == "text")
    if not any(piece.text.strip() or not call.is_ours for piece in pieces):
        raise StoreError(f"session {turn.conversation.name} was not compacted: {result.profile} sent no compaction")
    kept = replace(said, asked=(), pieces=pieces, reasoning_tokens=None)
    document = answered_document(replace(result, turn=kept)) | {"is_ours": call.is_ours, "covers": call.covers}
    asked = changes.asked_document((), system=None, profile=result.profile, think=result.think.requested)
    with Store.open(path) as store:
        found = store.connection.execute("SELECT number FROM results WHERE id = ?", (result.id,)).fetchone()
        row = None if found is None else int(found[0])
        session = turn.conversation.session
        changes.append_turn(store, session, asked, document, kind="compaction", result=row, at=result.created_at)


def is_due(
    turn: NextTurn, prompt: Prompt, selection: Selection, think: Think, config: Config, options: Options
) -> bool:
    """Whether the session is too full for `prompt`, and is to be compacted then."""
    past = prompt.past
    if past is None or not past.turns:
        return False
    if past.policy.over(selection.profile.context).when_full != "compact":
        return False
    target = resolved(selection, config, options)
    prepared = prepare_one(target, think, prompt, config, labelled(turn, options))
    return fullness_of(prepared, datetime.now(UTC)).is_full


def _why(result: Result) -> str:
    if result.error is not None:
        return result.error.message
    return f"{result.profile} was cut off" if result.turn is not None else "nothing came"
