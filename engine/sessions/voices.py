"""Who goes on with a session, and how: what is said for this turn goes before what the session remembers."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ...profiles.config import Config
from ...providers.errors import UsageError
from ...providers.think import parse_think
from ..runs.jobs import Job, Options
from .next_turn import NextTurn
from .settings import SessionSettings


def profiles_in(turn: NextTurn, given: Sequence[str] | None, config: Config) -> list[str]:
    """The named profiles, else that of the last turn; none before the first. Raises `UsageError` where it is gone."""
    settings = turn.conversation.settings
    if given or settings.profile is None:
        return [*(given or ())]
    if settings.profile not in config.profiles and "/" not in settings.profile:
        raise UsageError(
            f"session {turn.conversation.name} was with profile {settings.profile}, which is gone",
            hint="choose another, with -p; what it cannot read is left out and told",
        )
    return [settings.profile]


def options_in(turn: NextTurn, options: Options, given: Sequence[str] | None) -> Options:
    """`options` for a call in the session: its account labels, and the last think value where nothing else is said.

    The functions that were declared last are declared again: a conversation with calls goes on with its tools.
    """
    settings = turn.conversation.settings
    if not options.sweep and not given and settings.think is not None:
        options = replace(options, sweep=(parse_think(settings.think),))
    if settings.tools is not None and (options.tools is None or not options.tools.tools):
        from ..tools.toolset import wish_from  # much to import, which few sessions need

        known = wish_from(settings.tools)
        choice = None if options.tools is None else options.tools.choice
        options = replace(options, tools=None if known is None else replace(known, choice=choice))
    return labelled(turn, options)


def after_call(settings: SessionSettings, job: Job) -> SessionSettings:
    """What the session remembers of a call that became a turn: who was asked, how, and with which functions."""
    settings = replace(settings, profile=job.profile, think=str(job.think))
    said = None if job.prepared is None else job.prepared.asked.prompt.tools
    if said is None or not said.tools:
        return settings
    from ..tools.toolset import wish_document

    return replace(settings, tools=wish_document(replace(said, choice=None)))


def labelled(turn: NextTurn, options: Options) -> Options:
    """`options` for calls of which one may become a turn: accounts are labelled with what this history labels with."""
    return replace(options, account_key=turn.secret)
