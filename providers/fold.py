"""Deltas -> one reply. The only accumulator, so that streams and whole bodies cannot drift apart."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from .errors import Failure
from .json_values import is_blank, said_twice
from .schema import (
    AnswerDelta,
    AnswerIsCommentary,
    AnswerWasReasoning,
    Bill,
    Complete,
    Delta,
    Finish,
    FinishReason,
    GoesOn,
    Json,
    Notice,
    Portion,
    ReasoningAbsent,
    ReasoningDelta,
    ReasoningWithheld,
    Served,
    StateReport,
    TokensSource,
    ToolsUsed,
    Usage,
    UsageReport,
    Visibility,
)
from .turns.pieces import TurnPiece

_NOTHING = Usage()

MOST_NOTICES = 100
"""Different warnings that are kept of one answer."""

LONG_ANSWER = 2**20
"""Characters from which it matters how often an answer is held."""

_COUNTS = Usage.__struct_fields__
_VISIBILITY_RANK: tuple[Visibility, ...] = ("none", "hidden", "encrypted", "redacted", "inline", "summary", "full")


class Reply(Struct):
    """Everything that came over the wire, so far or in the end."""

    reasoning: str = ""
    visibility: Visibility = "none"
    answer: str = ""
    usage: Usage = _NOTHING
    cache_write_1h_tokens: int | None = None
    reasoning_source: TokensSource = "reported"
    billed: Usage | None = None
    portions: tuple[Portion, ...] = ()
    apart: Mapping[str, int] = {}
    tools: Mapping[str, int] = {}
    bill: Decimal | None = None
    model: str | None = None
    response_id: str | None = None
    service_tier: str | None = None
    speed: str | None = None
    effort: str | None = None
    region: str | None = None
    finish: FinishReason = "unknown"
    finish_raw: str | None = None
    complete: bool = False
    reasoning_absent: bool = False
    only_commentary: bool = False
    failure: Failure | None = None
    notices: list[Notice] = []
    pieces: list[TurnPiece] = []
    changes: tuple[Json, ...] = ()
    goes_on: Json = {}


class Fold:
    """Adds deltas up. Text is kept in pieces and joined once."""

    def __init__(self) -> None:
        self._reply = Reply()
        self._reasoning: list[str] = []
        self._reasoning_part = ""
        self._answer: list[str] = []
        self._answer_part = ""
        self._counts_are_final = False
        self._notices: dict[Notice, None] = {}
        self._has_more_notices = False

    def add(self, delta: Delta) -> None:
        reply = self._reply
        # What every answer has comes first. To be no instance of a struct takes six times as long to find out.
        if type(delta) is AnswerDelta:
            if self._answer and delta.part != self._answer_part:
                self._answer.append("\n\n")
            self._answer_part = delta.part
            self._answer.append(delta.text)
        elif type(delta) is ReasoningDelta:
            if self._reasoning and delta.part != self._reasoning_part:
                self._reasoning.append("\n\n")
            self._reasoning_part = delta.part
            self._reasoning.append(delta.text)
            if delta.text and not delta.text.isspace():
                self._seen(delta.visibility)
        elif type(delta) is UsageReport:
            reply.usage = _overlaid(reply.usage, delta.usage)
            if delta.cache_write_1h_tokens is not None:
                reply.cache_write_1h_tokens = delta.cache_write_1h_tokens
            reply.reasoning_source = delta.reasoning_source
            reply.billed = delta.billed or reply.billed
            reply.portions, reply.apart = delta.portions, delta.apart or {}
            self._counts_are_final = delta.final
        elif type(delta) is Served:
            reply.model = delta.model or reply.model
            reply.response_id = delta.response_id or reply.response_id
            reply.service_tier = delta.service_tier or reply.service_tier
            reply.speed = delta.speed or reply.speed
            reply.effort = delta.effort or reply.effort
            reply.region = delta.region or reply.region
        elif type(delta) is TurnPiece:
            reply.pieces.append(delta)
        elif type(delta) is Finish:
            reply.finish, reply.finish_raw = delta.reason, delta.raw
        elif type(delta) is Complete:
            reply.complete = True
        elif type(delta) is Notice:
            self._note(delta)
        elif type(delta) is ReasoningWithheld:
            self._seen(delta.visibility)
        elif type(delta) is ReasoningAbsent:
            reply.reasoning_absent = True
        elif type(delta) is AnswerWasReasoning:
            if any(piece and not piece.isspace() for piece in self._answer):
                self._seen("inline")
            self._reasoning += self._answer
            self._answer.clear()
        elif type(delta) is AnswerIsCommentary:
            reply.only_commentary = True
        elif type(delta) is ToolsUsed:
            reply.tools = {**reply.tools, **delta.counts}
        elif type(delta) is Bill:
            reply.bill = delta.usd
        elif type(delta) is StateReport:
            reply.changes += tuple(entry for entry in delta.entries if entry not in reply.changes)
        elif type(delta) is GoesOn:
            reply.goes_on = delta.fields
        elif type(delta) is Failure:
            reply.failure = reply.failure or delta

    @property
    def failure(self) -> Failure | None:
        """The failure that has come, if one has."""
        return self._reply.failure

    def reply(self) -> Reply:
        """The reply as it stands. When the end is missing, what only the end can tell is unknown: counts and bill.

        Reasoning that is nothing but white space, as empty tags leave it, is none.
        """
        reasoning = "".join(self._reasoning)
        answer = _whole(self._answer, self._reply.pieces)
        reply = replace(self._reply, reasoning="" if reasoning.isspace() else reasoning, answer=answer)
        self._answer[:] = [reply.answer] if reply.answer else []
        if not reply.complete and not self._counts_are_final:
            reply.usage = replace(reply.usage, output_tokens=None, reasoning_tokens=None, total_tokens=None)
            reply.billed = reply.bill = None
            reply.portions = ()
        if self._has_more_notices:
            words = f"the provider gave cause for more than {MOST_NOTICES} warnings; these are the first"
            reply.notices = [*reply.notices, Notice("more_warnings", words)]
        if said_twice(reply.answer) is not None:
            reply.notices = [*reply.notices, Notice("repeated", "the answer holds the same JSON twice")]
        usage = reply.usage
        if usage.output_tokens == 0 or usage.reasoning_tokens == 0 or usage.input_tokens == 0:
            _doubt_zeros(reply)
        return reply

    def _note(self, notice: Notice) -> None:
        if notice in self._notices:
            return
        if len(self._notices) >= MOST_NOTICES:
            self._has_more_notices = True
            return
        self._notices[notice] = None
        self._reply.notices.append(notice)

    def _seen(self, visibility: Visibility) -> None:
        if visibility == self._reply.visibility:
            return
        if _VISIBILITY_RANK.index(visibility) > _VISIBILITY_RANK.index(self._reply.visibility):
            self._reply.visibility = visibility


def _whole(answer: list[str], pieces: list[TurnPiece]) -> str:
    """The answer; a long one is not held twice where one of the pieces is the same text."""
    if len(answer) > 1 and (size := sum(map(len, answer))) > LONG_ANSWER:
        for piece in pieces:
            if piece.kind == "text" and len(piece.text) == size and _is_made_of(piece.text, answer):
                return piece.text
    return "".join(answer)


def _is_made_of(text: str, parts: list[str]) -> bool:
    at = 0
    for part in parts:
        if not text.startswith(part, at):
            return False
        at += len(part)
    return True


def _doubt_zeros(reply: Reply) -> None:
    """Make counts of 0 unknown where text shows that they cannot be right. A text put in by a filter counts nothing."""
    thought = not is_blank(reply.reasoning)
    if not thought and is_blank(reply.answer):
        return
    notices: list[Notice] = []
    wrong = [name for name in ("input_tokens", "output_tokens") if getattr(reply.usage, name) == 0]
    if wrong and reply.finish not in ("content_filter", "refusal"):
        words = " and ".join(name.replace("_", " ") for name in wrong)
        notices.append(Notice("usage_uncounted", f"text came and the provider counts 0 {words}; they are unknown"))
        reply.usage = replace(reply.usage, total_tokens=None, **dict.fromkeys(wrong))
    if thought and reply.usage.reasoning_tokens == 0:
        # vLLM counts none where the template opened the tag: https://docs.vllm.ai/en/latest/features/reasoning_outputs/
        words = "reasoning came and the provider counts no tokens for it; its count cannot be right"
        notices.append(Notice("reasoning_uncounted", words))
    if notices:
        reply.notices = [*reply.notices, *notices]


def _overlaid(old: Usage, new: Usage) -> Usage:
    if old is _NOTHING:
        return new
    return Usage(*[getattr(old if getattr(new, name) is None else new, name) for name in _COUNTS])
