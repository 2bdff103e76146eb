"""One prepared call -> one outcome: send, decode, time, retry."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import httpx2

from ..providers.dialect import Decoder, failure
from ..providers.errors import Failure
from ..providers.fold import Fold, Reply
from ..providers.framing import Framer, FramingError, SniffingFramer
from ..providers.reading import parse_json
from ..providers.registry import dialect
from ..providers.schema import AnswerDelta, Delta, Latency, Notice, ReasoningDelta
from .keys import Key
from .observer import Observer
from .prepare import Prepared, unstreamed, without_field
from .retry import Attempt, obey_should_retry, wait_before_retry
from .transport import Response, Transport, auth_header, read_transport_error

GRACE_S = 1.0
"""Seconds that a server has to close the body after its terminal event."""

REQUEST_ID_HEADERS = ("request-id", "x-request-id", "x-amzn-requestid", "apim-request-id", "x-generation-id")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often: seconds without a byte, seconds in all, and retries after the first attempt."""

    idle_s: float
    total_s: float
    retries: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run takes from outside, so that tests can give it another clock, another sleep and no dice.

    `on_sent` is called each time a request has left: the moment for work that may take CPU.
    """

    transport: Transport
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    dice: Callable[[], float] = random.random
    on_sent: Callable[[], None] | None = None


@dataclass(slots=True)
class Marks:
    """Moments of one attempt, by the clock of the surroundings."""

    start: float
    sent: bool = False
    answered: bool = False
    first_byte: float | None = None
    first_reasoning: float | None = None
    first_answer: float | None = None
    end: float | None = None

    def latency(self, output_tokens: int | None, *, streamed: bool) -> Latency:
        def since(moment: float | None) -> float | None:
            return None if moment is None else moment - self.start

        total = since(self.end)
        rate = output_tokens / total if output_tokens and total else None
        return Latency(
            first_byte_s=since(self.first_byte),
            first_reasoning_s=since(self.first_reasoning) if streamed else None,
            first_answer_s=since(self.first_answer) if streamed else None,
            total_s=total,
            output_tokens_per_s=rate,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended. `reply.failure` says why, when it did not end well; `prepared` is what was sent last."""

    prepared: Prepared
    reply: Reply
    latency: Latency
    attempts: int
    request_id: str | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(slots=True)
class _Attempt:
    """The state of the attempt that is under way, kept outside of it so that a cancelled one loses nothing."""

    fold: Fold
    marks: Marks
    streamed: bool = False
    request_id: str | None = None
    shown: bool = False


