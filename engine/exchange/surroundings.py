"""What a call takes from outside: time, patience, dice, the transport, and who takes down what comes."""

from __future__ import annotations

import asyncio
import random
import time
from _thread import interrupt_main
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import lru_cache
from threading import Timer
from typing import Any, TypeVar

from msgspec import Struct

from .observer import Tape
from .transport import Transport

T = TypeVar("T")

TIDYING_S = 2.0
"""Seconds for the tasks that a second Ctrl-C has broken off to come to their end."""


REST_S = 0.005
"""Between two chunks, where the tape is behind."""


class Surroundings(Struct, frozen=True):
    """What a run takes from outside, so that tests can give it another clock, another sleep and no dice.

    `on_sent` is called each time a request has left: the moment for work that may take CPU. `on_response` hears the
    status and the lower-case headers of each response. A `tape` takes down what came over the wire.
    """

    transport: Transport
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    dice: Callable[[], float] = random.random
    on_sent: Callable[[], None] | None = None
    tape: Tape | None = None
    on_response: Callable[[int, Mapping[str, str]], None] | None = None
    seconds_since_1970: Callable[[], float] = time.time

    @property
    def is_behind(self) -> bool:
        """Whether more comes than is stored."""
        return self.tape is not None and self.tape.is_behind

    async def catch_up(self) -> None:
        """Rest for a moment."""
        await self.sleep(REST_S)


@lru_cache(maxsize=4)
def date_header(seconds_since_1970: int) -> str:
    """The moment as a header has it, which for many calls is the same."""
    from email.utils import formatdate  # here: hardly any server leaves it out

    return formatdate(seconds_since_1970, usegmt=True)


def run_loop(
    main: Coroutine[Any, Any, T], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> T:  # fmt: skip
    """`asyncio.run`, of which another Ctrl-C makes a `KeyboardInterrupt` and nothing else, wherever it finds it."""
    loop: asyncio.AbstractEventLoop | None = None
    is_broken_off = False
    # A task may wait for what the interruption has undone: the end does not wait for it as long.
    again = Timer(TIDYING_S, interrupt_main)
    again.daemon = True

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # Tasks that an interruption has broken off are not told one by one.
        if not is_broken_off and not isinstance(context.get("exception"), KeyboardInterrupt):
            loop.default_exception_handler(context)

    given: list[T] = []
    has_begun = False

    async def kept() -> None:
        nonlocal has_begun
        has_begun = True
        # The runner shows what its task gives in the words of an error that it drops: a long answer, copied thrice.
        given.append(await main)

    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            loop = runner.get_loop()
            loop.set_exception_handler(report)
            try:
                runner.run(kept())
            except KeyboardInterrupt:
                is_broken_off = True
                again.start()
                raise
    except RuntimeError as error:
        if loop is not None and loop.is_closed() and "loop is closed" in str(error):
            raise KeyboardInterrupt from None  # it came between the last task and the end of the loop
        raise
    finally:
        again.cancel()
        if not has_begun:
            main.close()
    return given[0]
