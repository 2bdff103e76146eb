"""What a request says of the provider's prompt cache: marks or a key, from the second turn on, or as profiles say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec.structs import replace

from ...profiles.state.caches import CacheRule, cache_rule
from ...profiles.state.rules import state_rule
from ...providers.dialect import Remembering
from ...providers.merge import merged
from ...providers.registry import dialect
from ...providers.schema import Call, Message
from ...providers.turns.turn import Exchanged, said
from ...providers.wires.cache_marks import marked_content, with_marks
from ..targets.target import Target
from .fates import Past

_KEY_LENGTH = 32


def with_cache(target: Target, call: Call, past: Past | None) -> Call:
    """`call` with what asks for the cache, where the route needs that.

    Without a word in the profile it is asked for from the second turn on: a session of one turn would only pay more.
    """
    wish = target.profile.cache
    if wish is False or (wish is None and (past is None or not past.turns)):
        return call
    rule = cache_rule_of(target)
    if rule.key is not None and rule.key not in call.params:
        call = replace(call, native=merged(call.native, {rule.key: _key(call, past)}))
    if rule.mark is None or _is_marked(call.params, rule.mark):
        return call
    written = call.written if call.written is not None else _written(target, call)
    if written is None:
        return call
    call = replace(call, written=tuple(with_marks(written, rule.mark, as_block=rule.mark_is_block)))
    if wish and rule.marks_system and call.system and "system" not in call.params:
        system = marked_content(call.system, rule.mark, as_block=rule.mark_is_block)
        call = replace(call, native=merged(call.native, {"system": system}))
    return call


def cache_rule_of(target: Target) -> CacheRule:
    """How the route of `target` caches."""
    return cache_rule(target.provider.name, target.dialect, target.profile.known_as or target.profile.model)


def _key(call: Call, past: Past | None) -> str:
    """One value for all requests of a session; outside of sessions, for all with the same system text."""
    import hashlib

    place = None if past is None else past.place
    source = f"session {place.id}" if place is not None else f"system {call.model} {call.system or ''}"
    return hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:_KEY_LENGTH]


def _is_marked(params: Mapping[str, Any], mark: Mapping[str, Any]) -> bool:
    """Whether the profile's own fields ask for the cache, or write the messages themselves."""
    return "messages" in params or any(name in params for name in mark)


def _written(target: Target, call: Call) -> Sequence[Mapping[str, Any]] | None:
    """The messages of a call that has no turns, as the wire wants them; None for a dialect without a writer."""
    speech: Any = dialect(target.dialect)
    if not hasattr(speech, "write"):
        return None
    rule = state_rule(target.provider.name, target.dialect, target.profile.known_as or target.profile.model)
    return cast("Remembering", speech).write(_exchanged(call.chat), rule.manner)


def _exchanged(messages: Sequence[Message]) -> list[Exchanged]:
    return [
        Exchanged(said(message.text)) if message.role == "user" else Exchanged((), said(message.text))
        for message in messages
    ]
