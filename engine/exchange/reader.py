"""The bytes of one response -> deltas. The one reader: of live calls, stored bytes and collected rows. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

from ...providers.bills import bill_of_headers, bill_places
from ...providers.dialect import Decoder, Headers, Quirks, WordsRead, failure
from ...providers.errors import Failure
from ...providers.framing.choice import framer_for
from ...providers.framing.sse import Event, FramingError
from ...providers.inline.separation import PairJoiner, SeparatingDecoder
from ...providers.json_values import parse_json
from ...providers.registry import INLINE_THINK, dialect
from ...providers.schema import (
    AnswerDelta,
    AnswerWasReasoning,
    Bill,
    Complete,
    Delta,
    Notice,
    ReasoningDelta,
    ReasoningWithheld,
    UsageReport,
)
from ...providers.turns.pieces import TurnPiece
from .connections.compression import GZIP
from .connections.errors import PROXY_HINT
from .intake import Saying
from .reasoning_tags import reasoning_tags
from .retry import obey_should_retry, with_wait
from .secrets import NOTHING_SECRET, Secrets

ERROR_WORDS = 200
"""Characters that are quoted of an error that is no JSON."""

_TEXT = (AnswerDelta, ReasoningDelta, ReasoningWithheld, AnswerWasReasoning, TurnPiece)
"""What is kept of an answer whose end is missing: counts and the finish belong to the end."""

PROXY_REFUSES = 407
"""https://www.rfc-editor.org/rfc/rfc9110#section-15.5.8"""

ODD_BYTES = 60
"""How much is quoted of an event that cannot be read."""


