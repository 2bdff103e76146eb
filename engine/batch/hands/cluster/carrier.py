"""`--engine ray`: workers on the nodes of a Ray cluster, over the process that speaks with Ray (`bridge`)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from typing import Any

from .....providers.errors import UsageError
from ....targets.extras import how_to_add
from ...options import Workers
from ..channel import FrameSocket, opened_channel
from ..child import begin
from ..crew import Crew
from ..identity import greeting
from ..member import CrewMember
from .bridge import NUMBER_BYTES, PROGRAM
from .ray_worker import LINGER_S

END_S = 15.0
GATHER_S = 2.0
"""How long the first worker waits for others before it gets all: those of a cluster come one by one."""

NOBODY_S = 180.0
"""How long calls wait for a worker: new nodes of a cluster take their time."""


@asynccontextmanager
async def cluster_workers(workers: Workers, tell: Callable[[str], None]) -> AsyncGenerator[Crew]:
    """A crew whose workers come as the cluster has room. Raises `UsageError` where Ray is not installed."""
    if find_spec("ray") is None:
        raise UsageError("--engine ray needs Ray, which is not installed", hint=how_to_add("ray"))
    sealing = None
    if workers.sends_keys:
        from .seals import check_sealing, sealed

        check_sealing()
        sealing = sealed
    crew = Crew(greeting(), tell, sealing=sealing, nobody_s=NOBODY_S, gather_s=GATHER_S)
    carrier = _ClusterCarrier(crew, workers, tell)
    crew.begin = carrier.begin
    try:
        yield crew
    finally:
        await crew.close()
        await carrier.close()


class _ClusterCarrier:
    def __init__(self, crew: Crew, workers: Workers, tell: Callable[[str], None]) -> None:
        self._crew, self._workers, self._tell = crew, workers, tell
        self._links: dict[int, tuple[_ClusterLink, CrewMember]] = {}
        self._channel: FrameSocket | None = None
        self._closing = False
        self._child: Any = None

    async def begin(self) -> None:
        """Begin the process that speaks with Ray."""
        wanted = {"workers": self._workers.count, "seals": self._workers.sends_keys}
        self._child = begin(PROGRAM, [json.dumps(wanted)], quiet=True)
        self._channel = await opened_channel(self._child.sock, self._heard, self._ended)

    def _heard(self, frame: bytes) -> None:
        number, rest = int.from_bytes(frame[:NUMBER_BYTES], "big"), frame[NUMBER_BYTES:]
        if number == 0:
            self._told(json.loads(rest))
            return
        if number not in self._links:
            link = _ClusterLink(self, number)
            self._links[number] = link, self._crew.joined(link)
        self._crew.heard(self._links[number][1], rest)

    def _told(self, words: dict[str, Any]) -> None:
        if "fail" in words:
            self._crew.fail(words["fail"], words.get("hint"))
        elif "gone" in words:
            found = self._links.pop(words["gone"], None)
            if found is not None:
                self._crew.gone(found[1], words["why"])
            elif not words["began"]:
                self._crew.refuse("a worker of the cluster", words["why"])
        elif "note" in words:
            self._tell(words["note"])
        elif "ready" in words and self._workers.sends_keys and not words["ready"]["private"]:
            self._crew.fail(
                "--send-keys is for clusters over TLS (RAY_USE_TLS) or loopback: this one could be listened to",
                "set the keys in the environment of each node",
            )

    def _ended(self) -> None:
        if not self._closing:
            self._crew.fail("the Ray cluster is gone: its head, or its part on this machine, has ended", None)

    def send(self, number: int, frame: bytes) -> None:
        """Send a frame to a worker; an empty one ends it."""
        if self._channel is not None:
            self._channel.send(number.to_bytes(NUMBER_BYTES, "big") + frame)

    async def close(self) -> None:
        """End it, and leave the cluster."""
        self._closing = True
        if self._channel is not None:
            self._channel.close()
        if self._child is not None:
            with suppress(Exception):
                await asyncio.get_running_loop().run_in_executor(None, self._child.end, END_S)


class _ClusterLink:
    """The way to one worker of the cluster."""

    linger_s = LINGER_S

    def __init__(self, carrier: _ClusterCarrier, number: int) -> None:
        self._carrier, self._number, self.name = carrier, number, f"worker {number}"

    def send(self, frame: bytes) -> None:
        self._carrier.send(self._number, frame)

    def close(self) -> None:
        self._carrier.send(self._number, b"")
