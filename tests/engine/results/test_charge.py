"""What a call may have cost without anybody telling us: the same rule for a result, its document and their sums."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from thinkdial.engine.batch.output.summary import Tally
from thinkdial.engine.exchange.call_facts import NEVER_SENT
from thinkdial.engine.results.assembly import summarize, unsent_result
from thinkdial.engine.results.charge import cost_is_unknown, document_may_have_cost, may_have_cost
from thinkdial.engine.results.documents import result_document
from thinkdial.engine.results.result import Cost, Reasoning, Result
from thinkdial.providers.errors import Failure
from thinkdial.providers.think import AUTO

from ...cases import each

SENT = replace(
    unsent_result(None, "a", "m", AUTO, Failure("timeout", "no"), run_id="r", at=datetime(2026, 11, 21, tzinfo=UTC)),
    attempts=1,
)
"""It was sent, and nothing came."""

CASES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"attempts": 0}, False),
    ({"error": None, "status": "ok"}, True),
    ({"error": Failure("connection", "broke")}, True),
    ({"error": Failure("connection", "refused"), "warnings": (NEVER_SENT,)}, False),
    ({"error": Failure("cancelled", "Ctrl-C"), "status": "cancelled"}, True),
    ({"error": Failure("rate_limit", "slow down", status=429)}, False),
    ({"error": Failure("overloaded", "busy")}, False),
    ({"error": Failure("server", "oh", status=500)}, False),
    ({"error": Failure("server", "stopped with an error")}, True),
    ({"error": Failure("server", "oh", status=500), "answer": "Half"}, True),
    ({"error": Failure("rate_limit", "slow down"), "reasoning": Reasoning("Hm")}, True),
    ({"error": Failure("protocol", "a redirect", status=302)}, True),
]


@each(("changes", "may_cost"), CASES)
def test_one_rule_for_result_document_run_and_batch(changes: dict[str, Any], may_cost: bool) -> None:
    result = replace(SENT, **changes)
    document = result_document(result)
    assert may_have_cost(result) is document_may_have_cost(document) is cost_is_unknown(result) is may_cost
    from_results, from_lines = Tally(), Tally()
    from_results.add_result(result)
    from_lines.add(document)
    unknown = [tally.document()["usd_unknown"] for tally in (from_results, from_lines)]
    assert [summarize([result], 1.0).usd_unknown, *unknown] == [may_cost] * 3


def test_what_is_known_is_not_unknown() -> None:
    paid: Result = replace(SENT, cost=Cost(Decimal("0.01")))
    assert may_have_cost(paid) and not cost_is_unknown(paid)


def test_what_a_document_does_not_tell_may_have_cost_something() -> None:
    assert document_may_have_cost({})
