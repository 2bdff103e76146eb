"""Rows -> the parts of a job, on disk, each within what one batch of its provider may hold. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ....providers.dialect import failure
from ....providers.errors import ConfigError, Failure, ThinkdialError
from ....providers.think import Think
from ....providers.turns.pieces import FILE_MARK
from ...planning.prepare import Prompt
from ...results.result import Result
from ..output.works import Work
from ..rows.digests import DigestMap
from ..rows.rows import BadRow, Row
from .access import ProviderAccess
from .estimate import Estimate
from .job_store import HELD_BYTES, BatchJob, BatchPart
from .part_writer import PartWriter
from .row_file import encode_row, without_files


@dataclass(slots=True)
class Planned:
    """What was planned: rows that were read, works that are in the job, and what they may cost by profile.

    `asked` has the keys of all works of the rows, also of those that are done or under way in a job; of the `refused`
    ones the `passing` are asked again by the same command.
    """

    rows: int = 0
    bad_rows: int = 0
    asked: DigestMap = field(default_factory=DigestMap)
    works: int = 0
    refused: int = 0
    passing: int = 0
    estimates: dict[str, Estimate] = field(default_factory=dict[str, Estimate])


class Planner:
    """Fills the parts of a job.

    `access_for` makes the access of a name, and raises for one that cannot be used. `wants` says whether a work is
    still to be done, and is not being done already. `on_refused` hears of a row that cannot be sent, with its result.
    """

    def __init__(
        self,
        job: BatchJob,
        access_for: Callable[[str], ProviderAccess],
        names: Iterable[str],
        *,
        wants: Callable[[Work], bool],
        on_bad_row: Callable[[BadRow], None],
        on_refused: Callable[[Row, Work, Result], None],
        estimates: bool,
    ) -> None:
        self._job, self._access_for, self._estimates = job, access_for, estimates
        self._wants, self._on_bad_row, self._on_refused = wants, on_bad_row, on_refused
        self._accesses = {name: access_for(name) for name in names}
        self._names = tuple(self._accesses)
        self._open: dict[str, PartWriter] = {}
        self.planned = Planned()

    def plan(self, rows: Iterable[Row | BadRow]) -> Planned:
        """Take all rows. The job has begun when its caller says so."""
        try:
            for row in rows:
                if isinstance(row, BadRow):
                    self._bad(row)
                else:
                    self.planned.rows += 1
                    self._take(row)
        finally:
            for writer in self._open.values():
                writer.close()
        return self.planned

    def _bad(self, row: BadRow) -> None:
        self.planned.bad_rows += 1
        self._on_bad_row(row)

    def _take(self, row: Row) -> None:
        for name in row.profiles or self._names:
            if name not in self._accesses:
                try:
                    self._accesses[name] = self._access_for(name)
                except ThinkdialError as error:
                    self._bad(BadRow(row.line, f"line {row.line}: {error.message}"))
                    continue
            access = self._accesses[name]
            for think, work in access.caller.works(row):
                if self.planned.asked.get(work.key) is not None:
                    continue
                self.planned.asked.set(work.key, 1)
                if self._wants(work):
                    self._add(access, row, think, work, bytes.fromhex(work.token))

    def _add(self, access: ProviderAccess, row: Row, think: Think, work: Work, token: bytes) -> None:
        try:
            prepared = access.prepared(row, think)
            sent = access.line(work.token, prepared)
        except ConfigError as error:
            self._refuse(access, row, think, work, error)
            return
        most = min(access.terms.most_bytes, HELD_BYTES)
        if FILE_MARK.encode() in sent:
            words = "its files go through an upload, which is not made for a batch of the provider"
            hint = "leave out --upload where they fit into a request, or send the rows without --via"
            self._refuse(access, row, think, work, failure("invalid_request", words, hint=hint))
            return
        if len(sent) + 1 > most:
            words = f"the row is larger than {most // 2**20} MiB, which is more than a batch may hold"
            self._refuse(access, row, think, work, failure("invalid_request", words))
            return
        if self._estimates:
            name = access.caller.name
            made = self.planned.estimates.setdefault(name, Estimate(datetime.now(UTC)))
            prompt = Prompt(row.text, prepared.call.system, row.earlier, asked=row.asked, stand_ins=row.stand_ins)
            made.add(prepared, prompt)
        kept = sent if not row.asked else access.line(work.token, access.prepared(without_files(row), think))
        self._writer(access, len(sent) + 1, most).add(
            token,
            encode_row(row, think, work, kept, (twin.think for twin in prepared.asked.twins), aim=prepared.plan.aim),
            sent,
        )
        self.planned.works += 1

    def _refuse(
        self, access: ProviderAccess, row: Row, think: Think, work: Work, problem: ConfigError | Failure
    ) -> None:
        self.planned.refused += 1
        self.planned.passing += isinstance(problem, ConfigError)
        self._on_refused(row, work, access.caller.refused(think, problem, work.repeat))

    def _writer(self, access: ProviderAccess, size: int, most: int) -> PartWriter:
        name, terms = access.caller.name, access.terms
        writer = self._open.get(name)
        if writer is not None:
            part = writer.part
            is_full = part.bytes + size > most or (terms.most_rows is not None and part.rows >= terms.most_rows)
            if not is_full:
                return writer
            writer.close()
        target = access.target
        part = BatchPart(len(self._job.parts) + 1, name, target.provider.name, target.profile.model, 0, 0)
        self._job.parts.append(part)
        self._open[name] = PartWriter(self._job, part)
        return self._open[name]
