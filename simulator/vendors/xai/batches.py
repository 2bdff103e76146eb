"""The Batch API of xAI: no status, only counters; results by pages and in the shape of Chat whatever was asked.

Sources: https://docs.x.ai/docs/guides/batch-api, https://docs.x.ai/docs/api-reference
"""

from __future__ import annotations

import json

from msgspec.structs import replace

from ...batches.backend import CANCELED, DAY_S, ERRORED, EXPIRED, FAILED, SUCCEEDED, WAITING, BatchBackend
from ...batches.database import SimulatedBatch, SimulatedRow, SubmittedRow
from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_int, as_list, as_object, as_text, moment, numbered_lines, objects
from ...calls.reply import HttpReply, whole
from ...calls.vendor import perform
from ...openai_family.files import MEGABYTE, FileEndpoints
from . import api, replies, rules
from .models import find_grok
from .replies import XAI

MOST_CALL_BYTES = 25 * MEGABYTE
LISTED, MOST_LISTED = 100, 1000
RESPONSES, CHAT = "/v1/responses", "/v1/chat/completions"
#: What a request added by itself is called, and the endpoint that it stands for.
KINDS = {"responses": RESPONSES, "chat_get_completion": CHAT}
ENDPOINTS = {RESPONSES: api.responses, CHAT: api.chat}
NAMES = {SUCCEEDED: "succeeded", ERRORED: "failed", CANCELED: "cancelled", EXPIRED: "cancelled", WAITING: "pending"}


