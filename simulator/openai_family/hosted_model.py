"""A model of a vendor that speaks the wire of OpenAI Chat in a dialect of its own."""

from __future__ import annotations

from msgspec import Struct


class HostedModel(Struct, frozen=True):
    """A model by its id. No efforts: the dial is refused. `default` is the level when nothing is asked, "none" for off.

    Prices are in ticks per token (10,000,000,000 ticks are 1 USD; 2 USD per million tokens are 20,000 ticks each);
    `batch_share` is what is left of them in batches, None where batches are refused.
    """

    id: str
    efforts: tuple[str, ...]
    default: str
    input_ticks: int = 0
    output_ticks: int = 0
    batch_share: float | None = 0.5
    tagged: bool = False
