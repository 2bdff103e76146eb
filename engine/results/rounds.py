"""Several calls to the model that made one answer, as one result: sums, the log of the tools, why it ended. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec.structs import replace

from ...providers.dialects.finish_words import is_paused
from ...providers.errors import Failure
from ...providers.schema import Notice, TokensSource, Usage, Visibility
from ..exchange.call_facts import Latency
from .result import Cost, CostSource, Reasoning, Result, Round, RoundPlace, RoundsEnd, Verdict
from .tool_use import ServerToolUse, ToolRun

_COUNTS = Usage.__struct_fields__
_AMOUNTS = ("usd", "input_usd", "output_usd", "reasoning_usd", "cache_saved_usd", "listed_usd")

_TELLING: tuple[Verdict, ...] = ("unwanted", "over_budget", "as_asked")

_TOLD: dict[RoundsEnd, str] = {
    "max_rounds": "the limit on rounds was met: what it called last was not run",
    "max_calls": "it called more tools at once than may run in one round: none of them was run",
    "time": "the time for all rounds was over: what it called last was not run",
    "budget": "the budget has no room for another round",
    "interrupted": "it was interrupted; what had been done is kept",
}


def as_round(result: Result, number: int, first: str, runs: Sequence[ToolRun] = ()) -> Result:
    """A result as it is stored: one round of several, with the log of the tools that were run for it."""
    return replace(result, round=RoundPlace(number, first), tool_runs=tuple(runs))


def round_of(result: Result, number: int) -> Round:
    """What is told of one round."""
    return Round(
        number, result.id, result.status, result.finish, result.think.verdict, len(result.tool_calls), result.answer,
        result.reasoning, result.usage, result.cost, result.latency, result.attempts,
    )  # fmt: skip


def whole_answer(results: Sequence[Result], end: RoundsEnd) -> Result:
    """The last of `results` with sums over all. Their logs are joined; a sum is unknown where a part of it is."""
    first, last = results[0], results[-1]
    runs = tuple(run for result in results for run in result.tool_runs)
    rounds = tuple(round_of(result, number) for number, result in enumerate(results, 1))
    notices = [notice for result in results for notice in result.warnings]
    notices += [Notice("tool_run", f"round {run.round}: {run.name}: {run.note}") for run in runs if run.note]
    if end in _TOLD:
        notices.append(Notice("rounds", _TOLD[end]))
    if end in ("max_rounds", "time") and is_paused(last.finish_raw):
        notices[-1] = Notice("rounds", "the provider paused its tools again, and was not asked to go on")
    interrupted = end == "interrupted" and last.status == "ok"
    return replace(
        last,
        status="cancelled" if interrupted else last.status,
        answer=_answer(results),
        error=Failure("cancelled", "interrupted while tools ran") if interrupted else last.error,
        think=replace(last.think, verdict=_verdict(results)),
        reasoning=_reasoning(results),
        usage=Usage(*(_sum(getattr(one.usage, name) for one in results) for name in _COUNTS)),
        cost=_cost([result.cost for result in results]),
        latency=_latency(results),
        attempts=sum(result.attempts for result in results),
        warnings=tuple(dict.fromkeys(notices)),
        forecast=first.forecast,
        continuity=tuple(fate for result in results for fate in result.continuity),
        server_tools=_server_tools(results),
        rounds=rounds,
        rounds_end=end,
        tool_runs=runs,
        round=None,
    )


def folded(results: Iterable[Result]) -> tuple[Result, ...]:
    """Stored results with the rounds of one answer as one, in the place of the first."""
    every = list(results)
    if all(one.round is None for one in every):
        return tuple(every)
    groups: dict[str, list[Result]] = {}
    for one in every:
        groups.setdefault(one.id if one.round is None else one.round.of, []).append(one)
    return tuple(_folded(group) for group in groups.values())


def _folded(group: Sequence[Result]) -> Result:
    if group[0].round is None:
        return group[0]
    rounds = sorted(group, key=lambda one: 0 if one.round is None else one.round.number)
    return whole_answer(rounds, rounds[-1].rounds_end or "interrupted")


def _answer(results: Sequence[Result]) -> str:
    """What the last round said, behind what was said in those that the provider paused."""
    said = [results[-1].answer]
    for result in reversed(results[:-1]):
        if not is_paused(result.finish_raw):
            break
        said.insert(0, result.answer)
    return "\n\n".join(filter(None, said))


def _verdict(results: Sequence[Result]) -> Verdict:
    """Thinking in any of the rounds is thinking."""
    seen: list[Verdict] = [result.think.verdict for result in results]
    told: list[Verdict] = [one for one in _TELLING if one in seen]
    return told[0] if told else seen[-1]


def _reasoning(results: Sequence[Result]) -> Reasoning:
    texts = [result.reasoning.text for result in results if result.reasoning.text]
    counted = [result.reasoning for result in results]
    tokens = _sum(one.tokens for one in counted if one.tokens is not None or one.visibility != "none")
    sources: list[TokensSource] = [one.tokens_source for one in counted if one.tokens_source is not None]
    source: TokensSource | None = "estimated" if "estimated" in sources else sources[0] if sources else None
    seen: list[Visibility] = [one.visibility for one in counted if one.visibility != "none"]
    visible: Visibility = seen[0] if seen else "none"
    return Reasoning("\n\n".join(texts) or None, visible, tokens, None if tokens is None else source)


def _cost(costs: Sequence[Cost]) -> Cost:
    usd, entered, output, reasoning, saved, listed = (
        _money(getattr(cost, name) for cost in costs) for name in _AMOUNTS
    )
    fees = [cost.fees_usd for cost in costs if cost.fees_usd is not None]
    lost = [cost.lost_usd for cost in costs if cost.lost_usd is not None]
    sources: list[CostSource | None] = [cost.source for cost in costs]
    source: CostSource | None = "estimated" if "estimated" in sources else sources[-1]
    return Cost(
        usd,
        entered,
        output,
        reasoning,
        source,
        cache_saved_usd=saved,
        listed_usd=listed,
        note="; ".join(dict.fromkeys(cost.note for cost in costs if cost.note)) or None,
        fees_usd=sum(fees, Decimal(0)) if fees else None,
        lost_attempts=sum(cost.lost_attempts for cost in costs),
        lost_usd=sum(lost, Decimal(0)) if lost else None,
    )


def _latency(results: Sequence[Result]) -> Latency:
    """What came first came in the first round; the total is that of the model's calls, without the tools."""
    first, parts = results[0].latency, [result.latency for result in results]
    before = _sum(part.total_s for part in parts[:-1])
    answered = parts[-1].first_answer_s
    total = _sum(part.total_s for part in parts)
    output = _sum(result.usage.output_tokens for result in results)
    return Latency(
        first_byte_s=first.first_byte_s,
        first_reasoning_s=first.first_reasoning_s,
        first_answer_s=None if answered is None or before is None else round(answered + before, 6),
        total_s=None if total is None else round(total, 6),
        output_tokens_per_s=round(output / total, 6) if output and total else None,
        connect_s=first.connect_s,
    )


def _server_tools(results: Sequence[Result]) -> tuple[ServerToolUse, ...]:
    found: dict[str, list[ServerToolUse]] = {}
    for result in results:
        for use in result.server_tools:
            found.setdefault(use.name, []).append(use)
    return tuple(replace(uses[0], uses=_sum(one.uses for one in uses)) for uses in found.values())


def _sum(values: Iterable[float | None]) -> int | None:
    """The sum; None where a part is not known. Counts are whole, seconds are not."""
    listed = list(values)
    known = [value for value in listed if value is not None]
    return sum(known) if listed and len(known) == len(listed) else None  # pyright: ignore[reportReturnType]


def _money(values: Iterable[Decimal | None]) -> Decimal | None:
    listed = list(values)
    known = [value for value in listed if value is not None]
    return sum(known, Decimal(0)) if listed and len(known) == len(listed) else None
