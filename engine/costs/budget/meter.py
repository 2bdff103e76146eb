"""What one call has cost so far, estimated while it streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct
from msgspec.structs import replace

from ....providers.schema import (
    AnswerDelta,
    AnswerWasReasoning,
    Bill,
    Delta,
    ReasoningDelta,
    ToolsUsed,
    Usage,
    UsageReport,
)
from ..prices.bills import most_billed

BYTES_PER_TOKEN = 4
"""A rough rule for visible text in UTF-8, used only for what no report of the provider has counted yet."""

SAMPLE_TOKENS = 1_000_000
MOST_TOKENS = 10**9

PriceOf = Callable[[Usage], Decimal | None]
"""The cost of a usage in USD; None when it is not known."""

FeesOf = Callable[[Mapping[str, int]], Decimal]
"""What uses of the provider's own tools cost in USD, as far as it is known."""

_COUNTS = Usage.__struct_fields__


class Meter:
    """The running estimate of one call; `take` every delta.

    Input counts as estimated until the provider reports it. Output is what the provider reported last, and the visible
    text that came after that report by its size: reasoning that is neither shown nor reported is not seen until it is.
    Fees of the provider's tools count as soon as it counts their uses, where `fees` is given.
    The provider's own bill replaces all of it. A grant of None is never passed.
    """

    def __init__(
        self, grant_usd: Decimal | None, price: PriceOf, input_tokens: int, fees: FeesOf | None = None
    ) -> None:
        self.grant_usd = grant_usd
        self._fees = fees
        self._tokens_price = price
        self._given = Usage(input_tokens=input_tokens)
        self._earlier = Decimal(0)
        self._begin()

    def _price(self, usage: Usage) -> Decimal | None:
        usd = self._tokens_price(usage)
        return None if usd is None else usd + self._fees_usd

    @property
    def usage(self) -> Usage:
        """What has been used so far in this attempt, reported or estimated."""
        output, reasoning = self._output_tokens(), self._reported.reasoning_tokens
        unseen = -(-self._reasoning_bytes // BYTES_PER_TOKEN)
        if unseen:
            reasoning = min((reasoning or 0) + unseen, output)
        return replace(self._reported, output_tokens=output, reasoning_tokens=reasoning, total_tokens=None)

    @property
    def usd(self) -> Decimal | None:
        """What the call costs so far, earlier attempts included; None when its price is not known."""
        now = self._billed if self._billed is not None else self._price(self.usage)
        return None if now is None else now + self._earlier

    def again(self) -> None:
        """Another attempt begins. What the earlier one has produced was paid for as well."""
        if self._billed is not None or self._output_tokens():
            self._earlier = self.usd or self._earlier
        self._begin()

    def take(self, delta: Delta) -> bool:
        """Count a delta. True when the call has cost more than was granted."""
        match delta:
            case AnswerDelta(text=text):
                self._text_bytes += _size(text)
            case ReasoningDelta(text=text):
                size = _size(text)
                self._text_bytes += size
                self._reasoning_bytes += size
            case AnswerWasReasoning():
                self._reasoning_bytes = self._text_bytes
                self._check_at = 0
            case UsageReport():
                self._report(delta.billed or delta.usage)
            case ToolsUsed():
                if self._fees is not None:
                    self._fees_usd, self._rates, self._check_at = self._fees(delta.counts), None, 0
            case Bill():
                if delta.usd > most_billed(self.usage, self._price(self.usage)):
                    return False
                self._billed = delta.usd
                return self.grant_usd is not None and delta.usd + self._earlier > self.grant_usd
            case _:
                return False
        if self._output_tokens() < self._check_at:
            return False
        return self._is_passed()

    def _begin(self) -> None:
        self._reported = self._given
        self._fees_usd = Decimal(0)
        self._reported_output = 0
        self._billed: Decimal | None = None
        self._text_bytes = 0
        self._reasoning_bytes = 0
        self._rates: _Rates | None = None
        self._check_at = 0

    def _output_tokens(self) -> int:
        return self._reported_output + -(-self._text_bytes // BYTES_PER_TOKEN)

    def _report(self, counts: Usage) -> None:
        before = self._reported
        known = {name: value for name in _COUNTS if (value := getattr(counts, name)) is not None}
        self._reported = replace(before, **known)
        if counts.output_tokens is not None:
            self._reported_output = counts.output_tokens
            self._text_bytes = self._reasoning_bytes = 0
        two_prices = self._rates is not None and self._rates.answer != self._rates.reasoning
        if two_prices or _entered(before) != _entered(self._reported):
            # Other input has other prices: its own, and with long prompts those of the output.
            self._rates = None
            self._check_at = 0

    def _is_passed(self) -> bool:
        """Price what there is exactly, and note at how many tokens the next look is due."""
        if self.grant_usd is None:
            self._check_at = MOST_TOKENS
            return False
        spent = self.usd
        if spent is None:
            self._check_at = MOST_TOKENS
            return False
        if spent > self.grant_usd:
            return True
        if self._billed is not None:
            return False
        if self._rates is None:
            self._rates = _rates(self._price, self._reported)
        rates = self._rates
        dearest = max(rates.answer, rates.reasoning) if rates is not None else None
        if not dearest:
            self._check_at = MOST_TOKENS
        else:
            room = ((self.grant_usd - spent) / dearest).to_integral_value(ROUND_FLOOR)
            self._check_at = min(MOST_TOKENS, self._output_tokens() + 1 + int(room))
        return False


class _Rates(Struct, frozen=True):
    """USD for one token of output: as answer and as reasoning."""

    answer: Decimal
    reasoning: Decimal


def _rates(price: PriceOf, entered: Usage) -> _Rates | None:
    """What output costs beside this input; None when that is not known."""
    nothing = price(replace(entered, output_tokens=0, reasoning_tokens=None))
    answer = price(replace(entered, output_tokens=SAMPLE_TOKENS, reasoning_tokens=None))
    reasoning = price(replace(entered, output_tokens=SAMPLE_TOKENS, reasoning_tokens=SAMPLE_TOKENS))
    if nothing is None or answer is None:
        return None
    thought = answer if reasoning is None else reasoning
    return _Rates((answer - nothing) / SAMPLE_TOKENS, (thought - nothing) / SAMPLE_TOKENS)


def _entered(usage: Usage) -> tuple[int | None, ...]:
    return usage.input_tokens, usage.cached_input_tokens, usage.cache_write_tokens


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
