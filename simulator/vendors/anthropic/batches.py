"""The Message Batches API: create, get, list, cancel, delete, results.

Sources: https://platform.claude.com/docs/en/build-with-claude/batch-processing,
https://platform.claude.com/docs/en/api/creating-message-batches
"""

from __future__ import annotations

import re

from ...batches.backend import CANCELED, DAY_S, ERRORED, EXPIRED, SUCCEEDED, BatchBackend
from ...batches.database import SimulatedBatch, SimulatedRow, SubmittedRow
from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_list, as_object, as_text, encode, moment
from ...calls.reply import HttpReply, RejectedError, raw
from ...calls.vendor import perform
from . import replies, rules
from .api import answer
from .replies import ANTHROPIC

MOST_ROWS = 100_000
MOST_BYTES = 256 * 1024 * 1024
LISTED, MOST_LISTED = 20, 1000
CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
ENDPOINT = "/v1/messages"


class AnthropicBatchEndpoints:
    """The batch endpoints of Anthropic."""

    vendor = ANTHROPIC

    def __init__(self, backend: BatchBackend) -> None:
        self._backend = backend

    def create(self, call: ApiCall) -> HttpReply:
        """A batch of the requests in the body. Their parameters are judged one by one when they are executed."""
        _check(call)
        limit = self._backend.options.bytes(MOST_BYTES)
        if len(call.request.body) > limit:
            text = "Request exceeds the maximum size"
            raise RejectedError(replies.error(call, 413, "request_too_large", text))
        for name in call.body:
            if name != "requests":
                raise replies.invalid(call, f"{name}: Extra inputs are not permitted")
        if "requests" not in call.body:
            raise replies.invalid(call, "requests: Field required")
        entries = as_list(call.body["requests"])
        if entries is None:
            raise replies.invalid(call, "requests: Input should be a valid list")
        most = self._backend.options.rows(MOST_ROWS)
        if not entries:
            raise replies.invalid(call, "requests: List should have at least 1 item after validation, not 0")
        if len(entries) > most:
            text = f"requests: List should have at most {most} items after validation, not {len(entries)}"
            raise replies.invalid(call, text)
        lines = _lines(call, entries)
        batch = self._backend.create(call, self, self._backend.new_id("msgbatch_01", length=22), lines, {})
        return replies.ok(call, self._shown(call, batch))

    def show(self, call: ApiCall) -> HttpReply:
        """One batch; each look is a step of its progress."""
        _check(call)
        batch = self._backend.look(call, self, self._find(call))
        return replies.ok(call, self._shown(call, batch))

    def listed(self, call: ApiCall) -> HttpReply:
        """All batches, newest first, by pages. Listing is no step of progress."""
        _check(call)
        query = call.request.query
        wanted = query.get("limit", str(LISTED))
        if not wanted.isdecimal() or not 1 <= int(wanted) <= MOST_LISTED:
            raise replies.invalid(call, f"limit: Input should be between 1 and {MOST_LISTED}")
        batches = self._backend.database.list_batches(self.vendor.name)
        places = {batch.id: place for place, batch in enumerate(batches)}
        if "before_id" in query:
            end = places.get(query["before_id"], 0)
            chosen = batches[max(0, end - int(wanted)) : end]
            more = end - int(wanted) > 0
        else:
            start = places.get(query.get("after_id", ""), -1) + 1
            chosen = batches[start : start + int(wanted)]
            more = start + len(chosen) < len(batches)
        body: JsonObject = {
            "data": [self._shown(call, batch) for batch in chosen],
            "has_more": more,
            "first_id": chosen[0].id if chosen else None,
            "last_id": chosen[-1].id if chosen else None,
        }
        return replies.ok(call, body)

    def cancel(self, call: ApiCall) -> HttpReply:
        """One batch, being canceled."""
        _check(call)
        batch = self._backend.cancel(self._find(call))
        return replies.ok(call, self._shown(call, batch))

    def delete(self, call: ApiCall) -> HttpReply:
        """The end of one batch that has ended."""
        _check(call)
        batch = self._find(call)
        if not batch.end:
            text = f"Message Batch {batch.id} cannot be deleted while it is still processing. Cancel it first."
            raise replies.invalid(call, text)
        with self._backend.database.change():
            self._backend.database.delete_batch(batch.id)
        return replies.ok(call, {"id": batch.id, "type": "message_batch_deleted"})

    def results(self, call: ApiCall) -> HttpReply:
        """One line a request, in no useful order."""
        _check(call)
        batch = self._find(call)
        if not batch.end:
            text = f"Message Batch {batch.id} has no results available: it is still processing."
            raise RejectedError(replies.unknown(call, text))
        rows = self._backend.database.rows(batch.id, (SUCCEEDED, ERRORED, CANCELED, EXPIRED))
        payload = b"".join(_result(call, row) for row in rows)
        return raw(payload, replies.request_headers(call), content_type="application/x-jsonl")

    def run(self, call: ApiCall, submitted: SubmittedRow) -> HttpReply:
        """The live endpoint's reply to a request of a batch, without what batches cannot do."""
        for name in ("stream", "speed", "fallbacks"):
            if call.body.get(name):
                return replies.invalid(call, f"{name}: not supported in Message Batches").reply
        if call.body.get("max_tokens") == 0:
            return replies.invalid(call, "max_tokens: 0 is not supported in Message Batches").reply
        return perform(ANTHROPIC, answer, call)

    def _find(self, call: ApiCall) -> SimulatedBatch:
        batch = self._backend.database.find_batch(self.vendor.name, call.parameters["batch"])
        if batch is None:
            text = f"Message Batch not found: {call.parameters['batch']}"
            raise RejectedError(replies.unknown(call, text))
        return batch

    def _shown(self, call: ApiCall, batch: SimulatedBatch) -> JsonObject:
        counts = self._backend.counts(batch)
        host = call.request.headers.get("host", "127.0.0.1")
        status = "ended" if batch.end else "in_progress" if batch.cancel_s is None else "canceling"
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": status,
            # All counters but the first stay 0 until the whole batch has ended.
            "request_counts": {
                "processing": 0 if batch.end else batch.total,
                "succeeded": counts.succeeded + counts.lost if batch.end else 0,
                "errored": counts.errored if batch.end else 0,
                "canceled": counts.canceled if batch.end else 0,
                "expired": counts.expired if batch.end else 0,
            },
            "created_at": moment(batch.created_s),
            "expires_at": moment(batch.created_s + DAY_S),
            "ended_at": None if batch.ended_s is None else moment(batch.ended_s),
            "cancel_initiated_at": None if batch.cancel_s is None else moment(batch.cancel_s),
            "archived_at": None,
            "results_url": f"http://{host}/anthropic{ENDPOINT}/batches/{batch.id}/results" if batch.end else None,
        }


