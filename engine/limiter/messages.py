"""What clients and the limiter say to each other: frames of a length and MessagePack, of bounded size. Pure.

A connection begins with `MAGIC` and the 32 bytes of `proof(token)`; nothing is answered before they are right. Then
come frames: four bytes of length, big-endian, and a `Frame` with any number of asks, answered by one `Answers` of the
same number. Times are durations in seconds, never moments: nobody's clock but the server's counts. A frame is sent
again under its own number where its answer did not come, and is then answered without being counted twice.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from ...profiles.profile import CallLimits
from ...providers.refusals.rate_headers import Reading

VERSION = 1
MAGIC = b"TDL1"
PROOF_BYTES = 32
MOST_BYTES = 1 << 18
"""Of a frame, without its length."""

MOST_ASKS = 4096
MOST_NAME = 200
"""Characters of a name that a client says."""

MOST_CALLS = 512
"""In one lease."""

Span = Literal["day", "month", "job"]

_T = TypeVar("_T")


class BucketName(Struct, frozen=True, array_like=True):
    """What limits are kept for. `account` is a keyed hash of the credential, never the credential."""

    host: str
    account: str
    model: str


class MoneyLimit(Struct, frozen=True, array_like=True):
    """A limit as its client keeps it: `profiles` None is all, but for those that are `exempt`."""

    span: Span
    total_usd: Decimal
    profiles: frozenset[str] | None = None
    exempt: frozenset[str] = frozenset()

    def covers(self, profile: str) -> bool:
        return (self.profiles is None or profile in self.profiles) and profile not in self.exempt


class Greeting(Struct, frozen=True, array_like=True, tag="hello"):
    """The first ask of a connection. `session` is drawn by the client, and the same after a reconnect."""

    version: int
    session: str
    name: str
    job: str | None = None
    limits: tuple[MoneyLimit, ...] = ()


class LimitState(Struct, frozen=True, array_like=True):
    """What of a limit is spent, what other clients hold, and what is set aside for bills that come in hours."""

    spent_usd: Decimal
    others_usd: Decimal
    aside_usd: Decimal = Decimal(0)


class Welcome(Struct, frozen=True, array_like=True, tag="welcome"):
    """`salt` is the key of the hashes of credentials. `lease_s`: who is silent for so long is taken for dead.

    `last` is the number of the last frame of this session that was counted, `limits` how those of the greeting stand.
    """

    salt: bytes
    lease_s: float
    last: int = 0
    version: int = VERSION
    limits: tuple[LimitState, ...] = ()


class CallsWanted(Struct, frozen=True, array_like=True, tag="calls"):
    """Leave for up to `want` calls of about `tokens` each, and what became of earlier ones.

    `under_way` are the calls that run, `ready` those that have leave and have not begun. `started` began without
    leave (retries). `unused` had leave and were never made; `tokens_more` is what calls took beside what was thought.
    `pause_s` is what a response that turned a call away asks everybody to wait.
    """

    bucket: BucketName
    limits: CallLimits
    want: int
    tokens: int
    under_way: int = 0
    ready: int = 0
    started: int = 0
    unused: int = 0
    tokens_more: float = 0.0
    readings: tuple[Reading, ...] = ()
    turned_away: bool = False
    pause_s: float | None = None


class CallsGiven(Struct, frozen=True, array_like=True, tag="leave"):
    """Leave for `calls`, the first to begin after `first_s`, the last after `last_s`, the others evenly between.

    Nothing is begun for `pause_s`. Where fewer than wanted were given, there may be more after `again_s`.
    `is_crowded`: others wait for calls that run, so that their ends are wanted at once.
    """

    calls: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    pause_s: float = 0.0
    again_s: float = 0.0
    is_crowded: bool = False


class MoneyWanted(Struct, frozen=True, array_like=True, tag="money"):
    """Money for calls of one profile: at least `least`, and up to `most` where there is plenty."""

    profile: str
    least: Decimal
    most: Decimal


class MoneySpent(Struct, frozen=True, array_like=True, tag="spent"):
    """What calls of `profile` did cost, and what of the money held for them is given `back` beside that."""

    profile: str
    usd: Decimal
    back: Decimal = Decimal(0)
    calls: int = 1


class BillTold(Struct, frozen=True, array_like=True, tag="bill"):
    """How a bill stands that outlives its client: `name` is for good, and it may be told any number of times.

    `expected_usd` is set aside for it, `billed_usd` is what it has come to, of which `estimated_usd` are a guess.
    `is_sure`: it will come, whatever the limits say; else nothing is taken of it where they leave too little.
    """

    name: str
    profile: str
    expected_usd: Decimal
    billed_usd: Decimal = Decimal(0)
    estimated_usd: Decimal = Decimal(0)
    calls: int = 0
    is_sure: bool = True


class Look(Struct, frozen=True, array_like=True, tag="look"):
    """How the limits stand. Said now and then as a sign of life. `waits`: for money that others hold."""

    waits: bool = False


class MoneyState(Struct, frozen=True, array_like=True, tag="state"):
    """The limits of the greeting, in its order. `given` answers `MoneyWanted` and `BillTold`; None: too little is left.

    `is_short`: another client waits for money, so that what is not needed is to be given back.
    """

    limits: tuple[LimitState, ...]
    given: Decimal | None = None
    is_short: bool = False


class Farewell(Struct, frozen=True, array_like=True, tag="bye"):
    """The session is over: what it holds and has not spent is free."""


class StatusWanted(Struct, frozen=True, array_like=True, tag="status"):
    """How the limiter stands. Needs no greeting."""


class BucketStatus(Struct, frozen=True):
    """One bucket: limits a minute as configured or told, None where nothing is known, and calls under way."""

    host: str
    account: str
    model: str
    rpm: float | None
    tpm: float | None
    concurrency: int | None
    under_way: int
    ready: int
    clients: int
    calls: int
    calls_per_minute: float
    paused_s: float


class ClientStatus(Struct, frozen=True):
    """One session, its leases, and since when nothing was heard of it."""

    name: str
    job: str | None
    connected: bool
    silent_s: float
    held_usd: Decimal
    leased: int


class MoneyStatus(Struct, frozen=True):
    """What a profile took in a span. `estimated_usd` is the part charged for clients that died, at what they held.

    `aside_usd` is set aside for bills to come.
    """

    span: str
    profile: str
    usd: Decimal
    estimated_usd: Decimal
    calls: int
    aside_usd: Decimal = Decimal(0)


class LimiterStatus(Struct, frozen=True, array_like=True, tag="is"):
    """How the limiter stands."""

    version: str
    up_s: float
    store: str
    lease_s: float
    frames: int
    calls: int
    refused_connections: int
    buckets: tuple[BucketStatus, ...]
    clients: tuple[ClientStatus, ...]
    money: tuple[MoneyStatus, ...]


class NoAnswer(Struct, frozen=True, array_like=True, tag="no"):
    """An ask that cannot be answered, in words."""

    words: str


class Pause(Struct, frozen=True, array_like=True, tag="pause"):
    """Told unasked (number 0): nothing is begun in this bucket for so long."""

    bucket: BucketName
    pause_s: float


Demand = Greeting | CallsWanted | MoneyWanted | MoneySpent | BillTold | Look | Farewell | StatusWanted
Answer = Welcome | CallsGiven | MoneyState | LimiterStatus | NoAnswer | Pause


class Frame(Struct, frozen=True, array_like=True):
    """What a client sends."""

    number: int
    asks: tuple[Demand, ...]


class Answers(Struct, frozen=True, array_like=True):
    """What the limiter sends."""

    number: int
    answers: tuple[Answer, ...]


class BrokenFrameError(Exception):
    """Bytes that are no frame."""


_encoder = msgspec.msgpack.Encoder()
_frames = msgspec.msgpack.Decoder(Frame)
_answers = msgspec.msgpack.Decoder(Answers)


def encoded(message: Frame | Answers) -> bytes:
    """A frame as it goes over the wire. Raises `BrokenFrameError` where it is too long."""
    body = _encoder.encode(message)
    if len(body) > MOST_BYTES:
        raise BrokenFrameError(f"a frame of {len(body)} bytes")
    return len(body).to_bytes(4, "big") + body


def body_bytes(length: bytes) -> int:
    """The size that four bytes announce. Raises `BrokenFrameError` for one that is none."""
    size = int.from_bytes(length, "big")
    if not 0 < size <= MOST_BYTES:
        raise BrokenFrameError(f"a frame of {size} bytes")
    return size


def frame_of(body: bytes) -> Frame:
    """The frame of a client. Raises `BrokenFrameError`."""
    frame = _decoded(_frames, body)
    if len(frame.asks) > MOST_ASKS:
        raise BrokenFrameError("too many asks in a frame")
    return frame


def answers_of(body: bytes) -> Answers:
    """The answers of a limiter. Raises `BrokenFrameError`."""
    return _decoded(_answers, body)


def _decoded(decoder: msgspec.msgpack.Decoder[_T], body: bytes) -> _T:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError):
        raise BrokenFrameError("it is not in the form that was agreed") from None


def proof(token: str | None) -> bytes:
    """What shows that somebody has the token, of one length for all."""
    return hashlib.blake2b((token or "").encode(), key=MAGIC, digest_size=PROOF_BYTES).digest()
