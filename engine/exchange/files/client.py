"""Requests to an API that keeps things: one at a time, asked again only where that cannot do harm."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from msgspec import Struct

from ....providers.dialect import failure
from ....providers.errors import Failure
from ....providers.framing.ndjson import NdjsonFramer
from ....providers.framing.sse import MAX_BODY_BYTES, FramingError
from ....providers.json_values import parse_json
from ....providers.registry import dialect
from ....providers.schema import HttpRequest
from ...targets.authorize import Authorize
from ...targets.keys import Key
from ..connections.body import TooLargeError, read_body, read_error_body
from ..reader import error_document
from ..retry import Attempt, wait_before_retry
from ..secrets import Secrets, secrets_of
from ..surroundings import Surroundings
from ..transport import Response, read_transport_error

TRIES = 5
CONFLICTS = (408, 409)


class ApiError(Exception):
    """A request that failed. `may_have_worked`: it had left in full, and the answer does not say what became of it."""

    def __init__(self, failed: Failure, *, may_have_worked: bool) -> None:
        super().__init__(failed.message)
        self.failure = failed
        self.may_have_worked = may_have_worked


class ApiAnswer(Struct, frozen=True):
    """A good answer. Header names are lower case."""

    headers: Mapping[str, str]
    document: Any


class ApiClient:
    """Sends requests of one profile with its credentials. The key is in no error that it raises, nor in an answer."""

    def __init__(
        self, surroundings: Surroundings, dialect_name: str, key: Key | None, authorize: Authorize, idle_s: float
    ) -> None:
        self._surroundings = surroundings
        self._speech = dialect(dialect_name)
        self._key, self._authorize, self._idle_s = key, authorize, idle_s

    def secrets(self, headers: Iterable[tuple[str, str]] = ()) -> Secrets:
        """What must not come back out of a response to a request with these `headers`."""
        return secrets_of(headers, self._key)

    async def ask(self, request: HttpRequest, *, repeatable: bool = True) -> ApiAnswer:
        """The answer to `request`. Raises `ApiError`.

        What is not `repeatable` is asked again only when the provider has turned it away or never had it whole.
        """
        tried = 0
        while True:
            tried += 1
            try:
                return await self._once(request)
            except ApiError as error:
                if error.may_have_worked and not repeatable:
                    raise
                if not await self.rest(error.failure, tried):
                    raise

    async def rest(self, failed: Failure, tried: int) -> bool:
        """Wait for as long as is fit after so many tries. False when another one makes no sense."""
        wait = wait_before_retry(Attempt(failed, tried), TRIES - 1, self._surroundings.dice)
        if wait is None:
            return False
        await self._surroundings.sleep(wait)
        return True

    async def lines(self, request: HttpRequest) -> AsyncGenerator[bytes]:
        """The lines of a file, as they come, but for blank ones. Raises `ApiError` where it breaks off."""
        framer = NdjsonFramer(MAX_BODY_BYTES)
        try:
            async with aclosing(self._chunks(request)) as chunks:
                async for chunk in chunks:
                    for line in framer.feed(chunk):
                        yield line.data
        except FramingError as error:
            raise ApiError(failure("protocol", f"the results cannot be read: {error}"), may_have_worked=False) from None
        for line in framer.close():
            yield line.data

    async def _chunks(self, request: HttpRequest) -> AsyncGenerator[bytes]:
        try:
            async with self._surroundings.transport.open(
                request, self._authorize(request), idle_timeout_s=self._idle_s
            ) as response:
                await self._check(request, response)
                redactor = self.secrets(request.headers).redactor()
                async for chunk in response.chunks:
                    yield redactor.feed(chunk)
                yield redactor.close()
        except ApiError:
            raise
        except Exception as error:  # there are many; read_transport_error raises all others again
            raise self._broken(error, request, sent=True) from None

    async def _once(self, request: HttpRequest) -> ApiAnswer:
        sent: list[bool] = []
        try:
            async with self._surroundings.transport.open(
                request, self._authorize(request), idle_timeout_s=self._idle_s, on_sent=lambda: sent.append(True)
            ) as response:
                await self._check(request, response)
                body = await read_body(response.chunks, MAX_BODY_BYTES)
                body = self.secrets(request.headers).redactor().whole(body)
                headers = self.secrets(request.headers).out_of_headers(response.headers)
        except ApiError:
            raise
        except TooLargeError as error:
            raise ApiError(failure("protocol", str(error)), may_have_worked=True) from None
        except Exception as error:  # the same
            raise self._broken(error, request, sent=bool(sent)) from None
        try:
            return ApiAnswer(headers, parse_json(body) if body.strip() else {})
        except ValueError as error:
            words = f"the answer is no JSON: {error}"
            raise ApiError(failure("protocol", words), may_have_worked=True) from None

    async def _check(self, request: HttpRequest, response: Response) -> None:
        if response.status < 300:
            return
        if response.status < 400:
            words = f"the server redirects (HTTP {response.status}); redirects are not followed"
            raise ApiError(failure("protocol", words, status=response.status), may_have_worked=False)
        secrets = self.secrets(request.headers)
        body = secrets.redactor().whole(await read_error_body(response.chunks))
        document = error_document(body, response.status)
        failed = self._speech.read_error(response.status, secrets.out_of_headers(response.headers), document)
        raise ApiError(
            secrets.out_of_message(failed), may_have_worked=response.status >= 500 or response.status in CONFLICTS
        )

    def _broken(self, error: Exception, request: HttpRequest, *, sent: bool) -> ApiError:
        failed = read_transport_error(error, request.url, self._idle_s)
        return ApiError(self.secrets(request.headers).out_of_message(failed), may_have_worked=sent)
