"""Results, runs and stored histories made for the tests that read them back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from msgspec.structs import replace

from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.history.record import CallHead, Recorder, RunHead
from thinkdial.engine.planning.plan import Fidelity
from thinkdial.engine.results.checked import CheckKind, CheckOutcome
from thinkdial.engine.results.moments import timestamp
from thinkdial.engine.results.result import Cost, CostSource, Forecast, Reasoning, Result, Status, ThinkReceipt, Verdict
from thinkdial.providers.errors import ErrorKind, Failure
from thinkdial.providers.schema import FinishReason, Notice, TokensSource, Usage, Visibility

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENT: dict[str, Any] = {
    "method": "POST", "url": "https://host.example/v1/messages", "headers": {"authorization": "***"},
    "body": '{"model":"m"}', "native": {"effort": "high"}, "fidelity": "exact", "note": None, "stream": True,
    "max_output_tokens": None, "base_url": "https://host.example", "quirks": {}, "emulated": False,
}  # fmt: skip


def result(profile: str = "claude", **changes: Any) -> Result:
    """A whole answer; `usage`, `cost` and the like may be given whole."""
    whole = Result(
        id="r", run_id="run", created_at=timestamp(NOON), profile=profile, provider="anthropic",
        dialect="anthropic-messages", model="claude-opus-5-5", model_reported="claude-opus-5-5", status="ok",
        think=ThinkReceipt("high", {"effort": "high"}, "exact", None, "as_asked"),
        reasoning=Reasoning("Hm.", "summary", 300, "reported"), answer="42", finish="stop", finish_raw="end_turn",
        usage=Usage(100, 0, 0, 400, 300, 500),
        cost=Cost(Decimal("0.5"), Decimal("0.1"), Decimal("0.4"), Decimal("0.3"), "table"),
        latency=Latency(0.1, 0.2, 0.3, 2.5, 160.0), attempts=1, request_id="req_1",
    )  # fmt: skip
    return replace(whole, **changes)


def store_run(
    path: Path | None,
    results: Sequence[Result],
    *,
    run_id: str,
    at: datetime = NOON,
    command: str = "compare",
    prompt: str = "What is 6 x 7?",
    system: str | None = None,
    simulated: bool = False,
    raw: bytes | Sequence[bytes] = b"data: {}\n\n",
    raw_head: tuple[int, str] = (200, "text/event-stream"),
    sent: dict[str, Any] | None = None,
    killed: Sequence[int] = (),
) -> int:
    """Store a run as commands do; the results whose index is in `killed` never finish. The run's number."""
    recorder = Recorder(RunHead(run_id, at, command, prompt, system, simulated), path=path)

    async def record() -> int | None:
        for index, made in enumerate(results):
            recorder.begin(
                index,
                CallHead(
                    made.profile,
                    made.provider,
                    made.dialect,
                    made.model,
                    made.think.requested,
                    sent or SENT,
                    "host.example",
                ),
            )
            if made.attempts:
                recorder.opened(index, *raw_head)
                for piece in [raw] if isinstance(raw, bytes) else raw:
                    recorder.received(index, piece)
            if index not in killed:
                stored = replace(made, id=f"{run_id}-{index}", run_id=run_id, created_at=timestamp(at))
                await recorder.finished(index, stored)
        return await recorder.close(None if killed else 3.5)

    number = asyncio.run(record())
    assert recorder.problem is None, recorder.problem
    assert number is not None
    return number


def any_result(dice: random.Random) -> Result:
    """A result with anything in it that a result may hold, unknown things included."""

    def maybe(value: Any) -> Any:
        return value if dice.random() < 0.7 else None

    def words(limit: int = 20) -> str:
        return "".join(dice.choices("ab c\n\t\"\\é数🍓\x1b\u202e{}'", k=dice.randrange(limit)))

    def usd() -> Decimal | None:
        return maybe(Decimal(dice.randrange(-(10**6), 10**9)).scaleb(-dice.randrange(14)))

    def count() -> int | None:
        return maybe(dice.randrange(10**6))

    def seconds() -> float | None:
        return maybe(round(dice.uniform(0, 500), 6))

    def one(kind: Any) -> Any:
        return dice.choice(get_args(kind))

    failed = Failure(
        one(ErrorKind), words(), maybe(dice.randrange(300, 600)), dice.random() < 0.5, maybe(words()), seconds()
    )
    seen = Forecast(
        dice.randrange(999), dice.choice(("estimated", "counted")), count(),
        maybe(dice.choice(("history", "reference"))), dice.randrange(200), count(), usd(), usd(), usd(),
        maybe(one(CostSource)), words(),
    )  # fmt: skip
    native = {"a": {"b": [1, None, True, 0.5, words()]}, "effort": words()} if dice.random() < 0.5 else {}
    return Result(
        id=words(), run_id=words(), created_at=timestamp(NOON), profile=words(), provider=words(), dialect=words(),
        model=words(), model_reported=maybe(words()), status=one(Status),
        think=ThinkReceipt(words(), native, one(Fidelity), maybe(words()), one(Verdict)),
        reasoning=Reasoning(maybe(words(200)), one(Visibility), count(), maybe(one(TokensSource))),
        answer=words(200), finish=one(FinishReason), finish_raw=maybe(words()),
        usage=Usage(*(count() for _ in range(6))),
        cost=Cost(usd(), usd(), usd(), usd(), maybe(one(CostSource)), maybe(words()), usd(), count(), usd()),
        latency=Latency(*(seconds() for _ in range(5))), attempts=dice.randrange(5), request_id=maybe(words()),
        warnings=tuple(Notice(words(), words()) for _ in range(dice.randrange(3))),
        error=maybe(failed), forecast=maybe(seen), passed=dice.choice((None, True, False)), expect_note=maybe(words()),
        checks=tuple(
            CheckOutcome(
                one(CheckKind), words(), maybe(True), maybe(words()), True, seconds(), maybe(words()), maybe(False),
                count(), dice.randrange(9), usd(), count(), count(),
            )
            for _ in range(dice.randrange(3))
        ),
    )  # fmt: skip
