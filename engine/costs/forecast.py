"""What a call may cost, before it is made: what is likely, the worst case apart, and where each figure comes from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ...providers.json_values import obj, text
from ...providers.merge import at_path, merged
from ...providers.registry import dialect
from ...providers.schema import Usage
from ...providers.think import Level
from ..planning.prepare import Prepared, Prompt, sent_prompt
from ..results.result import Cost, Forecast
from .estimate import HIGH_INPUT, LOW_INPUT, input_tokens, text_tokens
from .prices.pricing import (
    Bought,
    host_of,
    listed_price,
    own_price,
    priced_by_list,
    priced_by_profile,
    priced_by_table,
)
from .priors import PastRun, dial_setting, is_recorded, prior

if TYPE_CHECKING:
    from .conversation_input import ConversationInput
    from .file_tokens import FileTokens

Samples = Callable[[str, str, str, str], Sequence[PastRun]]
"""Input and output tokens of the user's newest runs of (provider, host, model, think value), newest first."""

LEAST_RUNS = 5
"""With fewer runs of the user's own they are in the forecast, and not yet its source."""

_OutputSource = Literal["history", "observed", "reference"]
"""Own runs, recorded answers, or such answers scaled to this dial by the reference table alone."""


LEAST_OUTPUT_TOKENS = 1
"""What an answer has at the least, where nothing says more."""

HIDDEN_INPUT_TOKENS = 2048
"""What a provider may add to a prompt unseen. The most in recorded traffic is 1,307 tokens, with Cohere."""

MANY_TOKENS = 10**9
"""Stands for as many as one likes, where output costs nothing."""

AMPLE = 2
"""So many times what is likely is enough for nearly every answer."""

_OPEN_ENDED = (
    "n", "tools", "plugins", "web_search_options", "search_parameters", "mcp_servers",
    "generationConfig.candidateCount",
)  # fmt: skip
"""Native fields with which one call may read or write more than its prompt and its output limit say."""

_LONG_TTL = ('"1h"', '"12h"')

SCHEMA_COUNTED = "the schema is counted as it is sent"
SCHEMA_NOT_COUNTED = "the schema is no input here"
SCHEMA_UNKNOWN = "without the schema, of which nobody says whether it is input here"
INPUT_METHOD = (
    "input estimated by kinds of characters, for most texts 25 % too low to 10 % too high, and without what a provider "
    f"adds itself (low counts {LOW_INPUT} % of it, high {HIGH_INPUT} %)"
)
LEARNT_METHOD = "input by the provider's counts of the turns before, what came since scaled by them"
COUNTED_METHOD = "input counted by the provider"
PRICE_METHOD = "no cache hits assumed"


