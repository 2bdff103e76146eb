"""The body of a live request -> that of a batch's row."""

from __future__ import annotations

from collections.abc import Iterable

from ..dialect import encode_body
from ..errors import ConfigError
from ..json_values import obj, parse_json
from ..merge import at_path
from ..schema import HttpRequest

LIVE_ONLY = ("stream", "stream_options", "background")
"""What says how a live answer is delivered."""


def row_body(request: HttpRequest, refused: Iterable[str]) -> bytes:
    """What `request` asks, without what only a live answer has.

    Raises `ConfigError` for one of the `refused` fields: it would fail in every row, hours later.
    """
    body = obj(parse_json(request.body))
    for path in refused:
        if at_path(body, path) is not None:
            raise ConfigError(f"params.{path} is not taken in batches", hint="remove it from the profile's params")
    if not any(name in body for name in LIVE_ONLY):
        return request.body
    return encode_body({name: value for name, value in body.items() if name not in LIVE_ONLY})
