"""One call as a vendor module sees it: the request, decoded, with its faults taken off the model name."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct, field

from ..answers.thinking import digest
from ..state.caches import PromptCache
from .faults import Fault
from .fields import JsonObject
from .request import Request

# Bodies are the same in every run, so their time stamps count up from a fixed moment: 2026-11-21T00:00:00Z.
EPOCH_S = 1_795_219_200

WRONG_KEY = "wrong-key"


class ApiCall(Struct, frozen=True):
    """A request for one vendor. `number` counts the simulator's requests from 1; `faults` are names only.

    `parameters` are the named parts of the path, `chosen` the faults with their amounts. A row of a batch is a call as
    well; its `scope` is the batch, its `number` the place of the row. `stored` gives the bytes of an uploaded file,
    by vendor and id.
    """

    request: Request
    body: JsonObject
    model: str
    number: int
    seed: int
    faults: frozenset[str]
    retry_after_s: float
    cache: PromptCache
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    chosen: tuple[Fault, ...] = ()
    scope: str = ""
    stored: Callable[[str, str], bytes | None] | None = None

    @property
    def created_s(self) -> int:
        """Unix seconds to put into bodies."""
        return EPOCH_S + self.number

    @property
    def streams(self) -> bool:
        """Whether the body asks for a stream."""
        return self.body.get("stream") is True

    @property
    def refused(self) -> bool:
        """Whether the model is to refuse."""
        return "refusal" in self.faults

    @property
    def filtered(self) -> bool:
        """Whether a filter is to stop the answer halfway."""
        return "content_filter" in self.faults

    @property
    def bearer(self) -> str:
        """The bearer token, or an empty string."""
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def whole_retry_after_s(self) -> int:
        """The wait to ask for in headers that take whole seconds only."""
        return math.ceil(self.retry_after_s)

    def id(self, prefix: str, *key: object, length: int = 24) -> str:
        """An identifier that depends on the seed and the number of the request only (in its batch, if it is a row)."""
        origin = (self.seed, self.scope, self.number) if self.scope else (self.seed, self.number)
        return prefix + digest(*origin, prefix, *key)[:length]
