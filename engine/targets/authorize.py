"""How a request proves who sends it: a key in a header, or an AWS signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...providers.errors import ConfigError
from ...providers.schema import HttpRequest
from .extras import how_to_add
from .keys import Key, check_transfer, find_key, place_of_key
from .target import Target

Authorize = Callable[[HttpRequest], Mapping[str, str]]
"""The headers that a request gets in the moment it is sent; nobody but the transport sees them."""

AWS_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
AWS_FILES = {"AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials", "AWS_CONFIG_FILE": "~/.aws/config"}


def authorization(target: Target, environment: Mapping[str, str]) -> tuple[Key | None, Authorize]:
    """The key of `target` and what adds it to a request; where no key is set, a signature if the provider takes one.

    Raises `ConfigError` that says what to set.
    """
    if target.provider.signing and place_of_key(target, environment) is None:
        return None, by_signature(target)
    key = find_key(target, environment)
    check_transfer(target, key)
    return key, by_key(target, key)


def by_key(target: Target, key: Key | None) -> Authorize:
    """The provider's header with its scheme, or nothing where no key is needed."""
    header, scheme = auth_of(target)
    return lambda _: {} if key is None else {header: f"{scheme}{key.reveal()}"}


def auth_of(target: Target) -> tuple[str, str]:
    """The header and the scheme that carry the key on this route."""
    use, provider = target.use, target.provider
    header = (use.auth_header or provider.auth_header).lower()
    return header, provider.auth_scheme if use.auth_scheme is None else use.auth_scheme


def by_signature(target: Target) -> Authorize:
    """AWS Signature Version 4 with the credentials that botocore finds.

    Raises `ConfigError` when botocore (the extra `aws`) or credentials are missing. botocore imports slowly, so it is
    imported here and only for this.
    """
    auth, awsrequest, session = _botocore(target)
    found: Any = session.Session().get_credentials()
    if found is None:
        raise _no_credentials(target)
    service, region = signing_scope(target)

    def sign(request: HttpRequest) -> Mapping[str, str]:
        given = dict(request.headers)
        unsigned: Any = awsrequest.AWSRequest(method=request.method, url=request.url, data=request.body, headers=given)
        signer: Any = auth.SigV4Auth(found.get_frozen_credentials(), service, region)
        signer.add_auth(unsigned)
        signed: Mapping[str, str] = dict(unsigned.headers.items())
        return {name.lower(): value for name, value in signed.items() if name.lower() not in given}

    return sign


def check_signature(target: Target, environment: Mapping[str, str]) -> None:
    """Raise `ConfigError` where a signature cannot be made, as far as that shows without asking anybody.

    The role of a machine in the cloud is found only by asking: it counts as missing here.
    """
    if find_spec("botocore") is None:
        raise _no_botocore(target)
    files = (environment.get(name, usual) for name, usual in AWS_FILES.items())
    if any(environment.get(name) for name in AWS_VARIABLES) or any(Path(file).expanduser().is_file() for file in files):
        return
    raise _no_credentials(target)


def _botocore(target: Target) -> tuple[Any, Any, Any]:
    """Its modules `auth`, `awsrequest` and `session`, by name: untyped, and not installed without the extra."""
    try:
        auth, awsrequest, session = (import_module(f"botocore.{name}") for name in ("auth", "awsrequest", "session"))
    except ImportError:
        raise _no_botocore(target) from None
    return auth, awsrequest, session


def _no_botocore(target: Target) -> ConfigError:
    return ConfigError(
        f"profile {target.profile.name}: {target.provider.api_key_env[0]} is not set, and signing needs botocore",
        hint=f"export {target.provider.api_key_env[0]}=..., or {how_to_add('aws')}",
    )


def _no_credentials(target: Target) -> ConfigError:
    return ConfigError(
        f"profile {target.profile.name}: no AWS credentials were found",
        hint=f"export {target.provider.api_key_env[0]}=... or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )


def signing_scope(target: Target) -> tuple[str, str]:
    """The service and region that the host name stands for: `bedrock-runtime.REGION....` signs as `bedrock`."""
    host = urlsplit(target.base_url).hostname or ""
    labels = host.split(".")
    service = "bedrock-mantle" if labels[0] == "bedrock-mantle" else target.provider.signing or "bedrock"
    return service, labels[1] if len(labels) > 2 else "us-east-1"
