"""From a request to a reply: which vendor it is for, which faults it gets."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from ..batches.backend import BatchBackend, BatchSettings
from ..calls.call import ApiCall
from ..calls.endpoint import Body, Endpoint
from ..calls.faults import HEADER, FaultPlan, UnknownFaultError, before_answer, split_model, spoil
from ..calls.fields import JsonObject, as_text, decode_object
from ..calls.reply import HttpReply, whole
from ..calls.request import Request
from ..calls.vendor import perform, perform_change
from ..state.caches import PromptCache
from .limits import COUNTING, RateLimiter, RateLimits
from .log import RequestLog
from .routes import BASE_PATHS, all_endpoints, vendor_of

CHALLENGE = "challenge"
"""The query of the root with which a client asks for a proof that it has come to this simulator."""


class DispatchedReply(Struct, frozen=True):
    """A reply and the names of the faults that shaped it."""

    reply: HttpReply
    faults: tuple[str, ...] = ()


class Dispatcher:
    """Answers requests; holds what outlives one of them: fault counters, prompt caches, batches and files."""

    def __init__(
        self,
        *,
        seed: int,
        faults: Mapping[str, float] | None,
        retry_after_s: float,
        batches: BatchSettings,
        log: RequestLog,
        mark: str,
        limits: RateLimits | None = None,
    ) -> None:
        self._mark = mark
        self._seed = seed
        self._plan = FaultPlan(faults, seed)
        self._retry_after_s = retry_after_s
        self._cache = PromptCache()
        self._limiter = None if limits is None else RateLimiter(limits)
        self._backend = BatchBackend(batches, self._plan, log, seed=seed, cache=self._cache)
        self._endpoints = all_endpoints(self._backend)

    def close(self) -> None:
        """Let go of batches and files."""
        self._backend.database.close()

    def respond(self, request: Request, number: int) -> DispatchedReply:
        """The reply to request `number`, with its faults done to it."""
        if request.path == "/":
            proof = _proof(self._mark, request.query.get(CHALLENGE))
            return DispatchedReply(whole(200, {"simulator": "thinkdial", "vendors": list(BASE_PATHS), **proof}))
        call = ApiCall(
            request,
            {},
            "",
            number,
            self._seed,
            frozenset(),
            self._retry_after_s,
            self._cache,
            stored=self._backend.stored,
        )
        found = self._find(request)
        if found is None:
            return DispatchedReply(vendor_of(request.path).not_found(call))
        endpoint, parameters = found
        body = decode_object(request.body) if endpoint.body is Body.JSON else {}
        if body is None:
            return DispatchedReply(endpoint.vendor.bad_json(call))
        path_model = parameters.get("model")
        named = path_model if path_model is not None else as_text(body.get("model")) or ""
        model, suffix = split_model(named)
        asked = ",".join(filter(None, (request.headers.get(HEADER, ""), suffix)))
        try:
            faults = self._plan.choose(asked, target=f"{request.path.split('/')[1]} {model}", number=number)
        except UnknownFaultError as error:
            return DispatchedReply(_unknown_fault(error))
        names = frozenset(fault.name for fault in faults)
        body = _with_model(body, model)
        call = replace(call, body=body, model=model, faults=names, parameters=parameters, chosen=faults)
        reply = before_answer(names)
        if reply is None:
            try:
                reply = (perform_change if endpoint.changes else perform)(endpoint.vendor, endpoint.answer, call)
            except UnknownFaultError as error:
                # A row of a batch asked for it.
                return DispatchedReply(_unknown_fault(error))
            reply = self._limited(endpoint, call, reply)
        return DispatchedReply(spoil(reply, faults, number=number), tuple(fault.name for fault in faults))

    def _limited(self, endpoint: Endpoint, call: ApiCall, reply: HttpReply) -> HttpReply:
        """The reply with what it says of rate limits, or the refusal of a call that goes beyond them."""
        if (
            self._limiter is None
            or endpoint.changes
            or endpoint.body is not Body.JSON
            or COUNTING.search(call.request.path)
        ):
            return reply
        verdict = self._limiter.judge(call.request, call.model, reply)
        if verdict.wait_s > 0:
            reply = endpoint.vendor.failure("rate_limit", replace(call, retry_after_s=verdict.wait_s))
        for name, value in verdict.headers:
            reply = reply.with_header(name, value)
        return reply

    def _find(self, request: Request) -> tuple[Endpoint, dict[str, str]] | None:
        for endpoint in self._endpoints:
            match = endpoint.pattern.fullmatch(request.path) if request.method == endpoint.method else None
            if match is not None:
                return endpoint, {name: value for name, value in match.groupdict().items() if value is not None}
        return None


def _proof(mark: str, challenge: str | None) -> JsonObject:
    """Shows whoever knows the mark that we do, without telling it."""
    return {} if challenge is None else {"proof": hmac.new(mark.encode(), challenge.encode(), "sha256").hexdigest()}


def _unknown_fault(error: UnknownFaultError) -> HttpReply:
    return whole(400, {"error": {"message": str(error), "type": "simulator_error"}})


def _with_model(body: JsonObject, model: str) -> JsonObject:
    return body | {"model": model} if isinstance(body.get("model"), str) else body
