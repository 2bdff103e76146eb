"""`thinkdial limiter status`: how a limiter stands."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import AsJson, ConfigFile
from ...exit_codes import ExitCode
from ...options import LimiterUrl


def status(
    url: Annotated[str | None, typer.Argument(metavar="URL", help="Which limiter, as --limiter says it.")] = None,
    limiter: LimiterUrl = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> ExitCode:
    """Show the buckets of a limiter, its clients with their leases, and the money of the day, the month and jobs.

    It is that of URL or --limiter, else of your configuration, else the private one of this machine.

    Example:  thinkdial limiter status
    """
    import asyncio

    from ....engine.limiter.address import default_url
    from ....engine.limiter.link import asked_status
    from ....profiles.settings.limiter_settings import LimiterSettings
    from ...formats import json_text
    from ...output import emit, spread
    from ...selection import load_config
    from ...views.limiter import limiter_document, limiter_tables

    found = load_config(config, (), quiet=True, shared=(url or limiter, None)).limiter or LimiterSettings(default_url())
    told = asyncio.run(asked_status(found))
    if json:
        emit(json_text(limiter_document(told, found.url)))
    else:
        emit(spread(lambda width: limiter_tables(told, found.url, width)))
    return ExitCode.OK
