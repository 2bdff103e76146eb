"""What became of the tools in an answer: the receipt, the calls, and what is to be told. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ...providers.schema import Notice
from ...providers.turns.pieces import TurnPiece
from ...providers.untrusted import bounded
from .calls import read_calls, unchecked_calls
from .request import ToolsPlan
from .words import ToolCall, ToolsReceipt

MOST_TOLD = 6


class Called(Struct, frozen=True):
    """The calls of an answer. `receipt` is None where no tools were declared."""

    receipt: ToolsReceipt | None = None
    calls: tuple[ToolCall, ...] = ()
    notices: tuple[Notice, ...] = ()


def receipt_of(plan: ToolsPlan) -> ToolsReceipt:
    """What is asked, in the form that a result has it."""
    return ToolsReceipt(plan.toolset.choice.word, plan.choice.word, plan.note, plan.sent)


def read_called(pieces: Sequence[TurnPiece], plan: ToolsPlan | None, *, is_whole: bool, by_params: bool) -> Called:
    """The calls among the pieces of an answer, held against what was declared for it.

    `is_whole`: it ended by itself, so that a call that was demanded should be there. `by_params`: tools of native
    fields went along, which nobody reads here.
    """
    if plan is None:
        calls = unchecked_calls(pieces) if by_params else read_calls(pieces, ())
        return Called(None, calls, _told(calls) if not by_params else ())
    nulled = (tool.name for tool in plan.sent if any(change.kind == "required" for change in tool.changes))
    calls = read_calls(pieces, plan.toolset.tools, plan.toolset.choice, nulled=frozenset(nulled))
    notices = _told(calls)
    if is_whole and not calls and plan.choice.is_forced:
        notices = (Notice("tool_call", f"a call was demanded ({plan.choice.word}), and none was made"),)
    return Called(receipt_of(plan), calls, notices)


def _told(calls: Sequence[ToolCall]) -> tuple[Notice, ...]:
    """What is wrong with calls, the first thing of each."""
    wrong = [call for call in calls if call.errors]
    told = [
        f"{bounded(call.name, 80) or 'a call'}: {call.errors[0]}"
        + (f" (and {len(call.errors) - 1} more)" if len(call.errors) > 1 else "")
        for call in wrong[:MOST_TOLD]
    ]
    if len(wrong) > MOST_TOLD:
        told.append(f"{len(wrong) - MOST_TOLD} more calls do not fit")
    return tuple(Notice("tool_call", words) for words in told)
