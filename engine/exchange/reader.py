"""The bytes of a response that came earlier -> a reply, as the exchange itself reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ...providers.dialect import Decoder, Dialect, Quirks, failure
from ...providers.emulation import EmulatedDecoder
from ...providers.errors import Failure
from ...providers.fold import Fold, Reply
from ...providers.framing.choice import framer_for
from ...providers.framing.sse import Framer, FramingError
from ...providers.registry import dialect
from ...providers.schema import AnswerDelta, AnswerWasReasoning, ReasoningDelta, ReasoningWithheld
from .decoding import UnreadableError, check_body, decoded, error_document
from .retry import obey_should_retry


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response as it came. `streamed`: a stream was asked for. `headers` have lower-case names, and may be lost."""

    status: int
    content_type: str
    streamed: bool
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def reply_of(
    raw: RawResponse, dialect_name: str, quirks: Quirks, emulated: bool, *, broken: Failure | None = None
) -> Reply:
    """What `raw` says in its dialect. Raises `ConfigError` for a dialect that nobody speaks.

    `broken` is why the exchange ended early, where that is known: the bytes do not tell a timeout from a lost
    connection. Without it a missing end is what the decoder makes of it.
    """
    speech = dialect(dialect_name)
    if 300 <= raw.status < 400:
        where = raw.headers.get("location", "elsewhere").split("?")[0]
        words = f"the server redirects to {where} (HTTP {raw.status}); redirects are not followed"
        fold = Fold()
        fold.add(failure("protocol", words, status=raw.status, hint="put the final base_url in"))
        return fold.reply()
    if raw.status >= 400:
        return _with_break(_read_error(raw, speech), broken)
    decoder = speech.decoder(quirks)
    return _with_break(_read(raw, EmulatedDecoder(decoder) if emulated else decoder, broken), broken)


def _read(raw: RawResponse, decoder: Decoder, broken: Failure | None) -> Reply:
    framer, fold = framer_for(raw.content_type), Fold()
    try:
        _take_all(raw, framer, decoder, fold, ends=broken is None)
    except FramingError as error:
        fold.add(failure("protocol", f"the answer cannot be read: {error}"))
    except UnreadableError as error:
        fold.add(failure("protocol", f"the answer is not what this API sends: {error}"))
    else:
        if broken is None or fold.is_settled:
            return fold.reply()
        fold.add(broken)
    _take_text(framer, decoder, fold)
    return fold.reply()


def _take_all(raw: RawResponse, framer: Framer, decoder: Decoder, fold: Fold, *, ends: bool) -> None:
    """Take what the bytes say, and with `ends`, or when the answer is whole, what their end says."""
    try:
        for delta in decoded(framer.feed(raw.data), decoder):
            fold.add(delta)
    except (FramingError, UnreadableError):
        if not fold.is_settled:  # what follows the end does not spoil it
            raise
    if not fold.is_settled:
        if not ends:
            return
        for event in framer.close():
            if event.name == "body":
                check_body(event.data, raw.content_type)
            try:
                for delta in decoded((event,), decoder):
                    fold.add(delta)
            except UnreadableError:
                # An event that the end has cut in two says less than the missing end, which the decoder tells.
                if event.name == "body":
                    raise
    for delta in decoded((), decoder, ends=True):
        fold.add(delta)


def _take_text(framer: Framer, decoder: Decoder, fold: Fold) -> None:
    """Take the text that framer and decoder held back when the exchange broke."""
    for events, ends in ((framer.close(), False), (iter(()), True)):
        with suppress(FramingError, UnreadableError):
            for delta in decoded(events, decoder, ends=ends):
                if isinstance(delta, ReasoningDelta | AnswerDelta | ReasoningWithheld | AnswerWasReasoning):
                    fold.add(delta)


def _read_error(raw: RawResponse, speech: Dialect) -> Reply:
    fold = Fold()
    document = error_document(raw.data.decode("utf-8", "replace"), raw.status)
    answer = speech.answers_in_error(document)
    if answer is not None:
        for delta in answer:
            fold.add(delta)
        return fold.reply()
    fold.add(obey_should_retry(speech.read_error(raw.status, raw.headers, document), raw.headers))
    return fold.reply()


def _with_break(reply: Reply, broken: Failure | None) -> Reply:
    """The reply with the reason why its exchange ended, unless it is whole or tells that itself."""
    if broken is None or reply.complete:
        return reply
    if reply.failure is None or reply.failure.kind != broken.kind:
        reply = replace(reply, failure=broken)
    return replace(reply, finish="cancelled") if reply.failure is broken and broken.kind == "cancelled" else reply
