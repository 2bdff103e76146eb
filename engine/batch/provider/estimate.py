"""What the rows of a job may cost at the batch price, before they are handed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ....providers.errors import BudgetError
from ....providers.schema import Usage
from ...costs.budget.limits import Limit, dollars
from ...costs.estimate import LOW_INPUT
from ...costs.forecast import LEAST_OUTPUT_TOKENS, estimated_input_tokens, forecast, output_limit
from ...costs.prices.pricing import Bought, host_of, own_price, priced_by_profile, priced_by_table
from ...planning.option_names import COMMAND_LINE, OptionNames
from ...planning.prepare import Prepared, Prompt
from ...results.result import Cost

NOT_CUT = "a batch at a provider cannot be cut once it has begun"


@dataclass(slots=True)
class Estimate:
    """Sums of one profile's rows in USD: at the least, and as expected at the most. `unpriced` rows are in neither.

    What is expected is the upper end of the likely output of each row: nothing can be cut once it is submitted, and a
    sum of medians would be too little, as few long answers cost more than many short ones save.
    """

    at: datetime
    rows: int = 0
    low_usd: Decimal = Decimal(0)
    expected_usd: Decimal = Decimal(0)
    unpriced: int = 0
    _known: dict[tuple[str, int | None, int], tuple[Decimal, Decimal] | None] = field(
        default_factory=dict[tuple[str, int | None, int], "tuple[Decimal, Decimal] | None"]
    )

    def add(self, prepared: Prepared, prompt: Prompt) -> None:
        """Count one row."""
        self.rows += 1
        tokens = estimated_input_tokens(prepared, prompt)
        key = (str(prepared.think), output_limit(prepared), tokens)
        if key not in self._known:
            made = forecast(prepared, prompt, self.at, counted_tokens=tokens)
            least = Usage(input_tokens=max(1, made.input_tokens * LOW_INPUT // 100), output_tokens=LEAST_OUTPUT_TOKENS)
            usual = Usage(input_tokens=made.input_tokens, output_tokens=made.high_output_tokens or 0)
            low, expected = (_batch_cost(prepared, usage, self.at).usd for usage in (least, usual))
            self._known[key] = None if low is None or expected is None else (low, max(low, expected))
        priced = self._known[key]
        if priced is None:
            self.unpriced += 1
        else:
            self.low_usd += priced[0]
            self.expected_usd += priced[1]


def check_limits(
    limits: Sequence[Limit],
    estimates: Mapping[str, Estimate],
    *,
    allow_unpriced: bool = False,
    names: OptionNames = COMMAND_LINE,
) -> list[str]:
    """Notes on limits that the rows keep within as far as one can tell. Raises `BudgetError` where they do not.

    Because nothing can be cut later, what counts is the expected cost and not the least.
    """
    notes: list[str] = []
    for limit in limits:
        covered = {name: made for name, made in estimates.items() if limit.covers(name) and made.rows}
        low = sum((made.low_usd for made in covered.values()), Decimal(0))
        expected = sum((made.expected_usd for made in covered.values()), Decimal(0))
        unpriced = [name for name, made in covered.items() if made.unpriced]
        if unpriced and not allow_unpriced:
            words = f"the price of {', '.join(unpriced)} in batches is not known, so {limit.name} cannot be kept"
            said = "say it in the profile (price: {input: ..., output: ..., batch: ...})"
            hint = f"{said}, or pass {names.allow_unpriced}"
        elif expected > limit.free_usd:
            rows = sum(made.rows for made in covered.values())
            words = (
                f"{limit.words()}, and these {rows:,} rows are expected to cost up to {dollars(expected)} USD "
                f"(at least {dollars(low)}) at the batch price; {NOT_CUT}"
            )
            hint = f"submit fewer rows, or {limit.remedy}"
        else:
            notes.append(f"{_cost_words(covered.values(), expected)}; {limit.words()}; {NOT_CUT}")
            continue
        if limit.on_exceed != "warn":
            raise BudgetError(words, hint=hint)
        notes.append(words)
    return notes


def expected_usd(estimates: Mapping[str, Estimate]) -> dict[str, str]:
    """What is kept with a job: the expected cost by profile, of the rows whose price is known."""
    return {name: f"{made.expected_usd:f}" for name, made in estimates.items() if made.unpriced < made.rows}


def _cost_words(covered: Collection[Estimate], expected: Decimal) -> str:
    """What the rows are expected to cost, and how many are not in that."""
    unknown = sum(made.unpriced for made in covered)
    if unknown and unknown == sum(made.rows for made in covered):
        return "what this costs is not known"
    words = f"expected to cost up to {dollars(expected)} USD at the batch price"
    return f"{words}, without {unknown:,} {'row' if unknown == 1 else 'rows'} of unknown price" if unknown else words


def _batch_cost(prepared: Prepared, usage: Usage, at: datetime) -> Cost:
    target = prepared.target
    price = own_price(target)
    if price is not None:
        return priced_by_profile(usage, price, is_batch=True)
    model = (target.profile.known_as or target.profile.model).removeprefix("models/")
    host = host_of(target.base_url)
    return priced_by_table(Bought(usage, target.provider.prices, (model,), at=at, is_batch=True, host=host))
