"""Parts of a job -> batches at their providers, each made once, also when we are killed in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from ....providers.batches.contract import BatchState, UploadError
from ....providers.dialect import failure
from ....providers.errors import Failure
from ....providers.schema import HttpRequest
from .client import AnswerError
from .desk import Desk, Desks
from .job_store import Job, JobStore, Part, stamp
from .together import at_each_provider, raise_one

LOOKS = 3
"""How often the provider's list is looked through for a batch that may exist, before it is taken not to."""

SKEW = timedelta(minutes=5)
"""By how much the provider's clock and ours may differ."""

MOST_PAGES = 100
MOST_STEPS = 4
MOST_CREATIONS = 3
MOST_UPLOADS = 3

PASSING_KINDS = ("auth", "permission", "quota")
"""Refusals that are not about the rows: with another key or a paid bill the same part is taken."""


class Submitter:
    """Brings the parts of a job to their providers. `note` hears what people should know."""

    def __init__(
        self,
        store: JobStore,
        desks: Desks,
        *,
        pause_s: float,
        sleep: Callable[[float], Awaitable[None]],
        note: Callable[[str], None],
    ) -> None:
        self._store, self._desks = store, desks
        self._pause_s, self._sleep, self._note = pause_s, sleep, note

    async def submit(self, job: Job) -> None:
        """Submit what has not been submitted. A part that a provider refuses is dropped, and says why.

        A part whose creation can neither be found nor ruled out stays as it is, for the next time. Raises
        `AnswerError` when a provider cannot be asked, after the others have been.
        """
        raise_one(await at_each_provider(job.parts, lambda part: self.submit_part(job, part)), self._note)

    async def submit_part(self, job: Job, part: Part) -> None:
        """The same for one part."""
        if part.stage in ("planned", "uploaded", "creating"):
            await self._submit(job, part, self._desks.for_job(job, part.profile))

    async def recover(self, job: Job, part: Part) -> bool:
        """Find the batch of a part whose creation was not answered. False when the provider has none."""
        desk = self._desks.for_job(job, part.profile)
        for look in range(LOOKS):
            if look:
                await self._sleep(self._pause_s)
            found = await self._search(desk, job, part)
            if found is not None:
                part.guessed = not desk.api.NAMED
                self._adopt(job, part, found)
                how = "; its rows will tell whether it is ours" if part.guessed else ""
                self._note(f"{job.name_of(part)} was created without an answer to us: it is {found.id}{how}")
                return True
        return False

    async def _submit(self, job: Job, part: Part, desk: Desk) -> None:
        try:
            for _ in range(MOST_CREATIONS):
                if part.stage == "creating":
                    if await self.recover(job, part):
                        return
                    self._note(f"{job.name_of(part)} is not in the provider's list: it is created now")
                    part.stage = "uploaded"
                if part.stage == "planned":
                    await self._upload(job, part, desk)
                if await self._create(job, part, desk):
                    return
            self._note(f"{job.name_of(part)} may exist at the provider: it is looked for again the next time")
        except UploadError as error:
            self._drop(job, part, failure("protocol", str(error)))
        except AnswerError as error:
            if part.stage == "creating" or error.failure.retryable or error.failure.kind in PASSING_KINDS:
                raise
            self._drop(job, part, error.failure)

    async def _upload(self, job: Job, part: Part, desk: Desk) -> None:
        """A file that nobody uses harms nobody: this may happen again."""
        content = job.content(part)
        for attempt in range(1, MOST_UPLOADS + 1):
            try:
                part.file_id = await _uploaded(desk, job.name_of(part), content)
                break
            except AnswerError as error:
                # The steps of an upload that broke off cannot be repeated one by one: it begins anew.
                if not error.may_have_worked or attempt == MOST_UPLOADS:
                    raise
                if not await desk.client.rest(error.failure, attempt):
                    raise
        part.stage = "uploaded"
        job.save(part)

    async def _create(self, job: Job, part: Part, desk: Desk) -> bool:
        """Ask for the batch once. False when it may exist all the same."""
        content = job.content(part) if part.file_id is None else b""
        request = desk.api.create(job.name_of(part), content, part.file_id)
        part.stage = "creating"
        part.intended_at = part.intended_at or stamp(datetime.now(UTC))
        job.save(part)
        try:
            answer = await desk.client.ask(request, repeatable=False)
        except AnswerError as error:
            if error.may_have_worked:
                self._note(f"{job.name_of(part)}: {error.failure.message}; it is looked for at the provider")
                await self._sleep(self._pause_s)
                return False
            part.stage = "uploaded"
            job.save(part)
            raise
        state = desk.api.read(answer.document)
        if not state.id:
            return False
        self._adopt(job, part, state)
        return True

    def _adopt(self, job: Job, part: Part, state: BatchState) -> None:
        part.batch_id, part.stage = state.id, "created"
        part.take(state)
        job.save(part)
        if not part.guessed:
            job.path(part, "sent").unlink(missing_ok=True)

    def _drop(self, job: Job, part: Part, failed: Failure) -> None:
        part.stage, part.problem = "dropped", {"kind": failed.kind, "message": failed.message}
        job.save(part)
        self._note(f"{job.name_of(part)} was not taken: {failed.message}")

    async def _search(self, desk: Desk, job: Job, part: Part) -> BatchState | None:
        """Our batch in the provider's list: by its name or its file, else by its time and size."""
        since = _moment(part.intended_at) - SKEW
        known = self._store.known_batches() | set(part.rejected)
        page: str | None = None
        for _ in range(MOST_PAGES):
            answer = await desk.client.ask(desk.api.listing(page))
            listed = desk.api.read_list(answer.document, page)
            for state in listed.batches:
                if state.id not in known and _is_ours(desk, job, part, state, since):
                    return state
            oldest = listed.batches[-1].created_at if listed.batches else None
            page = listed.following
            if page is None or (oldest is not None and oldest < since):
                return None
        return None


async def _uploaded(desk: Desk, name: str, content: bytes) -> str | None:
    """The id of the uploaded rows; None where they go with the creation. Raises `AnswerError`, `UploadError`."""
    request = desk.api.upload(name, content)
    for number in range(MOST_STEPS):
        if request is None:
            return None
        answer = await desk.client.ask(request, repeatable=number == 0)
        step = desk.api.read_upload(answer.headers, answer.document, content)
        if not isinstance(step, HttpRequest):
            return step
        request = step
    raise UploadError(f"the provider asks for more than {MOST_STEPS} steps to upload a file")


def _is_ours(desk: Desk, job: Job, part: Part, state: BatchState, since: datetime) -> bool:
    if desk.api.NAMED:
        return state.name == job.name_of(part) or (part.file_id is not None and state.input_file == part.file_id)
    return state.created_at is not None and state.created_at >= since and state.counts.total == part.rows


def _moment(written: str | None) -> datetime:
    return datetime.fromisoformat(written) if written else datetime.now(UTC)
