"""The columns of every CSV file of ours: what each tells of a result, and where in the result it is found."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, cast

from .result import Result

OF_A_RESULT: Mapping[str, str] = {
    "profile": "profile",
    "provider": "provider",
    "model": "model",
    "model_reported": "model_reported",
    "status": "status",
    "think_requested": "think.requested",
    "repeat": "repeat",
    "fidelity": "think.fidelity",
    "verdict": "think.verdict",
    "passed": "passed",
    "expect_note": "expect_note",
    "answer": "answer",
    "reasoning": "reasoning.text",
    "visibility": "reasoning.visibility",
    "tokens_source": "reasoning.tokens_source",
    "input_tokens": "usage.input_tokens",
    "cached_input_tokens": "usage.cached_input_tokens",
    "cache_write_tokens": "usage.cache_write_tokens",
    "output_tokens": "usage.output_tokens",
    "cost_usd": "cost.usd",
    "cost_source": "cost.source",
    "first_answer_s": "latency.first_answer_s",
    "total_s": "latency.total_s",
    "finish": "finish",
    "error_kind": "error.kind",
    "error_message": "error.message",
    "aim_unit": "aim.unit",
    "aim_target": "aim.target",
    "aim_chosen": "aim.chosen",
    "aim_source": "aim.source",
    "aim_low": "aim.low",
    "aim_expected": "aim.expected",
    "aim_high": "aim.high",
    "aim_fit": "aim.fit",
    "aim_miss_percent": "aim.miss_percent",
}
"""The columns that mean the same in all of them, and the path to their value: of attributes, or in a document."""

_AIM_COLUMNS = tuple(name for name in OF_A_RESULT if name.startswith("aim_"))

RUN_COLUMNS = (
    "run_id", "profile", "provider", "model", "model_reported", "status",
    "think_requested", "repeat", "think_sent", "fidelity", "verdict", "passed", "expect_note",
    "visibility", "reasoning_tokens", "tokens_source",
    "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "total_tokens",
    "cost_usd", "cost_source", "forecast_low_usd", "forecast_expected_usd", "forecast_likely_high_usd",
    "forecast_high_usd",
    "connect_s", "first_reasoning_s", "first_answer_s", "total_s", "output_tokens_per_s",
    *_AIM_COLUMNS, "finish", "error_kind", "error_message", "tool_calls", "warnings", "answer", "reasoning",
)  # fmt: skip

BATCH_COLUMNS = (
    "row_id", "profile", "think_requested", "repeat", "status", "provider", "model", "model_reported", "fidelity",
    "verdict",
    "passed", "expect_note", "answer", "reasoning", "visibility",
    "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "tokens_source",
    "cost_usd", "cost_source", "first_answer_s", "total_s", "finish", "attempts", "error_kind", "error_message",
    *_AIM_COLUMNS, "checks", "escalation", "tool_calls", "warnings", "row", "work", "batch", "id", "created_at",
)  # fmt: skip

_CALLLESS_COLUMNS = tuple(name for name in BATCH_COLUMNS if name != "tool_calls")
_CHECKLESS_COLUMNS = tuple(name for name in _CALLLESS_COLUMNS if name not in (*_AIM_COLUMNS, "checks", "escalation"))
_UNREPEATED_COLUMNS = tuple(name for name in _CHECKLESS_COLUMNS if name != "repeat")
EARLIER_BATCH_COLUMNS = (
    _CALLLESS_COLUMNS,
    _CHECKLESS_COLUMNS,
    _UNREPEATED_COLUMNS,
    tuple("think" if name == "think_requested" else name for name in _UNREPEATED_COLUMNS),
)
"""Those of earlier versions, the latest first: an output that begins with them is gone on with, in them."""

_AT_TIMES = ("error", "aim")
"""Parts that a result may be without."""

_ALWAYS = tuple(name for name, path in OF_A_RESULT.items() if path.split(".")[0] not in _AT_TIMES)
_values_of = attrgetter(*(OF_A_RESULT[name] for name in _ALWAYS))
_AT_A_TIME = tuple((name, *OF_A_RESULT[name].split(".")) for name in OF_A_RESULT if name not in _ALWAYS)
_IN_DOCUMENT = {name: path.split(".") for name, path in OF_A_RESULT.items()}


def cells_of(result: Result) -> dict[str, Any]:
    """The values of a result by column."""
    known = dict(zip(_ALWAYS, _values_of(result), strict=True))
    for name, part, field in _AT_A_TIME:
        whole = getattr(result, part)
        known[name] = None if whole is None else getattr(whole, field, None)
    return known


def cells_in(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same from a document (`thinkdial.result/1`), of which anything may be missing."""
    return {name: value_in(document, *path) for name, path in _IN_DOCUMENT.items()}


def calls_in(document: Mapping[str, Any]) -> int | None:
    """How many tools were called, in all rounds; None where none could be."""
    calls, rounds = document.get("tool_calls"), document.get("rounds")
    if isinstance(rounds, list) and rounds:
        return sum(value_in(one, "calls") or 0 for one in cast("list[Any]", rounds))
    count = len(cast("list[Any]", calls)) if isinstance(calls, list) else 0
    return count if count or document.get("tools") is not None else None


def calls_of(result: Result) -> int | None:
    """The same of a result."""
    if result.rounds:
        return sum(one.calls for one in result.rounds)
    return len(result.tool_calls) if result.tool_calls or result.tools is not None else None


def value_in(document: Mapping[str, Any], *path: str) -> Any:
    """The value at the end of `path`; None where the path ends before it."""
    value: Any = document
    for name in path:
        if type(value) is not dict and not isinstance(value, Mapping):  # the second is slow, and asked for each cell
            return None
        value = cast("Mapping[str, Any]", value).get(name)
    return value
