"""What the providers' headers say about rate limits: one table for all vendors, read into plain numbers. Pure.

A reset that is given as a moment is taken relative to the response's own `date`: our clock may be wrong. Where a reset
comes as a bare number it is seconds to wait, or a Unix time in seconds or milliseconds, which its size tells.

Sources: https://docs.claude.com/en/api/rate-limits, https://platform.openai.com/docs/guides/rate-limits,
https://console.groq.com/docs/rate-limits, https://inference-docs.cerebras.ai/support/rate-limits,
https://docs.together.ai/docs/rate-limits, https://docs.fireworks.ai/guides/quotas_usage/rate-limits,
https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

What = Literal["requests", "tokens", "input_tokens", "output_tokens"]

MINUTE_S = 60.0
HOUR_S = 3600.0
DAY_S = 86_400.0
MONTH_S = 30 * DAY_S

EPOCH_FROM_S = 1e9
"""A bare number from here on is a Unix time, no wait of thirty years."""

EPOCH_FROM_MS = 1e12

MOST_CHARACTERS = 100
"""Of a header that says a time; longer ones say none."""

PART = r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)"
UNITS_S = {"d": DAY_S, "h": HOUR_S, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


class Reading(Struct, frozen=True):
    """What a response says about one limit. `window_s` is None where the name of the header does not say it."""

    what: What
    name: str
    limit: float | None
    remaining: float | None
    reset_s: float | None
    window_s: float | None


class _Row(Struct, frozen=True):
    """The names of the headers of one limit."""

    what: What
    limit: str
    remaining: str
    reset: str
    window_s: float | None = None


def _named(prefix: str, what: What, suffix: str, window_s: float | None = None) -> _Row:
    """Headers of the OpenAI kind: `PREFIX-limit-SUFFIX`."""
    names = (f"{prefix}-{field}{suffix}" for field in ("limit", "remaining", "reset"))
    return _Row(what, *names, window_s=window_s)


def _anthropic(prefix: str, what: What, suffix: str) -> _Row:
    """Headers of the Anthropic kind: `PREFIX-SUFFIX-limit`. A minute each."""
    return _Row(what, *(f"{prefix}-{suffix}-{field}" for field in ("limit", "remaining", "reset")), window_s=MINUTE_S)


_X = "x-ratelimit"

TABLE: tuple[_Row, ...] = (
    _anthropic("anthropic-ratelimit", "requests", "requests"),
    _anthropic("anthropic-ratelimit", "tokens", "tokens"),
    _anthropic("anthropic-ratelimit", "input_tokens", "input-tokens"),
    _anthropic("anthropic-ratelimit", "output_tokens", "output-tokens"),
    _anthropic("anthropic-priority", "input_tokens", "input-tokens"),
    _anthropic("anthropic-priority", "output_tokens", "output-tokens"),
    # OpenAI, Azure, xAI, Groq and most compatible hosts. The window is not said: it may be a day.
    _named(_X, "requests", "-requests"),
    _named(_X, "tokens", "-tokens"),
    # Fireworks.
    _named(_X, "input_tokens", "-tokens-prompt", MINUTE_S),
    _named(_X, "output_tokens", "-tokens-generated", MINUTE_S),
    # Cerebras.
    _named(_X, "requests", "-requests-minute", MINUTE_S),
    _named(_X, "requests", "-requests-hour", HOUR_S),
    _named(_X, "requests", "-requests-day", DAY_S),
    _named(_X, "tokens", "-tokens-minute", MINUTE_S),
    _named(_X, "tokens", "-tokens-hour", HOUR_S),
    _named(_X, "tokens", "-tokens-day", DAY_S),
    # Mistral.
    _named(_X, "requests", "-req-second", 1.0),
    _named(_X, "requests", "-req-minute", MINUTE_S),
    _named(_X, "tokens", "-tokens-5-minute", 5 * MINUTE_S),
    _named(_X, "tokens", "-tokens-month", MONTH_S),
    _named("ratelimitbysize", "tokens", ""),
    # Together and others that count requests only.
    _named(_X, "requests", ""),
    _named("x-tokenlimit", "tokens", ""),
    # Cohere's trial keys, and the names of the draft standard.
    _Row("requests", "x-trial-endpoint-call-limit", "x-trial-endpoint-call-remaining", "", MINUTE_S),
    _named("ratelimit", "requests", ""),
)


_NAMES = frozenset(name for row in TABLE for name in (row.limit, row.remaining))


def readings(headers: Mapping[str, str]) -> tuple[Reading, ...]:
    """What `headers` (names in lower case) say about limits. What cannot be understood is left out."""
    found: list[Reading] = []
    if _NAMES.isdisjoint(headers):
        return ()
    for row in TABLE:
        limit, remaining = _count(headers.get(row.limit)), _count(headers.get(row.remaining))
        if limit is None and remaining is None:
            continue
        reset = headers.get(row.reset) if row.reset else None
        reset_s = seconds_until(reset, headers.get("date")) if reset is not None else None
        found.append(Reading(row.what, row.limit, limit, remaining, reset_s, row.window_s))
    return tuple(found)


def seconds_until(text: str, date: str | None) -> float | None:
    """The seconds that a reset is away: a duration (`6m0s`, `12ms`, `1.5`), a Unix time or a date and time.

    None when it cannot be understood, or is a moment and the response has no `date` to measure it by.
    """
    text = text.strip().lower()
    if len(text) > MOST_CHARACTERS:
        return None
    bare = _number(text)
    if bare is not None:
        if bare < EPOCH_FROM_S:
            return max(0.0, bare)
        moment = bare / 1000 if bare >= EPOCH_FROM_MS else bare
        sent = _moment(date)
        return None if sent is None else max(0.0, moment - sent)
    parts = re.findall(PART, text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * UNITS_S[unit] for number, unit in parts)
    moment, sent = _moment(text.upper()), _moment(date)
    return None if moment is None or sent is None else max(0.0, moment - sent)


def _count(text: str | None) -> float | None:
    """A count of requests or tokens; only the first of several policies (`100, 100;w=60`)."""
    if text is None:
        return None
    number = _number(text.partition(",")[0].partition(";")[0].strip())
    return None if number is None or number < 0 else number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _moment(text: str | None) -> float | None:
    """A date and time of RFC 3339 or of HTTP, as Unix time."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        from email.utils import parsedate_to_datetime  # here: it brings a mail library, for a header of few answers

        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError, OverflowError):
            return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
