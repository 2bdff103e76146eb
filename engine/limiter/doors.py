"""Calls one by one (ask, compare, judges): a place from the limiter before each, and what it took after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from ...profiles.profile import CallLimits
from ...providers.errors import Failure
from ..planning.prepare import Prepared
from ..results.result import Result
from ..targets.keys import Key, account_label, label_of
from ..targets.target import Target
from .leave import CallLeave
from .link import Link
from .messages import BucketName
from .weight import likely_tokens, used_tokens

_T = TypeVar("_T")

NO_ACCOUNT, SIGNED = "none", "signed"


def bucket_of(link: Link, target: Target, key: Key | None) -> BucketName:
    """Whose limits a call draws on. Of the credential there is a hash whose key is the limiter's."""
    account, headers = account_label(link.salt, key), target.profile.headers
    if account is None and headers:
        account = label_of(link.salt, "\n".join(f"{name.lower()}: {value}" for name, value in sorted(headers.items())))
    if account is None:
        account = SIGNED if target.provider.signing else NO_ACCOUNT
    return BucketName(target.host, account, target.profile.model)


class LimiterDoors:
    """The way in for single calls of a run, over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._leaves: dict[BucketName, CallLeave] = {}
        self._paced: list[CallLeave] = []

    async def ready(self) -> None:
        """Find the limiter. Raises `ConfigError` where there is none, and nothing goes without it."""
        await self._link.ready()

    def tell(self, hear: Callable[[str], None]) -> None:
        """Have what is worth knowing told at once, and not in the end."""
        self._link.hear = hear

    def leave(self, target: Target, key: Key | None, limits: CallLimits) -> CallLeave:
        """Leave for many calls, for whoever paces them. The limiter has to have been found."""
        leave = CallLeave(self._link, bucket_of(self._link, target, key), limits)
        self._paced.append(leave)
        return leave

    def door(self, target: Target, key: Key | None) -> LimiterDoor:
        """The way in for one call."""
        return LimiterDoor(self, target, key)

    async def of_call(self, target: Target, key: Key | None) -> CallLeave | Failure:
        """What gives places to single calls of a target."""
        await self._link.greeted()
        if self._link.failed is not None:
            return Failure("budget", self._link.failed.message, hint=self._link.failed.hint)
        name = bucket_of(self._link, target, key)
        if name not in self._leaves:
            leave = self._leaves[name] = CallLeave(self._link, name, target.profile.limits)
            leave.only_wanted()
        return self._leaves[name]

    async def close(self) -> None:
        """Give back what was not used."""
        await asyncio.gather(*(leave.close() for leave in (*self._leaves.values(), *self._paced)))

    def notes(self) -> list[str]:
        """What was worth knowing, each once."""
        found = list(self._link.notes)
        self._link.notes.clear()
        return found


class LimiterDoor:
    """One call's way in: `admitted` before it, `heard` while it is made, `begun` for each retry, `over` after it."""

    def __init__(self, doors: LimiterDoors, target: Target, key: Key | None) -> None:
        self._doors, self._target, self._key = doors, target, key
        self._leave: CallLeave | None = None
        self._tokens = 0

    async def admitted(self, admission: Awaitable[_T], prepared: Prepared) -> _T | Failure:
        """What `admission` says, once there is a place as well; both are asked for at once."""
        entering = asyncio.ensure_future(self._enter(prepared))
        try:
            given = await admission
            if isinstance(given, Failure):
                entering.cancel()
            failed = (await asyncio.gather(entering, return_exceptions=True))[0]
            if isinstance(failed, BaseException) and not isinstance(given, Failure):
                raise failed
        except BaseException:
            entering.cancel()
            await asyncio.gather(entering, return_exceptions=True)
            self.over(None)
            raise
        if isinstance(given, Failure):
            self.over(None)
            return given
        return failed if isinstance(failed, Failure) else given

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """A response's status and headers."""
        if self._leave is not None:
            self._leave.hear(status, headers)

    def begun_again(self) -> None:
        """A retry begins: it has waited as it was told, and counts without a place."""
        if self._leave is not None:
            self._leave.ended(0.0)
            self._leave.use_none()

    def over(self, result: Result | None) -> None:
        """The call has ended; None: it was never made."""
        leave, self._leave = self._leave, None
        if leave is not None:
            used = None if result is None else used_tokens(result)
            leave.ended(0.0 if used is None else used - self._tokens)

    async def _enter(self, prepared: Prepared) -> Failure | None:
        leave = await self._doors.of_call(self._target, self._key)
        if isinstance(leave, Failure):
            return leave
        self._tokens = likely_tokens(prepared)
        failed = await leave.enter(self._tokens)
        if failed is not None:
            return Failure("budget", failed.message, hint=failed.hint)
        self._leave = leave
        return None
