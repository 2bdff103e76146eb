"""The process that speaks with Ray, for a batch at the other end of a socket.

Ray ends a process whose cluster is gone, whatever that process is about to write: so it is one of its own, which holds
nothing but frames on their way. Frames on the socket begin with the worker's number; 0 is for words about them.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from contextlib import suppress
from importlib import import_module
from secrets import token_hex
from typing import Any

from .....providers.errors import ConfigError, ThinkdialError
from ...interrupts import run_quickly
from ..channel import FrameSocket, opened_channel
from ..child import alone
from .ray_worker import RayWorker
from .reach import asks_for_token, check_reach, is_loopback_host

NAMESPACE = "thinkdial"
NUMBER_BYTES, TOKEN_BYTES = 4, 32
LOOK_S = 3.0
"""How often it is looked whether there are more nodes, or fewer workers than wanted."""

LEAVE_S = 8.0
NO_CPU_S = 15.0
BEGINS_AT_ONCE = 8
MOST_FAILED = 20
"""Workers that could not begin, one after another, before no more are tried."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_RUNTIME_ENV_LOG_TO_DRIVER_ENABLED": "0",
}
"""Ray neither calls home nor speaks on our streams, unless the environment says otherwise."""

LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray's word for a cluster of one machine, on every system: its processes talk on 127.0.0.1. Read at its import."""

PROGRAM = f"from {__package__}.bridge import main; main()"


def main() -> None:
    """Serve the socket of the first argument, with the workers and the way of keys of the second, a JSON object."""
    alone()
    sock, wanted = socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2])
    run_quickly(_serve(sock, wanted["workers"], seals=wanted["seals"]))


async def _serve(sock: socket.socket, workers: int | None, *, seals: bool) -> None:
    over, bridge = asyncio.Event(), _Bridge(workers, seals=seals)
    bridge.channel = await opened_channel(sock, bridge.heard, over.set)
    running = asyncio.create_task(bridge.run())
    ended = asyncio.create_task(over.wait())
    await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not ended.done():  # it has said why; the other end closes
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), 5.0)
    running.cancel()
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.to_thread(bridge.close), LEAVE_S)
    os._exit(0)  # a thread may wait for a cluster that does not answer


class _Actor:
    def __init__(self, handle: Any, began: float) -> None:
        self.handle, self.began = handle, began
        self.sent, self.is_heard = 0, False