def _check(call: ApiCall) -> None:
    rules.check_key(call)
    rules.check_version(call)


def _lines(call: ApiCall, entries: list[object]) -> list[SubmittedRow]:
    lines: list[SubmittedRow] = []
    seen: set[str] = set()
    for place, entry in enumerate(map(as_object, entries)):
        if entry is None:
            raise replies.invalid(call, f"requests.{place}: Input should be a valid dictionary")
        for name in ("custom_id", "params"):
            if name not in entry:
                raise replies.invalid(call, f"requests.{place}.{name}: Field required")
        custom_id, params = as_text(entry["custom_id"]), as_object(entry["params"])
        if custom_id is None or CUSTOM_ID.fullmatch(custom_id) is None:
            text = f"requests.{place}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"
            raise replies.invalid(call, text)
        if params is None:
            raise replies.invalid(call, f"requests.{place}.params: Input should be a valid dictionary")
        if custom_id in seen:
            raise replies.invalid(call, f"requests.{place}.custom_id: duplicate custom_id {custom_id!r}")
        seen.add(custom_id)
        lines.append(SubmittedRow(custom_id, ENDPOINT, params, {}))
    return lines


def _result(call: ApiCall, row: SimulatedRow) -> bytes:
    result: JsonObject = {"type": row.outcome}
    if row.outcome == SUCCEEDED:
        message = as_object(row.reply) or {}
        usage = (as_object(message.get("usage")) or {}) | {"service_tier": "batch"}
        result["message"] = message | {"usage": usage}
    elif row.outcome == ERRORED:
        failed: JsonObject = {"type": "error", "error": {"type": "api_error", "message": "Internal server error"}}
        result["error"] = as_object(row.reply) or failed | {"request_id": None}
    return encode({"custom_id": row.submitted.custom_id, "result": result}) + b"\n"
