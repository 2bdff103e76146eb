"""What differs between any two runs, replaced by what does not: today's dates, random identifiers, measured times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

NEAR_DAYS = 40
"""How far from today a date may lie to be one that the run has made: batches expire, results are kept for a month."""

_MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d)([T ])\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|\+00:00| UTC)?")
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_IN_WORDS = re.compile(
    r"\b(\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4})"
    r"(, \d\d:\d\d UTC)?"
)
_UNIX = re.compile(r"\b1[6-9]\d{8}(?:\.\d+)?\b")
_COUNTED = re.compile(r"\b17952[12]\d{4}\b")
"""The simulator's clock counts requests; those that are made at once arrive in any order."""
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_HEX = re.compile(r"\b(?:[0-9a-f]{32}|[0-9a-f]{22})\b")
_SIMULATED = re.compile(r"\b(req|msg|resp|rs|chatcmpl|msgbatch|batch|file|batches|files)([_/-])[0-9A-Za-z]{12,}")
_AGE = re.compile(r"(?: +|(?<=\t))\d{1,2}s(?=  |\t)")
_PORT = re.compile(r"\b127\.0\.0\.1:\d{5}\b")
_PADDING = re.compile(r'("obfuscation\\*": ?\\*")[0-9a-f]*')
_OPAQUE = re.compile(r"[0-9A-Za-z+/]{60,}={0,2}|dGhpbmtkaWFs[0-9A-Za-z+/]+={0,2}|(?<=thinkdialsimulated)[0-9a-f]+")
_MEASURED = re.compile(r'("(?:\w+_s|output_tokens_per_s|rows_per_s)": ?)-?\d+(?:\.\d+)?(?:e-?\d+)?')
_MEASURED_SEVERAL = re.compile(r'"(?:\w+_s|output_tokens_per_s)":\s*\{[^{}]*\}')
"""What results have together: the median and the ends of a time."""
_FRACTION = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def without_varying(text: str, *, measured: bool) -> str:
    """`text` with placeholders; `measured` durations are only there when clocks were not steady."""
    today = datetime.now(UTC)
    text = _MOMENT.sub(lambda match: _moment(match, today), text)
    text = _DAY.sub(lambda match: "TODAY" if _days(match[0], today) in (-1, 0) else match[0], text)
    text = _IN_WORDS.sub(lambda match: _in_words(match, today), text)
    text = _COUNTED.sub("UNIX", text)
    text = _UNIX.sub(lambda match: _unix(match, today), text)
    text = _SIMULATED.sub(r"\1\2ID", text)
    text = _AGE.sub("  AGE", text)
    text = _PORT.sub("127.0.0.1:PORT", text)
    text = _PADDING.sub(r"\1", text)
    for pattern in (_UUID, _HEX, _OPAQUE):
        text = pattern.sub("ID", text)
    if measured:
        text = _MEASURED.sub(r"\1MEASURED", text)
        text = _MEASURED_SEVERAL.sub(lambda found: _FRACTION.sub("MEASURED", found[0]), text)
    return text


def _days(day: str, today: datetime) -> int | None:
    try:
        return (datetime.fromisoformat(day).date() - today.date()).days
    except ValueError:
        return None


def _moment(match: re.Match[str], today: datetime) -> str:
    away = _days(match[1], today)
    return match[0] if away is None or not -1 <= away <= NEAR_DAYS else f"DAY{match[2]}TIME{match[3] or ''}"


def _in_words(match: re.Match[str], today: datetime) -> str:
    days = (datetime.strptime(match[1], "%d %B %Y").date() - today.date()).days
    return f"TODAY{', TIME UTC' if match[2] else ''}" if days in (-1, 0) else match[0]


def _unix(match: re.Match[str], today: datetime) -> str:
    moment = datetime.fromtimestamp(float(match[0]), UTC)
    return (
        "UNIX" if abs(moment - today) < timedelta(days=NEAR_DAYS) and moment > today - timedelta(days=1) else match[0]
    )
