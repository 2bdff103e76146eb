"""Which profiles are ready: what their configuration says, and if wanted what their providers answer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ...profiles.config import Config
from ...profiles.profile import Profile
from ..targets.readiness import Candidate, candidate, candidates

if TYPE_CHECKING:
    from .probe import Online

BUILT_IN_FILE = "starter.yaml"
"""Where the profiles stand that are shipped."""

State = Literal["ready", "unproven", "not ready"]


class CheckedProfile(Struct, frozen=True):
    """A profile, and what its provider answered where that was asked."""

    candidate: Candidate
    online: Online | None = None

    @property
    def profile(self) -> Profile:
        return self.candidate.profile

    @property
    def problem(self) -> str | None:
        return self._source.problem

    @property
    def hint(self) -> str | None:
        return self._source.hint

    @property
    def ending(self) -> str | None:
        """When and how the model ends at its provider, where that is known."""
        target = self.candidate.target
        if target is None or target.retirement is None or target.today is None:
            return None
        return target.retirement.words(target.profile.model, target.today)

    @property
    def is_ready(self) -> bool:
        return self.problem is None

    @property
    def state(self) -> State:
        """`unproven` is ready as far as its provider lets anybody see."""
        if not self.is_ready:
            return "not ready"
        return "ready" if self.online is None or self.online.proven else "unproven"

    @property
    def _source(self) -> Candidate | Online:
        """What says whether there is a problem: the answer where there was reason to ask."""
        return self.candidate if self.online is None or self.candidate.problem is not None else self.online


def check_profiles(
    names: Sequence[str], config: Config, *, online: bool = False, timeout_s: float | None = None
) -> list[CheckedProfile]:
    """Check the profiles of these names, or all of them; each once, whatever think values stand behind its name.

    With `online` each provider is asked for a list that costs nothing, and may take `timeout_s`. Without it servers on
    this machine are asked for a connection all the same: one that takes none is not ready.
    """
    chosen = candidates(names, config)
    if not online:
        return [CheckedProfile(tried) for tried in _reached(chosen)]
    from ..exchange.surroundings import run_loop

    answers = run_loop(_asked(chosen, timeout_s))
    return [CheckedProfile(tried, answer) for tried, answer in zip(chosen, answers, strict=True)]


def split_configured(
    config: Config, environment: Mapping[str, str] = os.environ
) -> tuple[list[Profile], list[Profile]]:
    """The profiles that the user has to do with, and the rest of them.

    The first are those that a file of the user's or a default names, that have a key, or whose local server answers.
    """
    from ..targets.keys import provider_places
    from .local_servers import local_servers

    named = {member.partition("@")[0] for member in config.defaults.profiles}
    named |= {member.partition("@")[0] for group in named & {*config.groups} for member in config.groups[group]}
    has_key = {
        name for name, provider in config.providers.items() if any(True for _ in provider_places(provider, environment))
    }
    has_key |= {provider.name for provider in local_servers(config.providers.values())}
    own: list[Profile] = []
    rest: list[Profile] = []
    for profile in config.profiles.values():
        is_ours = profile.place.startswith((BUILT_IN_FILE, "plugin "))
        is_own = not is_ours or profile.name in named or profile.provider in has_key or _has_signature(profile, config)
        (own if is_own else rest).append(profile)
    return own, rest


def _has_signature(profile: Profile, config: Config) -> bool:
    """Whether there are credentials for a provider whose requests are signed instead of bearing a key."""
    if not config.provider(profile.provider).signing:
        return False
    return candidate(profile, config).problem is None


def _reached(chosen: Sequence[Candidate]) -> list[Candidate]:
    """The same, without those ready whose server on this machine takes no connection."""
    from ..targets.target import is_loopback
    from .local_servers import accepting

    local = {
        one.target.base_url for one in chosen
        if one.problem is None and one.target is not None and is_loopback(one.target.base_url)
    }  # fmt: skip
    if not local:
        return list(chosen)
    silent = local - accepting(local)
    return [
        _silent(one, one.target.base_url) if one.target is not None and one.target.base_url in silent else one
        for one in chosen
    ]


def _silent(tried: Candidate, base_url: str) -> Candidate:
    if tried.problem is not None:
        return tried
    return Candidate(
        tried.profile, tried.target, tried.key, tried.source, f"nothing answers at {base_url}",
        "start the server, or say base_url where it listens elsewhere",
    )  # fmt: skip


async def _asked(chosen: Sequence[Candidate], timeout_s: float | None) -> list[Online | None]:
    from ..exchange.transport import Transport
    from .probe import TIMEOUT_S, check_online

    async with Transport() as transport:
        return await check_online(chosen, transport, timeout_s=timeout_s or TIMEOUT_S)
