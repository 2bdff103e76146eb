"""What a call may cost, before it is made: a range, and where each of its ends comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ..providers.schema import Usage
from .prepare import Prepared, Prompt
from .pricing import Bought, priced_by_profile, priced_by_table

BYTES_PER_TOKEN = 4
"""A rough rule for Western text; other scripts and code differ by a factor of two or so."""

METHOD = "input estimated at 4 bytes a token; low: no output; high: output up to the limit"


@dataclass(frozen=True, slots=True)
class Forecast:
    """US dollars before the call. None where the price is unknown; `high_usd` also where nothing bounds the output."""

    input_tokens: int
    output_limit_tokens: int | None
    low_usd: Decimal | None
    high_usd: Decimal | None
    source: str | None
    method: str = METHOD


def estimate_tokens(prompt: Prompt) -> int:
    """Input tokens of `prompt`, by size alone."""
    size = len(prompt.text.encode("utf-8", "replace")) + len((prompt.system or "").encode("utf-8", "replace"))
    return max(1, -(-size // BYTES_PER_TOKEN))


def forecast(prepared: Prepared, prompt: Prompt, at: datetime) -> Forecast:
    """The range for one prepared call: from its input alone to its output limit, reasoning included."""
    entered = estimate_tokens(Prompt(prompt.text, prepared.call.system))
    card = prepared.target.card
    limit = prepared.plan.max_output_tokens or card.max_output_tokens
    if not card.output_limit_covers_thinking and prepared.plan.thinks is not False:
        limit = None
    low, source = _cost(prepared, entered, 0, at)
    high = _cost(prepared, entered, limit, at)[0] if limit is not None else None
    return Forecast(entered, limit, low, high, source)


def _cost(prepared: Prepared, entered: int, output: int, at: datetime) -> tuple[Decimal | None, str | None]:
    target = prepared.target
    usage = Usage(input_tokens=entered, output_tokens=output)
    if target.profile.price is not None:
        cost = priced_by_profile(usage, target.profile.price)
    else:
        model = (target.profile.known_as or target.profile.model).removeprefix("models/")
        cost = priced_by_table(Bought(usage, target.provider.prices, (model,), at=at))
    return cost.usd, cost.source
