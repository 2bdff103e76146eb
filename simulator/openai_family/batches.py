"""The Batch API of OpenAI, which Groq copied: a file of lines in, up to two files of results out.

The words of the validation errors are from
https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch and the vendor's forum.

Sources: https://developers.openai.com/api/docs/api-reference/batch/create, https://developers.openai.com/api/docs/guides/batch,
https://console.groq.com/docs/batch
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ..answers.thinking import fraction
from ..batches.backend import (
    CANCELED,
    COMPLETED,
    DAY_S,
    ERRORED,
    EXPIRED,
    FAILED,
    LOST,
    SUCCEEDED,
    BatchBackend,
    RowCounts,
)
from ..batches.database import SimulatedBatch, SimulatedRow, SubmittedRow
from ..calls.call import ApiCall
from ..calls.faults import split_model
from ..calls.fields import JsonObject, as_int, as_object, as_text, decode_object, encode, numbered_lines
from ..calls.reply import HttpReply
from ..calls.vendor import Answer, perform
from .files import FileEndpoints
from .member import Member

MOST_ROWS = 50_000
LISTED = 20
MOST_LISTED = 100
ENDS = {COMPLETED: "completed", FAILED: "failed", EXPIRED: "expired", CANCELED: "cancelled"}
EXPIRY_TEXT = "This request could not be executed before the completion window expired."
CANCEL_TEXT = "This request was not executed because the batch was cancelled."


class BatchRules(Struct, frozen=True):
    """What differs between OpenAI and Groq. `endpoints` are those of this simulator, `legal` all that are taken."""

    endpoints: Mapping[str, Answer]
    legal: tuple[str, ...]
    window_s: Callable[[str], int | None]
    windows: str
    knows: Callable[[str], bool]


class OpenAIBatchEndpoints:
    """The batch endpoints of one vendor of this family."""

    def __init__(self, backend: BatchBackend, files: FileEndpoints, member: Member, rules: BatchRules) -> None:
        self.vendor = member.vendor
        self._member = member
        self._backend = backend
        self._files = files
        self._rules = rules

    def create(self, call: ApiCall) -> HttpReply:
        """A batch of the lines of an uploaded file; what is wrong with the lines is said later."""
        self._member.check_key(call)
        details = self._details(call)
        file = self._files.find(call, str(details["input_file_id"]))
        if file.meta["purpose"] != "batch":
            raise self._member.refusal(
                call, f"Invalid purpose: expected 'batch', got {file.meta['purpose']}.", "input_file_id"
            )
        lines, problems = self._read(self._backend.database.content_of(file), str(details["endpoint"]))
        batch_id = self._backend.new_id("batch_", length=32)
        batch = self._backend.create(call, self, batch_id, [] if problems else lines, details, problems)
        return self._member.ok(call, self._shown(batch))

    def show(self, call: ApiCall) -> HttpReply:
        """One batch; each look is a step of its progress."""
        self._member.check_key(call)
        batch = self._find(call)
        looked = self._backend.look(call, self, batch)
        if looked.end and not batch.end:
            looked = self._with_files(looked)
        return self._member.ok(call, self._shown(looked))

    def listed(self, call: ApiCall) -> HttpReply:
        """All batches, newest first, by pages. Listing is no step of progress."""
        self._member.check_key(call)
        batches = self._backend.database.list_batches(self.vendor.name)
        after, wanted = call.request.query.get("after"), call.request.query.get("limit", str(LISTED))
        if not wanted.isdecimal() or not 1 <= int(wanted) <= MOST_LISTED:
            raise self._member.refusal(call, f"Invalid 'limit': expected 1 to {MOST_LISTED}.", "limit")
        start = next((place + 1 for place, batch in enumerate(batches) if batch.id == after), 0)
        page = [self._shown(batch) for batch in batches[start : start + int(wanted)]]
        body: JsonObject = {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": start + len(page) < len(batches),
        }
        return self._member.ok(call, body)

    def cancel(self, call: ApiCall) -> HttpReply:
        """One batch, being cancelled."""
        self._member.check_key(call)
        batch = self._find(call)
        if batch.end:
            text = f"Cannot cancel a batch with status '{ENDS[batch.end]}'."
            raise self._member.refusal(call, text, status=409)
        return self._member.ok(call, self._shown(self._backend.cancel(batch)))

    def run(self, call: ApiCall, submitted: SubmittedRow) -> HttpReply:
        """The live endpoint's reply to a line."""
        for name in ("stream", "background"):
            if call.body.get(name):
                text = f"Unsupported parameter: '{name}' is not supported in batches."
                return self._member.refusal(call, text, name, "unsupported_parameter").reply
        answer = self._rules.endpoints.get(submitted.endpoint)
        return self.vendor.not_found(call) if answer is None else perform(self.vendor, answer, call)

    def _find(self, call: ApiCall) -> SimulatedBatch:
        batch_id = call.parameters["batch"]
        batch = self._backend.database.find_batch(self.vendor.name, batch_id)
        if batch is None:
            raise self._member.refusal(call, f"No batch found with id '{batch_id}'.", status=404)
        return batch

    def _details(self, call: ApiCall) -> JsonObject:
        body = call.body
        for name in ("input_file_id", "endpoint", "completion_window"):
            if as_text(body.get(name)) is None:
                text = f"Missing required parameter: '{name}'."
                raise self._member.refusal(call, text, name, "missing_required_parameter")
        if body["endpoint"] not in self._rules.legal:
            listed = ", ".join(f"'{name}'" for name in self._rules.legal)
            text = f"Invalid value: '{body['endpoint']}'. Supported values are: {listed}."
            raise self._member.refusal(call, text, "endpoint", "invalid_value")
        if self._rules.window_s(str(body["completion_window"])) is None:
            text = f"Invalid value: '{body['completion_window']}'. Supported values are: {self._rules.windows}."
            raise self._member.refusal(call, text, "completion_window", "invalid_value")
        metadata = as_object(body.get("metadata"))
        if metadata is not None and (
            len(metadata) > 16
            or any(len(name) > 64 or not isinstance(v, str) or len(v) > 512 for name, v in metadata.items())
        ):
            raise self._member.refusal(
                call, "Invalid 'metadata': at most 16 short strings.", "metadata", "invalid_value"
            )
        life = as_int((as_object(body.get("output_expires_after")) or {}).get("seconds"))
        return {
            "input_file_id": body["input_file_id"],
            "endpoint": body["endpoint"],
            "completion_window": body["completion_window"],
            "metadata": metadata,
            "output_life_s": life,
        }

    def _read(self, content: bytes, endpoint: str) -> tuple[list[SubmittedRow], list[JsonObject]]:
        """The lines of a file, and everything that is wrong with them."""
        texts = [text for _, text in numbered_lines(content)]
        limit = self._backend.options.rows(MOST_ROWS)
        if not texts:
            return [], [_problem("empty_file", "The batch input file is empty.", None, None)]
        if len(texts) > limit:
            return [], [_problem("too_many_tasks", f"The number of requests exceeds {limit:,}.", None, None)]
        lines: list[SubmittedRow] = []
        problems: list[JsonObject] = []
        seen: set[str] = set()
        first_model: str | None = None
        for number, text in enumerate(texts, 1):
            line, problem = self._line(text, endpoint, number)
            if line is not None:
                model = split_model(as_text(line.body.get("model")) or "")[0]
                first_model = first_model if first_model is not None else model
                problem = self._doubt(line, model, first_model, seen, number)
                seen.add(line.custom_id)
                lines.append(line)
            if problem is not None:
                problems.append(problem)
        return lines, problems

    def _line(self, text: str, endpoint: str, number: int) -> tuple[SubmittedRow | None, JsonObject | None]:
        entry = decode_object(text)
        if entry is None:
            return None, _problem("invalid_json_line", "This line is not parseable as valid JSON.", number, None)
        custom_id, body = as_text(entry.get("custom_id")), as_object(entry.get("body"))
        for name, given in (("custom_id", custom_id), ("method", entry.get("method")), ("url", entry.get("url"))):
            if not given:
                return None, _problem(
                    "missing_required_parameter", f"Missing required parameter: '{name}'.", number, name
                )
        if body is None:
            return None, _problem("missing_required_parameter", "Missing required parameter: 'body'.", number, "body")
        if entry["method"] != "POST":
            return None, _problem("invalid_method", "The method of a request must be 'POST'.", number, "method")
        if entry["url"] != endpoint:
            words = "The URL provided for this request does not match the batch endpoint."
            return None, _problem("invalid_url", words, number, "url")
        return SubmittedRow(custom_id or "", endpoint, body, {}), None

    def _doubt(
        self, line: SubmittedRow, model: str, first_model: str, seen: set[str], number: int
    ) -> JsonObject | None:
        if line.custom_id in seen:
            words = "The custom_id for this request is a duplicate of another request. It must be unique in a batch."
            return _problem("duplicate_custom_id", words, number, "custom_id")
        if not model:
            return _problem("missing_required_parameter", "Missing required parameter: 'model'.", number, "body.model")
        if model != first_model:
            words = f"The model `{model}` for this request does not match the rest of the batch. "
            words += "Each batch must contain requests for a single model."
            return _problem("mismatched_model", words, number, "body.model")
        if not self._rules.knows(model):
            words = f"The provided model '{model}' is not supported by the Batch API."
            return _problem("model_not_found", words, number, "body.model")
        return None

    def _with_files(self, batch: SimulatedBatch) -> SimulatedBatch:
        """The ended batch with its files written. Each file exists only if it has a line."""
        if batch.end == FAILED:
            return batch
        database, life_s = self._backend.database, as_int(batch.details["output_life_s"])
        outputs = b"".join(_result(batch, row) for row in database.rows(batch.id, (SUCCEEDED,)))
        refused = database.rows(batch.id, (ERRORED, EXPIRED, CANCELED))
        errors = b"".join(_result(batch, row) for row in refused if not _in_neither(batch, row))
        details = batch.details | {"usage": _usage(database.rows(batch.id, (SUCCEEDED, LOST)))}
        with database.change():
            for name, payload in (("output", outputs), ("error", errors)):
                if payload:
                    file = self._files.add(f"{batch.id}_{name}.jsonl", "batch_output", payload, life_s)
                    details[f"{name}_file_id"] = file.id
            batch = replace(batch, details=details)
            database.save_batch(batch)
        return batch

    def _shown(self, batch: SimulatedBatch) -> JsonObject:
        details, counts = batch.details, self._backend.counts(batch)
        status = self._status(batch)
        created_s = int(batch.created_s)
        begun_s = created_s + 1 if batch.polls and not batch.problems else None
        ended_s = None if batch.ended_s is None else int(batch.ended_s)
        window_s = self._rules.window_s(str(details["completion_window"])) or DAY_S
        problems = batch.problems
        if batch.end == FAILED and not problems:
            problems = [_problem("internal_error", "The batch could not be processed.", None, None)]
        shown: JsonObject = {
            "id": batch.id,
            "object": "batch",
            "endpoint": details["endpoint"],
            "errors": {"object": "list", "data": problems} if batch.end == FAILED else None,
            "input_file_id": details["input_file_id"],
            "completion_window": details["completion_window"],
            "status": status,
            "output_file_id": details.get("output_file_id"),
            "error_file_id": details.get("error_file_id"),
            "created_at": created_s,
            "in_progress_at": begun_s,
            "expires_at": created_s + window_s,
            "finalizing_at": ended_s if batch.end in (COMPLETED, EXPIRED) else None,
            "completed_at": ended_s if batch.end == COMPLETED else None,
            "failed_at": ended_s if batch.end == FAILED else None,
            "expired_at": ended_s if batch.end == EXPIRED else None,
            "cancelling_at": None if batch.cancel_s is None else int(batch.cancel_s),
            "cancelled_at": ended_s if batch.end == CANCELED else None,
            "request_counts": _counters(batch, counts),
            "metadata": details["metadata"],
        }
        if "usage" in details:
            shown["usage"] = details["usage"]
        return shown

    def _status(self, batch: SimulatedBatch) -> str:
        if batch.end:
            return ENDS[batch.end]
        if batch.cancel_s is not None:
            return "cancelling"
        if batch.polls == 0:
            return "validating"
        if batch.polls >= 2 and batch.polls == self._backend.options.polls - 1 and not batch.hangs:
            return "finalizing"
        return "in_progress"


