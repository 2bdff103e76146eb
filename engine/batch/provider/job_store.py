"""What is known of the batches at the providers, in private files that survive a kill at any moment.

A job is one command's rows; each part of it becomes one batch at a provider. A directory a job:

    job.json          written last: a job without it was never begun
    part-001.json     where the part stands
    part-001.works    16 bytes for each of its works
    part-001.rows     the rows, compressed: what the results are to be joined with
    part-001.sent     what is uploaded, compressed; gone when the provider has it
    part-001.written  16 bytes for each result that has been written

None of them holds a key.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import time
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from msgspec import Struct, field
from msgspec.structs import asdict

from ....profiles.disk import data_place, make_private_directory, open_private, read_bounded, read_stream, write_private
from ....providers.batches.contract import BatchState
from ....providers.errors import ConfigError, StoreError, UsageError
from ....providers.json_values import count, obj, parse_json, text
from ...results.assembly import new_id
from ..output.lock import lock_file

SCHEMA = "thinkdial.batch-job/1"
JOB_FILE = "job.json"
TOKEN_BYTES = 16
LEAST_PREFIX = 4
ID_LENGTH = 8
LIST_HINT = "thinkdial batch list shows those of this machine; what was collected is forgotten after a while"
KEPT_DAYS = 30
"""How long a job that is over is kept: about as long as providers keep its results."""

HELD_BYTES = 100 * 2**20
"""What is uploaded at once is held in memory meanwhile, so a part is no larger, whatever its provider allows."""

MOST_STORED_BYTES = 64 * 2**20
"""More than what describes a job, or the works of a part, ever takes."""

LEFTOVER_S = 3600.0
"""A directory without a job that is younger may be a job that is being planned."""

Stage = Literal["planned", "uploaded", "creating", "created", "ended", "collected", "dropped"]
"""`creating` is written before the creation is asked for: found there again, the batch may exist. `dropped` parts were
refused or cancelled before the provider had them; their rows count as never sent."""

OPEN: frozenset[Stage] = frozenset({"planned", "uploaded", "creating", "created", "ended"})

UNSUBMITTED: frozenset[Stage] = frozenset({"planned", "uploaded"})


class BatchPart(Struct):
    """One batch at a provider, or what is to become one. Times are RFC 3339 in UTC.

    `intended_at` is when its creation was first asked for. `guessed`: the batch was taken for ours by time and size
    alone. `rejected` are batches that turned out not to be. `ok` and `failed` count the results that were written, to
    `written_to` if that is not the job's output. `unbooked`: not all of what they cost is in the history. `bill` is
    what they cost (`bills.PartBill`), of a collected part.
    """

    number: int
    profile: str
    provider: str
    model: str
    rows: int
    bytes: int
    stage: Stage = "planned"
    file_id: str | None = None
    batch_id: str | None = None
    intended_at: str | None = None
    created_at: str | None = None
    guessed: bool = False
    rejected: tuple[str, ...] = ()
    status: str | None = None
    counts: Mapping[str, int | None] = field(default_factory=dict[str, int | None])
    expires_at: str | None = None
    problem: Mapping[str, Any] | None = None
    ok: int = 0
    failed: int = 0
    written_to: str | None = None
    unbooked: bool = False
    bill: Mapping[str, Any] | None = None

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN

    @property
    def is_owing(self) -> bool:
        """Whether something of it is still to be entered into the history."""
        return self.is_open or self.unbooked

    def take(self, state: BatchState) -> None:
        """Note what the provider says."""
        self.status = state.status
        self.counts = {name: value for name, value in asdict(state.counts).items() if value is not None}
        self.expires_at = stamp(state.expires_at) or self.expires_at
        self.created_at = stamp(state.created_at) or self.created_at
        self.problem = None if state.error is None else {"kind": state.error.kind, "message": state.error.message}


class BatchJob(Struct):
    """One command's rows. `settings` are those of its profiles that change what is asked, as they were."""

    id: str
    created_at: str
    output: str
    form: str
    batch: str
    config: str | None
    options: Mapping[str, Any]
    settings: Mapping[str, Mapping[str, Any]]
    directory: Path
    parts: list[BatchPart] = field(default_factory=list[BatchPart])

    @property
    def is_open(self) -> bool:
        return any(part.is_open for part in self.parts)

    @property
    def is_owing(self) -> bool:
        return any(part.is_owing for part in self.parts)

    def is_for(self, output: Path, batch: str) -> bool:
        """Whether its results go to `output`, or would, had its directory not moved."""
        return self.output == str(output) or (self.batch == batch and not Path(self.output).exists())

    def move(self, output: Path) -> None:
        """Let the results go to `output` from now on."""
        self.output = str(output)
        self.begin()

    def name_of(self, part: BatchPart) -> str:
        """What the provider is told to call the batch: by it the batch is found again."""
        return f"thinkdial-{self.id}-{part.number:03}"

    def path(self, part: BatchPart, kind: str) -> Path:
        return self.directory / f"part-{part.number:03}.{kind}"

    def save(self, part: BatchPart) -> None:
        """Write where `part` stands, whole or not at all. When this returns a crash does not lose it."""
        _save(self.path(part, "json"), asdict(part))

    def begin(self) -> None:
        """Write the job itself: from here on it exists."""
        for part in self.parts:
            self.save(part)
        written = {name: value for name, value in asdict(self).items() if name not in ("directory", "parts")}
        written["settings"] = {name: dict(value) for name, value in self.settings.items()}
        _save(self.directory / JOB_FILE, {"schema": SCHEMA, **written, "parts": len(self.parts)})

    def discard(self) -> None:
        """Forget a job that has not begun."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def works(self, part: BatchPart, kind: Literal["works", "written"] = "works") -> set[bytes]:
        """The tokens of the works of `part`, or of those whose results have been written."""
        path = self.path(part, kind)
        try:
            data = read_bounded(path, MOST_STORED_BYTES)
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
        return {data[at : at + TOKEN_BYTES] for at in range(0, len(data) - TOKEN_BYTES + 1, TOKEN_BYTES)}

    def content(self, part: BatchPart) -> bytes:
        """What is uploaded."""
        path = self.path(part, "sent")
        try:
            with gzip.open(path, "rb") as file:
                return read_stream(file, HELD_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            raise StoreError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None

    @contextmanager
    def rows(self, part: BatchPart) -> Generator[BinaryIO]:
        """The rows as lines of JSON."""
        with gzip.open(self.path(part, "rows"), "rb") as file:
            yield cast("BinaryIO", file)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep other processes from working on this job. Raises `ConfigError` when one does."""
        path = self.directory / "lock"
        try:
            descriptor = open_private(path, os.O_RDWR)
        except FileNotFoundError:
            raise ConfigError(f"batch {self.id} has been removed", hint=LIST_HINT) from None
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror}") from None
        try:
            try:
                lock_file(descriptor, path)
            except ConfigError:
                raise ConfigError(
                    f"batch {self.id} is being worked on by another process", hint="wait for it, or stop it"
                ) from None
            yield
        finally:
            os.close(descriptor)


