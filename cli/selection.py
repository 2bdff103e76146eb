"""What the options choose: the configuration, the profiles and the think values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..profiles.config import Config, load
from ..providers.errors import UsageError
from ..providers.think import Think, parse_think
from .output import say


def load_config(path: Path | None, names: Sequence[str], *, quiet: bool = False) -> Config:
    """All layers of configuration; what was left out of them is said on stderr.

    `names` are those of `-p`: a `provider/model` among them may need the providers of plugins.
    """
    config = load(path, also=[name.partition("/")[0] for name in names if "/" in name])
    if not quiet:
        for note in config.notes:
            say(f"note: {note}")
    return config


def sweep_values(text: str | None, spend: str | None = None) -> tuple[Think, ...]:
    """The think values of a comma list, without repetition, and the dose of `--spend`.

    Raises `UsageError` for one that is none.
    """
    values = [] if text is None else [parse_think(word) for word in text.split(",")]
    if spend is not None:
        values.append(money_dose(spend))
    return tuple(dict.fromkeys(values))


def money_dose(spend: str) -> Think:
    """The dose of `--spend`. Raises `UsageError` for what is no amount of money for a call."""
    try:
        return parse_think(f"~${spend.strip().removeprefix('$')}")
    except UsageError:
        raise UsageError(f"--spend {spend}: is no amount in USD for a call", hint="for instance --spend 0.01") from None


def one_value(text: str) -> Think:
    """The one think value of `ask`. Raises `UsageError` for a comma list and for what is none."""
    if "," in text:
        raise UsageError(f"ask takes one think value, not {text!r}", hint="thinkdial compare takes a comma list")
    return parse_think(text)


def one_sweep(think: str | None, spend: str | None) -> tuple[Think, ...]:
    """The value of `ask`, if one is given. Raises `UsageError` for a think value beside an amount of money."""
    if think is not None and spend is not None:
        raise UsageError("--spend chooses a think value: leave out --think", hint="thinkdial compare takes both")
    if spend is not None:
        return (money_dose(spend),)
    return (one_value(think),) if think is not None else ()
