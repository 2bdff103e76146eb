"""What a session remembers beside its turns: who goes on, how, and what it may grow to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args

from msgspec import Struct
from msgspec.structs import asdict, replace

from ...profiles.state.context import ContextPolicy, KeepReasoning, WhenFull
from ...providers.errors import StoreError
from ...providers.schema import Json
from ..planning.fates import OnMismatch

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "keep_reasoning": get_args(KeepReasoning),
    "when_full": get_args(WhenFull),
    "on_mismatch": get_args(OnMismatch),
}


class SessionSettings(Struct, frozen=True):
    """The settings of one session; a field that is None is as the profile has it.

    `profile` and `think` are those of the turn that was last asked for. `system` is the system prompt of all turns.
    `max_input_tokens`, `keep_reasoning`, `when_full` and `summary_profile` are the context policy. `max_cost_usd` caps
    what all turns together may cost. `told` are the vendors that have been sent the transcript with the user's yes.
    `tools` are the functions that were declared last, as JSON.
    """

    profile: str | None = None
    think: str | None = None
    system: str | None = None
    max_input_tokens: int | None = None
    keep_reasoning: KeepReasoning | None = None
    when_full: WhenFull | None = None
    summary_profile: str | None = None
    carry_reasoning: bool = False
    on_mismatch: OnMismatch | None = None
    max_cost_usd: Decimal | None = None
    told: tuple[str, ...] = ()
    tools: Json | None = None

    @property
    def policy(self) -> ContextPolicy:
        """What the session says of its context."""
        return ContextPolicy(self.max_input_tokens, self.keep_reasoning, self.when_full, self.summary_profile)

    def since(self, before: SessionSettings, now: SessionSettings) -> SessionSettings:
        """`now`, with what these settings have changed of `before`: somebody else may have changed other things."""
        mine = {name: value for name, value in asdict(self).items() if value != getattr(before, name)}
        return replace(now, **mine)

    def document(self) -> Json:
        """As JSON, without what is not set."""
        document: dict[str, Any] = {}
        unset = asdict(SessionSettings())
        for name, value in asdict(self).items():
            if value == unset[name]:
                continue
            match value:
                case Decimal():
                    value = str(value)
                case tuple():
                    value = list(cast("tuple[str, ...]", value))
                case _:
                    pass
            document[name] = value
        return document


def settings_of(document: Json) -> SessionSettings:
    """What `SessionSettings.document` wrote. Raises `StoreError` for what it cannot have written."""
    values: dict[str, Any] = {name: document[name] for name in SessionSettings.__struct_fields__ if name in document}
    try:
        if (usd := values.get("max_cost_usd")) is not None:
            values["max_cost_usd"] = Decimal(usd)
        if not isinstance(values.get("tools"), dict | None):
            del values["tools"]
        values["told"] = tuple(str(vendor) for vendor in values.get("told", ()))
    except (InvalidOperation, TypeError, ValueError) as error:
        raise StoreError(f"the settings of the session are damaged: {error}") from error
    for name, known in _CHOICES.items():
        if values.get(name) not in (None, *known):
            raise StoreError(f"the settings of the session are damaged: {name} is {values[name]!r}")
    return SessionSettings(**values)
