"""What the commands that take a fact file have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .....providers.errors import UsageError

if TYPE_CHECKING:
    from .....engine.lookups.fact_update import NewFacts

Url = typer.Option("--url", metavar="URL", help="From here; else THINKDIAL_FACTS_URL, else the release page.")
FromFile = typer.Option("--from", metavar="FILE", help="A file of this machine, with FILE.sha256 beside it.")


def new_facts(url: str | None, source: str | None, environment: dict[str, str]) -> NewFacts:
    """The fact file that was asked for, checked. Raises `UsageError` for two at once."""
    from .....engine.lookups.fact_update import fetched_facts, read_facts

    if url is not None and source is not None:
        raise UsageError("--url and --from cannot go together")
    return read_facts(Path(source)) if source is not None else fetched_facts(url, environment)
