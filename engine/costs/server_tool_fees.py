"""What tools that the provider runs itself are likely to cost, before a call and while it streams."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ..planning.prepare import Prepared
from ..results.result import Forecast
from .prices.fees import fee_of, fees_of

NOTHING = Decimal(0)
OPEN = "how often they run, and what they add to the input, nothing bounds"


class OneUse(Struct, frozen=True):
    """One use of each tool that is asked for: what is known of the fees, and the tools of which no fee is known."""

    usd: Decimal
    words: tuple[str, ...]
    unknown: tuple[str, ...]


def fees_so_far(prepared: Prepared, counts: Mapping[str, int]) -> Decimal:
    """What the uses that the provider has counted cost, as far as it is known."""
    return fees_of(counts, prepared.target.provider.prices, _model(prepared)).usd


def one_use(prepared: Prepared) -> OneUse:
    """The fees of one use of each."""
    provider, model = prepared.target.provider.prices, _model(prepared)
    usd, words, unknown = NOTHING, list[str](), list[str]()
    for rule in prepared.server_tools:
        fee = None if rule.fee is None else fee_of(rule.fee, provider, model)
        if fee is None:
            unknown.append(rule.name)
            continue
        usd += fee
        words.append(f"{rule.name} {fee.normalize():f} USD" if fee else f"{rule.name} nothing")
    return OneUse(usd, tuple(words), tuple(unknown))


def with_fees(made: Forecast, prepared: Prepared) -> Forecast:
    """The forecast with the fees of one use of each tool in what is likely; without a worst case."""
    once = one_use(prepared)
    told = [f"one use of each tool is in what is likely: {', '.join(once.words)}"] if once.words else []
    told += [f"without the fees of {', '.join(once.unknown)}, which are not known"] if once.unknown else []

    def more(usd: Decimal | None) -> Decimal | None:
        return None if usd is None else usd + once.usd

    return replace(
        made,
        expected_usd=more(made.expected_usd),
        likely_high_usd=more(made.likely_high_usd),
        high_usd=None,
        fees_usd=once.usd if once.words else None,
        method="; ".join((made.method, *told, OPEN)),
    )


def _model(prepared: Prepared) -> str:
    profile = prepared.target.profile
    return (profile.known_as or profile.model).removeprefix("models/")
