"""What is told of a call beside its answer: when each part of it came, and what became of its attempts."""

from __future__ import annotations

from msgspec import Struct

from ...providers.schema import Notice

NEVER_SENT = Notice("never_sent", "the request never left, so nothing is charged for it")
"""Beside the result of a call whose attempts all failed before the provider had the request."""

ATTEMPT_LOST = Notice(
    "attempt_lost", "an attempt before ended without an answer; it may have been billed, and is not in the cost"
)
"""Beside the result of a call that was made again after the provider had begun to answer."""

WITHHELD = Notice("bytes_withheld", "the answer repeated a credential in pieces; its bytes are not kept")
"""Beside the result of a call whose response held a credential that could not be taken out of its bytes."""


class Latency(Struct, frozen=True):
    """Seconds by the monotonic clock, of the last attempt; None where it does not apply.

    They count from the moment when the request could leave, to the arrival of what came. `connect_s` is the time
    before, for a connection that had to be made: names, TCP, TLS.
    """

    first_byte_s: float | None = None
    first_reasoning_s: float | None = None
    first_answer_s: float | None = None
    total_s: float | None = None
    output_tokens_per_s: float | None = None
    connect_s: float | None = None
