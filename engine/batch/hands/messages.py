"""What the driver of a batch and its workers tell each other. A frame is a pickled list of these.

Both ends are processes of the same user and the same version: a worker of another version is turned away before
anything of a batch is sent to it, and its first frame is read as JSON (`WorkerGreeting.packed`).
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ....providers.errors import Failure
from ....providers.schema import Notice
from ...exchange.retry import Patience
from ...planning.prepare import Prepared
from ...results.result import Result
from ...targets.target import Target

FORM = "thinkdial.worker/1"


class WorkerGreeting(Struct, frozen=True):
    """A worker's first word: which code it runs, with which prices, where, and how many calls it can have under way.

    `seal` is a public key for what only it may read.
    """

    version: str
    prices: str
    host: str
    pid: int
    room: int
    seal: str = ""

    def packed(self) -> bytes:
        words = {name: getattr(self, name) for name in self.__struct_fields__}
        return json.dumps({"form": FORM, **words}).encode()

    @classmethod
    def read(cls, frame: bytes) -> WorkerGreeting | None:
        """The greeting in `frame`; None where it is none."""
        try:
            found: Any = json.loads(frame)
            if found.pop("form") != FORM:
                return None
            return cls(
                str(found["version"]), str(found["prices"]), str(found["host"]), int(found["pid"]), int(found["room"]),
                str(found.get("seal", "")),
            )  # fmt: skip
        except (ValueError, KeyError, AttributeError, TypeError):
            return None


class Secret(Struct, frozen=True):
    """What a call is authorized with: a key and where it is from, and the values of headers that may be secret."""

    key: tuple[str, str] | None
    headers: tuple[tuple[str, str], ...]


class Introduction(Struct, frozen=True):
    """A route that calls will go: `number` stands for it. Its target bears no header that may be secret.

    `sealed` is a pickled `Secret`, as the carrier seals it; without it the worker looks for a key where it is. `salt`
    makes the account's fingerprint. `asks_reach`: find out whether the host can be reached.
    """

    number: int
    target: Target
    patience: Patience
    run_id: str
    extra: tuple[Notice, ...]
    salt: bytes
    sealed: bytes | None = None
    asks_reach: bool = True


class Template(Struct, frozen=True):
    """A prepared call that others are made from; its target is that of its route."""

    number: int
    route: int
    prepared: Prepared


class WorkOrder(Struct, frozen=True):
    """One call. With a `template`, `given` is its prompt: text, system, earlier messages, the number of the sample.

    `is_metered`: something limits what it may cost. `asks`: an attempt beside one that may be billed is asked for.
    """

    id: int
    route: int
    template: int | None
    given: Any
    at: datetime
    is_metered: bool
    asks: bool
    grant_usd: Decimal | None


class TakenBack(Struct, frozen=True):
    """Calls that others have been given: those not begun are not to be begun; of the others all is still wanted."""

    ids: tuple[int, ...]


class BreakOff(Struct, frozen=True):
    """A call that is to end with what has come."""

    id: int


class MoreGranted(Struct, frozen=True):
    """The answer to `AskMore`: what may be sent, and what it may cost."""

    id: int
    prepared: Prepared | Failure
    grant_usd: Decimal | None = None


class RouteState(Struct, frozen=True):
    """What a worker can do on a route: nothing where there is a `problem`; `account` is the fingerprint of its key."""

    number: int
    account: str | None = None
    problem: str | None = None
    is_unreachable: bool = False


class Heard(Struct, frozen=True):
    """What a response's headers say of limits."""

    id: int
    status: int
    headers: Mapping[str, str]


class AskMore(Struct, frozen=True):
    """Whether another attempt may be paid for."""

    id: int
    prepared: Prepared
    lost: bool


class CallDone(Struct, frozen=True):
    """What came of a call."""

    id: int
    result: Result


class CallBroke(Struct, frozen=True):
    """A call ended in a fault of ours: `why` is the name of it."""

    id: int
    why: str


class Beat(Struct, frozen=True):
    """A worker lives."""


ToWorker = Introduction | Template | WorkOrder | TakenBack | BreakOff | MoreGranted
FromWorker = RouteState | Heard | AskMore | CallDone | CallBroke | Beat
Message = ToWorker | FromWorker


def packed(messages: Iterable[Message]) -> bytes:
    """A frame of these."""
    return pickle.dumps(list(messages), protocol=5)


def unpacked(frame: bytes) -> list[Message]:
    """The messages of a frame."""
    return pickle.loads(frame)  # noqa: S301 another process of ours has written it
