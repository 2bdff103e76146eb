"""`thinkdial limiter serve`: leave and money for runs that share limits."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...exit_codes import ExitCode

if TYPE_CHECKING:
    from ....engine.limiter.server import LimiterServer

LEASE_S = 30.0


def serve(
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="URL",
            help="Where to listen: unix:///PATH, tcp://127.0.0.1:PORT or tls://HOST:PORT; else a private socket.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store", metavar="FILE|URL", help="Where what was spent is kept: a file, or redis://HOST:PORT/N."
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file", metavar="FILE", help="Only clients that have this token: thinkdial limiter token."
        ),
    ] = None,
    cert: Annotated[
        Path | None, typer.Option("--cert", metavar="FILE", help="With tls://: the certificate, and its chain, in PEM.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="FILE", help="With tls://: the key of the certificate, in PEM.")
    ] = None,
    lease: Annotated[
        float,
        typer.Option(
            "--lease",
            metavar="SECONDS",
            min=1,
            max=3600,
            help="Who is silent for so long has died: its calls are charged.",
        ),
    ] = LEASE_S,
) -> ExitCode:
    """Keep rates and money for several runs, until Ctrl-C; what it knows survives a restart.

    An address that is not on this machine needs a token and TLS.

    Example:  thinkdial limiter serve tcp://127.0.0.1:7433
    """
    from ....engine.exchange.surroundings import run_loop
    from ....engine.limiter.address import check_server, default_url, parsed_address
    from ....engine.limiter.server import LimiterServer, ServerTerms
    from ....engine.limiter.shelves import open_shelf
    from ...output import say
    from .token import token_in

    address = parsed_address(url or default_url())
    token = None if token_file is None else token_in(token_file)
    check_server(address, token, has_tls=cert is not None)
    shelf = open_shelf(store)
    try:
        terms = ServerTerms(address, token, cert, key_file, lease)
        server = LimiterServer(terms, shelf, say)
        run_loop(_served(server))
    except KeyboardInterrupt:
        pass
    finally:
        shelf.close()
    say("stopped; what was spent is kept")
    return ExitCode.OK


async def _served(server: LimiterServer) -> None:
    """Serve until a signal, or until its records cannot be written."""
    from ...output import say

    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, or no main thread
            loop.add_signal_handler(one, stopped.set)
    async with server.listening() as address:
        say(f"the limiter listens at {address.url}; Ctrl-C stops it")
        say(f"runs use it with: --limiter {address.url}, or limiter: {{url: {address.url!r}}} in your configuration")
        if address.scheme == "tcp" and not server.has_token:
            say("without --token-file any user of this machine can use it")
        ends = [asyncio.ensure_future(stopped.wait()), asyncio.ensure_future(server.until_over())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if ends[1].done():
                ends[1].result()
        finally:
            for one in ends:
                one.cancel()
