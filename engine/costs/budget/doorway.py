"""What a purse needs of a limiter that several processes share: a way in for each call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

from ....providers.errors import Failure
from ...planning.prepare import Prepared
from ...results.result import Result
from ...targets.keys import Key
from ...targets.target import Target

_T = TypeVar("_T")


class Doorway(Protocol):
    """One call's way in: `admitted` before it, `heard` while it is made, `begun_again` for a retry, `over` after it."""

    async def admitted(self, admission: Awaitable[_T], prepared: Prepared) -> _T | Failure:
        """What `admission` says, once there is a place as well."""
        ...

    def heard(self, status: int, headers: Mapping[str, str]) -> None: ...

    def begun_again(self) -> None: ...

    def over(self, result: Result | None) -> None: ...


class Doors(Protocol):
    """The way in for the calls of a run. Raises `ConfigError` where the limiter is not there."""

    async def ready(self) -> None: ...

    def tell(self, hear: Callable[[str], None]) -> None:
        """Have what is worth knowing told at once, and not as notes in the end."""
        ...

    def door(self, target: Target, key: Key | None) -> Doorway: ...

    async def close(self) -> None: ...

    def notes(self) -> list[str]: ...