def forecast(
    prepared: Prepared,
    prompt: Prompt,
    at: datetime,
    *,
    counted_tokens: int | None = None,
    samples: Samples | None = None,
) -> Forecast:
    """The forecast of one prepared call at the prices of `at`. `counted_tokens` is what a counting endpoint said."""
    going = None
    if prepared.asked.prompt.past is not None:
        from .conversation_input import conversation_input  # which only sessions need

        going = conversation_input(prepared, prompt, at)
    entered = counted_tokens
    if entered is None:
        entered = estimated_input_tokens(prepared, prompt) if going is None else going.tokens
    files = None if counted_tokens is not None else _files_of(prepared, is_learnt=going is not None and going.is_learnt)
    if files is not None:
        entered += files.tokens
    is_open = files is not None and bool(files.unknown)
    cached, written = (None, None) if going is None else _cache_traffic(going, entered)
    limit = output_limit(prepared)
    output = _output(prepared, entered, limit, samples)
    least_input = entered if counted_tokens is not None else max(1, entered * LOW_INPUT // 100)
    most_input = entered if counted_tokens is not None else entered * HIGH_INPUT // 100
    if going is not None and counted_tokens is None:
        beside = 0 if files is None else files.tokens
        least_input, most_input = going.low + beside, going.high + beside
    usage = Usage(
        input_tokens=entered, cached_input_tokens=cached, cache_write_tokens=written,
        output_tokens=output.expected or 0, reasoning_tokens=output.reasoning,
    )  # fmt: skip
    expected = _cost(prepared, usage, at)
    words = (
        _input_words(going, counted=counted_tokens is not None),
        *(() if files is None else files.words),
        *(() if counted_tokens is not None else _schema_words(prepared)),
        f"output: {output.words}",
        f"worst case: {_worst_words(prepared, limit)}",
        f"all but the worst case reads {cached:,} tokens from the provider's cache" if cached else PRICE_METHOD,
    )
    made = Forecast(
        input_tokens=entered,
        input_source="estimated" if counted_tokens is None else "counted",
        low_output_tokens=output.low,
        expected_output_tokens=output.expected,
        high_output_tokens=output.high,
        output_source=output.source,
        output_runs=output.runs,
        output_answers=output.answers,
        output_limit_tokens=limit,
        low_usd=_cost(prepared, _cached_usage(least_input, cached, written, output.low or LEAST_OUTPUT_TOKENS), at).usd,
        least_usd=_cost(prepared, _cached_usage(least_input, cached, written, LEAST_OUTPUT_TOKENS), at).usd,
        expected_usd=None if output.expected is None or is_open else expected.usd,
        likely_high_usd=None
        if output.high is None or is_open
        else _cost(prepared, _cached_usage(most_input, cached, written, output.high), at).usd,
        high_usd=None
        if limit is None or is_open
        else _highest(prepared, most_input, limit, at, is_written=bool(written)),
        price_source=expected.source,
        method="; ".join(words),
        cached_input_tokens=cached,
    )
    if not prepared.server_tools:
        return made
    from .server_tool_fees import with_fees  # which few calls need

    return with_fees(made, prepared)


def _input_words(going: ConversationInput | None, *, counted: bool) -> str:
    if counted:
        return COUNTED_METHOD
    return LEARNT_METHOD if going is not None and going.is_learnt else INPUT_METHOD


def _schema_words(prepared: Prepared) -> tuple[str, ...]:
    """What is said of a schema in fields of the request: in words, or in a tool, it is input like any other."""
    shape = prepared.shape
    if shape is None or not shape.native or shape.shape.schema is None:
        return ()
    return (SCHEMA_COUNTED if shape.counts else SCHEMA_NOT_COUNTED if shape.counts is False else SCHEMA_UNKNOWN,)


def _files_of(prepared: Prepared, *, is_learnt: bool = False) -> FileTokens | None:
    """What is known of the files that go along, new ones alone where counts of earlier turns hold the others."""
    if not prepared.asked.prompt.asked and prepared.asked.prompt.past is None:
        return None
    from .file_tokens import file_tokens

    return file_tokens(prepared, with_earlier=not is_learnt)


def _cache_traffic(going: ConversationInput, entered: int) -> tuple[int, int]:
    """What of `entered` tokens is likely to be read from the cache, and what to be written to it."""
    cached = min(going.cached, entered)
    return cached, entered - cached if going.written else 0


def _cached_usage(entered: int, cached: int | None, written: int | None, output: int) -> Usage:
    """What is likely: as much from the cache as it may hold. The writes are not the provider's to leave out."""
    if cached is None:
        return Usage(input_tokens=entered, output_tokens=output)
    cached = min(cached, entered)
    return Usage(
        input_tokens=entered, cached_input_tokens=cached, cache_write_tokens=entered - cached if written else 0,
        output_tokens=output,
    )  # fmt: skip


def _highest(prepared: Prepared, entered: int, limit: int, at: datetime, *, is_written: bool) -> Decimal | None:
    """The dearest reading of the input: nothing comes from the cache, and all goes to it where writes are likely."""
    plain = _dearest(prepared, entered, limit, at)
    written = _dearest(prepared, entered, limit, at, written=entered) if is_written else None
    return plain if plain is None or written is None else max(plain, written)


def estimated_input_tokens(prepared: Prepared, prompt: Prompt) -> int:
    """The input of the call by its kinds of characters, as this model counts."""
    prompt = sent_prompt(prepared.target, prompt)
    tokens = input_tokens(prompt.words, prepared.call.system, [message.text for message in prompt.earlier])
    if prepared.asked.prompt.past is not None:
        from .conversation_tokens import conversation_tokens  # which only sessions need

        before = conversation_tokens(prepared)
        tokens += before.text + before.reasoning
    hidden = 0
    if prepared.tools is not None:
        tokens += text_tokens(json.dumps(prepared.tools.native, ensure_ascii=False))
        hidden = prepared.tools.hidden_tokens or 0
    if prepared.shape is not None and prepared.shape.counts:
        tokens += text_tokens(json.dumps(prepared.shape.native, ensure_ascii=False))
    return -(-tokens * prepared.target.card.token_percent // 100) + hidden


def output_limit(prepared: Prepared) -> int | None:
    """The most tokens that the call can be billed as output, reasoning included; None where nothing bounds them."""
    card, decided = prepared.target.card, prepared.plan
    if not card.output_limit_covers_thinking and decided.thinks is not False:
        return None
    module = dialect(prepared.target.dialect)
    sent = decided.max_output_tokens
    if sent is None and module.NEEDS_OUTPUT_LIMIT:
        sent = getattr(module, "DEFAULT_MAX_TOKENS", None)
    return sent or card.max_output_tokens


def ceiling_usd(prepared: Prepared, prompt: Prompt, at: datetime) -> Decimal | None:
    """The most that the call can cost: every byte of the request a token, and all the output that is allowed.

    None where nothing bounds it, or the price is unknown. Input counts at the dearest of the plain and the cache-write
    prices, and so do long-prompt prices, because the bytes decide them.
    """
    limit = output_limit(prepared)
    if limit is None or _is_open_ended(prepared):
        return None
    return _worst(prepared, prompt, limit, at)


def ample_usd(prepared: Prepared, prompt: Prompt, made: Forecast, at: datetime) -> Decimal | None:
    """What a call should have that cannot have its ceiling: room beside which its answer is hardly ever cut.

    That is twice the likely output, and at least the thinking of its dial and the answer by the reference table, with
    the dearest reading of the input. None where the price is not known.
    """
    reference, dial = prepared.asked.reference, dial_setting(prepared, prepared.target.profile.model)[0]
    thinking = 0 if dial is None or dial.kind == "silent" else dial.tokens or reference.budgets[Level.MEDIUM.value]
    room = AMPLE * max(made.high_output_tokens or 0, thinking + reference.answer_tokens)
    limit = output_limit(prepared)
    ample = _worst(prepared, prompt, room if limit is None else min(room, limit), at)
    if ample is None or not prepared.server_tools:
        return ample
    from .server_tool_fees import one_use

    return ample + AMPLE * one_use(prepared).usd


def affordable_output_tokens(prepared: Prepared, prompt: Prompt, usd: Decimal, at: datetime) -> int | None:
    """How many output tokens `usd` pays for beside the worst case of the input; None where the price is unknown."""
    alone, one_million = _worst(prepared, prompt, 0, at), _worst(prepared, prompt, 1_000_000, at)
    if alone is None or one_million is None or _is_open_ended(prepared):
        return None
    if usd < alone:
        return 0
    rate = (one_million - alone) / 1_000_000
    if not rate:
        return MANY_TOKENS
    tokens = min(int((usd - alone) / rate), MANY_TOKENS)
    spent = _worst(prepared, prompt, tokens, at)
    return tokens if spent is None or spent <= usd else max(tokens - 1, 0)


def cost_of_usage(prepared: Prepared, usage: Usage, at: datetime) -> Decimal | None:
    """What `usage` costs in USD on this route, with the service tier that is asked for; None when that is unknown."""
    return _cost(prepared, usage, at).usd


class _Output(Struct, frozen=True):
    """Output tokens within what the call allows: the median and the range of 80 %, or None where nothing is known.

    `reasoning` is 0 where no thinking is asked for, else None: the range is of thinking and answer together.
    """

    low: int | None
    expected: int | None
    high: int | None
    reasoning: int | None
    source: _OutputSource | None
    runs: int
    answers: int
    words: str


def _output(prepared: Prepared, input_tokens: int, limit: int | None, samples: Samples | None = None) -> _Output:
    """The output of one call with `input_tokens`, at most `limit`. Simulated calls know no runs of the user's."""
    target, budgets = prepared.target, prepared.asked.reference.budgets
    model = target.profile.known_as or target.profile.model
    runs: Sequence[PastRun] = ()
    if samples is not None and not target.is_simulated:
        runs = samples(target.provider.name, target.host, target.profile.model, prepared.think.sent)
    dial, why = dial_setting(prepared, model)
    found = prior(model, dial, budgets, input_tokens=input_tokens, runs=runs)
    if found is None or (dial is None and len(runs) < LEAST_RUNS):
        return _Output(None, None, None, None, None, len(runs), 0, f"not known, because {why}")
    source: _OutputSource = "history" if len(runs) >= LEAST_RUNS else "reference"
    if source == "reference" and dial is not None and not prepared.emulated and is_recorded(model, dial, budgets):
        source = "observed"
    most = found.high if limit is None else limit
    low, expected, high = min(found.low, most), min(found.median, most), min(found.high, most)
    bounded = f", within the limit of {limit:,}" if limit is not None and high == limit else ""
    words = f"for {why} the median, and a range for 8 of 10 answers, of {', '.join(found.parts)}{bounded}"
    reasoning = 0 if dial is not None and dial.kind == "silent" else None
    return _Output(low, expected, high, reasoning, source, len(runs), found.answers, words)


def _worst_words(prepared: Prepared, limit: int | None) -> str:
    if limit is not None:
        return f"the output limit of {limit:,}"
    card = prepared.target.card
    covered = card.output_limit_covers_thinking or prepared.plan.thinks is False
    return "no output limit is known" if covered else "no limit covers the thinking"


def _is_open_ended(prepared: Prepared) -> bool:
    return bool(prepared.server_tools) or any(
        at_path(prepared.call.params, path) not in (None, 1) for path in _OPEN_ENDED
    )


def _worst(prepared: Prepared, prompt: Prompt, output: int, at: datetime) -> Decimal | None:
    """The cost of `output` tokens with the dearest reading of the input."""
    size = len(prompt.text.encode("utf-8", "replace")) + len((prepared.call.system or "").encode("utf-8", "replace"))
    files = _files_of(prepared)
    if files is not None and files.unknown:
        return None
    beside = (0, 0) if files is None else (files.tokens, files.encoded_bytes)
    entered = max(size, len(prepared.request.body) - beside[1]) + beside[0] + HIDDEN_INPUT_TOKENS
    plain = _dearest(prepared, entered, output, at)
    long = any(ttl in json.dumps(prepared.call.params, default=str) for ttl in _LONG_TTL)
    written = _dearest(prepared, entered, output, at, written=entered, written_long=entered if long else None)
    return plain if plain is None or written is None else max(plain, written)


def _dearest(
    prepared: Prepared,
    entered: int,
    output: int,
    at: datetime,
    *,
    written: int | None = None,
    written_long: int | None = None,
) -> Decimal | None:
    """The cost with the dearer of two readings of the output: no reasoning, or nothing else."""
    costs = [
        _cost(
            prepared,
            Usage(input_tokens=entered, cache_write_tokens=written, output_tokens=output, reasoning_tokens=reasoning),
            at,
            cache_write_1h_tokens=written_long,
        ).usd
        for reasoning in (0, output)
    ]
    known = [cost for cost in costs if cost is not None]
    return max(known) if len(known) == len(costs) else None


def _cost(prepared: Prepared, usage: Usage, at: datetime, *, cache_write_1h_tokens: int | None = None) -> Cost:
    target = prepared.target
    price = own_price(target)
    if price is not None:
        return priced_by_profile(usage, price, written_1h=cache_write_1h_tokens)
    model = (target.profile.known_as or target.profile.model).removeprefix("models/")
    body = merged(prepared.call.native, prepared.call.params)
    tier = body.get("service_tier") or body.get("serviceTier")
    tier = obj(tier).get("type") if isinstance(tier, Mapping) else tier
    bought = Bought(
        usage,
        target.provider.prices,
        (model,),
        service_tier=None if tier == "standard_only" else text(tier),
        speed=text(body.get("speed")),
        region=text(body.get("inference_geo")),
        cache_write_1h_tokens=cache_write_1h_tokens,
        at=at,
        host=host_of(target.base_url),
    )
    listed = listed_price(target, bought)
    return priced_by_table(bought) if listed is None else priced_by_list(bought, listed)


def cost_at(prepared: Prepared, usage: Usage, at: datetime) -> Cost:
    """What `usage` of the prepared call would cost at the prices of `at`."""
    return _cost(prepared, usage, at)
