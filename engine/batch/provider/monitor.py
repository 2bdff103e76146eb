"""Asking the providers how their batches are getting on, at a pace that they can bear."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime

from ....providers.batches.contract import BatchState
from ....providers.json_values import parse_reply
from ...exchange.files.client import ApiError
from .access import ProviderAccess, ProviderAccesses
from .job_store import BatchJob, BatchPart
from .submitter import Submitter
from .together import at_each_provider, raise_one

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0
GROWTH = 1.5
LONGEST_HOLD_S = 3600.0
GONE = (404, 410)

UNENDED = ("planned", "uploaded", "creating", "created")


class Monitor:
    """Looks after the submitted parts of a job."""

    def __init__(
        self,
        accesses: ProviderAccesses,
        submitter: Submitter,
        *,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], float],
        note: Callable[[str], None],
    ) -> None:
        self._accesses, self._submitter = accesses, submitter
        self._sleep, self._clock, self._note = sleep, clock, note
        self._overdue: set[str] = set()
        self._held_until: dict[str, float] = {}

    async def look(self, job: BatchJob, part: BatchPart) -> None:
        """Ask once how `part` is getting on. Raises `ApiError`."""
        if part.stage != "created" or part.batch_id is None:
            return
        access = self._accesses.for_job(job, part.profile)
        answer = await access.client.ask(access.api.look(part.batch_id))
        state = access.api.read(answer.document)
        part.take(state)
        if state.is_over:
            if part.guessed and not await self._is_ours(job, part, access, state):
                return
            part.stage, part.guessed = "ended", False
            job.path(part, "sent").unlink(missing_ok=True)
        job.save(part)

    async def look_at_all(self, job: BatchJob) -> None:
        """Ask once how all parts are getting on. Raises `ApiError` when all that can be asked have been."""
        raise_one(await at_each_provider(job.parts, lambda part: self.look(job, part)), self._note)

    async def wait(
        self, job: BatchJob, *, poll_s: float | None, most_s: float | None, looked: Callable[[BatchJob], None]
    ) -> bool:
        """Submit what is left to submit and look until all parts have ended. False when `most_s` were not enough.

        Without `poll_s` the looks begin close together and become rarer. A provider that cannot be reached for a while
        is waited for; one that refuses us is not: when the others have ended, `ApiError`.
        """
        until = None if most_s is None else self._clock() + most_s
        pause_s = poll_s if poll_s is not None else FIRST_PAUSE_S
        refused: dict[str, ApiError] = {}
        while True:
            await self._round(job, refused)
            looked(job)
            waiting = [part for part in job.parts if part.stage in UNENDED and part.profile not in refused]
            if not waiting:
                raise_one(refused, lambda _: None)
                return True
            held_s = min(self._held_until.get(part.profile, 0.0) for part in waiting) - self._clock()
            rest_s = max(pause_s, held_s)
            if until is not None:
                left_s = until - self._clock()
                if left_s <= 0:
                    return False
                rest_s = min(rest_s, left_s)
            await self._sleep(rest_s)
            if poll_s is None:
                pause_s = min(pause_s * GROWTH, LONGEST_PAUSE_S)

    async def cancel(self, job: BatchJob) -> None:
        """Cancel what can be cancelled. What is done by then is kept, and is paid for. Raises `ApiError`.

        What the provider does not have any more, a batch or its results, is given up.
        """
        raise_one(await at_each_provider(job.parts, lambda part: self._cancel(job, part)), self._note)

    async def _cancel(self, job: BatchJob, part: BatchPart) -> None:
        if part.stage == "creating" and not await self._submitter.recover(job, part):
            part.stage = "uploaded"
        if part.stage in ("planned", "uploaded"):
            self._give_up(job, part, "cancelled", "cancelled before it was submitted")
        elif part.stage == "created" and part.guessed:
            words = "may be somebody else's: it is not cancelled before its results tell"
            self._note(f"{part.batch_id} has the size and the time of {job.name_of(part)}, but {words}")
        elif part.stage == "created" and part.batch_id is not None:
            access = self._accesses.for_job(job, part.profile)
            try:
                await self.look(job, part)
                if part.stage == "created" and part.status != "cancelling":
                    await access.client.ask(access.api.cancel(part.batch_id))
                    await self.look(job, part)
            except ApiError as error:
                if error.failure.status not in GONE:
                    raise
                self._give_up(job, part, "not_found", f"{part.batch_id} is not known to the provider any more")
        if part.stage == "ended" and not await self._has_results(job, part):
            self._give_up(job, part, "not_found", f"the results of {part.batch_id} are not kept any more")

    def _give_up(self, job: BatchJob, part: BatchPart, kind: str, words: str) -> None:
        """Close a part of which nothing will come: its rows count as never sent."""
        part.stage, part.problem = "dropped", {"kind": kind, "message": words}
        job.save(part)
        if kind != "cancelled":
            self._note(f"{job.name_of(part)} is given up: {words}; the same rows may be submitted again")

    async def _has_results(self, job: BatchJob, part: BatchPart) -> bool:
        """Whether the provider still has the results of a batch that has ended."""
        access = self._accesses.for_job(job, part.profile)
        try:
            state = access.api.read((await access.client.ask(access.api.look(part.batch_id or ""))).document)
            for request in access.api.results(state):
                if not access.api.IN_LINES:
                    await access.client.ask(request)
                    continue
                async with aclosing(access.client.lines(request)) as lines:
                    async for _ in lines:
                        break
        except ApiError as error:
            if error.failure.status in GONE:
                return False
            raise
        return True

    async def _round(self, job: BatchJob, refused: dict[str, ApiError]) -> None:
        """One look at everything but what is held or has been `refused`, which grows."""
        now = self._clock()

        async def look(part: BatchPart) -> None:
            await self._submitter.submit_part(job, part)
            await self.look(job, part)
            self._warn(job, part)

        ready = [
            part
            for part in job.parts
            if part.stage in UNENDED and part.profile not in refused and self._held_until.get(part.profile, 0.0) <= now
        ]
        for name, error in (await at_each_provider(ready, look)).items():
            if error.failure.retryable:
                hold_s = min(error.failure.retry_after_s or 0.0, LONGEST_HOLD_S)
                self._held_until[name] = self._clock() + hold_s
                self._note(f"{name}: {error.failure.message}; trying again")
            else:
                refused[name] = error
                if any(part.stage in UNENDED and part.profile not in refused for part in job.parts):
                    self._note(f"{name}: {error.failure.message}; waiting for the others")

    def _warn(self, job: BatchJob, part: BatchPart) -> None:
        """Say once that a batch should have ended: some hang for ever."""
        name = job.name_of(part)
        if is_overdue(part) and name not in self._overdue:
            self._overdue.add(name)
            self._note(f"{name} should have ended by {part.expires_at}; thinkdial batch cancel {job.id} gives it up")

    async def _is_ours(self, job: BatchJob, part: BatchPart, access: ProviderAccess, state: BatchState) -> bool:
        """Whether the results of a batch that was only guessed name our rows. If not, the search begins again."""
        works = job.works(part)
        for request in access.api.results(state):
            async for line in access.client.lines(request):
                try:
                    page = access.api.read_results(parse_reply(line), state.id)
                except ValueError:
                    continue
                if any(_token(row.custom_id) in works for row in page.rows):
                    return True
                break
        self._note(f"{state.id} is not {job.name_of(part)}: its rows are others")
        part.rejected = (*part.rejected, state.id)
        part.batch_id, part.status, part.stage, part.guessed = None, None, "creating", False
        part.counts, part.problem, part.created_at = {}, None, None
        job.save(part)
        return False


def _token(custom_id: str) -> bytes:
    try:
        return bytes.fromhex(custom_id)
    except ValueError:
        return b""


def is_overdue(part: BatchPart) -> bool:
    """Whether the provider has had all the time that it said it may take."""
    if part.stage != "created" or part.expires_at is None:
        return False
    return datetime.fromisoformat(part.expires_at) < datetime.now(UTC)