class ResponseReader:
    """Is fed one response, in whatever pieces it comes, and gives what its dialect makes of it. It raises nothing.

    `awaits` says what the body is; that of a redirect is not read. `close` is for the end of the body, `break_off` for
    an exchange that ended before; nothing is taken after them, nor after bytes that cannot be cut into events. An event
    that cannot be read costs itself alone; how many there were is told at the end.
    `is_settled`: the terminal event or a failure has come, so that nothing more is worth a long wait. `is_finished`:
    the reason to stop and the last counts have come, so that only the terminal event is missing. `is_over`: nothing
    more is taken. `has_heard`: the last bytes held something of an event, and no comments or blanks alone. `streamed`:
    the answer came as a stream, which only its end tells where one was asked for.
    """

    __slots__ = (
        "_bill", "_content_type", "_decoder", "_ended", "_error", "_framer", "_go_on", "_has_gap", "_headers",
        "_joiner", "_odd", "_oddity", "_saying", "_speech", "_status", "_understood", "awaits", "has_heard",
        "is_finished", "is_over", "is_settled", "streamed",
    )  # fmt: skip

    def __init__(
        self,
        status: int,
        content_type: str,
        headers: Headers,
        dialect_name: str,
        quirks: Quirks,
        *,
        emulated: bool = False,
        streamed: bool = True,
        secrets: Secrets = NOTHING_SECRET,
    ) -> None:
        """`headers` have lower-case names. `secrets` are in nothing that it gives.

        Raises `ConfigError` for a dialect that nobody speaks.
        """
        self._status, self._content_type, self._headers = status, content_type, headers
        self._speech = dialect(dialect_name)
        self._framer = framer_for(content_type)
        decoder = self._speech.decoder(quirks)
        if emulated or quirks.get(INLINE_THINK, True):
            decoder = SeparatingDecoder(decoder, reasoning_tags(), emulated=emulated)
        self._decoder: Decoder = decoder
        self._go_on: Callable[[Sequence[Event], int], WordsRead] | None = getattr(decoder, "go_on", None)
        self._bill = bill_of_headers(headers, places) if (places := bill_places(quirks).in_headers) else None
        self._joiner = PairJoiner()
        self._saying = Saying(secrets)
        self._error = bytearray()
        self._has_gap = self._ended = self._understood = False
        self._odd, self._oddity = 0, ""
        self.awaits: Literal["answer", "error", "nothing"] = "answer"
        if status >= 300:
            self.awaits = "error" if status >= 400 else "nothing"
        self.streamed = streamed and self.awaits == "answer"
        self.is_settled, self.is_over = False, self.awaits == "nothing"
        self.is_finished = self.has_heard = False

    @property
    def found_secret(self) -> bool:
        """Whether the deltas together held a credential that the bytes did not show."""
        return self._saying.found_secret

    def feed(self, data: bytes) -> list[Delta]:
        """What `data` adds. Texts that came together are one."""
        found = self._feed(data)
        return self._saying.feed(found if len(found) < 2 else _together(found)) if found else found

    def close(self) -> list[Delta]:
        """What the end of the body completes: an error, the whole of a body without events, or a last event."""
        found = self._saying.feed(self._close())
        found += self._saying.close()
        return found

    def break_off(self, failed: Failure | None = None) -> list[Delta]:
        """`failed`, if that is to be told, and the text that was held back. What is settled stays as it is."""
        return [] if self._ended else [*self._saying.feed(self._break_off(failed)), *self._saying.close()]

    def _feed(self, data: bytes) -> list[Delta]:
        found: list[Delta] = []
        if self.is_over:
            return found
        if self.awaits == "error":
            self._error += data
            return found
        self.has_heard = False
        try:
            self._take(self._framer.feed(data), found)
        except FramingError as error:
            self._give_up(f"the answer cannot be read: {error}", found)
        except Exception as error:
            self._give_up(_unreadable(error), found)
        self.has_heard = self.has_heard or self._framer.is_amid
        return found

    def _close(self) -> list[Delta]:
        if self._ended:
            return []
        match self.awaits:
            case "answer":
                return [*self._end(), *self._skipped()] if self._odd and self._understood else self._end()
            case "error":
                return self._read_error()
            case "nothing":
                return self._redirect()

    def _break_off(self, failed: Failure | None) -> list[Delta]:
        if self.is_settled or self.awaits == "nothing":
            return self._close()
        told: list[Delta] = [] if failed is None else [failed]
        return self._read_error(told) if self.awaits == "error" else [*told, *_text_in(self._end()), *self._skipped()]

    def _take(self, events: Iterable[Event], found: list[Delta]) -> None:
        """Add the deltas of `events` to `found`. Raises what framers make of nonsense, and decoders of a body."""
        if self._go_on is None or not isinstance(events, list):
            for event in events:
                self._take_one(event, found)
            return
        at = 0
        while at < len(events):
            deltas, count = self._go_on(events, at)
            if count:
                self.has_heard = True
                self._keep(deltas, found)
                at += count
            else:
                self._take_one(events[at], found)
                at += 1

    def _take_one(self, event: Event, found: list[Delta]) -> None:
        self.has_heard = True
        try:
            self._keep(self._decoder.feed(event), found)
        except (ValueError, RecursionError) as error:
            if event.name == "body" or not event.whole:
                raise
            self._odd += 1
            self._oddity = self._oddity or f"{_unreadable(error)}: {_excerpt(event.data)}"

    def _keep(self, deltas: Iterable[Delta], found: list[Delta]) -> None:
        joiner = self._joiner
        for delta in deltas:
            if type(delta) is AnswerDelta or type(delta) is ReasoningDelta:
                if joiner.held or not delta.text.isascii():
                    joiner.feed(delta, found)
                else:
                    found.append(delta)
                continue
            if type(delta) is UsageReport:
                self.is_finished = self.is_finished or delta.final
            elif type(delta) is Complete:
                self.is_settled = True
            elif type(delta) is Failure:
                self.is_settled = True
                delta = with_wait(delta, self._headers)
            if self._bill is not None:
                self._tell_bill(delta, found)
            if joiner.held:
                joiner.feed(delta, found)
            else:
                found.append(delta)
        self._understood = self._understood or bool(found)

    def _tell_bill(self, delta: Delta, found: list[Delta]) -> None:
        """Tell the bill of the headers at the end, unless the body brings one."""
        if isinstance(delta, Complete) and self._bill is not None:
            found.append(self._bill)
        if isinstance(delta, Complete | Bill):
            self._bill = None

    def _give_up(self, words: str, found: list[Delta], *, may_pass: bool = False) -> None:
        """Take nothing more: it would leave a gap. What follows the end does not spoil it."""
        self.is_over = True
        if not self.is_settled:
            self._has_gap = self.is_settled = True
            found.append(Failure("protocol", words, retryable=may_pass))

    def _end(self) -> list[Delta]:
        found: list[Delta] = []
        if not self.is_settled:
            self._take_last(found)
        self._ended = self.is_over = True
        if self._odd and not self._understood:
            self._give_up(self._oddity, found)
        last: list[Delta] = []
        has_gap = self._has_gap
        try:
            self._keep(self._decoder.close(), last)
        except Exception as error:
            self._give_up(_unreadable(error), last)
        last += self._joiner.close()
        found += _text_in(last) if has_gap else last
        return found

    def _skipped(self) -> list[Delta]:
        """How many events could not be read, and the first of them."""
        if not self._odd:
            return []
        what = "1 event of the stream was" if self._odd == 1 else f"{self._odd:,} events of the stream were"
        return [Notice("events_skipped", f"{what} skipped: {self._oddity}")]

    def _take_last(self, found: list[Delta]) -> None:
        try:
            events = [*self._framer.close()]
        except FramingError as error:
            self._give_up(f"the answer cannot be read: {error}", found)
            return
        for event in events:
            is_body = event.name == "body"
            if is_body:
                self.streamed = False
            try:
                if is_body:
                    _check_body(event.data, self._content_type)
                self._take((event,), found)
            except Exception as error:
                # An event that the end has cut in two says less than the missing end, which the decoder tells.
                if is_body:
                    self._give_up(_unreadable(error), found, may_pass=not event.data.strip())

    def _read_error(self, instead: list[Delta] | None = None) -> list[Delta]:
        """The error, or what is to be told `instead` of one; some errors are really answers."""
        self._ended = self.is_over = self.is_settled = True
        document = error_document(self._error, self._status)
        answer = self._speech.answers_in_error(document)
        if answer is not None:
            return answer
        if instead is not None:
            return instead
        failed = with_wait(self._speech.read_error(self._status, self._headers, document), self._headers)
        if self._status == PROXY_REFUSES:  # which no server says
            words = f"the proxy on the way wants to know who asks: {failed.message}"
            return [Failure("connection", words, status=self._status, hint=PROXY_HINT)]
        return [obey_should_retry(failed, self._headers)]

    def _redirect(self) -> list[Delta]:
        self._ended = self.is_settled = True
        where = self._headers.get("location", "").split("?")[0].split("#")[0]
        if not where:
            return [
                failure("protocol", f"the server answered HTTP {self._status} and nothing else", status=self._status)
            ]
        shown = f"{where[:ERROR_WORDS]}…" if len(where) > ERROR_WORDS else where
        words = f"the server redirects to {shown} (HTTP {self._status}); redirects are not followed"
        return [failure("protocol", words, status=self._status, hint="put the final base_url in")]


