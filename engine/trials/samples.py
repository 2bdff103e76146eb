"""Results as samples of arms: of calls that were just made, and of lines of a batch's output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...providers.errors import ConfigError, UsageError
from ...providers.json_values import count, dollars, items, obj, parse_json, seconds
from ..batch.output.records import SCHEMA
from ..results.result import Result
from .arms import Sample

SHORTENED = "output_limit_lowered"
"""The notice of a call whose output limit was lowered, by a budget that ends or by the provider."""


def sample_of(result: Result) -> Sample:
    """What a result comes to. One that a lowered output limit has cut says nothing of the arm."""
    was_cut = result.finish == "length" and any(notice.code == SHORTENED for notice in result.warnings)
    return Sample(
        passed=result.passed if result.status == "ok" and not was_cut else None,
        usd=None if result.cost.usd is None else float(result.cost.usd),
        is_answered=result.status == "ok",
        reasoning_tokens=result.usage.reasoning_tokens,
        output_tokens=result.usage.output_tokens,
        total_s=result.latency.total_s,
    )


def sample_in(document: Mapping[str, Any]) -> Sample:
    """The same of a line of a batch's output (`thinkdial.result/1` and what a batch adds)."""
    usage, passed = obj(document.get("usage")), document.get("passed")
    usd = dollars(obj(document.get("cost")).get("usd"))
    codes = [warning.get("code") for warning in items(document.get("warnings"))]
    is_answered = document.get("status") == "ok"
    if not is_answered or (SHORTENED in codes and document.get("finish") == "length"):
        passed = None
    return Sample(
        passed=passed if isinstance(passed, bool) else None,
        usd=None if usd is None else float(usd),
        is_answered=is_answered,
        reasoning_tokens=count(usage.get("reasoning_tokens")),
        output_tokens=count(usage.get("output_tokens")),
        total_s=seconds(obj(document.get("latency")).get("total_s")),
    )


def lines_of(path: Path) -> Iterator[Mapping[str, Any]]:
    """The lines of an output of a batch, but for a last one that a crash has cut.

    Raises `UsageError` for a file that cannot be read, and `ConfigError` for one that is something else.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    document: Mapping[str, Any] = obj(parse_json(line))
                except ValueError:
                    document = {}
                if document.get("schema") != SCHEMA or not isinstance(document.get("work"), str):
                    if not line.endswith(b"\n"):
                        return
                    raise ConfigError(
                        f"{path}:{number}: is not a line of a batch's output",
                        hint="name the JSONL file that `thinkdial batch ... -o FILE` wrote",
                    )
                yield document
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
