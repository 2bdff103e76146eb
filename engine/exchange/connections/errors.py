"""What goes wrong between here and a server, whichever client speaks: the kinds that httpx2 tells apart."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar

PROXY_HINT = "check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; a user and a password stand in the proxy's URL"


class CannotSendError(Exception):
    """Nothing can be sent: a proxy variable, a trust store, a URL or a header that cannot be used."""


class TransportError(Exception):
    """An exchange that failed on its way."""


class TimedOutError(TransportError):
    """Something took longer than it may."""


class ConnectTimedOutError(TimedOutError):
    """No connection was made in time."""


class ReadTimedOutError(TimedOutError):
    """Nothing came. `came` says it."""

    came: ClassVar[str] = "nothing"


class OnlyCommentsError(ReadTimedOutError):
    """Bytes that keep a connection alive came, and no event among them."""

    came = "only comments"


class OnlyHeadersError(ReadTimedOutError):
    """Parts of headers came, and neither all of them nor a byte of a body."""

    came = "only parts of headers"


class SlowBodyError(TimedOutError):
    """A body came bit by bit, and was not whole in time."""


class WriteTimedOutError(TimedOutError):
    """A body did not leave."""


class ConnectError(TransportError):
    """No connection can be made."""


class ProxyError(TransportError):
    """The proxy on the way failed."""


class RemoteProtocolError(TransportError):
    """What came is no HTTP, or it ended before its end."""


class LocalProtocolError(TransportError):
    """What was to be sent is no HTTP."""


class ReadError(TransportError):
    """A connection broke while it was read."""


class WriteError(TransportError):
    """A connection broke while something was sent."""


class DecodingError(TransportError):
    """A body that cannot be unpacked."""


class UnreadableCodingError(DecodingError):
    """A body in a coding that nobody here can read."""


_BY_NAME: dict[str, type[TransportError]] = {
    "ConnectTimeout": ConnectTimedOutError,
    "ReadTimeout": ReadTimedOutError,
    "WriteTimeout": WriteTimedOutError,
    "TimeoutException": TimedOutError,
    "ConnectError": ConnectError,
    "WriteError": WriteError,
    "NetworkError": ReadError,
    "ProxyError": ProxyError,
    "RemoteProtocolError": RemoteProtocolError,
    "LocalProtocolError": LocalProtocolError,
    "UnsupportedProtocol": LocalProtocolError,
    "DecodingError": DecodingError,
    "HTTPError": TransportError,
}
"""Ours for the errors of httpx2."""


@contextmanager
def read_errors() -> Generator[None]:
    """What httpx2 raises, as ours. Its `InvalidURL` is a `CannotSendError`."""
    import httpx2

    try:
        yield
    except httpx2.InvalidURL as error:
        raise CannotSendError(words_of(error)) from None
    except httpx2.HTTPError as error:
        ours = next(_BY_NAME[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _BY_NAME)
        raise ours(words_of(error)) from error


def words_of(error: Exception) -> str:
    """What `error` says, else what lies behind it says, else its name."""
    cause: BaseException | None = error
    for _ in range(5):
        if cause is None:
            break
        if words := str(cause).strip():
            return words
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