def _together(deltas: list[Delta]) -> list[Delta]:
    """The same with neighbours of one text joined: of a stream that comes in large pieces each delta costs much."""
    found: list[Delta] = []
    texts: list[str] = []
    last: AnswerDelta | ReasoningDelta | None = None
    for delta in deltas:
        if type(delta) is AnswerDelta:
            goes_on = type(last) is AnswerDelta and delta.part == last.part
        elif type(delta) is ReasoningDelta:
            goes_on = type(last) is ReasoningDelta and delta.part == last.part and delta.visibility == last.visibility
        else:
            goes_on = False
        if goes_on and (type(delta) is AnswerDelta or type(delta) is ReasoningDelta):
            texts.append(delta.text)
            continue
        if len(texts) > 1 and last is not None:
            found[-1] = _joined(last, texts)
        found.append(delta)
        last = delta if type(delta) is AnswerDelta or type(delta) is ReasoningDelta else None
        texts = [] if last is None else [last.text]
    if len(texts) > 1 and last is not None:
        found[-1] = _joined(last, texts)
    return found


def _joined(last: AnswerDelta | ReasoningDelta, texts: Iterable[str]) -> Delta:
    whole = "".join(texts)
    if isinstance(last, AnswerDelta):
        return AnswerDelta(whole, last.part)
    return ReasoningDelta(whole, last.visibility, last.part)


def error_document(body: bytes | bytearray, status: int) -> Any:
    """The body of an error as JSON; one that is none, as the message of an error."""
    text = body.decode("utf-8", "replace")
    try:
        return parse_json(text)
    except ValueError:
        words = " ".join(text[: 10 * ERROR_WORDS].split())
        shown = f"{words[:ERROR_WORDS]}…" if len(words) > ERROR_WORDS else words
        return {"error": {"message": shown or f"HTTP {status} without a message"}}


def _check_body(body: bytes, content_type: str) -> None:
    """Raise `ValueError` for a body that no dialect can mean."""
    start = body[:1000].lstrip() or body.lstrip()
    if not start:
        raise ValueError("it is empty")
    if start.startswith(GZIP):
        raise ValueError("it is compressed with gzip, which no header says")
    if start.startswith(b"<"):
        raise ValueError(f"it is HTML or XML ({content_type or 'no content type'}); is the base_url right?")


def _unreadable(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            words = f"it is not JSON: {error}"
        case ValueError():
            words = str(error)
        case _:
            words = f"{type(error).__name__}: {error}"
    return f"the answer is not what this API sends: {words}"


def _excerpt(data: bytes) -> str:
    words = " ".join(data[:ODD_BYTES].decode("utf-8", "replace").split())
    return f"{words}…" if len(data) > ODD_BYTES else words


def _text_in(deltas: Iterable[Delta]) -> Iterator[Delta]:
    return (delta for delta in deltas if isinstance(delta, _TEXT))
