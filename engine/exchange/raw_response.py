"""The bytes of a response as they came, kept and read again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from ...providers.dialect import Quirks
from ...providers.errors import Failure
from ...providers.fold import Fold, Reply
from ...providers.framing.packed import unpacked_blocks
from ...providers.framing.sse import BLOCK_BYTES
from .outcome import stopped
from .reader import ResponseReader
from .secrets import NOTHING_SECRET, Secrets


class RawResponse(Struct, frozen=True):
    """A response as it came. `streamed`: a stream was asked for. `headers` have lower-case names, and may be lost.

    `packed`: `body` is compressed.
    """

    status: int
    content_type: str
    streamed: bool
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    packed: bool = False

    @property
    def data(self) -> bytes:
        """All that came."""
        return b"".join(self.blocks())

    def blocks(self) -> Iterable[bytes]:
        """The bytes that came, bit by bit where they are many."""
        if self.packed:
            return unpacked_blocks(self.body)
        return (self.body[at : at + BLOCK_BYTES] for at in range(0, len(self.body) or 1, BLOCK_BYTES))


def reply_of(
    raw: RawResponse,
    dialect_name: str,
    quirks: Quirks,
    emulated: bool,
    *,
    broken: Failure | None = None,
    secrets: Secrets = NOTHING_SECRET,
) -> Reply:
    """What `raw` says in its dialect. Raises `ConfigError` for a dialect that nobody speaks.

    `broken` is why the exchange ended early, where that is known: the bytes do not tell a timeout from a lost
    connection. Without it a missing end is what the decoder makes of it.
    """
    reader = ResponseReader(
        raw.status, raw.content_type, raw.headers, dialect_name, quirks, emulated=emulated, streamed=raw.streamed,
        secrets=secrets,
    )  # fmt: skip
    fold = Fold()
    for block in raw.blocks():
        for delta in reader.feed(block):
            fold.add(delta)
    for delta in reader.close() if broken is None else reader.break_off(broken):
        fold.add(delta)
    reply = secrets.out_of_reply(fold.reply())
    if broken is None or reader.awaits == "nothing":
        return reply
    told = reply.failure
    if told is not None and told is not broken and told.kind == broken.kind:
        return reply
    return stopped(reply, broken)
