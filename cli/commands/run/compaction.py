"""The compaction of a session that is held: asked for by name, or due before its next turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...exit_codes import ExitCode, code_for

if TYPE_CHECKING:
    from ....engine.planning.prepare import Prompt
    from ....profiles.config import Config
    from ...options import KeepOptions, SendOptions
    from .talk import Talk, Voice


def compact_held(
    talk: Talk,
    config: Config,
    sending: SendOptions,
    keeping: KeepOptions,
    *,
    given: list[str] | None = None,
    by: str | None = None,
    yes: bool = False,
) -> ExitCode:
    """Make the session short that `talk` holds, and say how. Raises `StoreError` where no compaction came."""
    from ....engine.runs.jobs import Options
    from ....engine.runs.observer import Silent
    from ....engine.sessions.context.compaction import compaction_call, store_compaction
    from ...formats import print_aftermath, print_notes
    from ...output import say, show_line, width_aside
    from ...views.numbers import dollars
    from ...views.run.receipt import receipt_line
    from . import talk as talks
    from .ready import make_ready

    call = compaction_call(talk.turn, config, Options(), given=given, by=by)
    ready = make_ready(
        "session compact", [call.selection], call.prompt, config, call.options, sending, keeping, yes=yes,
        spent_usd=talk.spent_usd,
    )  # fmt: skip
    if isinstance(ready, ExitCode):
        return ready
    if not talks.may_go(talk, ready.jobs, yes=yes, quiet=keeping.quiet):
        say("nothing was sent")
        return ExitCode.USAGE
    finished = ready.run(Silent())
    talk.count(finished)
    result = finished.run.results[0]
    if result.error is not None or finished.interrupted:
        print_notes(finished.run.results, after_comparison=False)
        return code_for(finished.run.results, interrupted=finished.interrupted)
    store_compaction(talk.turn, call, result)
    talk.go_on()
    if not keeping.quiet:
        turns = "turn 1 is" if call.covers == 1 else f"turns 1 to {call.covers} are"
        how = f"summed up by {result.profile}" if call.is_ours else f"compacted by {result.provider} itself"
        cost = "" if result.cost.usd is None else f", for {dollars(result.cost.usd)}"
        say(f"session {talk.turn.conversation.name}: {turns} {how}{cost}; the full turns stay")
        if call.is_ours:
            show_line(receipt_line(result, width_aside()))
        print_aftermath(finished)
    return ExitCode.OK


def compacted_if_due(
    talk: Talk,
    prompt: Prompt,
    voice: Voice,
    config: Config,
    sending: SendOptions,
    keeping: KeepOptions,
    *,
    given: list[str] | None,
    by: str | None,
    yes: bool,
) -> ExitCode | None:
    """Make the session short before its next turn where that is due; an exit code where that failed."""
    from ....engine.sessions.context.compaction import is_due

    if not is_due(talk.turn, prompt, voice.selection, voice.think, config, voice.options):
        return None
    code = compact_held(talk, config, sending, keeping, given=given, by=by, yes=yes)
    return None if code is ExitCode.OK else code
