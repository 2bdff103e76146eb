"""Which profiles are ready: what their configuration says, and if wanted what their providers answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ...profiles.config import Config
from ...profiles.profile import Profile
from ..targets.readiness import Candidate, candidates

if TYPE_CHECKING:
    from .probe import Online

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

    With `online` each provider is asked for a list that costs nothing, and may take `timeout_s`.
    """
    chosen = candidates(names, config)
    if not online:
        return [CheckedProfile(tried) for tried in chosen]
    from ..exchange.surroundings import run_loop

    answers = run_loop(_asked(chosen, timeout_s))
    return [CheckedProfile(tried, answer) for tried, answer in zip(chosen, answers, strict=True)]


async def _asked(chosen: Sequence[Candidate], timeout_s: float | None) -> list[Online | None]:
    from ..exchange.transport import Transport
    from .probe import TIMEOUT_S, check_online

    async with Transport() as transport:
        return await check_online(chosen, transport, timeout_s=timeout_s or TIMEOUT_S)
