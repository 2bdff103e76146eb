"""Whether a failed attempt is worth another, and how long to wait. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import ErrorKind, Failure
from ...providers.refusals.sizes import exceeds_rate_limit
from ...providers.refusals.waits import reset_wait_s, wait_in_words_s

LONGEST_WAIT_S = 120.0
"""A provider that asks for more is not waited for: a person sits in front of it."""

FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 8.0
JITTER = 0.25

LOSING_KINDS: frozenset[ErrorKind] = frozenset({"protocol", "connection", "timeout", "server"})
"""Failures of a request that was not turned away: what was made of it until then may be billed."""


class Patience(Struct, frozen=True):
    """How long and how often: seconds without an event, seconds in all, and retries after the first attempt.

    `grace_s` are the seconds in which the terminal event may follow the stop and the last counts.
    """

    idle_s: float
    total_s: float
    retries: int
    grace_s: float = 3.0


class Attempt(Struct, frozen=True):
    """How one attempt ended. `number` counts from 1. `shown`: text has reached the user.

    `silent`: the request had left in full, and then nothing came for as long as we were ready to wait.
    """

    failure: Failure
    number: int
    shown: bool = False
    silent: bool = False


def wait_before_retry(attempt: Attempt, retries: int, random: Callable[[], float]) -> float | None:
    """Seconds to wait before the next attempt, or None when there must be none.

    Never after output was shown, which would be billed twice, and never after a silence: the provider was at work.
    """
    failed = attempt.failure
    if attempt.number > retries or attempt.shown or attempt.silent or not failed.retryable:
        return None
    if failed.retry_after_s is not None:
        return failed.retry_after_s if failed.retry_after_s <= LONGEST_WAIT_S else None
    backoff = min(FIRST_BACKOFF_S * 2 ** (attempt.number - 1), LONGEST_BACKOFF_S)
    return backoff * (1 - random() * JITTER)


def with_wait(failed: Failure, headers: Mapping[str, str]) -> Failure:
    """`failed` with all that its words and headers say about another try: that none helps, or how long to wait.

    A reset that is further away than anybody waits is the time until all is back, not until the next call may go.
    """
    if failed.kind in ("rate_limit", "invalid_request") and exceeds_rate_limit(failed.message):
        hint = "the request alone is larger than the limit: shorten it, lower --max-output, or have the limit raised"
        return replace(failed, kind="rate_limit", retryable=False, hint=failed.hint or hint)
    if failed.retry_after_s is not None or failed.kind not in ("rate_limit", "overloaded", "quota"):
        return failed
    wait = wait_in_words_s(failed.message)
    if wait is None and failed.kind == "rate_limit":
        reset = reset_wait_s(headers)
        wait = reset if reset is not None and reset <= LONGEST_WAIT_S else None
    return failed if wait is None else replace(failed, retry_after_s=wait)


def obey_should_retry(failed: Failure, headers: Mapping[str, str]) -> Failure:
    """The provider's own `x-should-retry` decides before anything else, but a used-up quota stays used up.

    Source: the policy of the official OpenAI and Anthropic SDKs, which know no quota codes.
    """
    match headers.get("x-should-retry"):
        case "true" if failed.kind != "quota":
            return replace(failed, retryable=True)
        case "false":
            return replace(failed, retryable=False)
        case _:
            return failed
