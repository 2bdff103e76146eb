"""How many input tokens a call has, by the provider's free counting endpoint. The prompt is sent, but not answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from msgspec import Struct

from ...providers.dialect import Counting, Dialect
from ...providers.errors import ConfigError
from ...providers.json_values import parse_json
from ...providers.registry import dialect
from ...providers.schema import HttpRequest
from ...providers.turns.pieces import FILE_MARK
from ..exchange.connections.body import TooLargeError, read_body, read_error_body
from ..exchange.connections.errors import CannotSendError, TransportError
from ..exchange.secrets import sent_secrets
from ..exchange.transport import Transport, read_transport_error
from ..planning.prepare import Prepared, with_own_headers
from ..targets.authorize import Authorize

TIMEOUT_S = 30.0
MOST_AT_ONCE = 16
MAX_BODY_BYTES = 1024 * 1024

ESTIMATED = "the estimate is used"


class Count(Struct, frozen=True):
    """Input tokens as the provider counts them, or None and a note that says why there is no count."""

    tokens: int | None
    note: str | None = None


async def count_all(
    calls: Sequence[tuple[Prepared, Authorize] | None], transport: Transport, *, timeout_s: float = TIMEOUT_S
) -> list[Count | None]:
    """A count for each call, in order; None for one that is None. Calls with the same body are asked for once."""
    lane = asyncio.Semaphore(MOST_AT_ONCE)
    asked: dict[tuple[str, str, bytes], asyncio.Task[Count]] = {}

    async def one(prepared: Prepared, authorize: Authorize) -> Count:
        async with lane:
            return await count_tokens(prepared, authorize, transport, timeout_s=timeout_s)

    def task(prepared: Prepared, authorize: Authorize) -> asyncio.Task[Count]:
        request = counting_request(prepared)
        key = (prepared.target.profile.name, request.url if request else "", request.body if request else b"")
        if key not in asked:
            asked[key] = asyncio.create_task(one(prepared, authorize))
        return asked[key]

    tasks = [None if call is None else task(*call) for call in calls]
    try:
        await asyncio.gather(*asked.values())
    finally:
        for pending in asked.values():
            pending.cancel()
    return [None if found is None else found.result() for found in tasks]


async def count_tokens(
    prepared: Prepared, authorize: Authorize, transport: Transport, *, timeout_s: float = TIMEOUT_S
) -> Count:
    """The count of one call. What goes wrong is a note: a forecast can do with the estimate."""
    name = prepared.target.profile.name
    try:
        request = counting_request(prepared)
        if request is None:
            return Count(None, f"{name}: no counting endpoint is known for this route; {ESTIMATED}")
        auth = authorize(request)
        secrets = sent_secrets(prepared.target, request, auth)
        async with asyncio.timeout(timeout_s), transport.open(request, auth, idle_timeout_s=timeout_s) as response:
            status, headers, chunks = response.status, secrets.out_of_headers(response.headers), response.chunks
            data = await (read_error_body(chunks) if status >= 300 else read_body(chunks, MAX_BODY_BYTES))
            data = secrets.redactor().whole(data)
    except ConfigError as error:
        return Count(None, f"{name}: the tokens could not be counted: {error.message}; {ESTIMATED}")
    except (TransportError, CannotSendError) as error:
        failed = read_transport_error(error, prepared.request.url, timeout_s)
        return Count(None, f"{name}: the tokens could not be counted: {failed.message}; {ESTIMATED}")
    except TimeoutError:
        return Count(None, f"{name}: the tokens could not be counted within {timeout_s:g} s; {ESTIMATED}")
    except TooLargeError as error:
        return Count(None, f"{name}: the tokens could not be counted: {error}; {ESTIMATED}")
    try:
        document = parse_json(data)
    except ValueError:
        document = None
    if status >= 300:
        failed = dialect(prepared.target.dialect).read_error(status, headers, document)
        words = secrets.out_of(failed.message)
        return Count(None, f"{name}: the tokens could not be counted: HTTP {status}: {words}; {ESTIMATED}")
    counting = _counting(dialect(prepared.target.dialect))
    tokens = None if counting is None else counting.read_count(document)
    if tokens is None:
        return Count(None, f"{name}: the counting endpoint answered without a count; {ESTIMATED}")
    return Count(tokens)


def counting_request(prepared: Prepared) -> HttpRequest | None:
    """What asks for the count, without the credential; None where the route has no counting endpoint."""
    target = prepared.target
    counting = _counting(dialect(target.dialect))
    if counting is None or FILE_MARK.encode() in prepared.request.body:
        return None  # a file that is not uploaded yet cannot be counted by its reference
    built = counting.build_count(prepared.call, target.base_url, target.use.quirks)
    return None if built is None else with_own_headers(target, built)


def _counting(module: Dialect) -> Counting | None:
    """The dialect's counting part, if it has one: those of plugins need none."""
    both = hasattr(module, "build_count") and hasattr(module, "read_count")
    return cast("Counting", cast("Any", module)) if both else None
