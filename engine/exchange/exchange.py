"""One prepared call -> one outcome: send, decode, time, retry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import httpx2

from ...providers.dialect import Decoder, failure
from ...providers.emulation import EmulatedDecoder
from ...providers.errors import Failure
from ...providers.fold import Fold
from ...providers.framing.choice import framer_for
from ...providers.framing.sse import Framer, FramingError
from ...providers.registry import dialect
from ...providers.schema import (
    AnswerDelta,
    AnswerWasReasoning,
    Delta,
    Notice,
    ReasoningDelta,
    ReasoningWithheld,
)
from ..planning.prepare import Prepared, unstreamed, with_levels, without_field
from ..targets.authorize import Authorize, by_key
from ..targets.keys import Key
from .decoding import UnreadableError, check_body, decoded, error_document
from .intake import Intake
from .observer import CallObserver, CostMeter
from .outcome import NEVER_SENT, Marks, Outcome
from .refusal import legal_levels
from .retry import Attempt, obey_should_retry, wait_before_retry
from .secrets import Redactor, secrets_of
from .surroundings import Patience, Surroundings
from .transport import Response, read_transport_error

GRACE_S = 1.0
"""Seconds that a server has to close the body after its terminal event."""

REQUEST_ID_HEADERS = ("request-id", "x-request-id", "x-amzn-requestid", "apim-request-id", "x-generation-id")


@dataclass(slots=True)
class _Attempt:
    """The state of the attempt that is under way, kept outside of it so that a cancelled one loses nothing.

    `sent`: the request has left in full. `silent`: then nothing came, until we gave up. `shown`: text came. `broke`:
    its running estimate has passed what it may cost. `reading`: what still holds text back; no framer once an event
    could not be read, as what came after it would leave a gap.
    """

    fold: Fold
    marks: Marks
    streamed: bool = False
    request_id: str | None = None
    sent: bool = False
    silent: bool = False
    shown: bool = False
    broke: bool = False
    reading: tuple[Framer | None, Decoder] | None = None


@dataclass(slots=True)
class Exchange:
    """A call with its retries. `outcome` may be asked at any time, also after a cancellation.

    A `meter` cuts the stream when what came so far costs more than was granted.
    """

    prepared: Prepared
    key: Key | None
    patience: Patience
    surroundings: Surroundings
    observer: CallObserver
    index: int = 0
    authorize: Authorize | None = None
    meter: CostMeter | None = None
    _attempts: int = 0
    _given_way: int = 0
    _has_learned: bool = False
    _has_left: bool = False
    _current: _Attempt | None = None
    _notices: list[Notice] = field(default_factory=list[Notice])

    async def run(self) -> Outcome:
        """Send until there is an answer or no sense in another attempt. Raises only `CancelledError`."""
        deadline = self.surroundings.clock() + self.patience.total_s
        try:
            async with asyncio.timeout(self.patience.total_s):
                while True:
                    failed = await self._attempt()
                    if failed is None:
                        break
                    if self._give_way(failed):
                        continue
                    wait = self._wait_after(failed, deadline)
                    if wait is None:
                        break
                    self.observer.waiting(self.index, wait, failed)
                    await self.surroundings.sleep(wait)
        except TimeoutError:
            words = f"not finished after {self.patience.total_s:g} s in all"
            return self.outcome(failure("timeout", words, hint="raise total_timeout, or lower --think"))
        return self.outcome()

    def outcome(self, failed: Failure | None = None) -> Outcome:
        """What there is now. `failed` is the reason to stop here, if it is not the reply's own."""
        attempt = self._current or _Attempt(Fold(), Marks(self.surroundings.clock()))
        self._end(attempt)
        reply = attempt.fold.reply()
        if failed is not None and not reply.complete:
            reply.failure = failed
        unsent = (NEVER_SENT,) if self._attempts and not self._has_left else ()
        return Outcome(
            prepared=self.prepared,
            reply=reply,
            latency=attempt.marks.latency(reply.usage.output_tokens, streamed=attempt.streamed),
            attempts=self._attempts,
            request_id=attempt.request_id,
            notices=(*self._notices, *unsent),
        )

    async def _attempt(self) -> Failure | None:
        """One request. What comes goes into the fold; the failure, if there is one, is returned as well."""
        self._attempts += 1
        attempt = self._current = _Attempt(Fold(), Marks(self.surroundings.clock()))
        if self.meter is not None and self._attempts > 1:
            self.meter.again()
        self.observer.started(self.index, self._attempts)
        request = self.prepared.request
        tape = self.surroundings.tape
        auth = (self.authorize or by_key(self.prepared.target, self.key))(request)

        def sent() -> None:
            attempt.sent = self._has_left = True
            if tape is not None:
                tape.begin(self.index, self.prepared)
            if self.surroundings.on_sent is not None:
                self.surroundings.on_sent()

        try:
            async with self.surroundings.transport.open(
                request, auth, idle_timeout_s=self.patience.idle_s, on_sent=sent
            ) as response:
                attempt.request_id = self._without_key(_request_id(response)) or None
                await self._read(response, attempt)
        except FramingError as error:
            self._take(attempt, failure("protocol", f"the answer cannot be read: {error}"))
        except UnreadableError as error:
            self._take(attempt, failure("protocol", f"the answer is not what this API sends: {error}"))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # httpx2 has many; read_transport_error raises all others again
            attempt.silent = attempt.sent and isinstance(error, httpx2.ReadTimeout)
            self._take(attempt, read_transport_error(error, request.url, self.patience.idle_s))
        self._end(attempt)
        return attempt.fold.failure

    async def _read(self, response: Response, attempt: _Attempt) -> None:
        self._has_left = True
        speech = dialect(self.prepared.target.dialect)
        quirks = self.prepared.target.use.quirks
        if self.surroundings.on_response is not None:
            self.surroundings.on_response(response.status, response.headers)
        if self.surroundings.tape is not None:
            self.surroundings.tape.opened(self.index, response.status, response.headers)
        if 300 <= response.status < 400:
            where = response.headers.get("location", "elsewhere").split("?")[0]
            words = f"the server redirects to {where} (HTTP {response.status}); redirects are not followed"
            self._take(attempt, failure("protocol", words, status=response.status, hint="put the final base_url in"))
            return
        if response.status >= 400:
            body = Redactor(secrets_of(self.prepared, self.key)).whole(await response.read_error_body())
            if self.surroundings.tape is not None:
                self.surroundings.tape.received(self.index, body)
            self._read_error(body, response, attempt)
            return
        content_type = response.headers.get("content-type", "")
        attempt.streamed = self.prepared.call.stream
        framer, decoder = framer_for(content_type), speech.decoder(quirks)
        if self.prepared.emulated:
            decoder = EmulatedDecoder(decoder)
        attempt.reading = framer, decoder
        intake = self._intake()
        try:
            async for chunk in response.chunks:
                if attempt.marks.first_byte is None:
                    attempt.marks.first_byte = self.surroundings.clock()
                self._feed(intake.take(chunk), framer, decoder, attempt)
                if attempt.fold.is_settled:
                    await self._read_rest(response.chunks, intake, framer, decoder, attempt)
                    break
                if attempt.broke:
                    self._take(attempt, failure("budget", "cut: what came so far costs all that was granted"))
                    return
            else:
                self._feed(intake.close(), framer, decoder, attempt)
                if not attempt.fold.is_settled:
                    self._read_last(framer, decoder, attempt, content_type)
        finally:
            intake.close()
        attempt.reading = None
        for delta in decoded((), decoder, ends=True):
            self._take(attempt, delta)

    def _intake(self) -> Intake:
        tape = self.surroundings.tape
        received = None if tape is None else partial(tape.received, self.index)
        return Intake(secrets_of(self.prepared, self.key), received)

    def _feed(self, data: bytes, framer: Framer, decoder: Decoder, attempt: _Attempt) -> None:
        try:
            for delta in decoded(framer.feed(data), decoder):
                self._take(attempt, delta)
        except (FramingError, UnreadableError) as error:
            if not attempt.fold.is_settled:  # what follows the end does not spoil it
                if isinstance(error, UnreadableError):
                    attempt.reading = None, decoder
                raise

    def _read_last(self, framer: Framer, decoder: Decoder, attempt: _Attempt, content_type: str) -> None:
        """What the end of the body completes: the whole of a body without events, or a last event."""
        for event in framer.close():
            if event.name == "body":
                attempt.streamed = False
                check_body(event.data, content_type)
            try:
                for delta in decoded((event,), decoder):
                    self._take(attempt, delta)
            except UnreadableError:
                # An event that the end has cut in two says less than the missing end, which the decoder tells.
                if event.name == "body":
                    raise

    async def _read_rest(
        self, chunks: AsyncIterator[bytes], intake: Intake, framer: Framer, decoder: Decoder, attempt: _Attempt
    ) -> None:
        """What follows the terminal event: usage after an error, or the end that lets the connection be used again."""
        attempt.marks.end = self.surroundings.clock()
        with suppress(TimeoutError, httpx2.HTTPError, FramingError, UnreadableError):
            async with asyncio.timeout(GRACE_S):
                async for chunk in chunks:
                    for delta in decoded(framer.feed(intake.take(chunk)), decoder):
                        self._take(attempt, delta)

    def _end(self, attempt: _Attempt) -> None:
        """Note the time, and take the text that framer and decoder held back when the exchange broke."""
        if attempt.marks.end is None:
            attempt.marks.end = self.surroundings.clock()
        if attempt.reading is None:
            return
        framer, decoder = attempt.reading
        attempt.reading = None
        for ends in (False, True):
            with suppress(FramingError, UnreadableError):
                for delta in decoded(() if ends or framer is None else framer.close(), decoder, ends=ends):
                    if isinstance(delta, ReasoningDelta | AnswerDelta | ReasoningWithheld | AnswerWasReasoning):
                        self._take(attempt, delta)

    def _read_error(self, body: bytes, response: Response, attempt: _Attempt) -> None:
        speech = dialect(self.prepared.target.dialect)
        document = error_document(self._without_key(body.decode("utf-8", "replace")), response.status)
        answer = speech.answers_in_error(document)
        if answer is not None:
            for delta in answer:
                self._take(attempt, delta)
            return
        failed = speech.read_error(response.status, response.headers, document)
        self._take(attempt, obey_should_retry(failed, response.headers))

    def _take(self, attempt: _Attempt, delta: Delta) -> None:
        marks = attempt.marks
        match delta:
            case AnswerDelta():
                if delta.text and marks.first_answer is None:
                    attempt.shown = True
                    marks.first_answer = self.surroundings.clock()
            case ReasoningDelta():
                if delta.text and marks.first_reasoning is None:
                    attempt.shown = True
                    marks.first_reasoning = self.surroundings.clock()
            case Failure() | Notice() if self.key is not None:
                delta = replace(delta, message=self._without_key(delta.message))
            case _:
                pass
        attempt.fold.add(delta)
        if self.meter is not None and self.meter.take(delta):
            attempt.broke = True
        self.observer.delta(self.index, delta)

    def _without_key(self, text: str) -> str:
        """`text` without our key: some servers repeat the one that they refuse."""
        return text if self.key is None else text.replace(self.key.reveal(), "[key]")

    def _give_way(self, failed: Failure) -> bool:
        """Drop what the provider refuses and the call can do without, once each. True when it is worth another try.

        Such a try is none of the retries, which are for what may pass by itself.
        """
        shown = self._current is not None and self._current.shown
        if shown or failed.kind not in ("invalid_request", "permission"):
            return False
        before = self.prepared
        self._learn(failed)
        if self.prepared is before and failed.param:
            self._drop(failed.param, failed.message)
        if self.prepared is before:
            return False
        self._given_way += 1
        return True

    def _learn(self, failed: Failure) -> None:
        """Take the legal levels that the refusal names instead of those of the card, once."""
        legal = legal_levels(failed)
        if legal is None or self._has_learned:
            return
        self._has_learned = True
        again = with_levels(self.prepared, *legal)
        if again is None:
            return
        words = f"the provider refused the level ({failed.message}) and was asked again with one that it names"
        named = ", ".join(level.value for level in legal[0])
        told = f"{self.prepared.call.model} takes {named}, which is not what its card says; please report it"
        self._notices += [Notice("level_refused", words), Notice("card_disagrees", told)]
        self.prepared = replace(again, plan=replace(again.plan, note=words, fidelity="clamped"))

    def _drop(self, param: str, words: str) -> None:
        if param == "stream" and self.prepared.call.stream:
            self.prepared = unstreamed(self.prepared)
            self._notices.append(
                Notice("stream_refused", f"the provider refused to stream ({words}); one whole body was asked for")
            )
            return
        for path in self.prepared.plan.optional:
            if param in (path, path.rpartition(".")[2]):
                self.prepared = without_field(self.prepared, path)
                notice = f"the provider refused {path} ({words}); the reasoning stays hidden"
                self._notices.append(Notice("visibility_refused", notice))
                return

    def _wait_after(self, failed: Failure, deadline: float) -> float | None:
        attempt = self._current
        if attempt is None:
            return None
        ended = Attempt(failed, self._attempts - self._given_way, shown=attempt.shown, silent=attempt.silent)
        wait = wait_before_retry(ended, self.patience.retries, self.surroundings.dice)
        if wait is not None and self.surroundings.clock() + wait >= deadline:
            return None
        return wait


def _request_id(response: Response) -> str:
    found = next((response.headers[name] for name in REQUEST_ID_HEADERS if name in response.headers), "")
    return found[:200]
