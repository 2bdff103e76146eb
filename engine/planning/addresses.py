"""Addresses that cannot be right: told before anything is sent where it is certain, else when nobody is there. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ...providers.errors import ConfigError, Failure

ENDPOINTS = (
    "/chat/completions",
    "/responses",
    "/v1/messages",
    "/messages",
    "/api/chat",
    "/v2/chat",
    "/interactions",
    "/converse",
    "/converse-stream",
    ":generateContent",
    ":streamGenerateContent",
)
"""What base URLs end with that were copied from a request; the longer before those that they end with."""

_VERSIONS = r"/(v\d{1,2}(?:alpha|beta)?\d{0,2})/(v\d{1,2}(?:alpha|beta)?\d{0,2})(?=/)"
_VERSION = r"/v\d"


def check_address(base_url: str, url: str) -> None:
    """Raise `ConfigError` for a base URL that holds the endpoint already, which would be added once more.

    `url` is that of the request. A route whose path is empty means its base URL as it stands.
    """
    if not base_url or url.partition("?")[0] == base_url:
        return
    ending = next((one for one in ENDPOINTS if base_url.endswith(one)), None)
    if ending is not None:
        short = base_url.removesuffix(ending)
        if ending.startswith(":"):
            short = short.rpartition("/models/")[0]
        raise ConfigError(
            f"base_url {base_url} is a whole endpoint: {url.removeprefix(base_url)} would be added to it",
            hint=f"write base_url: {short}",
        )


def address_hint(failed: Failure, url: str, base_url: str) -> str | None:
    """What seems wrong about the address of a request that found nobody, or a page for people, in its place."""
    if failed.status not in (404, 405) and failed.kind not in ("not_found", "protocol"):
        return None
    path = urlsplit(url).path
    if doubled := re.search(_VERSIONS, path):
        first, second = doubled[1], doubled[2]
        return f"the address was {url}, with /{first} and /{second}: take /{first} out of base_url"
    speaks_of_models = "model" in failed.message.lower()
    if failed.status in (404, 405) and not speaks_of_models and not re.search(_VERSION, path):
        return f"the address was {url}: most hosts want base_url: {base_url}/v1"
    return None