class XaiBatchEndpoints:
    """The batch endpoints of xAI."""

    vendor = XAI

    def __init__(self, backend: BatchBackend, files: FileEndpoints) -> None:
        self._backend = backend
        self._files = files

    def create(self, call: ApiCall) -> HttpReply:
        """A batch, of the lines of a file or empty. It shows no requests until it is looked at."""
        rules.check_key(call)
        name = as_text(call.body.get("name"))
        if name is None:
            text = "Failed to deserialize the JSON body into the target type: missing field `name`"
            raise replies.invalid(call, text, status=422)
        lines: list[SubmittedRow] = []
        problems: list[JsonObject] = []
        file_id = as_text(call.body.get("input_file_id"))
        if file_id is not None:
            content = self._backend.database.content_of(self._files.find(call, file_id))
            lines, problem = self._lines(content)
            problems = [{"message": problem}] if problem else []
        details: JsonObject = {"name": name, "input_file_id": file_id}
        batch_id = self._backend.new_id("batch_", length=32)
        batch = self._backend.create(call, self, batch_id, [] if problems else lines, details, problems)
        return replies.ok(call, self._shown(batch))

    def add(self, call: ApiCall) -> HttpReply:
        """More requests for a batch, each given by itself."""
        rules.check_key(call)
        batch = self._find(call)
        limit = self._backend.options.bytes(MOST_CALL_BYTES)
        if len(call.request.body) > limit:
            raise replies.invalid(call, f"The request is too large: at most {limit} bytes.", status=413)
        if batch.cancel_s is not None or (batch.end and batch.end != "completed"):
            raise replies.invalid(call, "Requests cannot be added to a cancelled batch.")
        entries = as_list(call.body.get("batch_requests"))
        if not entries:
            text = "Failed to deserialize the JSON body: missing field `batch_requests`"
            raise replies.invalid(call, text, status=422)
        known = {
            row.submitted.custom_id for row in self._backend.database.rows(batch.id, (WAITING, SUCCEEDED, ERRORED))
        }
        lines: list[SubmittedRow] = []
        for place, entry in enumerate(map(as_object, entries)):
            line = _added(entry or {}, f"request_{batch.total + place}")
            if line is None:
                raise replies.invalid(call, f"batch_requests[{place}]: invalid batch_request", status=422)
            if line.custom_id in known:
                raise replies.invalid(call, f"Duplicate batch_request_id: {line.custom_id}")
            known.add(line.custom_id)
            lines.append(line)
        with self._backend.database.change():
            # A batch is never closed: one that had nothing left to do begins again.
            batch = replace(self._backend.add_rows(call, batch, lines), end="", ended_s=None, polls=0)
            self._backend.database.save_batch(batch)
        return replies.ok(call, {})

    def show(self, call: ApiCall) -> HttpReply:
        """One batch; each look is a step of its progress."""
        rules.check_key(call)
        batch = self._find(call)
        empty = batch.total == 0 and not batch.problems and batch.cancel_s is None and batch.ending != FAILED
        return replies.ok(call, self._shown(batch if empty else self._backend.look(call, self, batch)))

    def listed(self, call: ApiCall) -> HttpReply:
        """All batches, newest first, by pages. Listing is no step of progress."""
        rules.check_key(call)
        start, size = self._page(call)
        batches = self._backend.database.list_batches(self.vendor.name)
        page = [self._shown(batch) for batch in batches[start : start + size]]
        more = start + size < len(batches)
        return replies.ok(call, {"batches": page, "pagination_token": str(start + size) if more else None})

    def requests(self, call: ApiCall) -> HttpReply:
        """The state of each request of a batch, by pages."""
        rules.check_key(call)
        batch = self._find(call)
        start, size = self._page(call)
        rows = list(self._backend.database.rows(batch.id, tuple(NAMES), limit=size + 1, offset=start))
        page = [
            {
                "batch_request_id": row.submitted.custom_id,
                "endpoint": "xai_api.Chat/GetCompletion",
                "model": row.submitted.body.get("model"),
                "state": NAMES[row.outcome],
                "create_time": moment(batch.created_s),
                "finish_time": moment(batch.ended_s) if batch.ended_s is not None else None,
            }
            for row in rows[:size]
        ]
        token = str(start + size) if len(rows) > size else None
        return replies.ok(call, {"batch_request_metadata": page, "pagination_token": token})

    def results(self, call: ApiCall) -> HttpReply:
        """The results that there are, also while the batch goes on, by pages."""
        rules.check_key(call)
        batch = self._find(call)
        start, size = self._page(call)
        outcomes = () if batch.end == FAILED else (SUCCEEDED, ERRORED)
        rows = list(self._backend.database.rows(batch.id, outcomes, limit=size + 1, offset=start))
        token = str(start + size) if len(rows) > size else None
        return replies.ok(call, {"results": [_result(row) for row in rows[:size]], "pagination_token": token})

    def cancel(self, call: ApiCall) -> HttpReply:
        """One batch, being cancelled; `cancel_time` is all that says so."""
        rules.check_key(call)
        return replies.ok(call, self._shown(self._backend.cancel(self._find(call))))

    def run(self, call: ApiCall, submitted: SubmittedRow) -> HttpReply:
        """The live endpoint's reply to a request of a batch, in the shape of Chat and at the price of batches."""
        answer = ENDPOINTS.get(submitted.endpoint)
        if answer is None:
            return replies.not_found(call)
        if call.body.get("stream"):
            return replies.error(call, 400, "Streaming is not supported in batches.")
        model = find_grok(call.model)
        if model is not None and model.batch_share is None:
            return replies.error(call, 400, "Model is not supported for batch processing")
        reply = perform(XAI, answer, call)
        if reply.status != 200 or model is None or model.batch_share is None:
            return reply
        body = as_object(json.loads(reply.body)) or {}
        return whole(200, _discounted(body if submitted.endpoint == CHAT else _as_chat(body), model.batch_share))

    def _lines(self, content: bytes) -> tuple[list[SubmittedRow], str | None]:
        """The lines of a file, or why the service rejects all of it."""
        lines: list[SubmittedRow] = []
        seen: set[str] = set()
        for number, text in numbered_lines(content):
            try:
                entry = as_object(json.loads(text)) or {}
            except (ValueError, RecursionError):
                return [], f"Invalid JSON in line {number} of the input file"
            custom_id, url, body = (
                as_text(entry.get("custom_id")),
                as_text(entry.get("url")),
                as_object(entry.get("body")),
            )
            if not custom_id or url is None or body is None or entry.get("method") != "POST":
                return [], f"Invalid request in line {number} of the input file"
            if custom_id in seen:
                return [], f"Duplicate custom_id in line {number} of the input file: {custom_id}"
            seen.add(custom_id)
            lines.append(SubmittedRow(custom_id, url, body, {}))
        most = self._backend.options.most_rows
        if most is not None and len(lines) > most:
            return [], f"The input file has more than {most} requests"
        return (lines, None) if lines else ([], "The input file has no requests")

    def _find(self, call: ApiCall) -> SimulatedBatch:
        batch = self._backend.database.find_batch(self.vendor.name, call.parameters["batch"])
        if batch is None:
            raise replies.invalid(call, "Batch not found", code="not-found", status=404)
        return batch

    def _page(self, call: ApiCall) -> tuple[int, int]:
        query = call.request.query
        limit, token = query.get("limit", str(LISTED)), query.get("pagination_token", "0")
        if not limit.isdecimal() or not 1 <= int(limit) <= MOST_LISTED or not token.isdecimal():
            raise replies.invalid(call, f"limit must be between 1 and {MOST_LISTED}")
        return int(token), int(limit)

    def _shown(self, batch: SimulatedBatch) -> JsonObject:
        counts = self._backend.counts(batch)
        # The file is read some time after the creation; a batch that hangs, or is rejected, shows 0/0 for ever.
        unread = batch.details["input_file_id"] is not None and batch.polls == 0
        nothing = unread or batch.hangs or batch.end == FAILED
        stopped_s = batch.cancel_s
        message = None
        if batch.end == FAILED:
            stopped_s = batch.ended_s
            message = str(batch.problems[0]["message"]) if batch.problems else "Batch cancelled by xAI"
        elif batch.end == EXPIRED:
            stopped_s, message = batch.ended_s, "Batch expired"
        shown = {
            "num_requests": batch.total,
            "num_pending": counts.waiting,
            "num_success": counts.succeeded + counts.lost,
            "num_error": counts.errored,
            "num_cancelled": counts.canceled + counts.expired,
        }
        body: JsonObject = {
            "batch_id": batch.id,
            "name": batch.details["name"],
            "create_time": moment(batch.created_s),
            "expire_time": moment(batch.created_s + DAY_S),
            "create_api_key_id": "key_simulated",
            "cancel_time": None if stopped_s is None else moment(stopped_s),
            "cancel_by_xai_message": message,
            "state": dict.fromkeys(shown, 0) if nothing else shown,
        }
        if batch.end and batch.end != FAILED:
            ticks = sum(_ticks(row) for row in self._backend.database.rows(batch.id, (SUCCEEDED,)))
            body["cost_breakdown"] = {"total_cost_in_usd_ticks": ticks}
        return body


