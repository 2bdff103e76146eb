"""`thinkdial models`: what is known about the models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode

if TYPE_CHECKING:
    from .....profiles.config import Config


def models(
    pattern: Annotated[
        str | None,
        typer.Argument(metavar="PATTERN", help="Part of a name, or a whole model id; or the word refresh."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", "-p", metavar="NAME", help="The model of this profile.")
    ] = None,
    provider: Annotated[str | None, typer.Option("--provider", metavar="NAME", help="Only this provider.")] = None,
    can: Annotated[
        str | None, typer.Option("--can", metavar="VALUE", help="Only models that take this think value as it is.")
    ] = None,
    budget: Annotated[bool, typer.Option("--budget", help="Only models that take a token budget.")] = False,
    max_price: Annotated[
        float | None,
        typer.Option(
            "--max-price",
            metavar="USD",
            min=0,
            help="Only models whose output costs at most this per million.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Retired models too.")] = False,
    json: AsJson = False,
    config: ConfigFile = None,
) -> ExitCode:
    """List known models: levels, budgets, default, can it be off, visibility, context, price.

    For the whole id of a model it shows how every value of the dial would be translated. `thinkdial models refresh`
    asks the providers (--provider for one) what their models take, remembers it with its date, and plans by it from
    then on.

    Example:  thinkdial models claude-opus-5-5
    """
    from datetime import UTC, datetime
    from decimal import Decimal

    from .....engine.lookups.known_models import ModelQuestion, find_models, is_one_model, model_rows, model_sheet
    from .....profiles.config import load
    from .....providers.think import parse_think
    from ....output import emit, listed, rendered, say, show_line
    from ....views.line import line_of

    settings, now = load(config), datetime.now(UTC)
    if profile is not None:
        provider, pattern = _of_profile(profile, provider, pattern, settings)
    if provider is not None:
        settings.provider(provider)
    if pattern == "refresh":
        from .refresh import refresh

        return refresh(settings, provider, json=json)
    question = ModelQuestion(
        pattern=pattern,
        provider=provider,
        can=parse_think(can) if can is not None else None,
        takes_budget=budget,
        most_usd=Decimal(str(max_price)) if max_price is not None else None,
        with_retired=everything,
    )
    found = find_models(question, settings, now)
    if json:
        from .....engine.lookups.documents import models_document
        from ....formats import json_text

        emit(json_text(models_document(found)))
        return ExitCode.OK
    from ....views.setup.model_cards import model_table, model_view

    if not is_one_model(found, pattern):
        emit(listed(lambda _: model_table(model_rows(found, settings, now))))
        return ExitCode.OK
    sheet = model_sheet(found, pattern, settings, now)
    emit(rendered(model_view(sheet)))
    if sheet.card_note:
        say(f"note: {sheet.card_note}")
    if others := sheet.also_served_by:
        show_line(line_of(f"also served by {', '.join(others)}; --provider {others[0]} shows it there"))
    return ExitCode.OK


def _of_profile(name: str, provider: str | None, pattern: str | None, settings: Config) -> tuple[str, str | None]:
    """The provider and the model of a profile; a provider of this name stands for itself where no profile has it."""
    from .....engine.targets.target import select
    from .....providers.errors import UsageError

    if provider is not None:
        raise UsageError("-p names a profile, and with it the provider: leave out --provider")
    if name in settings.providers and name not in settings.profiles:
        return name, pattern
    chosen = select([name], settings)[0].profile
    return chosen.provider, pattern or chosen.known_as or chosen.model
