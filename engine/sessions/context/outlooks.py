"""The outlook of a session as it stands: planned with its profile, and looked at with its settings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ....providers.errors import ConfigError, UsageError
from ....providers.think import parse_think
from ....providers.turns.turn import plain_text
from ...doses.chooser import choose_dose
from ...planning.prepare import Prepared, Prompt
from ...results.result import Forecast
from ...runs.jobs import Options
from ...runs.plans import plan_calls
from ...targets.target import select
from ..conversation import Conversation
from ..next_turn import NextTurn
from .fit import policy_of
from .outlook import Outlook, outlook

if TYPE_CHECKING:
    from ....profiles.config import Config


def outlook_of(conversation: Conversation, prepared: Prepared, forecast: Forecast) -> Outlook:
    """The outlook of the conversation whose next call is `prepared`, at the prices of now."""
    settings, policy = conversation.settings, policy_of(prepared)
    return outlook(
        prepared,
        forecast,
        datetime.now(UTC),
        most_input_tokens=policy.max_input_tokens,
        spent_usd=conversation.spent_usd,
        budget_usd=settings.max_cost_usd,
    )


def next_outlook(conversation: Conversation, config: Config) -> Outlook | None:
    """The outlook with the profile and think value of the last turn, for a prompt like the last one.

    None before the first turn, and where the profile cannot be planned any more.
    """
    settings, turns = conversation.settings, conversation.turns
    if not turns or settings.profile is None:
        return None
    turn = NextTurn(conversation, b"")
    try:
        selections = select([settings.profile], config)
        sweep = (parse_think(settings.think),) if settings.think is not None else ()
        plans = plan_calls(
            selections, turn.prompt(Prompt(plain_text(turns[-1].asked))), config, Options(sweep, choose=choose_dose)
        )
    except (ConfigError, UsageError):
        return None
    return outlook_of(conversation, plans.calls[0].prepared, plans.calls[0].forecast) if plans.calls else None
