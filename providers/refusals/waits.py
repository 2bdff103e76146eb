"""How long a provider asks to wait, by its headers or in the words of an error. Pure.

Sources: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after; for milliseconds the SDKs of OpenAI, Anthropic and
Azure; for waits in words alone https://github.com/Aider-AI/aider/issues/3265 and
https://github.com/icereed/paperless-gpt/issues/814
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from ..untrusted import bounded
from .rate_headers import PART, UNITS_S, readings, seconds_until

LONGEST_S = 1e9
"""What is longer, or infinite, is this long: nobody waits for it, and it stays a number that JSON holds."""

_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")

_UNIT = r"(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)"
_DURATION = rf"\d{{1,9}}(?:\.\d{{1,9}})?[ ]?{_UNIT}\b(?:,? ?(?:and )?\d{{1,9}}(?:\.\d{{1,9}})?[ ]?{_UNIT}\b){{0,3}}"
_TOGETHER = r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|us|ns|d|h|m|s)){1,4}\b"
_IN_WORDS = (
    r"\b(?:again|retry|wait|resets?|available)\b[^.\n]{0,40}?[ ](?:in|after|for|within|about)?[ ]?"
    rf"({_TOGETHER}|{_DURATION})"
)
_WORDS = r"(\d+(?:\.\d+)?)[ ]?([a-z]+)"


def retry_delay_s(headers: Mapping[str, str]) -> float | None:
    """What `headers` ask to wait, in seconds: milliseconds, seconds, a duration as Go writes it, a moment or a date.

    A moment is read against the response's own `date`. None when nothing is asked, or nothing that can be understood.
    """
    for name in _MILLISECONDS:
        if (milliseconds := _number(headers.get(name))) is not None:
            return min(milliseconds / 1000, LONGEST_S)
    asked = headers.get("retry-after")
    if not asked:
        return None
    for said in (asked, asked.partition(",")[0]):  # one that came twice is joined by a comma, and a date holds one
        seconds = _number(said)
        is_moment = seconds is not None and 1e9 <= seconds < 1e14 and "date" in headers
        if seconds is None or is_moment:
            seconds = None if said.strip().startswith("-") else seconds_until(said, headers.get("date"))
        if seconds is not None:
            return min(seconds, LONGEST_S)
    return None


def reset_wait_s(headers: Mapping[str, str]) -> float | None:
    """When the latest of the limits that `headers` call used up is back; None when none is, or none says."""
    used_up = [one.reset_s for one in readings(headers) if one.remaining is not None and one.remaining < 1]
    return max((reset for reset in used_up if reset is not None), default=None)


def wait_in_words_s(message: str) -> float | None:
    """The wait that an error names, such as `Please try again in 6m0s`, `retry after 26 seconds`, in seconds."""
    match = re.search(_IN_WORDS, bounded(message), re.IGNORECASE)
    if match is None:
        return None
    said = match[1].lower()
    parts = re.findall(PART, said)
    if "".join(number + unit for number, unit in parts) != said:
        parts = [(number, _unit_of(word)) for number, word in re.findall(_WORDS, said, re.IGNORECASE)]
    return min(sum(float(number) * UNITS_S[unit] for number, unit in parts), LONGEST_S)


def _unit_of(word: str) -> str:
    return "ms" if word.startswith(("ms", "milli")) else word[0]


def _number(text: str | None) -> float | None:
    """A number of any size that is not negative; infinite where it is too large for one."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) or number < 0 else number