@dataclass(slots=True)
class Exchange:
    """A call with its retries. `outcome` may be asked at any time, also after a cancellation."""

    prepared: Prepared
    key: Key | None
    patience: Patience
    surroundings: Surroundings
    observer: Observer
    index: int = 0
    _attempts: int = 0
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
        attempt.marks.end = attempt.marks.end or self.surroundings.clock()
        reply = attempt.fold.reply()
        if failed is not None and not reply.complete:
            reply.failure = failed
        return Outcome(
            prepared=self.prepared,
            reply=reply,
            latency=attempt.marks.latency(reply.usage.output_tokens, streamed=attempt.streamed),
            attempts=self._attempts,
            request_id=attempt.request_id,
            notices=tuple(self._notices),
        )

    async def _attempt(self) -> Failure | None:
        """One request. What comes goes into the fold; the failure, if there is one, is returned as well."""
        self._attempts += 1
        attempt = self._current = _Attempt(Fold(), Marks(self.surroundings.clock()))
        self.observer.started(self.index, self._attempts)
        provider = self.prepared.target.provider
        auth = auth_header(provider.auth_header, provider.auth_scheme, self.key)
        request = self.prepared.request

        def sent() -> None:
            attempt.marks.sent = True
            if self.surroundings.on_sent is not None:
                self.surroundings.on_sent()

        try:
            async with self.surroundings.transport.open(
                request, auth, idle_timeout_s=self.patience.idle_s, on_sent=sent
            ) as response:
                attempt.marks.answered = True
                attempt.request_id = _request_id(response)
                await self._read(response, attempt)
        except FramingError as error:
            self._take(attempt, failure("protocol", f"the answer cannot be read: {error}"))
        except ValueError as error:
            self._take(attempt, failure("protocol", f"the answer is not what this API sends: {error}"))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # httpx2 has many; read_transport_error raises all others again
            self._take(attempt, read_transport_error(error, request.url, self.patience.idle_s))
        attempt.marks.end = attempt.marks.end or self.surroundings.clock()
        return attempt.fold.reply().failure

    async def _read(self, response: Response, attempt: _Attempt) -> None:
        speech = dialect(self.prepared.target.dialect)
        quirks = self.prepared.target.use.quirks
        if 300 <= response.status < 400:
            where = response.headers.get("location", "elsewhere").split("?")[0]
            words = f"the server redirects to {where} (HTTP {response.status}); redirects are not followed"
            self._take(attempt, failure("protocol", words, status=response.status, hint="put the final base_url in"))
            return
        if response.status >= 400:
            self._read_error(await response.read_error_body(), response, attempt)
            return
        content_type = response.headers.get("content-type", "")
        attempt.streamed = self.prepared.call.stream
        framer, decoder = SniffingFramer(content_type), speech.decoder(quirks)
        async for chunk in self._timed(response.chunks, attempt):
            for event in framer.feed(chunk):
                for delta in decoder.feed(event):
                    self._take(attempt, delta)
            if attempt.fold.is_settled:
                await self._read_rest(response, framer, decoder, attempt)
                return
        for event in framer.close():
            if event.name == "body":
                attempt.streamed = False
                if not event.data.strip():
                    raise ValueError("it is empty")
                if event.data.lstrip().startswith(b"<"):
                    raise ValueError(f"it is HTML or XML ({content_type or 'no content type'}); is the base_url right?")
            for delta in decoder.feed(event):
                self._take(attempt, delta)
        for delta in decoder.close():
            self._take(attempt, delta)

    async def _read_rest(self, response: Response, framer: Framer, decoder: Decoder, attempt: _Attempt) -> None:
        """What follows the terminal event: usage after an error, or the end that lets the connection be used again."""
        attempt.marks.end = self.surroundings.clock()
        with suppress(TimeoutError, httpx2.HTTPError, FramingError, ValueError):
            async with asyncio.timeout(GRACE_S):
                async for chunk in response.chunks:
                    for event in framer.feed(chunk):
                        for delta in decoder.feed(event):
                            self._take(attempt, delta)
        for delta in decoder.close():
            self._take(attempt, delta)

    async def _timed(self, chunks: AsyncIterator[bytes], attempt: _Attempt) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            if attempt.marks.first_byte is None:
                attempt.marks.first_byte = self.surroundings.clock()
            yield chunk

    def _read_error(self, body: bytes, response: Response, attempt: _Attempt) -> None:
        speech = dialect(self.prepared.target.dialect)
        try:
            document = parse_json(body)
        except ValueError:
            document = {"error": {"message": _first_words(body) or f"HTTP {response.status} without a message"}}
        answer = speech.answers_in_error(document)
        if answer is not None:
            for delta in answer:
                self._take(attempt, delta)
            return
        failed = speech.read_error(response.status, response.headers, document)
        self._take(attempt, obey_should_retry(failed, response.headers))

    def _take(self, attempt: _Attempt, delta: Delta) -> None:
        now = self.surroundings.clock()
        if isinstance(delta, Failure | Notice) and self.key is not None:
            # Some servers repeat the key that they refuse.
            delta = replace(delta, message=delta.message.replace(self.key.reveal(), "[key]"))
        match delta:
            case ReasoningDelta(text=text) if text:
                attempt.shown = True
                attempt.marks.first_reasoning = attempt.marks.first_reasoning or now
            case AnswerDelta(text=text) if text:
                attempt.shown = True
                attempt.marks.first_answer = attempt.marks.first_answer or now
            case _:
                pass
        attempt.fold.add(delta)
        self.observer.delta(self.index, delta)

    def _give_way(self, failed: Failure) -> bool:
        """Drop what the provider refuses and the call can do without, once each. True when it is worth another try."""
        if failed.kind not in ("invalid_request", "permission") or not failed.param:
            return False
        if failed.param == "stream" and self.prepared.call.stream:
            self.prepared = unstreamed(self.prepared)
            self._notices.append(
                Notice("stream_refused", "the provider refused to stream; one whole body was asked for")
            )
            return True
        for path in self.prepared.plan.optional:
            if failed.param in (path, path.rpartition(".")[2]):
                self.prepared = without_field(self.prepared, path)
                words = f"the provider refused {path} ({failed.message}); the reasoning stays hidden"
                self._notices.append(Notice("visibility_refused", words))
                return True
        return False

    def _wait_after(self, failed: Failure, deadline: float) -> float | None:
        attempt = self._current
        if attempt is None:
            return None
        marks = attempt.marks
        ended = Attempt(failed, self._attempts, attempt.shown, marks.sent, marks.answered)
        wait = wait_before_retry(ended, self.patience.retries, self.surroundings.dice)
        if wait is not None and self.surroundings.clock() + wait >= deadline:
            return None
        return wait


def cancelled(outcome: Outcome) -> Outcome:
    """`outcome` of a call that was interrupted: what came is kept."""
    if outcome.reply.complete:
        return outcome
    failed = Failure("cancelled", "interrupted before the answer was complete")
    return replace(outcome, reply=replace(outcome.reply, failure=failed, finish="cancelled"))


def _request_id(response: Response) -> str | None:
    found = next((response.headers[name] for name in REQUEST_ID_HEADERS if name in response.headers), None)
    return found[:200] if found else None


def _first_words(body: bytes) -> str:
    words = " ".join(body[:2000].decode("utf-8", "replace").split())
    return f"{words[:200]}…" if len(words) > 200 else words
