"""What providers answer to a read that costs nothing: whether they take the key, and list the model."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Literal
from urllib.parse import urlencode, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from ...profiles.provider import Listing
from ...providers.catalogue import is_listed, listed_names, next_page
from ...providers.errors import ConfigError, Failure, did_you_mean
from ..exchange.transport import Transport
from ..targets.authorize import Authorize, auth_of, authorization
from ..targets.keys import Key
from ..targets.readiness import Candidate
from ..targets.target import Target
from .refresh import MOST_PAGES, RefusedError, fetch_json

MOST_AT_ONCE = 16
TIMEOUT_S = 15.0
UNCHECKABLE = "cannot be checked without a prompt"

KeyState = Literal["accepted", "refused", "forbidden", "unproven", "not_needed", "missing"]
"""`refused` is a 401 and `forbidden` a 403; `unproven` where the provider answers to anybody; `missing` where it
answers only to a key and none was sent."""


class Online(Struct, frozen=True):
    """What the provider answered. None is what was not asked or not said.

    `near` is the listed name that is most like a model that is not listed; `note` says what stayed open.
    """

    host: str
    answers: bool | None = None
    key: KeyState | None = None
    listed: bool | None = None
    near: str | None = None
    answered_s: float | None = None
    note: str | None = None
    problem: str | None = None
    hint: str | None = None

    @property
    def proven(self) -> bool:
        """Whether nothing stayed open but, at some providers, the model."""
        return self.problem is None and self.key in ("accepted", "not_needed")


class _Heard(Struct, frozen=True):
    """What one provider answered to one key, for all profiles that share them."""

    answers: bool | None = None
    key: KeyState | None = None
    names: frozenset[str] = frozenset()
    answered_s: float | None = None
    failure: Failure | None = None


async def check_online(
    candidates: Sequence[Candidate],
    transport: Transport,
    *,
    timeout_s: float = TIMEOUT_S,
    clock: Callable[[], float] = monotonic,
    environment: Mapping[str, str] = os.environ,
) -> list[Online | None]:
    """Ask for each candidate without a problem; profiles with one address and one key are asked for once."""
    room = asyncio.Semaphore(MOST_AT_ONCE)
    asked: dict[object, asyncio.Task[_Heard]] = {}

    async def ask(target: Target, listing: Listing, key: Key | None) -> _Heard:
        try:
            _, authorize = authorization(target, environment)
        except ConfigError as error:
            return _Heard(failure=Failure("config", error.message, hint=error.hint))
        async with room:
            return await _ask(target, listing, key, authorize, transport, timeout_s, clock)

    async def one(tried: Candidate) -> Online | None:
        target = tried.target
        if target is None or tried.problem is not None:
            return None
        listing = _listing(target)
        if listing is None:
            return Online(_host(target), note=UNCHECKABLE)
        same = _identity(target, listing, tried.key)
        if same not in asked:
            asked[same] = asyncio.ensure_future(ask(target, listing, tried.key))
        return _read(tried, target, listing, await asked[same])

    return list(await asyncio.gather(*map(one, candidates)))


def _listing(target: Target) -> Listing | None:
    """What can be asked at the address of this route; None where nothing is known of it."""
    provider, profile = target.provider, target.profile
    if target.use.base_url is not None and profile.base_url is None:
        return None  # a route with an address of its own
    if provider.listing is not None:
        return provider.listing
    catalogue = provider.catalogue
    if catalogue is None or catalogue.base_url is not None:
        return None  # the key does not go to another address than the calls
    return Listing(catalogue.path, query=catalogue.query)


def _identity(target: Target, listing: Listing, key: Key | None) -> object:
    headers = tuple(sorted(target.profile.headers.items()))
    secret = None if key is None else key.reveal()
    return target.provider.name, target.base_url, listing.path, auth_of(target), secret, headers


async def _ask(
    target: Target,
    listing: Listing,
    key: Key | None,
    authorize: Authorize,
    transport: Transport,
    timeout_s: float,
    clock: Callable[[], float],
) -> _Heard:
    started = clock()
    answered_s: float | None = None
    names: frozenset[str] = frozenset()
    try:
        async with asyncio.timeout(timeout_s):
            query: Mapping[str, str] | None = listing.query
            for _ in range(MOST_PAGES):
                if query is None:
                    break
                document = await _get(target, listing.path, query, authorize, transport)
                answered_s = clock() - started if answered_s is None else answered_s
                names |= listed_names(document)
                style = target.provider.catalogue.style if target.provider.catalogue is not None else ""
                following = next_page(style, document)
                query = None if following is None else {**listing.query, **following}
            proven = await _proven(target, listing, key, authorize, transport)
            return _Heard(True, proven, names, answered_s)
    except RefusedError as refused:
        told = refused.failure
        answered = told.status is not None
        states: Mapping[str, KeyState] = {"auth": "refused", "permission": "forbidden"}
        if key is None and not target.provider.signing:
            states = {"auth": "missing", "permission": "missing"}
        return _Heard(answered, states.get(told.kind), names, clock() - started if answered else None, told)
    except TimeoutError:
        slow = Failure("timeout", f"{_host(target)} did not answer in {timeout_s:g} s", hint="raise --timeout")
        return _Heard(answered_s is not None, None, names, answered_s, slow)
    except ValueError:
        odd = Failure("protocol", f"{_host(target)} answers with something else than a list of models")
        return _Heard(True, None, names, answered_s, replace(odd, hint="is the base_url right?"))


async def _proven(
    target: Target, listing: Listing, key: Key | None, authorize: Authorize, transport: Transport
) -> KeyState:
    """Whether it was the key that opened the list: what answers without one says nothing about it.

    Raises `RefusedError` when the provider refuses the key where it does look at it.
    """
    if key is None:
        return "accepted" if target.provider.signing else "not_needed"
    try:
        if listing.key_path is not None:
            await _get(target, listing.key_path, {}, authorize, transport)
            return "accepted"
        await _get(target, listing.path, listing.query, lambda _: {}, transport)
    except RefusedError as refused:
        status = refused.failure.status
        if listing.key_path is not None:
            if refused.failure.kind in ("auth", "permission"):
                raise
            return "unproven"
        return "accepted" if status is not None and 400 <= status < 500 and status != 429 else "unproven"
    except ValueError:
        pass
    return "unproven"


async def _get(
    target: Target, path: str, query: Mapping[str, str], authorize: Authorize, transport: Transport
) -> object:
    address = f"{target.base_url}{path}"
    return await fetch_json(
        target, authorize, transport, "GET", f"{address}?{urlencode(query)}" if query else address, b""
    )


def _read(tried: Candidate, target: Target, listing: Listing, heard: _Heard) -> Online:
    """What one profile learns from what was heard."""
    found = Online(_host(target), heard.answers, heard.key, answered_s=heard.answered_s)
    failure = heard.failure
    if failure is None:
        return _with_model(found, target.profile.model, listing, heard)
    if failure.kind == "not_found" or failure.status in (405, 501):
        note = f"lists no models at {target.base_url}{listing.path} ({failure.status}): {UNCHECKABLE}"
        return replace(found, note=note, hint="is the base_url right?")
    problem = failure.message
    hint = failure.hint
    if heard.key == "missing":
        problem = f"{found.host} wants a key ({failure.status}): {failure.message}"
        hint = f"thinkdial keys set profile:{target.profile.name}, or api_key_env in the profile"
    elif heard.key == "refused":
        problem = f"the key from {tried.source} is refused ({failure.status}): {failure.message}"
        hint = f"a key can be made at {target.provider.key_url}" if target.provider.key_url else failure.hint
    elif heard.key == "forbidden":
        problem = f"the key from {tried.source} may not do this ({failure.status}): {failure.message}"
        hint = "a key that is restricted to other endpoints may still answer"
    elif failure.status is not None:
        problem = f"{found.host} answers {failure.status}: {failure.message}"
    return replace(found, problem=problem, hint=hint)


def _with_model(found: Online, model: str, listing: Listing, heard: _Heard) -> Online:
    note = "anybody may read its list: the key is not proven" if found.key == "unproven" else None
    if is_listed(model, heard.names):
        return replace(found, listed=True, note=note)
    if not listing.complete or not heard.names:
        return replace(found, note=note)
    words = did_you_mean(model, heard.names)
    near = words.removeprefix(" (did you mean ").removesuffix("?)") or None
    return replace(found, listed=False, near=near, note=note, problem=f"{model} is not listed by {found.host}{words}")


def _host(target: Target) -> str:
    return urlsplit(target.base_url).netloc.rpartition("@")[2]
