"""One answer, alone or as the next turn of a session: asked for, streamed, and told about."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from msgspec import Struct

from ...exit_codes import ExitCode, code_for
from ...options import ReasoningView

if TYPE_CHECKING:
    from ....engine.api import ReadyRun
    from ....engine.checks.gates import Gate
    from ....engine.results.result import Result
    from ....engine.runs.run import Finished
    from .inquiry import Inquiry
    from .talk import Talk


class Answered(Struct, frozen=True):
    """A call that was made, and whether all of its result could be written."""

    finished: Finished
    written: bool
    gate: Gate | None = None
    is_strict: bool = False

    @property
    def result(self) -> Result:
        return self.finished.run.results[0]

    def code(self) -> ExitCode:
        """The exit code of the call, of its result being written, and of the gates, which say what failed."""
        code = code_for(self.finished.run.results, interrupted=self.finished.interrupted)
        if not self.written and code is ExitCode.OK:
            return ExitCode.USAGE
        if self.gate is None and not self.is_strict:
            return code
        from ...gates import gated

        return gated(code, self.finished.run.results, self.gate, strict=self.is_strict)


def answer_in_session(
    asked: Inquiry, talk: Talk, profile: list[str] | None, *, yes: bool, count: bool = False
) -> Answered | ExitCode:
    """Make the next turn of the session that `talk` holds; the exit code where nothing was sent.

    Where tools are run, that are several turns, and one result of all of them.
    """
    supply, shows = asked.options.run_tools, streams(asked)
    if supply is None:
        return _turn(asked, talk, profile, yes=yes, count=count)
    from .rounds import turns_in_rounds  # which few sessions need

    def make(asked: Inquiry) -> Finished | ExitCode:
        made = _turn(asked, talk, profile, yes=yes, count=count, shows=shows)
        return made if isinstance(made, ExitCode) else made.finished

    finished = turns_in_rounds(asked, talk, supply, make)
    if isinstance(finished, ExitCode):
        return finished
    return (
        Answered(finished, True, asked.checking.gate(), asked.sending.strict_think) if shows else shown(asked, finished)
    )


def _turn(
    asked: Inquiry, talk: Talk, profile: list[str] | None, *, yes: bool, count: bool = False, shows: bool = True
) -> Answered | ExitCode:
    """One turn. `shows`: its answer is shown as it comes, or when it is there."""
    from ....engine.runs.observer import Silent
    from ...output import say
    from . import talk as talks
    from .compaction import compacted_if_due
    from .ready import make_ready

    config, turn = asked.settings, talk.turn
    voice = talks.selected(turn, asked.options, profile, config)
    prompt, selection = talks.prompt_in(turn, asked.prompt, asked.talking, asked.outputs), voice.selection
    failed = compacted_if_due(
        talk, prompt, voice, config, asked.sending, asked.keeping,
        given=profile, by=asked.talking.context_summary, yes=yes,
    )  # fmt: skip
    if failed is not None:
        return failed
    if talk.turn is not turn:
        turn = talk.turn
        prompt = talks.prompt_in(turn, asked.prompt, asked.talking, asked.outputs)
    ready = make_ready(
        asked.command, [selection], prompt, config, voice.options, asked.sending, asked.keeping, yes=yes, count=count,
        turn=turn.head(prompt, selection.profile.name, str(voice.think)), spent_usd=talk.spent_usd,
        expect=asked.checking.expectation(),
    )  # fmt: skip
    if isinstance(ready, ExitCode):
        return ready
    if not talks.may_go(talk, ready.jobs, yes=yes, quiet=asked.keeping.quiet):
        say("nothing was sent")
        return ExitCode.USAGE
    answered = answer(asked, ready) if shows else Answered(ready.run(Silent()), True)
    talk.count(answered.finished)
    if answered.result.turn is not None and answered.result.turn.pieces:
        talk.remember(ready.jobs[0])
    return answered


def answer(asked: Inquiry, ready: ReadyRun) -> Answered:
    """Make the call and show what comes."""
    from ....engine.runs.observer import Silent
    from .answer_stream import AnswerStream

    if not streams(asked):
        return shown(asked, ready.run(Silent()))
    if ready.circumstances.shaper is not None:
        from .answer_stream import ReasoningStream

        with ReasoningStream(ready.jobs[0], show_reasoning=shows_reasoning(asked)) as reasoning:
            finished = ready.run(reasoning)
        return shown(asked, finished)
    with AnswerStream(ready.jobs[0], show_reasoning=shows_reasoning(asked)) as stream:
        finished = ready.run(stream)
    return _told(asked, finished, written=True)


def streams(asked: Inquiry) -> bool:
    """Whether the answer goes to stdout alone, as it comes."""
    printing = asked.printing
    return printing.output_format is None and not printing.json and not printing.output


def shows_reasoning(asked: Inquiry) -> bool:
    return asked.printing.reasoning is not ReasoningView.NONE and not asked.keeping.quiet


def shown(asked: Inquiry, finished: Finished) -> Answered:
    """Show a call that was made."""
    from ...formats import answer_pieces, print_run

    printing = asked.printing
    if streams(asked):
        from ...output import emit_pieces

        emit_pieces(answer_pieces(finished.run.results[0].answer))
        return _told(asked, finished, written=True)
    alone = asked.command == "ask"
    written = print_run(finished.run, asked.form, printing, asked.settings.reference, answer_alone=alone)
    return _told(asked, finished, written=written)


def _told(asked: Inquiry, finished: Finished, *, written: bool) -> Answered:
    """Say what there is to know beside the answer."""
    if not asked.keeping.quiet:
        from ...formats import print_aftermath, print_notes
        from ...output import aside, is_terminal, show_line, width_aside
        from ...views.run.receipt import receipt_line

        if streams(asked) and is_terminal(sys.stderr):
            aside("\n")
        print_notes(finished.run.results, after_comparison=False)
        if finished.run.results[0].attempts:
            show_line(receipt_line(finished.run.results[0], width_aside(), named=True, number=finished.number))
        print_aftermath(finished)
    elif streams(asked):
        from ...output import show_line
        from ...views.run.receipt import failures

        for line in failures(finished.run.results):  # nothing else would say why there is no answer
            show_line(line)
    return Answered(finished, written, asked.checking.gate(), asked.sending.strict_think)
