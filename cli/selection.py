"""What the options choose: the configuration, the profiles and the think values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..profiles.config import Config, load
from ..providers.errors import UsageError
from ..providers.think import Think, parse_think
from .output import say


def load_config(
    path: Path | None,
    names: Sequence[str],
    *,
    quiet: bool = False,
    shared: tuple[str | None, str | None] = (None, None),
) -> Config:
    """All layers of configuration; what was left out of them is said on stderr.

    `names` are those of `-p`: a `provider/model` among them may need the providers of plugins. `shared` are the limiter
    and the job that were named. Raises `UsageError` for a job without a limiter.
    """
    config = load(path, also=[name.partition("/")[0] for name in names if "/" in name])
    if shared != (None, None):
        config = _with_limiter(config, *shared)
    if not quiet:
        for note in config.notes:
            say(f"note: {note}")
    return config


def _with_limiter(config: Config, url: str | None, job: str | None) -> Config:
    from msgspec.structs import replace

    from ..engine.limiter.address import parsed_address
    from ..profiles.settings.limiter_settings import LimiterSettings

    settings = config.limiter
    if url is not None:
        parsed_address(url)
        settings = LimiterSettings(url) if settings is None else replace(settings, url=url)
    if settings is None:
        raise UsageError("--job needs a limiter, in which all runs of the job count", hint="pass --limiter URL as well")
    if job is not None and (not job.isprintable() or not 0 < len(job) <= 100):
        raise UsageError("--job takes a name of up to 100 characters")
    return replace(config, limiter=replace(settings, job=job))


def or_the_ready_one(names: list[str] | None, config: Config, note: Callable[[str], None]) -> list[str] | None:
    """The names, or where none is given and none configured, the profile of the one provider that there is a key for.

    Raises `UsageError` where several are ready, and names them. Where none is, that is for the selection to say.
    """
    if names or config.defaults.profiles:
        return names
    from ..engine.targets.readiness import ready_ones

    ready = [profile.name for profile in ready_ones(config)]
    if len(ready) > 1:
        listed = ", ".join(ready[:6]) + (", ..." if len(ready) > 6 else "")
        raise UsageError(
            "no profile was chosen",
            hint=f"pass -p NAME (ready: {listed}), or set defaults.profile in your configuration",
        )
    if not ready:
        return names
    note(f"-p {ready[0]}: the one that is ready; defaults.profile in your configuration chooses another")
    return ready


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
