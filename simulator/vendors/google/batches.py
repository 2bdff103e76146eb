"""The batch mode of the Gemini API: `batchGenerateContent` and the operations it makes.

Sources: https://ai.google.dev/gemini-api/docs/batch-api, https://ai.google.dev/api/batch-api
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from ...batches.backend import CANCELED, COMPLETED, ERRORED, EXPIRED, FAILED, SUCCEEDED, BatchBackend
from ...batches.database import SimulatedBatch, SimulatedRow, SubmittedRow
from ...calls.call import ApiCall
from ...calls.fields import (
    JsonObject,
    as_int,
    as_list,
    as_object,
    as_text,
    decode_object,
    encode,
    moment,
    numbered_lines,
)
from ...calls.reply import HttpReply, RejectedError
from ...calls.request import Request
from ...calls.vendor import perform
from . import replies, rules
from .api import GENERATE, answer
from .files import GoogleFileEndpoints
from .replies import GOOGLE

MOST_INLINE_BYTES = 20 * 1024 * 1024
BATCH_METHOD = "batchGenerateContent"
STATES = {COMPLETED: "SUCCEEDED", FAILED: "FAILED", EXPIRED: "EXPIRED", CANCELED: "CANCELLED"}
TYPE = "type.googleapis.com/google.ai.generativelanguage."
LISTED = 50
INTERNAL = 13
GRPC_CODES = {
    "CANCELLED": 1,
    "INVALID_ARGUMENT": 3,
    "DEADLINE_EXCEEDED": 4,
    "NOT_FOUND": 5,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "INTERNAL": INTERNAL,
    "UNAVAILABLE": 14,
    "UNAUTHENTICATED": 16,
}


class GoogleBatchEndpoints:
    """The batch endpoints of Google."""

    vendor = GOOGLE

    def __init__(self, backend: BatchBackend, files: GoogleFileEndpoints) -> None:
        self._backend = backend
        self._files = files

    def create(self, call: ApiCall) -> HttpReply:
        """A batch for one model, of the requests in the body or of the lines of an uploaded file."""
        rules.check_key(call)
        model = rules.check_model(call, replies.version_of(call), BATCH_METHOD)
        given = rules.known_fields(call, call.body, "", frozenset({"batch"})).get("batch")
        fields = frozenset({"displayName", "inputConfig", "priority", "webhookConfig", "model", "name"})
        asked = rules.known_fields(call, given, "batch", fields)
        config = rules.known_fields(
            call, asked.get("inputConfig"), "batch.input_config", frozenset({"requests", "fileName"})
        )
        if ("requests" in config) == ("fileName" in config):
            raise replies.invalid(
                call, "* BatchGenerateContentRequest.batch.input_config: exactly one input is required"
            )
        if "fileName" in config:
            lines = self._lines_of_file(call, str(config["fileName"]))
        else:
            lines = self._inline_lines(call, config["requests"])
        if not lines:
            raise replies.invalid(call, "* BatchGenerateContentRequest.batch.input_config.requests: must not be empty")
        details: JsonObject = {
            "display_name": as_text(asked.get("displayName")) or "",
            "model": model.id,
            "version": replies.version_of(call),
            "inline": "requests" in config,
            "responses_file": None,
        }
        batch_id = self._backend.new_id("", length=36)
        return self._operation(call, self._backend.create(call, self, batch_id, lines, details))

    def show(self, call: ApiCall) -> HttpReply:
        """One operation; each look is a step of its progress."""
        rules.check_key(call)
        batch = self._find(call)
        looked = self._backend.look(call, self, batch)
        if looked.end and not batch.end and not looked.details["inline"]:
            looked = self._with_file(looked)
        return self._operation(call, looked)

    def listed(self, call: ApiCall) -> HttpReply:
        """All operations, newest first, by pages, without their results. Listing is no step of progress."""
        rules.check_key(call)
        batches = self._backend.database.list_batches(self.vendor.name)
        token, size = call.request.query.get("pageToken", ""), call.request.query.get("pageSize", str(LISTED))
        start = int(token) if token.isdecimal() else 0
        page = batches[start : start + (max(1, int(size)) if size.isdecimal() else LISTED)]
        body: JsonObject = {"operations": [self._shown(batch, with_results=False) for batch in page]}
        if start + len(page) < len(batches):
            body["nextPageToken"] = str(start + len(page))
        return replies.ok(call, body)

    def cancel(self, call: ApiCall) -> HttpReply:
        """Cancellation asked for; the answer is empty, as it is for every operation."""
        rules.check_key(call)
        self._backend.cancel(self._find(call))
        return replies.ok(call, {})

    def delete(self, call: ApiCall) -> HttpReply:
        """The batch forgotten."""
        rules.check_key(call)
        batch = self._find(call)
        with self._backend.database.change():
            self._backend.database.delete_batch(batch.id)
        return replies.ok(call, {})

    def run(self, call: ApiCall, submitted: SubmittedRow) -> HttpReply:
        """The live endpoint's reply to a request of a batch."""
        path = f"/google{submitted.endpoint}"
        model = path.rpartition("/")[2].partition(":")[0]
        request = Request("POST", path, {}, call.request.headers, b"")
        return perform(GOOGLE, answer, replace(call, request=request, model=model))

    def _inline_lines(self, call: ApiCall, requests: object) -> list[SubmittedRow]:
        limit = self._backend.options.bytes(MOST_INLINE_BYTES)
        if len(call.request.body) > limit:
            raise replies.invalid(call, f"Request payload size exceeds the limit: {limit} bytes.")
        nested = as_list((as_object(requests) or {}).get("requests"))
        if nested is None:
            raise replies.invalid(call, "Invalid value at 'batch.input_config.requests', expected an object.")
        self._check_rows(call, len(nested))
        lines: list[SubmittedRow] = []
        for place, entry in enumerate(map(as_object, nested)):
            request, metadata = as_object((entry or {}).get("request")), as_object((entry or {}).get("metadata"))
            if request is None:
                path = f"batch.input_config.requests.requests[{place}].request"
                raise replies.invalid(call, f"* BatchGenerateContentRequest.{path}: request is required")
            key = as_text((metadata or {}).get("key")) or ""
            extra: JsonObject = {} if metadata is None else {"metadata": metadata}
            lines.append(SubmittedRow(key, _endpoint(call), request, extra))
        return lines

    def _lines_of_file(self, call: ApiCall, name: str) -> list[SubmittedRow]:
        content = self._files.content_of(self._files.find(call, name))
        texts = [text for _, text in numbered_lines(content)]
        self._check_rows(call, len(texts))
        lines: list[SubmittedRow] = []
        for number, text in enumerate(texts, 1):
            entry = decode_object(text)
            request = as_object((entry or {}).get("request"))
            if entry is None or request is None:
                raise replies.invalid(call, f"Line {number} of the input file is not a valid batch request.")
            lines.append(SubmittedRow(as_text(entry.get("key")) or "", _endpoint(call), request, {}))
        return lines

    def _check_rows(self, call: ApiCall, count: int) -> None:
        # The service has no limit of rows, only of bytes; a lowered one is the simulator's own.
        most = self._backend.options.most_rows
        if most is not None and count > most:
            raise replies.invalid(call, f"The batch has {count} requests, more than the limit of {most}.")

    def _find(self, call: ApiCall) -> SimulatedBatch:
        batch = self._backend.database.find_batch(self.vendor.name, call.parameters["batch"])
        if batch is None:
            text = f"Batch not found: batches/{call.parameters['batch']}"
            raise RejectedError(replies.error(call, 404, "NOT_FOUND", text))
        return batch

    def _answered(self, batch: SimulatedBatch) -> Iterator[SimulatedRow]:
        """The rows that come back; a failed batch has none, and stopped ones omit what was not executed."""
        return self._backend.database.rows(batch.id, () if batch.end == FAILED else (SUCCEEDED, ERRORED))

    def _with_file(self, batch: SimulatedBatch) -> SimulatedBatch:
        payload = b"".join(
            encode({"key": row.submitted.custom_id} | _outcome(row)) + b"\n" for row in self._answered(batch)
        )
        if not payload:
            return batch
        with self._backend.database.change():
            file = self._files.add(
                f"batch-{batch.id}", payload, display_name=None, mime_type="application/jsonl", source="GENERATED"
            )
            batch = replace(batch, details=batch.details | {"responses_file": file.meta["name"]})
            self._backend.database.save_batch(batch)
        return batch

    def _operation(self, call: ApiCall, batch: SimulatedBatch) -> HttpReply:
        return replies.ok(call, self._shown(batch, with_results=True))

    def _shown(self, batch: SimulatedBatch, *, with_results: bool) -> JsonObject:
        details, counts = batch.details, self._backend.counts(batch)
        running = "RUNNING" if batch.polls else "PENDING"
        stats = {
            "requestCount": batch.total,
            "successfulRequestCount": counts.succeeded,
            "failedRequestCount": counts.errored,
            "pendingRequestCount": counts.waiting,
        }
        metadata: JsonObject = {
            "@type": f"{TYPE}v1main.GenerateContentBatch",
            "name": f"batches/{batch.id}",
            "model": f"models/{details['model']}",
            "displayName": details["display_name"],
            "state": f"BATCH_STATE_{STATES.get(batch.end, running)}",
            "createTime": moment(batch.created_s),
            "updateTime": moment(batch.ended_s or batch.cancel_s or batch.created_s),
            # Counters are 64-bit numbers, so they are strings; those that are zero are left out.
            "batchStats": {name: str(count) for name, count in stats.items() if count},
        }
        operation: JsonObject = {"name": f"batches/{batch.id}", "metadata": metadata}
        if not batch.end:
            return operation
        metadata["endTime"] = moment(batch.ended_s or batch.created_s)
        operation["done"] = True
        if batch.end == FAILED:
            operation["error"] = {"code": INTERNAL, "message": "The batch could not be processed."}
            return operation
        output: JsonObject = {}
        if details["responses_file"] is not None:
            output = {"responsesFile": details["responses_file"]}
        elif details["inline"] and with_results:
            answers = [row.submitted.extra | _outcome(row) for row in self._answered(batch)]
            output = {"inlinedResponses": {"inlinedResponses": answers}} if answers else {}
        if output:
            metadata["output"] = output
            operation["response"] = {"@type": f"{TYPE}v1main.BatchGenerateContentResponse"} | output
        return operation


def _endpoint(call: ApiCall) -> str:
    return f"/{replies.version_of(call)}/models/{call.model}:{GENERATE}"


def _outcome(row: SimulatedRow) -> JsonObject:
    """The answer, or the refusal as a `google.rpc.Status`: its code is gRPC's, not HTTP's."""
    if row.outcome == SUCCEEDED:
        return {"response": row.reply}
    error = as_object((as_object(row.reply) or {}).get("error")) or {}
    code = GRPC_CODES.get(as_text(error.get("status")) or "", as_int(error.get("code")) or INTERNAL)
    status: JsonObject = {"code": code, "message": error.get("message", "Internal error encountered.")}
    if "details" in error:
        status["details"] = error["details"]
    return {"error": status}
