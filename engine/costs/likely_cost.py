"""What a call may have cost whose end nobody heard of: cheap enough to be asked before each call."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from ..planning.prepare import Prepared
from .forecast import forecast
from .prices.pricing import is_warm, own_price

MOST_KINDS = 1024
"""Kinds of calls whose likely cost is kept."""


class LikelyCost:
    """The expected cost of prepared calls. Those of one model, dial and limit whose prompts are of about one size are
    taken for one kind, which is forecast once.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str, int | None, int], Decimal | None] = {}

    def is_known_now(self, prepared: Prepared) -> bool:
        """Whether it can be told at once, without reading the price table, which takes long."""
        return is_warm() or own_price(prepared.target) is not None

    def usd(self, prepared: Prepared) -> Decimal | None:
        """In USD; None where the price is not known, or nothing says how much the model thinks."""
        profile, size = prepared.target.profile, _size(prepared).bit_length()
        kind = profile.name, profile.model, str(prepared.think), prepared.plan.max_output_tokens, size
        if kind not in self._known:
            if len(self._known) >= MOST_KINDS:
                self._known.clear()
            made = forecast(prepared, prepared.asked.prompt, datetime.now(UTC))
            self._known[kind] = made.low_usd if made.expected_usd is None else made.expected_usd
        return self._known[kind]


def _size(prepared: Prepared) -> int:
    """Of a conversation all that is sent counts, else the prompt."""
    prompt = prepared.asked.prompt
    return len(prompt.text) if prompt.past is None else len(prepared.request.body)
