"""Whether the next call of a session fits, and what is done where it does not: refused, or without its oldest turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.state.context import ContextPolicy
from ....providers.errors import Failure
from ....providers.schema import Notice
from ...costs.conversation_input import conversation_input
from ...costs.conversation_tokens import reasoning_by_turn, text_by_turn
from ...planning.fates import Past
from ...planning.prepare import Prepared, with_notice, with_prompt
from ...runs.jobs import Job
from .outlook import window_of

_MOST_TRIALS = 8
"""How often more of the oldest turns are left out until an estimate fits."""


class Fullness(Struct, frozen=True):
    """What the next call takes of what it may: `tokens` of input, expected or counted, and at most `limit`.

    `is_compacted`: it fits all the same, because the provider is asked to compact it on the way.
    """

    tokens: int
    limit: int | None
    policy: ContextPolicy
    is_compacted: bool = False

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.tokens > self.limit and not self.is_compacted


def policy_of(prepared: Prepared) -> ContextPolicy:
    """The policy that holds for the call: what was said for it, else what its session says, else its profile."""
    past = prepared.asked.prompt.past or Past()
    return past.policy.over(prepared.target.profile.context)


def fullness_of(prepared: Prepared, at: datetime, counted: int | None = None) -> Fullness:
    """How full the context of the call is; `counted` is what a counting endpoint said of it."""
    policy = policy_of(prepared)
    tokens = counted
    if tokens is None:
        tokens = conversation_input(prepared, prepared.asked.prompt, at).tokens
    room = window_of(prepared)
    is_compacted = prepared.continuity.compacts_at is not None and (room is None or tokens <= room)
    return Fullness(tokens, window_of(prepared, policy.max_input_tokens), policy, is_compacted)


def fitted_jobs(jobs: Sequence[Job], at: datetime, counted: Mapping[int, int] | None = None) -> list[Job]:
    """The jobs of a session as they may go: as they are, trimmed, or refused with the commands that help."""
    return [_fitted(job, at, (counted or {}).get(index)) for index, job in enumerate(jobs)]


def fitted(prepared: Prepared, at: datetime, counted: int | None = None) -> Prepared | Failure:
    """The call as it may go, or why it may not."""
    past = prepared.asked.prompt.past
    if past is None or not past.turns:
        return prepared
    if counted is None and _fits_for_sure(prepared):
        return prepared
    fullness = fullness_of(prepared, at, counted)
    if not fullness.is_full:
        return prepared
    if fullness.policy.when_full == "trim" and (trimmed := _trimmed(prepared, fullness, at)) is not None:
        return trimmed
    return _refusal(prepared, past, fullness)


def fitted_now(prepared: Prepared) -> Prepared | Failure:
    """The same at this moment, by the estimate."""
    return fitted(prepared, datetime.now(UTC))


def _fits_for_sure(prepared: Prepared) -> bool:
    """Whether not even a token for each byte would be too much: then nothing has to be estimated."""
    limit = window_of(prepared, policy_of(prepared).max_input_tokens)
    return limit is None or len(prepared.request.body) + sum(reasoning_by_turn(prepared).values()) <= limit


def _fitted(job: Job, at: datetime, counted: int | None) -> Job:
    if job.prepared is None or job.refused is not None:
        return job
    found = fitted(job.prepared, at, counted)
    return replace(job, refused=found) if isinstance(found, Failure) else replace(job, prepared=found)


def _trimmed(prepared: Prepared, fullness: Fullness, at: datetime) -> Prepared | None:
    """The call without as many of its oldest turns as must go; None where not even the prompt alone fits."""
    prompt, past = prepared.asked.prompt, prepared.asked.prompt.past or Past()
    limit, over, now = fullness.limit or 0, fullness.tokens - (fullness.limit or 0), prepared
    for _ in range(_MOST_TRIALS):
        after = _turns_worth(now, over)
        if after is None:
            return None
        now = with_prompt(prepared, replace(prompt, past=replace(past, after=after)))
        over = conversation_input(now, prompt, at).tokens - limit
        if over <= 0:
            turns = "turn 1 is" if after == 1 else f"turns 1 to {after} are"
            words = f"{turns} left out: {limit:,} tokens of input are the most, and all would be {fullness.tokens:,}"
            return with_notice(now, Notice("context_trimmed", words))
    return None


def _turns_worth(prepared: Prepared, tokens: int) -> int | None:
    """The number of the turn after which at least `tokens` less go along; None where all turns are less."""
    texts, thoughts = text_by_turn(prepared), reasoning_by_turn(prepared)
    freed, last = 0, None
    for number in sorted(texts):
        freed += sum(texts[number]) + thoughts.get(number, 0)
        last = number
        if freed >= tokens:
            break
    return last


def _refusal(prepared: Prepared, past: Past, fullness: Fullness) -> Failure:
    name = past.place.name if past.place is not None else "NAME"
    name = f"'{name}'" if " " in name else name
    if fullness.policy.max_input_tokens == fullness.limit:
        of_what = "max_input_tokens of its context"
    else:
        of_what = f"what the window of {prepared.target.profile.model} leaves beside the output"
    words = f"the session takes about {fullness.tokens:,} tokens of input, and {fullness.limit:,} are {of_what}"
    return Failure(
        "context_length",
        words,
        hint=(
            f"thinkdial session compact {name} makes the earlier turns short; --context-full trim leaves the oldest "
            f"out; thinkdial session rewind {name} goes back; --max-output leaves the input more"
        ),
    )
