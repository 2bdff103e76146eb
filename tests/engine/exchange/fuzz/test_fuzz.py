"""Whatever a server says: nothing raises, how it is cut makes no difference, and the result is one that can be kept.

A case is a number: `mutated(NAME, NUMBER)` makes it again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from thinkdial.cli.views.run.phrases import explanation, state_words, verdict_words, why_not_whole
from thinkdial.engine.batch.provider.collector import reply_in_row
from thinkdial.engine.checks.expectation import judge_answer
from thinkdial.engine.costs.prices.pricing import price_of
from thinkdial.engine.exchange.exchange import Exchange
from thinkdial.engine.exchange.outcome import Outcome
from thinkdial.engine.exchange.raw_response import RawResponse, reply_of
from thinkdial.engine.exchange.reader import ResponseReader
from thinkdial.engine.exchange.retry import Patience
from thinkdial.engine.exchange.surroundings import Surroundings
from thinkdial.engine.results.assembly import result_of
from thinkdial.engine.results.documents import result_document
from thinkdial.engine.results.restored import result_from
from thinkdial.engine.runs.observer import Silent
from thinkdial.profiles.facts import packaged_text
from thinkdial.providers.batches.contract import RowOutcome
from thinkdial.providers.fold import Fold, Reply
from thinkdial.providers.registry import NAMES

from ....cases import each
from ..recordings import CONFIG, Recording, prepared_for
from .answers import JSON
from .mutations import mutated, pieces_of

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
QUICK, ALL = 25, 2000
"""Cases of each dialect: in every run of the tests, and in the slow ones."""


class Cassette:
    """A tape of one call."""

    def __init__(self) -> None:
        self.data = b""

    def begin(self, index: int, prepared: Any) -> None: ...

    def opened(self, index: int, status: int, headers: Any) -> None: ...

    is_behind = False

    def received(self, index: int, data: bytes) -> None:
        self.data += data


class Cut(Recording):
    """Answers in pieces of random sizes."""

    number = 0

    async def _chunks(self) -> AsyncIterator[bytes]:
        for piece in pieces_of(self.raw.data, Random(self.number)):
            yield piece


@cache
def schema() -> dict[str, Any]:
    return json.loads(packaged_text("schemas/result.schema.json"))


@cache
def problem_of_member(name: str, written: str) -> str | None:
    """What the schema has against one member of a result. Most of them are the same in many cases."""
    member = schema()["$defs"]["Result"]["properties"][name]
    found = Draft202012Validator({"$defs": schema()["$defs"], **member}).iter_errors(json.loads(written))
    return next((f"{name} {problem.json_path}: {problem.message[:200]}" for problem in found), None)


def problem_of(document: dict[str, Any]) -> str | None:
    """What the schema has against a result: which members it has, and then each of them."""
    whole = schema()["$defs"]["Result"]
    assert whole.keys() == {"description", "type", "properties", "additionalProperties", "required"}
    assert whole["additionalProperties"] is False and {*whole["required"]} == {*whole["properties"]}
    if document.keys() != whole["properties"].keys():
        return f"other members: {sorted(document.keys() ^ whole['properties'].keys())}"
    found = (problem_of_member(name, json.dumps(value)) for name, value in document.items())
    return next((problem for problem in found if problem is not None), None)


@cache
def hosts(name: str) -> list[str]:
    """The providers that speak a dialect, each with quirks of its own."""
    return [provider.name for provider in CONFIG.providers.values() if name in provider.dialects]


def replayed(prepared: Any, raw: RawResponse) -> Reply:
    return reply_of(raw, prepared.target.dialect, prepared.target.use.quirks, prepared.emulated)


def in_pieces(prepared: Any, raw: RawResponse, random: Random, *, at_once: bool = True) -> Reply:
    """`at_once`: events that only add words are read many at once, as they always are."""
    target = prepared.target
    reader = ResponseReader(
        raw.status, raw.content_type, raw.headers, target.dialect, target.use.quirks, emulated=prepared.emulated
    )
    if not at_once:
        reader._go_on = None
    fold = Fold()
    for piece in pieces_of(raw.data, random):
        for delta in reader.feed(piece):
            fold.add(delta)
    for delta in reader.close():
        fold.add(delta)
    return fold.reply()


async def live(prepared: Any, raw: RawResponse, number: int) -> tuple[Outcome, RawResponse]:
    """What a call makes of the response, and what was taken down of it."""
    tape, transport = Cassette(), Cut(raw, 1)
    transport.number = number
    surroundings = Surroundings(transport, clock=lambda: 0.0, tape=tape)
    exchange = Exchange(prepared, None, Patience(5, 60, 0), surroundings, Silent())
    outcome = await exchange.run()
    return outcome, replace(raw, body=tape.data)


async def check(name: str, number: int) -> None:
    """Everything that is promised of one case."""
    random = Random(number)
    raw, host = mutated(name, number), random.choice(hosts(name))
    prepared = prepared_for(name, emulated=random.random() < 0.1, host=host)
    expected = replayed(prepared, raw)
    assert in_pieces(prepared, raw, random) == expected, "pieces make a difference"
    assert in_pieces(prepared, raw, random, at_once=False) == expected, "words alone make a difference"
    outcome, taken_down = await live(prepared, raw, number)
    assert outcome.reply == expected, "a live call makes something else of it"
    assert replayed(prepared, taken_down) == expected, "a replay makes something else of it"
    target = prepared.target
    answered = RowOutcome("r", "response", status=raw.status, body=raw.data)
    row = reply_in_row(answered, target, emulated=prepared.emulated)
    if raw.content_type == JSON and raw.status == 200 and not raw.headers:
        assert row == replace(expected, service_tier="batch"), "a row of a provider's batch makes something else of it"
    result = result_of(outcome, price_of(outcome.reply, target, AT), run_id="r", at=AT)
    document = result_document(result)
    written = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    problem = problem_of(json.loads(written))
    assert problem is None, problem
    assert result_document(result_from(json.loads(written))) == document
    (*verdict_words(result), *state_words(result), explanation(result), *why_not_whole(result))
    judge_answer({"contains": "x", "number": 3}, result)


async def check_all(name: str, numbers: range) -> None:
    for number in numbers:
        try:
            await check(name, number)
        except Exception as error:
            error.add_note(f"case: mutated({name!r}, {number})")
            raise


@each("name", NAMES)
def test_whatever_a_server_says_is_read_and_kept(name: str) -> None:
    asyncio.run(check_all(name, range(QUICK)))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", range(4))
def test_whatever_a_server_says_is_read_and_kept_2000_times(name: str, part: int) -> None:
    share = ALL // 4
    asyncio.run(check_all(name, range(part * share, (part + 1) * share)))


@each("name", NAMES)
def test_the_cases_are_always_the_same_and_seldom_harmless(name: str) -> None:
    cases = [mutated(name, number) for number in range(40)]
    assert cases == [mutated(name, number) for number in range(40)]
    assert len({case.data for case in cases}) > 30
