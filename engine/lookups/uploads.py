"""Uploaded files, deleted at their providers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...profiles.inputs.upload_rule import upload_rule
from ...providers.errors import ConfigError
from ..exchange.files.client import ApiClient, ApiError
from ..exchange.files.uploads import UploadMemory
from ..exchange.surroundings import Surroundings
from ..exchange.transport import Transport
from ..planning.inputs.uploads import Uploaded, deletion_of
from ..targets.authorize import authorization
from ..targets.target import Target, resolve

if TYPE_CHECKING:
    from ...profiles.config import Config

IDLE_S = 30.0


async def delete_uploads(
    chosen: Sequence[Uploaded], config: Config, environment: Mapping[str, str], memory: UploadMemory
) -> list[tuple[Uploaded, str | None]]:
    """Each file with why it is still there, None where it is not. What the provider does not know counts as gone."""
    ended: list[tuple[Uploaded, str | None]] = []
    async with Transport() as transport:
        for one in chosen:
            ended.append((one, await _delete(one, config, environment, Surroundings(transport))))
            if ended[-1][1] is None:
                memory.forget(one)
    return ended


async def _delete(
    one: Uploaded, config: Config, environment: Mapping[str, str], surroundings: Surroundings
) -> str | None:
    target, rule = _target_of(one, config), upload_rule(one.provider)
    if target is None or rule is None:
        return f"no profile of yours calls {one.host}"
    try:
        key, authorize = authorization(target, environment)
        client = ApiClient(surroundings, target.dialect, key, authorize, IDLE_S)
        await client.ask(deletion_of(target.base_url, target.provider.headers, rule, one.id))
    except ConfigError as error:
        return error.message
    except ApiError as error:
        return None if error.failure.status in (404, 410) else error.failure.message
    return None


def _target_of(one: Uploaded, config: Config) -> Target | None:
    """A route to the very host, by the profile that uploaded it where it is still there."""
    named = [config.profiles[one.profile]] if one.profile in config.profiles else []
    others = [profile for profile in config.profiles.values() if profile.provider == one.provider]
    for profile in (*named, *others):
        try:
            target = resolve(profile, config)
        except ConfigError:
            continue
        if target.base_url == one.host:
            return target
    return None