class _Bridge:
    """The workers of one batch in the cluster that `RAY_ADDRESS` names, else in one that is started for it."""

    def __init__(self, workers: int | None, *, seals: bool) -> None:
        self._wanted, self._seals = workers, seals
        self.channel: FrameSocket | None = None
        self._ray: Any = None
        self._actors: dict[int, _Actor] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._count = self._failed = 0
        self._proved = False
        self._has_told_of_cpus = False

    async def run(self) -> None:
        """Until the other end is gone, or there is nothing more to be had."""
        try:
            await asyncio.to_thread(self._join)
            self._say({"ready": {"private": self._is_private()}})
            while True:
                await asyncio.to_thread(self._prove_nodes)
                await self._look()
                await asyncio.sleep(LOOK_S)
        except ThinkdialError as error:
            self._say({"fail": error.message, "hint": error.hint})
        except Exception as error:
            self._say({"fail": f"Ray could not go on: {first_line(error)}", "hint": None})

    def heard(self, frame: bytes) -> None:
        """What the batch sends to a worker."""
        number, rest = int.from_bytes(frame[:NUMBER_BYTES], "big"), frame[NUMBER_BYTES:]
        actor = self._actors.get(number)
        if actor is None:
            return
        if not rest:  # it is not wanted any more
            self._end(number)
            return
        actor.sent += 1
        actor.handle.take.remote(actor.sent - 1, rest)

    def close(self) -> None:
        """Leave the cluster; one that was started for us ends with it."""
        if self._ray is not None:
            for actor in self._actors.values():
                with suppress(Exception):  # it may be gone
                    self._ray.kill(actor.handle)
            with suppress(Exception):
                self._ray.shutdown()

    def _say(self, words: dict[str, Any]) -> None:
        self._forward(0, json.dumps(words).encode())

    def _forward(self, number: int, frame: bytes) -> None:
        if self.channel is not None:
            self.channel.send(number.to_bytes(NUMBER_BYTES, "big") + frame)

    # The cluster.

    def _join(self) -> None:
        for name, value in {**QUIET, **(LOOPBACK if is_own_cluster() else {})}.items():
            os.environ.setdefault(name, value)
        if is_own_cluster() and "RAY_AUTH_MODE" not in os.environ:
            # Other users of this machine reach 127.0.0.1 too. Ray would write a token of its own into the home.
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token_hex(TOKEN_BYTES)}
        self._ray = import_module("ray")
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "namespace": NAMESPACE}
        if is_own_cluster():
            options |= {"address": "local", "include_dashboard": False, "num_cpus": self._wanted}
            # Ray's reporter asks the clouds' metadata services where it runs, also with usage statistics disabled.
            services: Any = import_module("ray._private.services")
            services.start_api_server = _no_reporter
        else:
            check_reach(os.environ["RAY_ADDRESS"])
        try:
            self._init(options)
        except Exception as error:
            if is_own_cluster():
                raise ConfigError(
                    f"Ray cannot start a cluster on this machine: {first_line(error)}",
                    hint="where it is short of time or memory, try again; --processes N needs no cluster",
                ) from None
            if asks_for_token(address := os.environ["RAY_ADDRESS"]):
                raise ConfigError(
                    f"the Ray cluster at {address} asks for a token, and has not taken the one that is here, if any",
                    hint="set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH=FILE, with the token of its machines",
                ) from None
            raise ConfigError(
                f"the Ray cluster cannot be reached: {first_line(error)}",
                hint="ask ray status; without RAY_ADDRESS one is started on this machine, for this batch alone",
            ) from None
        self._prove_nodes()

    def _init(self, options: dict[str, Any]) -> None:
        """A cluster of our own is begun twice: Ray gives up after half a minute, which a busy machine may take."""
        try:
            self._ray.init(**options)
        except Exception:
            if not is_own_cluster():
                raise
            with suppress(Exception):  # what there is of it
                self._ray.shutdown()
            self._ray.init(**options)

    def _hosts(self) -> set[str]:
        return {str(node.get("NodeManagerAddress")) for node in self._ray.nodes() if node.get("Alive", True)}

    def _prove_nodes(self) -> None:
        """Raise `ConfigError` before anything of ours is on a cluster that anybody may use."""
        if self._proved or is_own_cluster() or all(map(is_loopback_host, self._hosts())):
            return
        check_reach(str(self._ray.get_runtime_context().gcs_address), needs_proof=True)
        self._proved = True

    def _is_private(self) -> bool:
        """Whether nobody on the way can read what is sent."""
        is_encrypted = os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true")
        return is_encrypted or is_own_cluster() or all(map(is_loopback_host, self._hosts()))

    # Workers.

    async def _look(self) -> None:
        """Have as many workers as are wanted: as many as there are CPUs, where nobody says."""
        wanted = self._wanted
        if wanted is None:
            cpus = (await asyncio.to_thread(self._ray.cluster_resources)).get("CPU", 1)
            wanted = max(1, int(cpus))
        if self._failed >= MOST_FAILED:
            raise ConfigError("no worker can be started on the Ray cluster", hint="what they lack is named above")
        for _ in range(min(BEGINS_AT_ONCE, wanted - len(self._actors))):
            self._begin()
        now = asyncio.get_running_loop().time()
        idle = sum(not actor.is_heard and now - actor.began > NO_CPU_S for actor in self._actors.values())
        if idle and not self._has_told_of_cpus:
            self._has_told_of_cpus = True
            self._say({"note": f"{idle} of {wanted} workers wait for a CPU of the cluster: each takes one"})

    def _begin(self) -> None:
        self._count += 1
        number, ray = self._count, self._ray
        kind = ray.remote(RayWorker).options(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")
        actor = _Actor(kind.remote(seals=self._seals), asyncio.get_running_loop().time())
        self._actors[number] = actor
        self._tasks[number] = asyncio.create_task(self._listen(number, actor))

    async def _listen(self, number: int, actor: _Actor) -> None:
        try:
            async for ref in actor.handle.frames.remote():
                frame = await ref
                actor.is_heard, self._failed = True, 0
                self._forward(number, frame)
            why = "it has ended"
        except asyncio.CancelledError:
            raise
        except Exception as error:
            why = reason_of(error)
        if number in self._actors:
            self._failed += not actor.is_heard
            self._say({"gone": number, "why": why, "began": actor.is_heard})
            self._end(number)

    def _end(self, number: int) -> None:
        actor = self._actors.pop(number, None)
        if actor is not None:
            with suppress(Exception):
                self._ray.kill(actor.handle)


def is_own_cluster() -> bool:
    """Whether a cluster is started for this batch alone."""
    return os.environ.get("RAY_ADDRESS", "local") in ("", "local")


def reason_of(error: Exception) -> str:
    """Why a worker is gone, in words."""
    words = f"{type(error).__name__}: {error}"
    if "ModuleNotFoundError" in words or "No module named" in words:
        return "thinkdial is not installed there, or a package that it needs"
    match type(error).__name__:
        case "ActorDiedError" | "ActorUnavailableError" | "WorkerCrashedError":
            return "its process or its node has died"
        case "ObjectLostError" | "OwnerDiedError" | "NodeDiedError":
            return "its node has died"
        case _:
            return first_line(error)


def first_line(error: BaseException) -> str:
    """The first line of what an error says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


def _no_reporter(*_: object, **__: object) -> tuple[None, None]:
    """Instead of Ray's dashboard: it has no address and no process."""
    return None, None
