"""One prepared call -> one outcome: send, decode, time, retry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ...providers.dialect import failure
from ...providers.errors import Failure
from ...providers.fold import Fold
from ...providers.schema import AnswerDelta, Delta, Notice, ReasoningDelta
from ..planning.prepare import Prepared, unstreamed, with_levels, without_field
from ..planning.report import without_refused_pieces
from ..targets.authorize import Authorize, by_key
from ..targets.keys import Key
from .call_facts import ATTEMPT_LOST, NEVER_SENT, WITHHELD
from .connections.body import TooLargeError, read_error_body
from .connections.errors import OnlyCommentsError, ReadTimedOutError, TransportError
from .connections.response import Response
from .intake import Intake
from .lessons.memory import hint_of
from .observer import CallObserver, CallPurse
from .outcome import AttemptState, Marks, Outcome, request_id_in, stopped
from .reader import ResponseReader
from .retry import LOSING_KINDS, Attempt, Patience, wait_before_retry
from .secrets import secrets_of
from .surroundings import Surroundings, date_header
from .transport import read_transport_error
from .vigil import Vigil

if TYPE_CHECKING:
    from .lessons.remedies import Lesson

GRACE_S = 1.0
"""Seconds that a server has to close the body after its terminal event."""


class _SpentError(Exception):
    """What came so far costs all that was granted."""


class Exchange(Struct):
    """A call with its retries. `outcome` may be asked at any time, also after a cancellation.

    The `purse` cuts a stream at what was granted. `go_again` hears of an attempt beside one that may be billed.
    """

    prepared: Prepared
    key: Key | None
    patience: Patience
    surroundings: Surroundings
    observer: CallObserver
    index: int = 0
    authorize: Authorize | None = None
    purse: CallPurse | None = None
    go_again: Callable[[Prepared], Awaitable[None]] | None = None
    _attempts: int = 0
    _given_way: int = 0
    _has_learned: bool = False
    _heeding: tuple[Prepared, Lesson] | None = None
    _given: Prepared | None = None
    _has_left: bool = False
    _current: AttemptState | None = None
    _notices: list[Notice] = []
    _lost: list[Prepared] = []

    def __post_init__(self) -> None:
        self._given = self.prepared

    async def run(self) -> Outcome:
        """Send until there is an answer or no sense in another attempt. Raises only `CancelledError`."""
        deadline = self.surroundings.clock() + self.patience.total_s
        try:
            async with asyncio.timeout(self.patience.total_s):
                while True:
                    failed = await self._attempt()
                    self._remember(failed)
                    if failed is None:
                        break
                    sent_last = self.prepared
                    wait = 0.0 if (gives_way := self._give_way(failed)) else self._wait_after(failed, deadline)
                    if wait is None or not await self._may_go_again(failed, sent_last):
                        break
                    if not gives_way:
                        self.observer.waiting(self.index, wait, failed)
                        await self.surroundings.sleep(wait)
        except TimeoutError:
            words = f"not finished after {self.patience.total_s:g} s in all"
            return self.outcome(failure("timeout", words, hint="raise total_timeout, or lower --think"))
        return self.outcome()

    def outcome(self, failed: Failure | None = None) -> Outcome:
        """What there is now. `failed` is the reason to stop here, if it is not the reply's own."""
        attempt = self._current or self._new_attempt()
        self._break_off(attempt)
        found = attempt.fold.reply()
        reply = attempt.secrets.out_of_reply(found)
        is_withheld = reply is not found or (attempt.reader is not None and attempt.reader.found_secret)
        if reply is not found:
            self._withhold()
        if failed is not None:
            reply = stopped(reply, failed)
        streamed = attempt.reader is not None and attempt.reader.streamed
        unsent = (NEVER_SENT,) if self._attempts and not self._has_left else (ATTEMPT_LOST,) * bool(self._lost)
        return Outcome(
            prepared=self.prepared,
            reply=reply,
            latency=attempt.marks.latency(reply.usage.output_tokens, streamed=streamed),
            attempts=self._attempts,
            request_id=attempt.request_id,
            notices=(*self._notices, *unsent, *((WITHHELD,) if is_withheld else ())),
            hint=None if reply.failure is None else hint_of(reply.failure, self._given or self.prepared),
            lost=tuple(self._lost),
        )

    async def _attempt(self) -> Failure | None:
        """One request. What comes goes into the fold; the failure, if there is one, is returned as well."""
        self._attempts += 1
        attempt = self._current = self._new_attempt()
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
                request, auth, idle_timeout_s=self.patience.idle_s, on_sent=sent, watch=attempt.marks.watch
            ) as response:
                await self._read(response, attempt)
        except TooLargeError as error:
            self._break_off(attempt, failure("protocol", f"the answer cannot be read: {error}"))
        except _SpentError:
            self._break_off(attempt, failure("budget", "cut: what came so far costs all that was granted"))
        except Exception as error:  # there are many; read_transport_error raises all others again
            attempt.silent = attempt.sent and isinstance(error, ReadTimedOutError)
            self._break_off(attempt, read_transport_error(error, request.url, self.patience.idle_s))
        return attempt.fold.failure

    def _new_attempt(self) -> AttemptState:
        secrets = secrets_of(self.prepared.request.headers, self.key)
        return AttemptState(Fold(), Marks(self.surroundings.clock()), secrets)

    async def _read(self, response: Response, attempt: AttemptState) -> None:
        self._has_left = True
        status, target = response.status, self.prepared.target
        headers = attempt.secrets.out_of_headers(response.headers)
        attempt.request_id = request_id_in(headers)
        if self.surroundings.on_response is not None:
            self.surroundings.on_response(status, headers)
        if self.surroundings.tape is not None:
            self.surroundings.tape.opened(self.index, status, headers)
        if "date" not in headers:  # what it says of moments is read against the moment of its arrival
            headers = {**headers, "date": date_header(int(self.surroundings.seconds_since_1970()))}
        reader = attempt.reader = ResponseReader(
            status,
            headers.get("content-type", ""),
            headers,
            target.dialect,
            target.use.quirks,
            emulated=self.prepared.emulated,
            streamed=self.prepared.call.stream,
            secrets=attempt.secrets,
        )
        if reader.awaits == "answer":
            whole = None if response.at_hand is None else response.at_hand()
            if whole is None:
                await self._read_answer(response.chunks, attempt, reader)
            else:
                await self._read_at_hand(whole, attempt, reader)
        elif reader.awaits == "error":
            intake = self._intake(attempt)
            self._take(attempt, reader.feed(intake.take(await read_error_body(response.chunks)) + intake.close()))
        self._take(attempt, reader.close())
        self._note_end(attempt, attempt.marks.watch.arrived)

    def _withhold(self) -> None:
        if self.surroundings.tape is not None:
            self.surroundings.tape.withheld(self.index)

    def _intake(self, attempt: AttemptState) -> Intake:
        tape = self.surroundings.tape
        return Intake(attempt.secrets, None if tape is None else partial(tape.received, self.index))

    def _take_piece(self, piece: bytes, intake: Intake, attempt: AttemptState, reader: ResponseReader) -> None:
        if attempt.marks.first_byte is None:
            attempt.marks.first_byte = self._arrival(attempt)
        self._take(attempt, reader.feed(intake.take(piece)))

    async def _read_at_hand(self, whole: bytes, attempt: AttemptState, reader: ResponseReader) -> None:
        """Take a body that is there: nothing is waited for, so that nothing has to be watched."""
        intake = self._intake(attempt)
        try:
            self._take_piece(whole, intake, attempt, reader)
            if attempt.broke and not (reader.is_over or reader.is_settled):
                raise _SpentError
            if self.surroundings.is_behind:
                await self.surroundings.catch_up()
        finally:
            if held := intake.close():
                self._take(attempt, reader.feed(held))

    async def _read_answer(self, chunks: AsyncIterator[bytes], attempt: AttemptState, reader: ResponseReader) -> None:
        """Take the body until it ends, or nothing more is expected of it."""
        intake = self._intake(attempt)
        vigil, finished = Vigil(self.patience.idle_s, self.patience.grace_s), None
        try:
            async with vigil.limit:
                async for chunk in chunks:
                    self._take_piece(chunk, intake, attempt, reader)
                    if reader.is_over:
                        return
                    if reader.is_settled:
                        vigil.limit.reschedule(None)
                        await self._read_rest(chunks, intake, attempt, reader)
                        return
                    if attempt.broke:
                        raise _SpentError
                    vigil.note(reader)
                    if self.surroundings.is_behind:
                        await self.surroundings.catch_up()
                    if reader.is_finished and reader.has_heard:
                        finished = self._arrival(attempt)
        except TimeoutError:
            if not vigil.limit.expired():
                raise
            if finished is None:
                raise OnlyCommentsError("no event came") from None
            attempt.marks.end = finished
        except TransportError:
            if finished is None:  # else how the connection ends says nothing any more
                raise
            attempt.marks.end = finished
        finally:
            if held := intake.close():
                self._take(attempt, reader.feed(held))

    async def _read_rest(
        self, chunks: AsyncIterator[bytes], intake: Intake, attempt: AttemptState, reader: ResponseReader
    ) -> None:
        """What follows the terminal event: usage after an error, or the end that lets the connection be used again."""
        self._note_end(attempt, attempt.marks.watch.arrived)
        with suppress(TimeoutError, TransportError, TooLargeError):
            async with asyncio.timeout(GRACE_S):
                async for chunk in chunks:
                    self._take(attempt, reader.feed(intake.take(chunk)))
                    if reader.is_over:
                        return

    def _break_off(self, attempt: AttemptState, failed: Failure | None = None) -> None:
        """Take the reason, if it is to be told, and the text that was held back when the exchange broke."""
        if attempt.reader is not None:
            self._take(attempt, attempt.reader.break_off(failed))
        elif failed is not None:
            self._take(attempt, (failed,))
        self._note_end(attempt)

    def _note_end(self, attempt: AttemptState, at: float | None = None) -> None:
        if attempt.marks.end is None:
            attempt.marks.end = self.surroundings.clock() if at is None else at

    def _arrival(self, attempt: AttemptState) -> float:
        """When what is being taken came, which is before it was read."""
        arrived = attempt.marks.watch.arrived
        return self.surroundings.clock() if arrived is None else arrived

    def _take(self, attempt: AttemptState, deltas: Iterable[Delta]) -> None:
        marks, add, purse, tell = attempt.marks, attempt.fold.add, self.purse, self.observer.delta
        if attempt.reader is not None and attempt.reader.found_secret:
            self._withhold()
        for delta in deltas:
            if type(delta) is AnswerDelta:
                if delta.text and marks.first_answer is None:
                    attempt.shown = True
                    marks.first_answer = self._arrival(attempt)
            elif type(delta) is ReasoningDelta:
                if delta.text and marks.first_reasoning is None:
                    attempt.shown = True
                    marks.first_reasoning = self._arrival(attempt)
            elif type(delta) is Failure:
                delta = attempt.secrets.out_of_message(delta)
            add(delta)
            if purse is not None and purse.take(delta):
                attempt.broke = True
            tell(self.index, delta)

    async def _may_go_again(self, failed: Failure, sent_last: Prepared) -> bool:
        """Whether another attempt may be paid for, beside the one that has failed and may be billed as well."""
        attempt = self._current
        began = attempt is not None and attempt.sent and (attempt.reader is None or attempt.reader.awaits == "answer")
        lost = began and failed.kind in LOSING_KINDS
        if self.purse is not None:
            granted = await self.purse.again(self.prepared, lost=lost)
            if isinstance(granted, Failure):
                self.prepared = sent_last
                self._notices.append(Notice("not_retried", f"no other attempt was made: {granted.message}"))
                return False
            self.prepared = granted
        if lost:
            self._lost.append(sent_last)
            if self.go_again is not None:
                await self.go_again(self.prepared)
        return True

    def _give_way(self, failed: Failure) -> bool:
        """Drop what the provider refuses and the call can do without, once each. True when it is worth another try.

        Such a try is none of the retries, which are for what may pass by itself.
        """
        shown = self._current is not None and self._current.shown
        if shown or failed.kind not in ("invalid_request", "permission", "not_found", "context_length"):
            return False
        before = self.prepared
        self._learn(failed)
        if self.prepared is before and failed.param:
            self._drop(failed.param, failed.message)
        if self.prepared is before and (again := without_refused_pieces(before, failed)):
            self.prepared, notice = again
            self._notices.append(notice)
        if self.prepared is before:
            self._heed(failed)
        if self.prepared is before:
            return False
        self._given_way += 1
        return True

    def _learn(self, failed: Failure) -> None:
        """Take the legal levels that the refusal names instead of those of the card, once."""
        from .lessons.levels import legal_levels

        legal = legal_levels(failed)
        if legal is None or self._has_learned or self.prepared.asked.is_strict:
            return
        self._has_learned = True
        if (again := with_levels(self.prepared, *legal)) is None:
            return
        words = f"the provider refused the level ({failed.message}) and was asked again with one that it names"
        named = ", ".join(level.value for level in legal[0])
        told = f"{self.prepared.call.model} takes {named}, which is not what its card says; please report it"
        self._notices += [Notice("level_refused", words), Notice("card_disagrees", told)]
        self.prepared = replace(again, plan=replace(again.plan, note=words, fidelity="clamped"))

    def _remember(self, failed: Failure | None) -> None:
        """Keep a lesson that helped, for all calls to the endpoint and the model."""
        if self._heeding is None:
            return
        from .lessons.remedies import TEACHING_KINDS

        if failed is None or failed.kind not in TEACHING_KINDS:
            self.surroundings.transport.lessons.learn(*self._heeding)

    def _heed(self, failed: Failure) -> None:
        """Send what the table of lessons says instead of what was refused, once."""
        if self._heeding is not None:
            return
        from .lessons.remedies import heeded, lesson_of

        lesson = lesson_of(failed, self.prepared)
        again = None if lesson is None else heeded(self.prepared, lesson)
        if lesson is not None and again is not None:
            self._heeding = (self.prepared, lesson)
            self.prepared = again

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
        answered = attempt.shown or (attempt.reader is not None and attempt.reader.is_finished)
        ended = Attempt(failed, self._attempts - self._given_way, shown=answered, silent=attempt.silent)
        wait = wait_before_retry(ended, self.patience.retries, self.surroundings.dice)
        if wait is not None and self.surroundings.clock() + wait >= deadline:
            return None
        return wait
