"""`thinkdial prices update`: newer price data."""

from __future__ import annotations

from typing import Annotated

import typer

from ....common_options import AsJson
from ....exit_codes import ExitCode


def update(
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="From here instead of where genai-prices publishes it.")
    ] = None,
    json: AsJson = False,
) -> ExitCode:
    """Fetch the price table as genai-prices publishes it today, check it, and use it from then on.

    Nothing else fetches prices. What was there before stays when anything goes wrong.

    Example:  thinkdial prices update
    """
    from datetime import UTC, datetime

    from .....engine.lookups.documents import price_update_document
    from .....engine.lookups.price_update import newer_prices
    from .....providers.untrusted import harmless
    from ....formats import json_text
    from ....output import emit

    done = newer_prices(url, datetime.now(UTC))
    if json:
        emit(json_text(price_update_document(done)))
    else:
        emit(harmless(f"before: {done.before.words}\nafter:  {done.after.words}\nkept in {done.path}\n"))
    return ExitCode.OK
