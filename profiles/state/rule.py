"""What a route does with the state of earlier turns: one rule, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Binding = Literal["model", "account", "prefix"]
"""What else must be the same, besides provider, address and dialect, for a piece to go back."""

Taking = Literal["demanded", "taken", "ignored", "refused"]
"""What a route does with reasoning that comes back: it refuses the request without it, reads it, takes it and does not
read it, or refuses the request with it."""


@dataclass(frozen=True, slots=True)
class StateRule:
    """How one route, or one model on it, wants earlier turns.

    `plain` is for the reasoning of turns without calls, `calls` for that of turns with calls.
    `reasoning_field` is where reasoning goes in a message of a chat: `same` (the field that it came in), the name of a
    field, `tags` (at the head of the content), or `none`. `unsigned`: reasoning without a signature may go back.
    `binds` says what binds a piece; `reads` are patterns of other models whose pieces this model reads, None where
    nobody has a list, so that only its own go back. `dummy` stands in for a missing signature of a call.
    `empty_on_calls`: turns with calls have the field, if need be empty. `drops_blank`: blocks of white space are
    refused.
    `with_ids`: items go back with their ids. `call_ids` is a pattern that ids of calls must match.
    `alternates`: two messages of the user in a row are refused. `asks` are fields that a request needs so that the
    answer brings its state. `is_known` is False where the rule is nobody's: what came goes back as it came.
    """

    plain: Taking = "taken"
    calls: Taking = "taken"
    reasoning_field: str = "same"
    unsigned: bool = True
    binds: frozenset[Binding] = frozenset()
    reads: tuple[re.Pattern[str], ...] | None = None
    dummy: str | None = None
    empty_on_calls: bool = False
    drops_blank: bool = False
    with_ids: bool = True
    call_ids: re.Pattern[str] | None = None
    alternates: bool = False
    asks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    is_known: bool = True
    sources: tuple[str, ...] = ()
