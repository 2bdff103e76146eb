"""How prepared calls travel: a route and a template once, and of each call what is its own. Pure.

A request is the same bytes on both sides: the worker makes it of template and prompt by the function that has made it
here (`with_prompt`), and one that has no template goes as it is.
"""

from __future__ import annotations

from typing import Any, cast

from msgspec.structs import replace

from ....providers.schema import HttpRequest
from ...exchange.secrets import may_be_secret
from ...planning.prepare import Prepared, Prompt, with_prompt, with_repeat
from ...targets.target import Target
from .messages import Template

MOST_TEMPLATES = 512
"""Templates that are known at a time: rows may each have an output limit of their own."""

_NO_TARGET = cast(Target, None)


class Parcels:
    """Packs the calls of one batch, for all of its workers."""

    def __init__(self) -> None:
        self._seen: dict[int, Prepared] = {}
        self._templates: dict[int, Template] = {}
        self._count = 0

    def pack(self, prepared: Prepared, route: int) -> tuple[Template | None, Any]:
        """The template of a call, and what is its own; without a template that is all of it."""
        if not _is_like_its_template(prepared):
            return None, bare(prepared)
        plan = id(prepared.plan)
        template = self._templates.get(plan)
        if template is None or self._seen[plan].plan is not prepared.plan or template.route != route:
            if plan not in self._seen or self._seen[plan].plan is not prepared.plan:
                # Seen once: most plans are those of many rows, some of a single one.
                if len(self._seen) >= MOST_TEMPLATES:
                    self._seen.clear()
                    self._templates.clear()
                self._seen[plan] = prepared
                return None, bare(prepared)
            self._count += 1
            template = self._templates[plan] = Template(self._count, route, bare(prepared))
        prompt = prepared.asked.prompt
        return template, (prompt.text, prompt.system, prompt.earlier, prepared.asked.repeat)


def unpack(template: Prepared | None, given: Any, target: Target) -> Prepared:
    """The call that was packed, on the route of `target`."""
    if template is None:
        return clad(given, target)
    text, system, earlier, repeat = given
    prepared = with_prompt(template, Prompt(text, system, earlier, tools=template.asked.prompt.tools))
    return prepared if repeat == prepared.asked.repeat else with_repeat(prepared, repeat)


def bare(prepared: Prepared) -> Prepared:
    """A call without its target, and without the headers that may be secret."""
    hidden = secret_headers(prepared.target)
    request = prepared.request
    if hidden:
        kept = tuple((name, value) for name, value in request.headers if name not in hidden)
        request = HttpRequest(request.method, request.url, kept, request.body)
    return replace(prepared, target=_NO_TARGET, request=request)


def clad(prepared: Prepared, target: Target) -> Prepared:
    """A bare call with its target and all of its headers."""
    hidden = secret_headers(target)
    request = prepared.request
    if hidden:
        request = HttpRequest(request.method, request.url, (*request.headers, *hidden.items()), request.body)
    return replace(prepared, target=target, request=request)


def secret_headers(target: Target) -> dict[str, str]:
    """The profile's own headers that may be secret, with their names as they are sent."""
    headers = target.profile.headers
    return {name.lower(): value for name, value in headers.items() if may_be_secret(name)} if headers else {}


def without_secrets(target: Target) -> Target:
    """The target without those."""
    headers = {name: value for name, value in target.profile.headers.items() if not may_be_secret(name)}
    return replace(target, profile=replace(target.profile, headers=headers))


def with_secrets(target: Target, headers: dict[str, str]) -> Target:
    """The target with them."""
    return replace(target, profile=replace(target.profile, headers={**target.profile.headers, **headers}))


def _is_like_its_template(prepared: Prepared) -> bool:
    """Whether the prompt is all that is its own (`with_prompt` decides nothing anew)."""
    prompt = prepared.asked.prompt
    return not (
        prompt.past is not None
        or prompt.asked
        or prompt.stand_ins
        or prompt.shape
        or prepared.shape
        or prompt.server_tools
        or prepared.server_tools
        or prepared.target.profile.cache
    )
