"""Parts of a job -> batches at their providers, each made once, also when we are killed in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from ....providers.batches.contract import BatchState, UploadError
from ....providers.dialect import failure
from ....providers.errors import Failure
from ....providers.schema import HttpRequest
from ...exchange.files.client import ApiError
from .access import ProviderAccess, ProviderAccesses
from .job_store import BatchJob, BatchPart, JobStore, stamp
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
        accesses: ProviderAccesses,
        *,
        pause_s: float,
        sleep: Callable[[float], Awaitable[None]],
        note: Callable[[str], None],
    ) -> None:
        self._store, self._accesses = store, accesses
        self._pause_s, self._sleep, self._note = pause_s, sleep, note

    async def submit(self, job: BatchJob) -> None:
        """Submit what has not been submitted. A part that a provider refuses is dropped, and says why.

        A part whose creation can neither be found nor ruled out stays as it is, for the next time. Raises
        `ApiError` when a provider cannot be asked, after the others have been.
        """
        raise_one(await at_each_provider(job.parts, lambda part: self.submit_part(job, part)), self._note)

    async def submit_part(self, job: BatchJob, part: BatchPart) -> None:
        """The same for one part."""
        if part.stage in ("planned", "uploaded", "creating"):
            await self._submit(job, part, self._accesses.for_job(job, part.profile))

    async def recover(self, job: BatchJob, part: BatchPart) -> bool:
        """Find the batch of a part whose creation was not answered. False when the provider has none."""
        access = self._accesses.for_job(job, part.profile)
        for look in range(LOOKS):
            if look:
                await self._sleep(self._pause_s)
            found = await self._search(access, job, part)
            if found is not None:
                part.guessed = not access.api.NAMED
                self._adopt(job, part, found)
                how = "; its rows will tell whether it is ours" if part.guessed else ""
                self._note(f"{job.name_of(part)} was created without an answer to us: it is {found.id}{how}")
                return True
        return False

    async def _submit(self, job: BatchJob, part: BatchPart, access: ProviderAccess) -> None:
        try:
            for _ in range(MOST_CREATIONS):
                if part.stage == "creating":
                    if await self.recover(job, part):
                        return
                    self._note(f"{job.name_of(part)} is not in the provider's list: it is created now")
                    part.stage = "uploaded"
                if part.stage == "planned":
                    await self._upload(job, part, access)
                if await self._create(job, part, access):
                    return
            self._note(f"{job.name_of(part)} may exist at the provider: it is looked for again the next time")
        except UploadError as error:
            self._drop(job, part, failure("protocol", str(error)))
        except ApiError as error:
            if part.stage == "creating" or error.failure.retryable or error.failure.kind in PASSING_KINDS:
                raise
            self._drop(job, part, error.failure)

    async def _upload(self, job: BatchJob, part: BatchPart, access: ProviderAccess) -> None:
        """A file that nobody uses harms nobody: this may happen again."""
        content = job.content(part)
        for attempt in range(1, MOST_UPLOADS + 1):
            try:
                part.file_id = await _uploaded(access, job.name_of(part), content)
                break
            except ApiError as error:
                # The steps of an upload that broke off cannot be repeated one by one: it begins anew.
                if not error.may_have_worked or attempt == MOST_UPLOADS:
                    raise
                if not await access.client.rest(error.failure, attempt):
                    raise
        part.stage = "uploaded"
        job.save(part)

    async def _create(self, job: BatchJob, part: BatchPart, access: ProviderAccess) -> bool:
        """Ask for the batch once. False when it may exist all the same."""
        content = job.content(part) if part.file_id is None else b""
        request = access.api.create(job.name_of(part), content, part.file_id)
        part.stage = "creating"
        part.intended_at = part.intended_at or stamp(datetime.now(UTC))
        job.save(part)
        try:
            answer = await access.client.ask(request, repeatable=False)
        except ApiError as error:
            if error.may_have_worked:
                self._note(f"{job.name_of(part)}: {error.failure.message}; it is looked for at the provider")
                await self._sleep(self._pause_s)
                return False
            part.stage = "uploaded"
            job.save(part)
            raise
        state = access.api.read(answer.document)
        if not state.id:
            return False
        self._adopt(job, part, state)
        return True

    def _adopt(self, job: BatchJob, part: BatchPart, state: BatchState) -> None:
        part.batch_id, part.stage = state.id, "created"
        part.take(state)
        job.save(part)
        if not part.guessed:
            job.path(part, "sent").unlink(missing_ok=True)

    def _drop(self, job: BatchJob, part: BatchPart, failed: Failure) -> None:
        part.stage, part.problem = "dropped", {"kind": failed.kind, "message": failed.message}
        job.save(part)
        self._note(f"{job.name_of(part)} was not taken: {failed.message}")

    async def _search(self, access: ProviderAccess, job: BatchJob, part: BatchPart) -> BatchState | None:
        """Our batch in the provider's list: by its name or its file, else by its time and size."""
        since = _moment(part.intended_at) - SKEW
        known = self._store.known_batches() | set(part.rejected)
        page: str | None = None
        for _ in range(MOST_PAGES):
            answer = await access.client.ask(access.api.listing(page))
            listed = access.api.read_list(answer.document, page)
            for state in listed.batches:
                if state.id not in known and _is_ours(access, job, part, state, since):
                    return state
            oldest = listed.batches[-1].created_at if listed.batches else None
            page = listed.following
            if page is None or (oldest is not None and oldest < since):
                return None
        return None


async def _uploaded(access: ProviderAccess, name: str, content: bytes) -> str | None:
    """The id of the uploaded rows; None where they go with the creation. Raises `ApiError`, `UploadError`."""
    request = access.api.upload(name, content)
    for number in range(MOST_STEPS):
        if request is None:
            return None
        answer = await access.client.ask(request, repeatable=number == 0)
        step = access.api.read_upload(answer.headers, answer.document, content)
        if not isinstance(step, HttpRequest):
            return step
        request = step
    raise UploadError(f"the provider asks for more than {MOST_STEPS} steps to upload a file")


def _is_ours(access: ProviderAccess, job: BatchJob, part: BatchPart, state: BatchState, since: datetime) -> bool:
    if access.api.NAMED:
        return state.name == job.name_of(part) or (part.file_id is not None and state.input_file == part.file_id)
    return state.created_at is not None and state.created_at >= since and state.counts.total == part.rows


def _moment(written: str | None) -> datetime:
    return datetime.fromisoformat(written) if written else datetime.now(UTC)
