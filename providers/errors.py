"""The errors of the whole program, and the failure that a result carries.

    ThinkdialError                 message, hint: what to type next
      UsageError                   a bad option or combination; exit 2
      ConfigError                  YAML, unknown profile or model, missing key; exit 2
      StoreError                   a database that cannot be used; exit 2, but an answer that was paid for is printed
      BudgetError                  a cost limit refuses before anything is sent; exit 4
      UnreadableError              what was to be compared cannot be read, so that nothing can be said; exit 8
      StrictPlanError              a plan is worse than `mapped`, and that was not to be sent; exit 5

A provider's failure is a value, not an exception: a `Failure` in a column of the table must not stop the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

ErrorKind = Literal[
    "auth",
    "permission",
    "not_found",
    "invalid_request",
    "context_length",
    "rate_limit",
    "quota",
    "overloaded",
    "server",
    "timeout",
    "connection",
    "protocol",
    "budget",
    "config",
    "cancelled",
]

RETRYABLE_KINDS: frozenset[ErrorKind] = frozenset({"rate_limit", "overloaded", "server", "timeout", "connection"})
"""Kinds that may pass when asked again. A quota, a bad key or a refused field never does."""


MOST_NAMED = 6
"""Names of a kind that an error or a remark lists before it counts the rest."""


class ThinkdialError(Exception):
    """An error for the person who reads it: what happened, and what to do about it."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ThinkdialError):
    """A bad option, value or combination on the command line."""


class ConfigError(ThinkdialError):
    """A configuration that cannot be used: bad YAML, an unknown profile, a missing key."""


class MissingKeyError(ConfigError):
    """No key where one is needed."""


def joined(problems: Iterable[ConfigError | UsageError]) -> ConfigError | UsageError:
    """Several problems as one error, each told once. A key is missing only where nothing else is wrong."""
    every = list(problems)
    kinds = (MissingKeyError, UsageError)
    kind = next((kind for kind in kinds if all(isinstance(one, kind) for one in every)), ConfigError)
    messages = dict.fromkeys(one.message for one in every)
    hints = dict.fromkeys(one.hint for one in every if one.hint)
    return kind("\n       ".join(messages), hint="\n    ".join(hints) or None)


class StoreError(ThinkdialError):
    """A database that cannot be read or written: locked, corrupt, of a newer version, on a full disk."""


class BudgetError(ThinkdialError):
    """A cost limit that refuses a call before it is sent."""


class UnreadableError(ThinkdialError):
    """What was to be compared cannot be read: neither changed nor unchanged."""


class StrictPlanError(ThinkdialError):
    """Plans that are worse than `mapped`, under `--strict-think`. `reasons` has a line for each of them."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


class Failure(Struct, frozen=True):
    """Why a result has no (whole) answer. `retry_after_s` is what the provider asked for, in seconds.

    `retryable` says whether the same request may succeed later; it is decided by the kind unless the provider says
    otherwise (`x-should-retry`). `param` is the request field that the provider objects to, where it names one.
    """

    kind: ErrorKind
    message: str
    status: int | None = None
    retryable: bool = False
    hint: str | None = None
    retry_after_s: float | None = None
    param: str | None = None


def kind_for_status(status: int) -> ErrorKind:
    """The kind that an HTTP status stands for when the body names nothing more precise."""
    match status:
        case 401:
            return "auth"
        case 402:
            return "quota"
        case 403:
            return "permission"
        case 404:
            return "not_found"
        case 408 | 504:
            return "timeout"
        case 429:
            return "rate_limit"
        case 503 | 529:
            return "overloaded"
        case _ if status == 409 or status >= 500:
            return "server"
        case _:
            return "invalid_request"


MOST_COMPARED = 100
"""Characters of a word that are compared with others: the time for it grows with their square."""


def first_of(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """The first `most` of `names` in one line, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """` (did you mean X?)` for the option nearest to `word`, or an empty string when none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word[:MOST_COMPARED], list(options), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""