def _added(entry: JsonObject, default_id: str) -> SubmittedRow | None:
    asked = as_object(entry.get("batch_request")) or {}
    for kind, endpoint in KINDS.items():
        body = as_object(asked.get(kind))
        if body is not None:
            return SubmittedRow(as_text(entry.get("batch_request_id")) or default_id, endpoint, body, {})
    return None


def _usage_of(body: object) -> JsonObject:
    return as_object((as_object(body) or {}).get("usage")) or {}


def _ticks(row: SimulatedRow) -> int:
    return as_int(_usage_of(row.reply).get("cost_in_usd_ticks")) or 0


def _discounted(body: JsonObject, share: float) -> JsonObject:
    usage = _usage_of(body)
    ticks = round((as_int(usage.get("cost_in_usd_ticks")) or 0) * share)
    return body | {"usage": usage | {"cost_in_usd_ticks": ticks}}


def _as_chat(response: JsonObject) -> JsonObject:
    """A response told as a completion, its reasoning counted beside the completion."""
    texts = {"reasoning": "", "message": ""}
    for item in objects(response.get("output")):
        parts = objects(item.get("summary")) + objects(item.get("content"))
        texts[str(item["type"])] = "\n\n".join(str(part.get("text", part.get("refusal", ""))) for part in parts)
    usage = _usage_of(response)
    details, spent = (as_object(usage.get(name)) or {} for name in ("input_tokens_details", "output_tokens_details"))
    size, reasoning = as_int(usage.get("input_tokens")) or 0, as_int(spent.get("reasoning_tokens")) or 0
    said = (as_int(usage.get("output_tokens")) or 0) - reasoning
    reason = (as_object(response.get("incomplete_details")) or {}).get("reason")
    finish = {"max_output_tokens": "length", "content_filter": "content_filter"}.get(str(reason), "stop")
    message: JsonObject = {"role": "assistant", "content": texts["message"], "refusal": None}
    if texts["reasoning"]:
        message["reasoning_content"] = texts["reasoning"]
    return {
        "id": response.get("id"),
        "object": "chat.completion",
        "created": response.get("created_at"),
        "model": response.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": size,
            "completion_tokens": said,
            "total_tokens": size + said + reasoning,
            "prompt_tokens_details": {"cached_tokens": details.get("cached_tokens", 0)},
            "completion_tokens_details": {"reasoning_tokens": reasoning},
            "cost_in_usd_ticks": usage.get("cost_in_usd_ticks"),
        },
        "system_fingerprint": None,
    }


def _result(row: SimulatedRow) -> JsonObject:
    if row.outcome == SUCCEEDED:
        answer: JsonObject = {"response": {"chat_get_completion": row.reply}}
        return {"batch_request_id": row.submitted.custom_id, "batch_result": answer}
    error = as_object(row.reply) or {}
    text = as_text(error.get("error")) or "Internal error."
    failed: JsonObject = {"error": {"code": error.get("code", "internal"), "message": text}}
    return {"batch_request_id": row.submitted.custom_id, "batch_result": failed, "error_message": text}