class JobStore:
    """The jobs of this user on this machine."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or _usual_root()

    def new(self, **given: Any) -> BatchJob:
        """A job with a directory of its own; it exists for others when it has begun."""
        job_id = new_id()[:ID_LENGTH]
        directory = self._root / job_id
        try:
            make_private_directory(directory, exist_ok=False)
        except OSError as error:
            raise StoreError(f"{directory}: cannot be made: {error.strerror}") from None
        return BatchJob(id=job_id, created_at=stamp(datetime.now(UTC)) or "", directory=directory, **given)

    def jobs(self) -> list[BatchJob]:
        """All jobs, newest first. One that cannot be read is left out."""
        found = [job for directory in self._directories() if (job := _read_job(directory)) is not None]
        return sorted(found, key=lambda job: (job.created_at, job.id), reverse=True)

    def find(self, name: str | None) -> BatchJob:
        """The job whose id begins with `name`; without a name the newest that is open, else the newest.

        Raises `UsageError` when there is none, or more than one.
        """
        jobs = self.jobs()
        if not jobs:
            raise UsageError(
                "no batch was submitted from this machine", hint="thinkdial batch FILE -p NAME --via provider -o FILE"
            )
        if name is None:
            open_ones = [job for job in jobs if job.is_open]
            if len(open_ones) > 1:
                raise UsageError(
                    f"{len(open_ones)} batches are open: {', '.join(job.id for job in open_ones)}", hint="name one"
                )
            return (open_ones or jobs)[0]
        fitting = [job for job in jobs if job.id.startswith(name)] if len(name) >= LEAST_PREFIX else []
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise UsageError(f"{name} stands for {', '.join(job.id for job in fitting)}", hint="write more of it")
        raise UsageError(f"no batch is called {name}", hint=LIST_HINT)

    def open_for(self, output: Path, batch: str) -> list[BatchJob]:
        """The open jobs whose results go to `output`, oldest first.

        Those of the same `batch` whose own output is gone are among them: the directory has moved.
        """
        return [job for job in reversed(self.jobs()) if job.is_open and job.is_for(output, batch)]

    def known_batches(self) -> set[str]:
        """The ids of all batches that belong to a part."""
        return {part.batch_id for job in self.jobs() for part in job.parts if part.batch_id}

    def may_exist(self, job_id: str) -> bool:
        """Whether there is a job of this id, be it unreadable, or one that is just being planned."""
        directory = self._root / job_id
        try:
            if (directory / JOB_FILE).exists():
                return True
            try:
                with _unread(directory).locked():
                    return (directory / JOB_FILE).exists()
            except (ConfigError, StoreError):
                return directory.exists()
        except OSError:  # a directory that we may not look into
            return True

    def tidy(self, keep_days: int | None) -> None:
        """Remove jobs that have been over for `KEPT_DAYS`, or for `keep_days` if that is less; none that is open.

        What is left of jobs that were killed before they had begun goes as well.
        """
        now = time.time()
        oldest = now - 86_400 * min(KEPT_DAYS, KEPT_DAYS if keep_days is None else keep_days)
        for directory in self._directories():
            with suppress(ConfigError, StoreError, OSError):
                if not _is_over(directory, oldest) and not _is_left_over(directory, now):
                    continue
                with _unread(directory).locked():
                    if _is_over(directory, oldest):
                        (directory / JOB_FILE).unlink()  # first of all: without it the rest is a leftover
                    elif not _is_left_over(directory, now):
                        continue
                    shutil.rmtree(directory)

    def _directories(self) -> Iterator[Path]:
        try:
            yield from sorted(path for path in self._root.iterdir() if path.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise StoreError(f"{self._root}: cannot be read: {error.strerror}") from None


def job_document(job: BatchJob) -> dict[str, Any]:
    """Everything that is known of a job, for programs."""
    kept = ("id", "created_at", "output", "form", "config", "options")
    return {
        "schema": SCHEMA,
        **{name: getattr(job, name) for name in kept},
        "open": job.is_open,
        "parts": [{**asdict(part), "name": job.name_of(part)} for part in job.parts],
    }


def stamp(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _save(path: Path, document: Mapping[str, Any]) -> None:
    data = json.dumps(document, ensure_ascii=False, indent=1, default=str).encode("utf-8", "replace")
    try:
        write_private(path, data, to_disk=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from None


def _usual_root() -> Path:
    return data_place() / "batches"


def _read_job(directory: Path) -> BatchJob | None:
    told = _document(directory / JOB_FILE)
    if told.get("schema") != SCHEMA:
        return None
    job = BatchJob(
        id=text(told.get("id")) or "",
        created_at=text(told.get("created_at")) or "",
        output=text(told.get("output")) or "",
        form=text(told.get("form")) or "",
        batch=text(told.get("batch")) or "",
        config=text(told.get("config")),
        options=obj(told.get("options")),
        settings={name: obj(value) for name, value in obj(told.get("settings")).items()},
        directory=directory,
    )
    for number in range(1, (count(told.get("parts")) or 0) + 1):
        known = _document(directory / f"part-{number:03}.json")
        fields: dict[str, Any] = {name: known[name] for name in BatchPart.__struct_fields__ if name in known}
        fields["rejected"] = tuple(fields.get("rejected") or ())
        try:
            job.parts.append(BatchPart(**fields))
        except TypeError:
            return None
    return job


def _is_over(directory: Path, oldest: float) -> bool:
    """Whether a job can be read, is not open, and has not changed since the moment `oldest` (seconds of Unix time)."""
    job = _read_job(directory)
    if job is None or job.is_open:
        return False
    changed = [path.stat().st_mtime for path in (directory / JOB_FILE, *(job.path(part, "json") for part in job.parts))]
    return max(changed) < oldest


def _is_left_over(directory: Path, now: float) -> bool:
    """Whether no job has begun here, and none that is being planned will."""
    return not (directory / JOB_FILE).exists() and directory.stat().st_mtime < now - LEFTOVER_S


def _unread(directory: Path) -> BatchJob:
    """Stands for what is in a directory, for the sake of its lock."""
    return BatchJob(directory.name, "", "", "", "", None, {}, {}, directory)


def _document(path: Path) -> Mapping[str, Any]:
    try:
        return obj(parse_json(read_bounded(path, MOST_STORED_BYTES)))
    except (OSError, ValueError):
        return {}
