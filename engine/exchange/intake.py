"""One response on its way in, as bytes and as what they say: without our credentials, and no more than the bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import is_

from msgspec.structs import replace

from ...providers.errors import Failure
from ...providers.framing.sse import MAX_BODY_BYTES
from ...providers.schema import (
    AnswerDelta,
    AnswerWasReasoning,
    Complete,
    Delta,
    Finish,
    Notice,
    ReasoningDelta,
    Served,
)
from ...providers.turns.pieces import TurnPiece
from ...providers.untrusted import MOST_NAME, bounded
from .connections.body import Bound
from .redaction import Redactor
from .secrets import Secrets

MAX_RESPONSE_BYTES = MAX_BODY_BYTES
"""How much of one response is taken in all, as a stream or as a whole body."""


class Intake:
    """Gives what may be read of each chunk; `received` hears the same. Only the end may be held back until `close`."""

    __slots__ = ("_bound", "_received", "_redactor")

    def __init__(self, secrets: Secrets, received: Callable[[bytes], None] | None) -> None:
        self._redactor = secrets.redactor()
        self._received = received
        self._bound = Bound(MAX_RESPONSE_BYTES, "the response")

    def take(self, chunk: bytes) -> bytes:
        """What may be read now. Raises `TooLargeError`."""
        return self._given(self._redactor.feed(self._bound.take(chunk)))

    def close(self) -> bytes:
        """What was held back, once."""
        return self._given(self._redactor.close())

    def _given(self, data: bytes) -> bytes:
        if data and self._received is not None:
            self._received(data)
        return data


_ENDING = frozenset((Finish, Complete, Failure, AnswerWasReasoning))
_BOUNDED = frozenset((Failure, Notice, Served, TurnPiece, Finish))
"""What holds names or messages from outside, or texts of its own."""


class Saying:
    """What a response says, delta by delta: no credential in it, also none that only the deltas together are, and no
    name or message beyond its bound.

    `found_secret`: a text held a credential that the bytes did not show, so that they are not fit to be kept.
    """

    __slots__ = ("_has_secrets", "_secrets", "_texts", "found_secret")

    def __init__(self, secrets: Secrets) -> None:
        self._secrets, self._has_secrets = secrets, not secrets.is_empty
        self._texts: dict[type[Delta], tuple[Redactor, AnswerDelta | ReasoningDelta]] = {}
        self.found_secret = False

    def feed(self, deltas: Iterable[Delta]) -> list[Delta]:
        """What may be heard of `deltas` now. Only the end of a text may be held back until more comes."""
        found: list[Delta] = []
        for delta in deltas:
            if self._has_secrets and (type(delta) is AnswerDelta or type(delta) is ReasoningDelta):
                self._take(delta, found)
                continue
            kind = type(delta)
            if self._texts and kind in _ENDING:
                found += self.close()
            found.append(self._told(delta) if kind in _BOUNDED else delta)
        return found

    def close(self) -> list[Delta]:
        """What was held back of texts."""
        held: list[Delta] = []
        if not self._texts:
            return held
        for redactor, last in self._texts.values():
            if rest := redactor.close():
                held.append(replace(last, text=rest.decode("utf-8", "replace")))
        self._texts.clear()
        return held

    def _take(self, delta: AnswerDelta | ReasoningDelta, found: list[Delta]) -> None:
        redactor, last = self._texts.get(type(delta), (None, delta))
        if redactor is None or last.part != delta.part:
            if redactor is not None and (rest := redactor.close()):
                found.append(replace(last, text=rest.decode("utf-8", "replace")))
            redactor = self._secrets.redactor()
        self._texts[type(delta)] = redactor, delta
        given = redactor.text(delta.text)
        self.found_secret = self.found_secret or redactor.found
        if given is delta.text:
            found.append(delta)
        elif given:
            found.append(replace(delta, text=given))

    def _told(self, delta: Delta) -> Delta:
        if type(delta) is TurnPiece:
            return self._piece(delta) if self._has_secrets else delta
        if type(delta) is Finish:
            raw = delta.raw if delta.raw is None else self._name(delta.raw)
            return delta if raw is delta.raw else replace(delta, raw=raw)
        if type(delta) is Served:
            said = (delta.model, delta.response_id, delta.service_tier, delta.speed, delta.effort, delta.region)
            told = [name and self._name(name) for name in said]
            return delta if all(map(is_, told, said)) else Served(*told)
        if type(delta) is Failure:
            message = bounded(self._secrets.out_of(delta.message))
            param = None if delta.param is None else self._name(delta.param)
            is_same = message == delta.message and param == delta.param
            return delta if is_same else replace(delta, message=message, param=param)
        if type(delta) is Notice:
            message = bounded(self._secrets.out_of(delta.message))
            return delta if message == delta.message else replace(delta, message=message)
        return delta

    def _piece(self, piece: TurnPiece) -> TurnPiece:
        """The piece as it came; one that repeats a credential without it, and then of no use to its provider."""
        texts = (piece.text, *piece.opaque.values())
        if all(self._secrets.out_of(text) == text for text in texts):
            return piece
        self.found_secret = True
        opaque = {name: self._secrets.out_of(value) for name, value in piece.opaque.items()}
        return replace(piece, text=self._secrets.out_of(piece.text), opaque=opaque)

    def _name(self, name: str) -> str:
        """`name` itself where nothing has to be taken out of it."""
        if self._has_secrets:
            name = self._secrets.out_of(name)
        return name if len(name) <= MOST_NAME else bounded(name, MOST_NAME)
