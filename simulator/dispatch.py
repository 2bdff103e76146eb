"""From a request to a reply: which vendor it is for, which faults it gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from . import anthropic, catalogue, compatible, gemini, openai_chat, openai_responses
from .calls import Call, PromptCache
from .faults import HEADER, STATUS_FAULTS, FaultPlan, UnknownFaultError, before_answer, cut, split_model, spoil
from .fields import JsonObject, as_text, decode_object
from .http import Request
from .replies import Piece, RejectedError, Reply, Role, whole


class Vendor(Protocol):
    """What a vendor module offers. Each of them raises `RejectedError` for a request that it refuses."""

    def answer(self, call: Call) -> Reply: ...
    def failure(self, name: str, call: Call) -> Reply: ...
    def broken_off(self, call: Call, sent: int) -> tuple[Piece, ...]: ...
    def not_found(self, call: Call) -> Reply: ...
    def bad_json(self, call: Call) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path; the group `model` of the pattern, if any, names the model, else the body does."""

    method: str
    pattern: re.Pattern[str]
    vendor: Vendor
    answer: Callable[[Call], Reply]


def _route(method: str, pattern: str, vendor: Vendor, answer: Callable[[Call], Reply]) -> Route:
    return Route(method, re.compile(pattern), vendor, answer)


_GEMINI_METHOD = rf"/google/v1(?:beta)?/models/(?P<model>[^/]+):(?:{gemini.GENERATE}|{gemini.STREAM})"

ROUTES = (
    _route("POST", r"/anthropic/v1/messages", anthropic, anthropic.answer),
    _route("GET", r"/anthropic/v1/models(?:/(?P<model>[^/]+))?", anthropic, catalogue.anthropic_models),
    _route("POST", r"/openai/v1/responses", openai_responses, openai_responses.answer),
    _route("POST", r"/openai/v1/chat/completions", openai_chat, openai_chat.answer),
    _route("GET", r"/openai/v1/models(?:/(?P<model>[^/]+))?", openai_chat, catalogue.openai_models),
    _route("POST", _GEMINI_METHOD, gemini, gemini.answer),
    _route("GET", r"/google/v1(?:beta)?/models(?:/(?P<model>[^/]+))?", gemini, catalogue.google_models),
    _route("POST", r"/compatible/v1/chat/completions", compatible, compatible.answer),
    _route("GET", r"/compatible/v1/models", compatible, catalogue.compatible_models),
)
BASE_PATHS = ("/anthropic", "/openai/v1", "/google", "/compatible/v1")
VENDORS: tuple[tuple[str, Vendor], ...] = (
    ("/anthropic/", anthropic),
    ("/google/", gemini),
    ("/compatible/", compatible),
    ("/", openai_chat),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A reply and the names of the faults that shaped it."""

    reply: Reply
    faults: tuple[str, ...] = ()


class Dispatcher:
    """Answers requests; holds what outlives one of them: fault counters and prompt caches."""

    def __init__(self, *, seed: int, faults: Mapping[str, float] | None, retry_after_s: float) -> None:
        self._seed = seed
        self._plan = FaultPlan(faults, seed)
        self._retry_after_s = retry_after_s
        self._cache = PromptCache()

    def respond(self, request: Request, number: int) -> Outcome:
        """The reply to request `number`, with its faults done to it."""
        if request.path == "/":
            return Outcome(whole(200, {"simulator": "thinkdial", "vendors": list(BASE_PATHS)}))
        call = Call(request, {}, "", number, self._seed, frozenset(), self._retry_after_s, self._cache)
        found = _find(request)
        if found is None:
            return Outcome(_vendor_of(request.path).not_found(call))
        route, path_model = found
        body = decode_object(request.body) if route.method == "POST" else {}
        if body is None:
            return Outcome(route.vendor.bad_json(call))
        named = path_model if path_model is not None else as_text(body.get("model")) or ""
        model, suffix = split_model(named)
        asked = ",".join(filter(None, (request.headers.get(HEADER, ""), suffix)))
        try:
            faults = self._plan.choose(asked, target=f"{request.path.split('/')[1]} {model}", number=number)
        except UnknownFaultError as error:
            return Outcome(whole(400, {"error": {"message": str(error), "type": "simulator_error"}}))
        names = frozenset(fault.name for fault in faults)
        call = replace(call, body=_with_model(body, model), model=model, faults=names)
        reply = before_answer(names) or self._answer(route, call)
        return Outcome(spoil(reply, faults, number=number), tuple(fault.name for fault in faults))

    def _answer(self, route: Route, call: Call) -> Reply:
        try:
            reply = route.answer(call)
        except RejectedError as rejected:
            return rejected.reply
        for name in STATUS_FAULTS:
            if name in call.faults:
                return route.vendor.failure(name, call)
        if "overloaded_midstream" not in call.faults:
            return reply
        if not reply.streamed:
            return route.vendor.failure("overloaded", call)
        begun = cut(reply).pieces
        ending = tuple(replace(piece, role=Role.TERMINAL) for piece in route.vendor.broken_off(call, len(begun)))
        return replace(reply, pieces=(*begun, *ending))


def _find(request: Request) -> tuple[Route, str | None] | None:
    for route in ROUTES:
        match = route.pattern.fullmatch(request.path)
        if match is not None and request.method == route.method:
            return route, match.groupdict().get("model")
    return None


def _vendor_of(path: str) -> Vendor:
    return next(vendor for prefix, vendor in VENDORS if path.startswith(prefix) or prefix == "/")


def _with_model(body: JsonObject, model: str) -> JsonObject:
    return body | {"model": model} if "model" in body else body
