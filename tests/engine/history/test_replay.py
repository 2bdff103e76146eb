"""Bytes that came earlier are read as the exchange read them, and a replay says what today's code makes otherwise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from msgspec.structs import replace

from thinkdial.engine.costs.prices.pricing import price_of
from thinkdial.engine.exchange.connections.errors import ReadError, ReadTimedOutError, RemoteProtocolError
from thinkdial.engine.exchange.exchange import Exchange
from thinkdial.engine.exchange.outcome import Outcome, cancelled
from thinkdial.engine.exchange.raw_response import RawResponse, reply_of
from thinkdial.engine.exchange.retry import Patience
from thinkdial.engine.exchange.surroundings import Surroundings
from thinkdial.engine.history.read import StoredResult
from thinkdial.engine.history.replay import replay
from thinkdial.engine.results.assembly import result_of
from thinkdial.engine.results.result import Cost
from thinkdial.engine.runs.observer import Silent
from thinkdial.profiles.profile import Price, Profile
from thinkdial.providers.errors import Failure
from thinkdial.providers.registry import NAMES
from thinkdial.providers.schema import Notice

from ...cases import each
from ..exchange.recordings import CONFIG, CONTRACT, Recording, kind_of, prepared_for

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)

ERRORS = (
    b'{"error": {"message": "slow down", "code": "rate_limit", "type": "rate_limit_error"}}',
    b'{"error": {"message": "blocked", "code": "content_filter", "status": "FAILED_PRECONDITION"}}',
    b'{"message": "no such model"}',
    b"<html>bad gateway</html>",
    b"",
    b"\xff\xfe not text",
)


def exchanged(
    name: str, raw: RawResponse, size: int = 0, breaks: BaseException | None = None, *, emulated: bool = False
) -> Outcome:
    """What the engine makes of the response when it comes over the wire, what follows a whole stream in a piece."""
    transport = Recording(raw, size or len(CONTRACT["stream_of"](name)), breaks)
    surroundings = Surroundings(transport, clock=lambda: 0.0)
    exchange = Exchange(prepared_for(name, emulated=emulated), None, Patience(5, 60, 0), surroundings, Silent())
    try:
        return asyncio.run(exchange.run())
    except asyncio.CancelledError:
        return cancelled(exchange.outcome())


def again(name: str, raw: RawResponse, broken: Failure | None = None, *, emulated: bool = False) -> Any:
    return reply_of(raw, name, prepared_for(name).target.use.quirks, emulated, broken=broken)


def recordings(name: str) -> Iterator[RawResponse]:
    """Answers whole and cut, as streams and as documents, and what servers send by mistake."""
    kind = kind_of(name)
    stream: bytes = CONTRACT["stream_of"](name)
    body = json.dumps(CONTRACT["whole_of"](name)).encode()
    for cut in (0, 1, *range(len(stream) // 9, len(stream), len(stream) // 9), len(stream) - 1, len(stream)):
        yield RawResponse(200, kind, True, stream[:cut])
    for cut in (len(body) // 2, len(body)):
        yield RawResponse(200, "application/json", False, body[:cut])
    yield RawResponse(200, kind, True, body)
    yield RawResponse(200, "application/json", True, stream)
    yield RawResponse(200, kind, True, stream + b"data: {broken\n\n")
    yield RawResponse(200, kind, True, stream[: len(stream) // 2] + b"\n\ndata: {broken\n\n" + stream[-200:])
    yield RawResponse(200, "text/html", False, b"<html>hello</html>")
    yield RawResponse(200, "", True, b"data: 7\n\ndata: []\n\n")


@each("name", NAMES)
def test_bytes_read_at_once_are_the_reply_that_came_over_the_wire(name: str) -> None:
    for raw in recordings(name):
        for emulated in (False, True):
            assert again(name, raw, emulated=emulated) == exchanged(name, raw, emulated=emulated).reply, raw


@each("name", NAMES)
@each("size", [7, 1000])
def test_it_does_not_matter_in_which_pieces_they_came(name: str, size: int) -> None:
    kind, stream = kind_of(name), CONTRACT["stream_of"](name)
    for cut in (len(stream) // 3, len(stream) // 2, len(stream)):
        raw = RawResponse(200, kind, True, stream[:cut])
        assert again(name, raw) == exchanged(name, raw, size).reply


@each("name", NAMES)
@each("status", [301, 400, 401, 403, 404, 429, 500, 529])
def test_error_answers_are_read_alike(name: str, status: int) -> None:
    for body in ERRORS:
        headers = {"retry-after": "7", "x-should-retry": "false", "location": "https://elsewhere.example/?q"}
        raw = RawResponse(status, "application/json", True, body, headers)
        assert again(name, raw) == exchanged(name, raw).reply


def test_a_prompt_that_was_blocked_with_an_error_status_is_an_answer() -> None:
    body = {"error": {"message": "The response was filtered", "code": "content_filter", "type": None}}
    reply = again("openai-chat", RawResponse(400, "application/json", False, json.dumps(body).encode()))
    assert (reply.finish, reply.failure, reply.complete) == ("content_filter", None, True)


@each("name", NAMES)
@each("broke", [ReadTimedOutError("silence"), ReadError("reset"), RemoteProtocolError("closed")])
def test_why_an_exchange_broke_is_kept_and_the_text_that_was_held_back_too(name: str, broke: Exception) -> None:
    kind, stream = kind_of(name), CONTRACT["stream_of"](name)
    for cut in (0, *range(len(stream) // 5, len(stream), len(stream) // 5)):
        raw = RawResponse(200, kind, True, stream[:cut])
        for emulated in (False, True):
            outcome = exchanged(name, raw, 64, broke, emulated=emulated)
            assert outcome.reply == again(name, raw, outcome.reply.failure, emulated=emulated)


def test_an_interruption_is_kept() -> None:
    stream: bytes = CONTRACT["stream_of"]("anthropic-messages")
    raw = RawResponse(200, "text/event-stream", True, stream[: len(stream) // 2])
    outcome = exchanged("anthropic-messages", raw, breaks=asyncio.CancelledError())
    assert outcome.reply.finish == "cancelled"
    assert again("anthropic-messages", raw, outcome.reply.failure) == outcome.reply


# What a replay makes of stored results


SENT: dict[str, Any] = {"quirks": {}, "emulated": False, "base_url": "https://host.example", "url": "u", "native": {}}


def stored(name: str = "anthropic-messages", raw: RawResponse | None = None, **changes: Any) -> StoredResult:
    """A result as the engine made it of a recording, stored; `profile` is one that is built in, where there is one."""
    kind = kind_of(name)
    raw = raw or RawResponse(200, kind, True, CONTRACT["stream_of"](name))
    outcome = exchanged(name, raw)
    quirks = outcome.prepared.target.use.quirks
    cost = price_of(outcome.reply, outcome.prepared.target, AT)
    made = result_of(replace(outcome, attempts=1), cost, run_id="run", at=AT, extra=(Notice("simulated", "not real"),))
    return StoredResult(replace(made, **changes), {**SENT, "quirks": quirks}, raw, unfinished=False)


def changed(entry: StoredResult, config: Any = CONFIG) -> dict[str, tuple[object, object]]:
    return {change.path: (change.was, change.is_) for change in replay(entry, config).changes}


@each("name", NAMES)
def test_the_same_code_changes_nothing(name: str) -> None:
    for raw in recordings(name):
        made = replay(stored(name, raw), CONFIG)
        assert made.changes == (), raw
        assert made.result.warnings[0].code == "simulated"


@pytest.mark.parametrize("status", [400, 429, 500])
def test_what_only_headers_told_is_no_change(status: int) -> None:
    raw = RawResponse(status, "application/json", True, ERRORS[0], {"retry-after": "7", "x-should-retry": "false"})
    entry = replace(stored("anthropic-messages", raw), raw=replace(raw, headers={}))
    assert entry.result.error is not None
    assert entry.result.error.retry_after_s == 7
    assert changed(entry) == {}


@pytest.mark.parametrize("kind", ["timeout", "connection", "cancelled", "budget"])
def test_an_exchange_that_broke_stays_broken_for_its_reason(kind: Any) -> None:
    stream: bytes = CONTRACT["stream_of"]("anthropic-messages")
    raw = RawResponse(200, "text/event-stream", True, stream[: len(stream) // 2])
    failed = Failure(kind, "it broke", None, kind in ("timeout", "connection"), "try again")
    entry = stored(raw=raw, error=failed, finish="cancelled" if kind == "cancelled" else "error")
    entry = replace(entry, result=replace(entry.result, status="cancelled" if kind == "cancelled" else "partial"))
    made = replay(entry, CONFIG)
    assert made.changes == ()
    assert made.result.error == failed
    assert made.result.reasoning.text == entry.result.reasoning.text != ""


def test_every_field_that_comes_out_otherwise_is_named_with_both_values() -> None:
    entry = stored()
    was = entry.result
    wrong = replace(
        was,
        answer="an older decoder read this",
        usage=replace(was.usage, reasoning_tokens=None),
        finish_raw=None,
        warnings=(*was.warnings, Notice("commentary", "no more")),
        think=replace(was.think, verdict="unknown"),
    )
    found = changed(replace(entry, result=wrong))
    assert found["answer"] == ("an older decoder read this", was.answer)
    assert found["usage.reasoning_tokens"] == (None, was.usage.reasoning_tokens)
    assert found["finish_raw"] == (None, was.finish_raw)
    assert set(found) <= {"answer", "usage.reasoning_tokens", "finish_raw", "warnings", "think.verdict"}
    assert "warnings" in found


def test_what_cannot_differ_is_not_compared() -> None:
    entry = stored()
    moved = replace(entry.result, id="other", attempts=3, latency=replace(entry.result.latency, total_s=99.0))
    assert changed(replace(entry, result=moved)) == {}


def with_profile(profile: Profile) -> Any:
    return replace(CONFIG, profiles={**CONFIG.profiles, profile.name: profile})


def test_the_price_of_today_is_used() -> None:
    profile = Profile("p", "anthropic", "claude-opus-5-5", price=Price(Decimal(1_000_000), Decimal(2_000_000)))
    entry = stored()
    found = changed(entry, with_profile(profile))
    usage = entry.result.usage
    expected = Decimal(usage.input_tokens or 0) + 2 * Decimal(usage.output_tokens or 0)
    assert Decimal(cast("str", found["cost.usd"][1])) == expected
    assert found["cost.source"][1] == "profile"


def test_a_profile_that_calls_another_model_today_does_not_price_the_one_that_answered() -> None:
    profile = Profile("p", "anthropic", "claude-haiku-5", price=Price(Decimal(1_000_000), Decimal(2_000_000)))
    made = replay(stored(), with_profile(profile))
    assert made.changes == ()
    assert any("claude-haiku-5 today" in note for note in made.notes)


def test_a_profile_that_is_gone_is_said() -> None:
    made = replay(stored(), CONFIG)
    assert any("profile p does not call anthropic today" in note for note in made.notes)


def test_without_its_provider_the_text_is_still_decoded_and_the_cost_is_kept() -> None:
    entry = stored(provider="gone-by", answer="old", cost=Cost(Decimal("0.5"), source="table"))
    made = replay(entry, CONFIG)
    assert [change.path for change in made.changes] == ["answer"]
    assert made.result.cost.usd == Decimal("0.5")
    assert any("gone-by" in note for note in made.notes)


def test_a_dialect_that_nobody_speaks_any_more_changes_nothing() -> None:
    made = replay(stored(dialect="morse"), CONFIG)
    assert (made.changes, len(made.notes)) == ((), 1)
    assert "morse" in made.notes[0]


def test_the_estimate_of_a_cut_call_is_kept() -> None:
    stream: bytes = CONTRACT["stream_of"]("anthropic-messages")
    raw = RawResponse(200, "text/event-stream", True, stream[: len(stream) // 2])
    cut = Cost(Decimal("0.01"), source="estimated", note="cut")
    entry = stored(raw=raw, error=Failure("budget", "cut"), finish="error", status="partial", cost=cut)
    entry = replace(entry, result=replace(entry.result, warnings=(*entry.result.warnings, Notice("cost", "cut"))))
    made = replay(entry, CONFIG)
    assert made.result.cost == cut
    assert made.changes == ()
    assert any("estimate" in note for note in made.notes)


@pytest.mark.parametrize(("raw", "attempts"), [(None, 1), (RawResponse(200, "", True, b""), 0)])
def test_without_a_response_there_is_nothing_to_replay(raw: RawResponse | None, attempts: int) -> None:
    entry = stored(attempts=attempts)
    made = replay(replace(entry, raw=raw), CONFIG)
    assert (made.result, made.changes, len(made.notes)) == (entry.result, (), 1)


def test_all_recordings_were_told_apart() -> None:
    kinds: Sequence[str] = [exchanged("openai-chat", raw).reply.finish for raw in recordings("openai-chat")]
    assert {"stop", "unknown"} <= set(kinds)
