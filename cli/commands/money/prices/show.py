"""`thinkdial prices show`: every price of a model, and where it comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode


def show(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="A model, or provider/model. With -p it may be left out.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", metavar="NAME", help="As this profile calls it, with its own price."),
    ] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> ExitCode:
    """Show every price of a model: tiers, batch, cache, long prompts, times of day, coming changes, source and date.

    Prices in your configuration are shown first, because they go before the table.

    Example:  thinkdial prices show gpt-6-sol
    """
    from datetime import UTC, datetime

    from .....engine.costs.prices.known_prices import known_prices
    from .....profiles.config import load
    from ....output import emit, say, show_line, spread
    from ....views.line import line_of

    known = known_prices(model, profile, load(config), datetime.now(UTC))
    if json:
        from .....engine.costs.prices.documents import prices_document
        from ....formats import json_text

        emit(json_text(prices_document(known)))
    else:
        from ....views.money.prices import price_view

        emit(spread(lambda _: price_view(known)))
        if known.others:
            first = f"{known.others[0]}/{known.first.model}"
            show_line(line_of(f"also priced for {', '.join(known.others)}:\n  thinkdial prices show {first}"))
    if known.data.problem:
        say(f"note: {known.data.problem}")
    return ExitCode.OK
