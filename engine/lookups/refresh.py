"""Reading what a provider publishes about its models: `GET` of its catalogue, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from ...profiles.provider import Catalogue
from ...profiles.published import PublishedModels
from ...providers import catalogue
from ...providers.catalogue import Published
from ...providers.catalogues import hosts
from ...providers.dialect import encode_body
from ...providers.errors import Failure
from ...providers.framing.sse import MAX_BODY_BYTES
from ...providers.json_values import items, obj, parse_json, text
from ...providers.registry import dialect
from ...providers.schema import HttpRequest
from ..exchange.connections.body import LOOK_UP_S, read_body, read_error_body
from ..exchange.connections.errors import CannotSendError, TransportError
from ..exchange.secrets import sent_secrets
from ..exchange.transport import Transport, read_transport_error
from ..targets.authorize import Authorize
from ..targets.target import Target

TIMEOUT_S = 30.0
MOST_PAGES = 50
READERS = {**catalogue.READERS, **hosts.READERS}
"""Of all catalogue styles that GETs answer."""


class Unread(Struct, frozen=True):
    """Why a catalogue could not be read."""

    provider: str
    failure: Failure


async def read_catalogue(
    target: Target, authorize: Authorize, transport: Transport, today: str
) -> PublishedModels | Unread:
    """The catalogue of `target`'s provider. `today` is the ISO date to remember with it."""
    listed = target.provider.catalogue
    if listed is None:
        return Unread(target.provider.name, Failure("config", f"{target.provider.name} publishes no catalogue"))
    try:
        if listed.style == "ollama":
            found = await _ollama(target, authorize, transport)
        else:
            found = await _pages(target, listed, authorize, transport)
    except RefusedError as refused:
        return Unread(target.provider.name, refused.failure)
    except ValueError as error:
        return Unread(target.provider.name, Failure("protocol", f"the catalogue cannot be read: {error}"))
    return PublishedModels(target.provider.name, today, {entry.model: entry for entry in found})


class RefusedError(Exception):
    """A GET of the provider's own data that did not succeed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


async def _pages(target: Target, listed: Catalogue, authorize: Authorize, transport: Transport) -> list[Published]:
    read = READERS[listed.style]
    found: list[Published] = []
    query: Mapping[str, str] = listed.query
    for _ in range(MOST_PAGES):
        address = f"{_origin(target.base_url) if listed.at_origin else target.base_url}{listed.path}"
        document = await fetch_json(
            target, authorize, transport, "GET", f"{address}?{urlencode(query)}" if query else address, b""
        )
        found += read(document)
        following = catalogue.next_page(listed.style, document)
        if following is None:
            break
        query = {**listed.query, **following}
    return found


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _ollama(target: Target, authorize: Authorize, transport: Transport) -> list[Published]:
    listed = await fetch_json(target, authorize, transport, "GET", f"{target.base_url}/api/tags", b"")
    found: list[Published] = []
    for entry in items(obj(listed).get("models")):
        if name := text(entry.get("model")) or text(entry.get("name")):
            body = encode_body({"model": name})
            shown = await fetch_json(target, authorize, transport, "POST", f"{target.base_url}/api/show", body)
            found += catalogue.ollama_show(shown, name)
    return found


async def fetch_json(
    target: Target, authorize: Authorize, transport: Transport, method: str, url: str, body: bytes
) -> Any:
    """The JSON at `url`. Raises `RefusedError`, without our credentials, and `ValueError` for what is no JSON."""
    headers: list[tuple[str, str]] = [("accept", "application/json")]
    if target.provider.catalogue is not None:
        headers += target.provider.catalogue.headers.items()
    headers += ((name.lower(), value) for name, value in target.profile.headers.items())
    if body:
        headers.append(("content-type", "application/json"))
    request = HttpRequest(method, url, tuple(headers), body)
    auth = authorize(request)
    secrets = sent_secrets(target, request, auth)
    try:
        async with transport.open(request, auth, idle_timeout_s=TIMEOUT_S) as response:
            refuses = response.status >= 300
            chunks = response.chunks
            data = await (read_error_body(chunks) if refuses else read_body(chunks, MAX_BODY_BYTES, within_s=LOOK_UP_S))
            data = secrets.redactor().whole(data)
    except (TransportError, CannotSendError) as error:
        failed = read_transport_error(error, url, TIMEOUT_S)
        raise RefusedError(secrets.out_of_message(failed)) from None
    if not refuses:
        return parse_json(data)
    try:
        document = parse_json(data)
    except ValueError:
        document = {}
    failed = dialect(target.dialect).read_error(response.status, secrets.out_of_headers(response.headers), document)
    raise RefusedError(secrets.out_of_message(failed))
