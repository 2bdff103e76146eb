"""Rate limits as the vendors enforce them: a bucket for each key and model, told in the vendor's own headers.

Source: https://docs.claude.com/en/api/rate-limits, https://platform.openai.com/docs/guides/rate-limits
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from ..answers.thinking import digest
from ..calls.call import EPOCH_S
from ..calls.reply import Headers, HttpReply
from ..calls.request import Request

MINUTE_S = 60.0
KEY_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
COUNTING = re.compile(r"count_tokens$|input_tokens$|:countTokens$")

_INPUT = re.compile(rb'"(?:input_tokens|prompt_tokens|promptTokenCount|total_input_tokens)":\s*(\d+)')
_OUTPUT = re.compile(rb'"(?:output_tokens|completion_tokens|candidatesTokenCount|total_output_tokens)":\s*(\d+)')
_THOUGHTS = re.compile(rb'"(?:thoughtsTokenCount|total_thought_tokens)":\s*(\d+)')


class RateLimits(Struct, frozen=True):
    """Requests and tokens a minute, for each key and model. A bucket holds what `minute_s` seconds bring.

    With `minute_s` shorter than a minute the same rate is enforced in shorter slices. Raises `ValueError` for a limit
    that lets nothing through.
    """

    rpm: int | None = None
    tpm: int | None = None
    minute_s: float = MINUTE_S

    def __post_init__(self) -> None:
        if self.minute_s <= 0 or any(limit is not None and limit < 1 for limit in (self.rpm, self.tpm)):
            raise ValueError("a rate limit must be at least 1, its minute longer than nothing")


class Bucket:
    """Fills up steadily. It may be overdrawn by one call that is larger than it."""

    def __init__(self, limit: int, minute_s: float, now: float) -> None:
        self.limit = limit
        self._rate = limit / MINUTE_S
        self._size = max(1.0, self._rate * minute_s)
        self._level, self._at = self._size, now

    def wait_s(self, now: float, cost: float) -> float:
        """How long until a call of this cost is admitted; 0 when it is."""
        self._level = min(self._size, self._level + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (min(cost, self._size) - self._level) / self._rate)

    def take(self, cost: float) -> None:
        """Admit a call."""
        self._level -= cost

    @property
    def remaining(self) -> int:
        """What is left of the limit, in proportion where the bucket is smaller."""
        return max(0, math.floor(self._level / self._size * self.limit))

    @property
    def reset_s(self) -> float:
        """Seconds until it is full."""
        return (self._size - self._level) / self._rate


class Verdict(Struct, frozen=True):
    """Whether a call is admitted (`wait_s` 0), or how long to ask it to wait; and what the response's headers say."""

    wait_s: float
    headers: Headers


class RateLimiter:
    """The buckets of all keys and models."""

    def __init__(self, limits: RateLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._began = clock()
        self._buckets: dict[tuple[str, str], dict[str, Bucket]] = {}

    def judge(self, request: Request, model: str, reply: HttpReply) -> Verdict:
        """Charge a call with what its reply used, if that is admitted. A reply that is an error costs a request."""
        now = self._clock()
        vendor = request.path.split("/")[1]
        buckets = self._buckets.setdefault((_key(request), f"{vendor} {model}"), self._new(now))
        costs = {"requests": 1.0, "tokens": float(used_tokens(reply))}
        waits = [bucket.wait_s(now, costs[name]) for name, bucket in buckets.items()]
        wait = max(waits, default=0.0)
        if wait <= 0:
            for name, bucket in buckets.items():
                bucket.take(costs[name])
        headers = tuple(
            header
            for name, bucket in buckets.items()
            for header in STYLES.get(vendor, _silent)(name, bucket, now - self._began)
        )
        return Verdict(wait, headers)

    def _new(self, now: float) -> dict[str, Bucket]:
        limits = {"requests": self._limits.rpm, "tokens": self._limits.tpm}
        return {name: Bucket(limit, self._limits.minute_s, now) for name, limit in limits.items() if limit is not None}


def used_tokens(reply: HttpReply) -> int:
    """The tokens that a reply says it used, input and output."""
    body = reply.body
    return sum(
        max((int(count) for count in pattern.findall(body)), default=0) for pattern in (_INPUT, _OUTPUT, _THOUGHTS)
    )


def _key(request: Request) -> str:
    said = next(
        (request.headers[name] for name in KEY_HEADERS if name in request.headers), request.query.get("key", "")
    )
    return digest("key", said)


def _anthropic(name: str, bucket: Bucket, now: float) -> Headers:
    moment = datetime.fromtimestamp(EPOCH_S, UTC) + timedelta(seconds=now)
    reset = moment + timedelta(seconds=bucket.reset_s)
    prefix = f"anthropic-ratelimit-{name}"
    remaining = bucket.remaining if name == "requests" else round(bucket.remaining, -3)
    return (
        (f"{prefix}-limit", str(bucket.limit)),
        (f"{prefix}-remaining", str(remaining)),
        (f"{prefix}-reset", reset.isoformat(timespec="seconds").replace("+00:00", "Z")),
        ("date", moment.strftime("%a, %d %b %Y %H:%M:%S GMT")),
    )


def _openai(name: str, bucket: Bucket, now: float) -> Headers:
    return (
        (f"x-ratelimit-limit-{name}", str(bucket.limit)),
        (f"x-ratelimit-remaining-{name}", str(bucket.remaining)),
        (f"x-ratelimit-reset-{name}", duration(bucket.reset_s)),
    )


def _mistral(name: str, bucket: Bucket, now: float) -> Headers:
    suffix = "req-minute" if name == "requests" else "tokens-minute"
    return (
        (f"x-ratelimit-limit-{suffix}", str(bucket.limit)),
        (f"x-ratelimit-remaining-{suffix}", str(bucket.remaining)),
    )


def _silent(name: str, bucket: Bucket, now: float) -> Headers:
    return ()


STYLES: dict[str, Callable[[str, Bucket, float], Headers]] = {
    "anthropic": _anthropic,
    "openai": _openai,
    "groq": _openai,
    "xai": _openai,
    "mistral": _mistral,
}


def duration(seconds: float) -> str:
    """A duration as OpenAI writes it: `12ms`, `1.5s`, `6m0s`."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f}m{rest:.3g}s" if minutes else f"{rest:.4g}s"