def _problem(code: str, message: str, line: int | None, param: str | None) -> JsonObject:
    return {"code": code, "message": message, "line": line, "param": param}


def _counters(batch: SimulatedBatch, counts: RowCounts) -> JsonObject:
    if batch.polls == 0 or batch.end == FAILED:
        return {"total": 0, "completed": 0, "failed": 0}
    return {"total": batch.total, "completed": counts.succeeded, "failed": counts.errored}


def _in_neither(batch: SimulatedBatch, row: SimulatedRow) -> bool:
    """Every other line that a cancellation stopped is in neither file."""
    return row.outcome == CANCELED and fraction(batch.id, "neither", row.position) < 0.5


def _result(batch: SimulatedBatch, row: SimulatedRow) -> bytes:
    number = f"{batch.number:08x}{row.position:08x}"
    line: JsonObject = {
        "id": f"batch_req_{number}",
        "custom_id": row.submitted.custom_id,
        "response": None,
        "error": None,
    }
    if row.outcome == EXPIRED:
        line["error"] = {"code": "batch_expired", "message": EXPIRY_TEXT}
    elif row.outcome == CANCELED:
        line["error"] = {"code": "batch_cancelled", "message": CANCEL_TEXT}
    else:
        line["response"] = {"status_code": row.status, "request_id": f"req_{number}", "body": row.reply}
    return encode(line) + b"\n"


def _usage(rows: Iterable[SimulatedRow]) -> JsonObject:
    """The sum over executed lines, in the words of Responses whatever the endpoint."""
    totals = {"input": 0, "cached": 0, "output": 0, "reasoning": 0}
    for row in rows:
        usage = as_object((as_object(row.reply) or {}).get("usage")) or {}
        details = as_object(usage.get("input_tokens_details") or usage.get("prompt_tokens_details")) or {}
        spent = as_object(usage.get("output_tokens_details") or usage.get("completion_tokens_details")) or {}
        totals["input"] += as_int(usage.get("input_tokens", usage.get("prompt_tokens"))) or 0
        totals["output"] += as_int(usage.get("output_tokens", usage.get("completion_tokens"))) or 0
        totals["cached"] += as_int(details.get("cached_tokens")) or 0
        totals["reasoning"] += as_int(spent.get("reasoning_tokens")) or 0
    return {
        "input_tokens": totals["input"],
        "input_tokens_details": {"cached_tokens": totals["cached"]},
        "output_tokens": totals["output"],
        "output_tokens_details": {"reasoning_tokens": totals["reasoning"]},
        "total_tokens": totals["input"] + totals["output"],
    }
