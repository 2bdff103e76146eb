"""What the batches of one profile need: its row function, its provider's batch API and a client."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.batch_terms import BatchTerms, batch_terms
from ....profiles.config import Config
from ....profiles.profile import Profile
from ....profiles.shapes.shape import shape_from
from ....providers.batches.body import row_body
from ....providers.batches.contract import BatchApi, Route
from ....providers.batches.registry import WIRES
from ....providers.errors import ConfigError, UsageError
from ....providers.json_values import array
from ....providers.merge import at_path
from ....providers.registry import dialect
from ....providers.schema import Call
from ....providers.think import Think
from ...exchange.files.client import ApiClient
from ...exchange.surroundings import Surroundings
from ...planning.prepare import Prepared, unstreamed, with_own_headers
from ...runs.jobs import Options
from ...targets.authorize import authorization
from ...targets.target import Selection, Target
from ..caller import RowCaller
from ..rows.rows import Row
from .job_store import BatchJob
from .row_file import kept_wish

if TYPE_CHECKING:
    pass

BODY_HEADERS = ("content-type", "accept")
SETTINGS = (
    "provider", "model", "dialect", "base_url", "max_output_tokens", "params", "system", "emulate", "endpoint",
    "known_as", "quirks", "schema", "server_tools", "tools", "tool_choice",
)  # fmt: skip
"""What of a profile changes the requests, and with them how their answers read."""


class ProviderAccess(Struct, frozen=True):
    """One profile's access to its provider's batches."""

    caller: RowCaller
    terms: BatchTerms
    api: BatchApi
    client: ApiClient

    @property
    def target(self) -> Target:
        return self.caller.target

    def prepared(self, row: Row, think: Think) -> Prepared:
        """The call for `row`, for one whole body. Raises `ConfigError`."""
        made = self.caller.prepared(row, think)
        if own := [name for name, _ in made.call.headers if made.server_tools]:
            raise ConfigError(
                f"profile {self.caller.name}: its provider wants the header {own[0]} beside these tools, and a row of a"
                " batch has no headers",
                hint="send the rows without --via",
            )
        return unstreamed(made) if made.call.stream else made

    def line(self, custom_id: str, prepared: Prepared) -> bytes:
        """What is uploaded for it. Raises `ConfigError` for what batches refuse."""
        try:
            body = row_body(prepared.request, self.terms.refused_fields)
        except ConfigError as error:
            raise ConfigError(f"profile {self.caller.name}: {error.message}", hint=error.hint) from None
        return self.api.row(custom_id, body)


class ProviderAccesses:
    """The access of each profile of one command or job, made when it is first needed."""

    def __init__(
        self,
        config: Config,
        surroundings: Surroundings,
        options: Options,
        run_id: str,
        *,
        system: str | None = None,
        environment: Mapping[str, str] = os.environ,
        terms: Mapping[str, BatchTerms] | None = None,
    ) -> None:
        self._config, self._surroundings, self._options = config, surroundings, options
        self._run_id, self._system, self._environment = run_id, system, environment
        self._terms = batch_terms() if terms is None else terms
        self._made: dict[str, ProviderAccess] = {}

    def for_selection(self, selection: Selection) -> ProviderAccess:
        """The access of a chosen profile. Raises `ConfigError` where it has no batches."""
        caller = RowCaller(
            selection,
            self._config,
            self._options,
            run_id=self._run_id,
            environment=self._environment,
            system=self._system,
        )
        target = caller.target
        terms = terms_of(target, self._terms)
        key, authorize = authorization(target, self._environment)
        client = ApiClient(self._surroundings, target.dialect, key, authorize, caller.patience.idle_s)
        return ProviderAccess(caller, terms, WIRES[terms.wire](_route(target, terms)), client)

    def for_job(self, job: BatchJob, profile: str) -> ProviderAccess:
        """The access of a profile as it was when `job` was submitted; keys and headers are those of today."""
        if profile not in self._made:
            self._made[profile] = self.for_selection(Selection(_as_it_was(profile, job, self._config)))
        return self._made[profile]


def options_of(job: BatchJob) -> Options:
    """The options that `job` was submitted with, as far as they change what is asked."""
    limit = job.options.get("max_output_tokens")
    return Options(
        max_output_tokens=limit if isinstance(limit, int) else None,
        no_stream=True,
        emulate=bool(job.options.get("emulate")),
        shape=shape_from(job.options.get("shape")),
        server_tools=_names(job.options.get("server_tools")),
        tools=kept_wish(job.options.get("tools")),
    )


def _names(listed: object) -> tuple[str, ...] | None:
    return tuple(map(str, array(listed))) if isinstance(listed, list | tuple) else None


def settings_of(target: Target) -> dict[str, Any]:
    """What of the profile of `target` is kept with a job."""
    profile = target.profile
    kept = {name: getattr(profile, name) for name in SETTINGS}
    if profile.tools is not None:  # their files may be other ones when the answers are there
        from ...tools.definitions import tool_document
        from ...tools.toolset import tools_said

        kept["tools"] = [tool_document(tool) for tool in tools_said(profile.tools, None, "tools").tools]
    return {**kept, "dialect": target.dialect, "params": dict(profile.params), "endpoint": dict(profile.endpoint)}


def terms_of(target: Target, known: Mapping[str, BatchTerms]) -> BatchTerms:
    """The terms of the provider's batches. Raises `ConfigError` where it has none for this profile."""
    name, provider = target.profile.name, target.provider.name
    terms = known.get(provider)
    if terms is None:
        raise ConfigError(
            f"profile {name}: {provider} has no batch API that is known here",
            hint=f"without --via the rows are sent one by one; --via works with {', '.join(known)}",
        )
    if target.dialect not in terms.endpoints:
        raise ConfigError(
            f"profile {name}: the batches of {provider} do not take {target.dialect}",
            hint=f"dialect: {' or '.join(terms.endpoints)}",
        )
    for path in terms.refused_fields:
        if at_path(target.profile.params, path) is not None:
            raise ConfigError(
                f"profile {name}: params.{path} is not taken in batches", hint="remove it from the profile's params"
            )
    if terms.refuses(target.profile.model):
        raise ConfigError(
            f"profile {name}: {provider} does not take {target.profile.model} in batches",
            hint="choose another model, or send the rows without --via",
        )
    return terms


def _route(target: Target, terms: BatchTerms) -> Route:
    """Where the batches go, with the headers that a live request has, whatever it asks."""
    call = Call(target.profile.model, "-", stream=False)
    built = dialect(target.dialect).build_request(call, target.base_url, target.use.quirks)
    headers = tuple(pair for pair in with_own_headers(target, built).headers if pair[0] not in BODY_HEADERS)
    return Route(target.base_url, terms.endpoints[target.dialect], target.profile.model, headers, terms.window)


def _as_it_was(name: str, job: BatchJob, config: Config) -> Profile:
    settings = job.settings.get(name)
    if settings is None:
        raise UsageError(f"batch {job.id} has no profile {name}")
    known = {key: settings[key] for key in SETTINGS if key in settings}
    known |= {"server_tools": _names(known.get("server_tools")) or ()}
    current = config.profiles.get(name) or Profile(name, str(known["provider"]), str(known["model"]))
    return replace(current, **known)
