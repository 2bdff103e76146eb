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


def sweep_values(text: str | None) -> tuple[Think, ...]:
    """The think values of a comma list, without repetition. Raises `UsageError` for one that is none."""
    if text is None:
        return ()
    return tuple(dict.fromkeys(parse_think(word) for word in text.split(",")))


def one_value(text: str) -> Think:
    """The one think value of `ask`. Raises `UsageError` for a comma list and for what is none."""
    if "," in text:
        raise UsageError(f"ask takes one think value, not {text!r}", hint="thinkdial compare takes a comma list")
    return parse_think(text)
