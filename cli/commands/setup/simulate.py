"""`thinkdial simulate`: the simulated providers as a server, for trying pipelines offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...exit_codes import ExitCode


def simulate(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")
    ] = 8099,
    pace: Annotated[
        float | None, typer.Option("--pace", min=0, max=100, help="How slow: 0 answers at once, 1 is lifelike.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same answers.")] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="NAME=SHARE",
            help="Let a share of requests, batch rows (row_...) or batches (batch_...) fail, as rate_limit=0.1; "
            "repeatable.",
        ),
    ] = None,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE", help="Append every request as a JSON line, keys left out.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="DIR", help="Keep batches and their files here, across restarts."),
    ] = None,
    batch_polls: Annotated[
        int, typer.Option("--batch-polls", min=0, help="How often a batch is looked at until it has ended.")
    ] = 2,
    batch_s: Annotated[
        float | None,
        typer.Option("--batch-seconds", min=0, help="Let batches end after so many seconds, however often looked at."),
    ] = None,
    rpm: Annotated[
        int | None, typer.Option("--rpm", min=1, help="Requests a minute for each key and model; more get a 429.")
    ] = None,
    tpm: Annotated[int | None, typer.Option("--tpm", min=1, help="Tokens a minute for each key and model.")] = None,
) -> ExitCode:
    """Serve the simulated providers on this machine until Ctrl-C. Nothing they say is real.

    A single request fails on purpose when its model name ends in @FAULT, as in claude-opus-5-5@overloaded; so does a
    row of a batch. An unknown name after --fault lists all of them.

    Rows of batches: row_errored is refused, row_expired and row_canceled are never run, row_lost runs and is in no
    result. Whole batches: batch_failed runs nothing, batch_expired half of its rows, batch_hang never ends.

    Models named arm-... have a known truth (pass rates on sums, reasoning by level, prices), for trying how a choice is
    made. Each repeat is another sample; --seed makes another evening of it.

    Example:  thinkdial simulate --port 8099 --fault rate_limit=0.1
    """
    from ....engine.targets.simulated import own_mark
    from ....providers.errors import ConfigError
    from ....simulator import DEMO_PACE, RateLimits, Simulator, serve_forever
    from ...output import emit, say
    from .simulated_profiles import simulated_profiles

    server = Simulator(
        seed=seed,
        pace=DEMO_PACE if pace is None else pace,
        faults=_faults(fault or []),
        port=port,
        log=log,
        mark=own_mark(),
        directory=state,
        batch_polls=batch_polls,
        batch_s=batch_s,
        limits=RateLimits(rpm, tpm) if rpm or tpm else None,
    )

    def ready(base_url: str) -> None:
        emit(f"{simulated_profiles(base_url, server.mark)}\n")
        say(f"simulated providers at {base_url}; save the YAML above as FILE, then in another terminal:")
        say('  thinkdial compare "Is 91 prime?" -p sim --config FILE')
        say("Ctrl-C stops")

    try:
        serve_forever(server, ready)
    except KeyboardInterrupt:
        say("stopped")
    except OSError as error:
        raise ConfigError(f"port {port} cannot be used: {error.strerror}", hint="choose another with --port") from None
    return ExitCode.OK


def _faults(given: list[str]) -> dict[str, float]:
    """The shares by name. Raises `UsageError` for a name or number that makes no sense."""
    from ....providers.errors import UsageError, did_you_mean
    from ....simulator import FAULTS

    shares: dict[str, float] = {}
    for text in given:
        name, _, share = text.partition("=")
        if name not in FAULTS:
            raise UsageError(
                f"{name!r} is not a fault{did_you_mean(name, FAULTS)}", hint=f"faults: {', '.join(FAULTS)}"
            )
        try:
            shares[name] = float(share or "1")
        except ValueError:
            raise UsageError(f"{share!r} is not a share", hint="a number from 0 to 1, as in rate_limit=0.1") from None
        if not 0 <= shares[name] <= 1:
            raise UsageError(f"{share} is not a share", hint="a number from 0 to 1, as in rate_limit=0.1")
    return shares
