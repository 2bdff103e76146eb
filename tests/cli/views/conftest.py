"""Results made for rendering: whole by default, every part replaceable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console, RenderableType

from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.result import Cost, Reasoning, Result, Run, Summary, ThinkReceipt
from thinkdial.providers.schema import Usage


def make_result(profile: str = "claude", **changes: Any) -> Result:
    """A whole answer of `claude`; `think`, `reasoning`, `usage`, `cost` and `latency` take dicts of changes."""
    parts: dict[str, Any] = {
        "think": ThinkReceipt("high", {"output_config": {"effort": "high"}}, "exact", None, "as_asked"),
        "reasoning": Reasoning("First the tens, then the ones.", "summary", 312, "reported"),
        "usage": Usage(25, 0, 0, 348, 312, 373),
        "cost": Cost(Decimal("0.00706"), Decimal("0.0001"), Decimal("0.00696"), Decimal("0.00624"), "table"),
        "latency": Latency(0.41, 0.62, 3.1, 4.0, 87.0),
    }
    for name, part in list(parts.items()):
        if isinstance(change := changes.pop(name, None), dict):
            parts[name] = replace(part, **change)
        elif change is not None:
            parts[name] = change
    whole = Result(
        id="r1",
        run_id="run1",
        created_at="2026-11-21T10:00:00Z",
        profile=profile,
        provider="anthropic",
        dialect="anthropic-messages",
        model="claude-opus-5-5",
        model_reported="claude-opus-5-5",
        status="ok",
        answer="The answer is **42**.",
        finish="stop",
        finish_raw="end_turn",
        attempts=1,
        request_id="req_1",
        **parts,
    )
    return replace(whole, **changes)


def make_run(*results: Result, prompt: str = "What is 6 x 7?", system: str | None = None) -> Run:
    """A run of these results, with honest totals."""
    known = [r.cost.usd for r in results if r.cost.usd is not None]
    return Run(
        run_id="run1",
        prompt=prompt,
        results=results,
        system=system,
        summary=Summary(
            results=len(results),
            ok=sum(r.status == "ok" for r in results),
            partial=sum(r.status == "partial" for r in results),
            error=sum(r.status == "error" for r in results),
            cancelled=sum(r.status == "cancelled" for r in results),
            usd=sum(known, Decimal(0)) if known else None,
            usd_unknown=len(results) - len(known),
            output_tokens=sum(r.usage.output_tokens or 0 for r in results),
            reasoning_tokens=sum(r.usage.reasoning_tokens or 0 for r in results),
            total_s=4.1,
        ),
    )


def show(renderable: RenderableType, width: int = 80) -> str:
    """What a terminal of this width shows, without trailing spaces."""
    console = Console(file=StringIO(), width=width, color_system=None, force_terminal=True, _environ={})
    console.print(renderable)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.split("\n"))


@pytest.fixture
def result() -> Callable[..., Result]:
    return make_result


@pytest.fixture
def run() -> Callable[..., Run]:
    return make_run


@pytest.fixture
def shown() -> Callable[..., str]:
    return show


def written(writer: Callable[..., Iterable[str]], *given: Any, **named: Any) -> str:
    """What `writer` gives in pieces, as one text."""
    return "".join(writer(*given, **named))
