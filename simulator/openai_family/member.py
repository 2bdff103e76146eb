"""A vendor of the family: who it is, and how it speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..calls.call import ApiCall
from ..calls.reply import Headers, HttpReply
from ..calls.vendor import Vendor


class ErrorReply(Protocol):
    """How a vendor of this family says no."""

    def __call__(
        self, call: ApiCall, status: int, message: str, *, param: str | None = None, code: str | None = None
    ) -> HttpReply: ...


@dataclass(frozen=True, slots=True)
class Member:
    """What the common endpoints need to know of one vendor. `headers` are those of every answer."""

    vendor: Vendor
    check_key: Callable[[ApiCall], object]
    error: ErrorReply
    headers: Callable[[ApiCall], Headers]
