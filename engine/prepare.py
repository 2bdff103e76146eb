"""One target and one think value -> the plan and the request, byte for byte as it would be posted. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..profiles.profile import Reference
from ..providers.merge import merged, without
from ..providers.registry import dialect
from ..providers.schema import Call, HttpRequest
from ..providers.think import Think
from .plan import PlanContext, ThinkPlan, plan
from .target import Target


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked: the prompt and, if any, the system prompt."""

    text: str
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that is ready to be sent, and everything that was decided for it."""

    target: Target
    think: Think
    plan: ThinkPlan
    call: Call
    request: HttpRequest


def prepare(
    target: Target,
    think: Think,
    prompt: Prompt,
    reference: Reference,
    *,
    max_output_tokens: int | None = None,
    stream: bool = True,
) -> Prepared:
    """Decide and build. Raises `ConfigError` when the profile's params contradict the dial."""
    profile = target.profile
    context = PlanContext(
        card=target.card,
        spelling=target.spelling,
        reference=reference,
        model=profile.model,
        max_output_tokens=max_output_tokens or profile.max_output_tokens,
        limit_required=dialect(target.dialect).NEEDS_OUTPUT_LIMIT,
        refuses_levels=target.use.refuses_levels,
        params=profile.params,
    )
    decided = plan(think, context)
    call = Call(
        model=profile.model,
        prompt=prompt.text,
        system=prompt.system or profile.system,
        max_output_tokens=decided.max_output_tokens,
        stream=stream,
        native=merged(target.use.body, decided.native),
        params=decided.params or {},
    )
    return Prepared(target, think, decided, call, _build(target, call))


def without_field(prepared: Prepared, path: str) -> Prepared:
    """The same call without one optional thinking field that the provider refuses."""
    decided = replace(
        prepared.plan,
        native=without(prepared.plan.native, path),
        optional=tuple(other for other in prepared.plan.optional if other != path),
    )
    call = replace(prepared.call, native=without(prepared.call.native, path))
    return replace(prepared, plan=decided, call=call, request=_build(prepared.target, call))


def unstreamed(prepared: Prepared) -> Prepared:
    """The same call for one whole body."""
    call = replace(prepared.call, stream=False)
    return replace(prepared, call=call, request=_build(prepared.target, call))


def _build(target: Target, call: Call) -> HttpRequest:
    built = dialect(target.dialect).build_request(call, target.base_url, target.use.quirks)
    extra = {**target.provider.headers, **target.profile.headers}
    if not extra:
        return built
    kept = tuple((name, value) for name, value in built.headers if name not in {key.lower() for key in extra})
    return HttpRequest(
        built.method, built.url, (*kept, *((key.lower(), value) for key, value in extra.items())), built.body
    )
