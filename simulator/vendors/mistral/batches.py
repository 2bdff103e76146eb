"""The batch jobs of Mistral: one model a job, rows from files or inline, a file of answers and a file of errors.

Sources: https://docs.rules.ai/capabilities/batch, https://docs.rules.ai/api/endpoint/batch
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from msgspec.structs import replace

from ...batches.backend import CANCELED, COMPLETED, ERRORED, EXPIRED, FAILED, SUCCEEDED, BatchBackend
from ...batches.database import SimulatedBatch, SimulatedRow, SubmittedRow
from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_int, as_list, as_object, as_text, encode, numbered_lines
from ...calls.reply import HttpReply, RejectedError
from ...calls.vendor import perform
from ...openai_family.files import FileEndpoints
from . import replies, rules
from .api import answer as complete
from .replies import MISTRAL

MOST_INLINE_ROWS = 9_999
MOST_ROWS = 1_000_000
MOST_HOURS = 7 * 24
LISTED = 100
CHAT = "/v1/chat/completions"
ENDPOINTS = {CHAT: complete}
LEGAL = (CHAT, "/v1/embeddings", "/v1/fim/completions", "/v1/moderations", "/v1/chat/moderations", "/v1/ocr")
ENDS = {COMPLETED: "SUCCESS", FAILED: "FAILED", EXPIRED: "TIMEOUT_EXCEEDED", CANCELED: "CANCELLED"}


class MistralBatchEndpoints:
    """The batch endpoints of Mistral."""

    vendor = MISTRAL

    def __init__(self, backend: BatchBackend, files: FileEndpoints) -> None:
        self._backend = backend
        self._files = files

    def create(self, call: ApiCall) -> HttpReply:
        """A job of the rows of uploaded files or of the body."""
        rules.check_key(call)
        body = call.body
        endpoint = body.get("endpoint")
        if endpoint is None:
            raise replies.missing("endpoint")
        if endpoint not in LEGAL:
            raise replies.invalid(call, f"Invalid endpoint: {endpoint}")
        if body.get("model") is None:
            raise replies.missing("model")
        rules.check_model(call)
        hours = as_int(body.get("timeout_hours", 24))
        if hours is None or not 1 <= hours <= MOST_HOURS:
            raise replies.invalid(call, f"timeout_hours must be between 1 and {MOST_HOURS}")
        inline, names = as_list(body.get("requests")), as_list(body.get("input_files"))
        if bool(inline) == bool(names):
            raise replies.invalid(call, "Exactly one of input_files and requests must be given")
        if inline:
            lines = self._checked(call, [(entry, f"requests.{place}") for place, entry in enumerate(inline)], endpoint)
            self._check_count(call, len(lines), MOST_INLINE_ROWS)
        else:
            lines = self._lines_of_files(call, names or [], endpoint)
            self._check_count(call, len(lines), MOST_ROWS)
        details: JsonObject = {
            "input_files": names or [],
            "metadata": as_object(body.get("metadata")),
            "endpoint": endpoint,
            "model": call.model,
            "inline": bool(inline),
            "hours": hours,
        }
        number = self._backend.new_id("", length=32)
        return replies.ok(call, self._shown(self._backend.create(call, self, as_uuid(number), lines, details)))

    def show(self, call: ApiCall) -> HttpReply:
        """One job; each look is a step of its progress."""
        rules.check_key(call)
        batch = self._find(call)
        looked = self._backend.look(call, self, batch)
        if looked.end and not batch.end:
            looked = self._with_files(looked)
        return replies.ok(call, self._shown(looked, with_outputs=True))

    def listed(self, call: ApiCall) -> HttpReply:
        """All jobs, newest first, by pages, or those of one model or status. Listing is no step of progress."""
        rules.check_key(call)
        query = call.request.query
        jobs = [self._shown(batch) for batch in self._backend.database.list_batches(self.vendor.name)]
        for name in ("model", "status"):
            if name in query:
                jobs = [job for job in jobs if job[name] == query[name]]
        size, page = (int(query[name]) if query.get(name, "").isdecimal() else None for name in ("page_size", "page"))
        start = (page or 0) * (size or LISTED)
        body: JsonObject = {"data": jobs[start : start + (size or LISTED)], "object": "list", "total": len(jobs)}
        return replies.ok(call, body)

    def cancel(self, call: ApiCall) -> HttpReply:
        """One job, its cancellation requested."""
        rules.check_key(call)
        return replies.ok(call, self._shown(self._backend.cancel(self._find(call))))

    def run(self, call: ApiCall, submitted: SubmittedRow) -> HttpReply:
        """The live endpoint's reply to a row; the model is the job's, whatever the row says."""
        if call.body.get("stream"):
            return replies.error(call, 400, "stream is not supported in batch requests")
        answer = ENDPOINTS.get(submitted.endpoint)
        if answer is None:
            return replies.not_found(call)
        model = as_text(submitted.extra.get("model")) or ""
        return perform(MISTRAL, answer, replace(call, model=model, body=call.body | {"model": model}))

    def _check_count(self, call: ApiCall, count: int, limit: int) -> None:
        most = self._backend.options.rows(limit)
        if count > most:
            raise replies.invalid(call, f"Too many requests in the batch: {count}, at most {most}")

    def _lines_of_files(self, call: ApiCall, names: list[object], endpoint: object) -> list[SubmittedRow]:
        entries: list[tuple[object, str]] = []
        for name in names:
            # A file of a job is given by its id alone or inside an object.
            file_id = as_text(name) or as_text((as_object(name) or {}).get("file_id")) or ""
            content = self._backend.database.content_of(self._files.find(call, file_id))
            for number, text in numbered_lines(content):
                try:
                    entries.append((json.loads(text), f"line {number}"))
                except (ValueError, RecursionError):
                    raise replies.invalid(call, f"Invalid JSON in line {number} of file {file_id}") from None
        if not entries:
            raise replies.invalid(call, "The input files hold no requests")
        return self._checked(call, entries, endpoint)

    def _checked(self, call: ApiCall, entries: Sequence[tuple[object, str]], endpoint: object) -> list[SubmittedRow]:
        lines: list[SubmittedRow] = []
        seen: set[str] = set()
        for given, where in entries:
            entry = as_object(given) or {}
            body, custom_id = as_object(entry.get("body")), as_text(entry.get("custom_id")) or ""
            if body is None:
                raise replies.invalid(call, f"{where}: field body is required")
            if custom_id and custom_id in seen:
                raise replies.invalid(call, f"{where}: custom_id {custom_id} is not unique")
            seen.add(custom_id)
            lines.append(SubmittedRow(custom_id, str(endpoint), body, {"model": call.model}))
        return lines

    def _find(self, call: ApiCall) -> SimulatedBatch:
        batch = self._backend.database.find_batch(self.vendor.name, call.parameters["batch"])
        if batch is None:
            text = f"Batch job {call.parameters['batch']} not found"
            raise RejectedError(replies.error(call, 404, text, code="1900", kind="not_found"))
        return batch

    def _with_files(self, batch: SimulatedBatch) -> SimulatedBatch:
        """The ended job with its files written. Each file exists only if it has a line; stopped rows are in neither."""
        database = self._backend.database
        if batch.end == FAILED or batch.details["inline"]:
            return batch
        details = dict(batch.details)
        with database.change():
            for name, outcome in (("output_file", SUCCEEDED), ("error_file", ERRORED)):
                payload = b"".join(encode(_result(batch, row)) + b"\n" for row in database.rows(batch.id, (outcome,)))
                if payload:
                    details[name] = self._files.add(f"{batch.id}.jsonl", "batch", payload).id
            batch = replace(batch, details=details)
            database.save_batch(batch)
        return batch

    def _shown(self, batch: SimulatedBatch, *, with_outputs: bool = False) -> JsonObject:
        details, counts = batch.details, self._backend.counts(batch)
        running = "RUNNING" if batch.polls else "QUEUED"
        status = ENDS.get(batch.end) or (running if batch.cancel_s is None else "CANCELLATION_REQUESTED")
        failed = batch.end == FAILED
        rows = self._backend.database.rows(batch.id, () if failed or not batch.end else (SUCCEEDED, ERRORED))
        outputs = [_result(batch, row) for row in rows] if details["inline"] and with_outputs and batch.end else None
        return {
            "id": batch.id,
            "object": "batch",
            "input_files": details["input_files"],
            "metadata": details["metadata"],
            "endpoint": details["endpoint"],
            "model": details["model"],
            "agent_id": None,
            "output_file": details.get("output_file"),
            "error_file": details.get("error_file"),
            "outputs": outputs,
            "errors": [{"message": "The job could not be processed", "count": 1}] if failed else [],
            "status": status,
            "created_at": int(batch.created_s),
            "started_at": int(batch.created_s) + 1 if batch.polls else None,
            "completed_at": None if batch.ended_s is None else int(batch.ended_s),
            "total_requests": batch.total,
            "completed_requests": 0 if failed else counts.succeeded + counts.errored,
            "succeeded_requests": counts.succeeded,
            "failed_requests": 0 if failed else counts.errored,
        }


def as_uuid(digits: str) -> str:
    """32 hexadecimal digits, written as a UUID."""
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _result(batch: SimulatedBatch, row: SimulatedRow) -> JsonObject:
    return {
        "id": f"batch-{batch.id[:8]}-{row.position}",
        "custom_id": row.submitted.custom_id or None,
        "response": {"status_code": row.status, "body": row.reply},
        "error": None,
    }
