"""An environment for programs that are none of ours: without keys, whatever they are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ...profiles.config import Config

LEAST_SECRET = 8
"""Characters of a key: a shorter value is too common to be looked for under other names."""

_NAMES = re.compile(
    r"(?:^|_)(?:API_?KEYS?|APIKEY|KEY|TOKENS?|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|BEARER|AUTH)(?:_|$)"
    r"|^AWS_(?!REGION$|DEFAULT_REGION$)|^GOOGLE_APPLICATION_|^AZURE_CLIENT_|_DSN$|^VAULT_|^NETRC$|^PGPASSFILE$",
    re.IGNORECASE,
)
"""Names of variables that hold keys, passwords, or the way to them."""


def key_variables(config: Config) -> frozenset[str]:
    """The variables in which some provider or profile has its key, and the one of the limiter's token."""
    names: set[str] = set()
    for one in (*config.providers.values(), *config.profiles.values()):
        names.update(one.api_key_env)
    if config.limiter is not None:
        names.add(config.limiter.token_env)
    return frozenset(names)


def without_keys(environment: Mapping[str, str], variables: Iterable[str]) -> dict[str, str]:
    """`environment` without `variables`, what is named like a key, and what holds the value of one of them."""
    keys = {name for name in environment if _NAMES.search(name)} | {*variables}
    secrets = {value for name in variables if len(value := environment.get(name, "").strip()) >= LEAST_SECRET}
    return {
        name: value
        for name, value in environment.items()
        if name not in keys and not any(secret in value for secret in secrets)
    }
