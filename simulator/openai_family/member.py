"""A vendor of the family: who it is, and how it speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from ..calls.call import ApiCall
from ..calls.reply import Headers, HttpReply, RejectedError, whole
from ..calls.vendor import Vendor


class Refusal(Protocol):
    """How a vendor of this family refuses a request."""

    def __call__(
        self, call: ApiCall, message: str, param: str | None = None, code: str | None = None, *, status: int = 400
    ) -> RejectedError: ...


class Member(Struct, frozen=True):
    """What the common endpoints need to know of one vendor. `headers` are those of every answer."""

    vendor: Vendor
    check_key: Callable[[ApiCall], object]
    refusal: Refusal
    headers: Callable[[ApiCall], Headers]

    def ok(self, call: ApiCall, body: object) -> HttpReply:
        """A 200 with this body."""
        return whole(200, body, self.headers(call))
