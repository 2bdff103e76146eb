"""What a route does with the state of earlier turns: one rule, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from ...providers.turns.turn import Manner

Binding = Literal["model", "account", "prefix"]
"""What else must be the same, besides provider, address and dialect, for a piece to go back."""

Taking = Literal["demanded", "taken", "ignored", "refused"]
"""What a route does with reasoning that comes back: it refuses the request without it, reads it, takes it and does not
read it, or refuses the request with it."""


class StateRule(Struct, frozen=True):
    """How one route, or one model on it, wants earlier turns.

    What may go back:
    `plain` is for the reasoning of turns without calls, `calls` for that of turns with calls. `unsigned`: reasoning
    without a signature may go back; in a list of details this holds for all but `signed_formats`. `summaries`: so may
    an item that holds a summary and neither ciphertext nor the reasoning itself. `binds` says what binds a piece;
    `reads` are patterns of other models whose pieces this model reads, none where only its own go back. `place` is the
    beginning of a model's name that only says where it runs.
    `ends_in_reasoning`: a turn may end in reasoning. `hangs_together`: what the provider's own tools did, and the ids
    of its items, are refused without the reasoning of the same turn. `drops_blank`: blocks of white space are refused.

    How it is written:
    `reasoning_field` is where reasoning goes in a message of a chat: `same` (the field that it came in), the name of a
    field, `tags` (at the head of the content), or `none`. `details`: a list of entries goes back as one,
    also where it is nothing but text. `with_ids`: items go back with their ids. `dummy` stands in for a missing
    signature of a call. `empty_on_calls`: turns with calls have the field, if need be empty. `call_ids`
    is a pattern that ids of calls must match; `needs_call_ids` is False where calls may have none. `alternates`: two
    messages of the user in a row are refused. `bridge` is what stands between results and the user's next words, where
    a word of the model is demanded there.

    What a request asks for: `asks` are fields that bring the state in the answer, `asks_to_keep` those that have
    earlier reasoning read where it would be left out otherwise. A field inside an object is only sent where the dial
    sends the object. `keep_body` and `keep_headers` are sent where all reasoning is to be kept, and the provider would
    clear that of earlier turns itself. `report_headers` have the provider say what it has left out after all.

    `is_known` is False where nobody has said what the route wants: what came goes back in the field that it came in.
    """

    plain: Taking = "taken"
    calls: Taking = "taken"
    reasoning_field: str = "same"
    unsigned: bool = True
    summaries: bool = True
    signed_formats: tuple[str, ...] = ()
    binds: frozenset[Binding] = frozenset()
    reads: tuple[re.Pattern[str], ...] = ()
    ends_in_reasoning: bool = True
    hangs_together: bool = False
    drops_blank: bool = False
    with_ids: bool = True
    details: bool = False
    place: re.Pattern[str] | None = None
    dummy: str | None = None
    empty_on_calls: bool = False
    call_ids: re.Pattern[str] | None = None
    needs_call_ids: bool = True
    alternates: bool = False
    bridge: str | None = None
    asks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    asks_to_keep: Mapping[str, Any] = field(default_factory=dict[str, Any])
    keep_body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    keep_headers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    report_headers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    is_known: bool = True
    sources: tuple[str, ...] = ()

    @property
    def manner(self) -> Manner:
        """What a writer needs to know of it."""
        return Manner(self.reasoning_field, self.empty_on_calls, self.with_ids, self.details)

    def reads_model(self, model: str) -> bool:
        """Whether pieces of another `model` are among those that this one reads."""
        return any(pattern.fullmatch(model) for pattern in self.reads)

    def is_same(self, model: str, other: str) -> bool:
        """Whether two names stand for one model."""
        if self.place is None:
            return model == other
        return self.place.sub("", model, count=1) == self.place.sub("", other, count=1)


class StateRefusal(Struct, frozen=True):
    """Words that refuse pieces of earlier turns. `of_prefix`: because what was sent before them has changed."""

    says: re.Pattern[str]
    of_prefix: bool = False
