"""A call whose request refers to files that are uploaded first."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from msgspec.structs import replace

from ....providers.dialect import failure
from ....providers.errors import StoreError
from ....providers.schema import HttpRequest
from ..connections.response import Response
from ..exchange import Exchange
from ..outcome import Outcome
from ..transport import Transport
from .client import ApiError
from .uploads import Uploads

_GONE = (400, 403, 404, 410)


class ReferringTransport(Transport):
    """The same transport; the marks in bodies become what is known of them by now."""

    def __init__(self, inner: Transport, references: Mapping[bytes, bytes]) -> None:
        self._inner, self._references = inner, references
        self.lessons = inner.lessons

    def open(
        self, request: HttpRequest, auth: Mapping[str, str] | None, **more: Any
    ) -> AbstractAsyncContextManager[Response]:
        """The request with its references, sent."""
        body = request.body
        for mark, reference in self._references.items():
            body = body.replace(mark, reference)
        return self._inner.open(replace(request, body=body), auth, **more)


async def run_referring(exchange: Exchange, uploads: Uploads | None) -> Outcome:
    """Upload what the request of `exchange` refers to, and run it.

    What an earlier run has uploaded, and the provider has not any more, is uploaded again.
    """
    around, own = exchange.surroundings, uploads or Uploads()
    try:
        while True:
            references = await own.references(
                exchange.prepared, exchange.key, exchange.authorize, exchange.patience, around
            )
            exchange.surroundings = replace(around, transport=ReferringTransport(around.transport, references))
            outcome = await exchange.run()
            failed = outcome.reply.failure
            if failed is None or failed.status not in _GONE or not await own.forget(references):
                return outcome
    except ApiError as error:
        return exchange.outcome(error.failure)
    except StoreError as error:
        return exchange.outcome(failure("config", error.message, hint=error.hint))
    finally:
        if uploads is None:
            await own.close()
