"""What a caller calls the options that errors name."""

from __future__ import annotations

from msgspec import Struct


class OptionNames(Struct, frozen=True):
    """Names of options, as one way of calling thinkdial has them. `yes` is None where nobody can agree to anything."""

    strict_think: str
    max_cost: str
    allow_unpriced: str
    yes: str | None
    concurrency: str
    repeat: str


COMMAND_LINE = OptionNames("--strict-think", "--max-cost", "--allow-unpriced", "--yes", "--concurrency", "--repeat")
LIBRARY = OptionNames("strict_think", "max_cost", "allow_unpriced=True", None, "concurrency", "repeat")
