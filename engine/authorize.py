"""How a request proves who sends it: a key in a header, or an AWS signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from ..providers.errors import ConfigError
from ..providers.schema import HttpRequest
from .keys import Key, check_transfer, find_key
from .target import Target

Authorize = Callable[[HttpRequest], Mapping[str, str]]
"""The headers that a request gets in the moment it is sent; nobody but the transport sees them."""


def authorization(target: Target, environment: Mapping[str, str]) -> tuple[Key | None, Authorize]:
    """The key of `target` and what adds it to a request; where no key is set, a signature if the provider takes one.

    Raises `ConfigError` that says what to set.
    """
    if target.provider.signing and not target.profile.api_key_command:
        variables = target.profile.api_key_env or target.provider.api_key_env
        if not any(environment.get(variable, "").strip() for variable in variables):
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
    try:
        # Untyped, and not installed without the extra: hence by name.
        auth, awsrequest, session = (import_module(f"botocore.{name}") for name in ("auth", "awsrequest", "session"))
    except ImportError:
        raise ConfigError(
            f"profile {target.profile.name}: {target.provider.api_key_env[0]} is not set, and signing needs botocore",
            hint=f"export {target.provider.api_key_env[0]}=..., or install thinkdial[aws]",
        ) from None
    found: Any = session.Session().get_credentials()
    if found is None:
        raise ConfigError(
            f"profile {target.profile.name}: no AWS credentials were found",
            hint=f"export {target.provider.api_key_env[0]}=... or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    service, region = signing_scope(target)

    def sign(request: HttpRequest) -> Mapping[str, str]:
        given = dict(request.headers)
        unsigned: Any = awsrequest.AWSRequest(method=request.method, url=request.url, data=request.body, headers=given)
        signer: Any = auth.SigV4Auth(found.get_frozen_credentials(), service, region)
        signer.add_auth(unsigned)
        signed: Mapping[str, str] = dict(unsigned.headers.items())
        return {name.lower(): value for name, value in signed.items() if name.lower() not in given}

    return sign


def signing_scope(target: Target) -> tuple[str, str]:
    """The service and region that the host name stands for: `bedrock-runtime.REGION....` signs as `bedrock`."""
    host = urlsplit(target.base_url).hostname or ""
    labels = host.split(".")
    service = "bedrock-mantle" if labels[0] == "bedrock-mantle" else target.provider.signing or "bedrock"
    return service, labels[1] if len(labels) > 2 else "us-east-1"
