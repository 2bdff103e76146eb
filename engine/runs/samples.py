"""How many samples are taken of each profile and think value, as options and repeated names say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...providers.errors import UsageError
from ..planning.option_names import COMMAND_LINE, OptionNames, check_number
from ..targets.target import named_again
from .forecasts import Note
from .jobs import Options

if TYPE_CHECKING:
    from ...profiles.config import Config

MOST_SAMPLES = 1000
"""Of one profile and think value in one run."""


def with_samples(
    options: Options,
    repeat: int | None,
    profiles: Sequence[str],
    config: Config,
    note: Note,
    names: OptionNames = COMMAND_LINE,
) -> Options:
    """`options` with `repeat` samples of each cell, and as many times more of a profile as it was named.

    That a name which was written several times means samples is noted. Raises `UsageError` for a number out of range.
    """
    check_number(names.repeat, repeat, whole=True)
    times = named_again(profiles, config)
    wanted = 1 if repeat is None else repeat
    most = wanted * max(times.values(), default=1)
    if wanted < 1 or most > MOST_SAMPLES:
        raise UsageError(f"{names.repeat} is from 1 to {MOST_SAMPLES}, not {most if wanted > 0 else wanted}")
    for label, count in times.items():
        note(f"{label} was named {count} times: {wanted * count} samples of it are taken")
    return replace(options, repeat=wanted, times=times)
