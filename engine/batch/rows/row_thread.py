"""Reads rows in a thread of its own, as it may have to wait for them, and hands them over to the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any

from ....providers.errors import ConfigError
from .rows import BadRow, Row

MOST_CHARACTERS = 1 << 20
"""Of prompts that are handed over at a time: more of them need not be in memory."""

Take = Callable[[list[Row | BadRow]], Coroutine[Any, Any, None]]
"""Takes some rows on the event loop; until it is through, no more are read."""


def read_apart(
    rows: Iterator[Row | BadRow], take: Take, at_once: int, is_stopped: Callable[[], bool]
) -> asyncio.Future[None]:
    """Have all `rows` taken, `at_once` at a time. Done when they have been, or with what went wrong on the way.

    The thread may wait for a row even then: it ends with the process.
    """
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if not over.done():
            over.set_result(None) if error is None else over.set_exception(error)

    def hand_over(piece: list[Row | BadRow]) -> None:
        asyncio.run_coroutine_threadsafe(take(piece), loop).result()

    def read() -> None:
        try:
            piece, characters = list[Row | BadRow](), 0
            for row in rows:
                if is_stopped():
                    break
                piece.append(row)
                characters += len(row.text) if isinstance(row, Row) else 0
                if len(piece) >= at_once or characters >= MOST_CHARACTERS:
                    hand_over(piece)
                    piece, characters = [], 0
            if piece and not is_stopped():
                hand_over(piece)
            error = None
        except OSError as problem:
            error = ConfigError(f"the input cannot be read any further: {problem.strerror or problem}")
        except BaseException as problem:
            error = problem
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(finish, error)

    threading.Thread(target=read, name="rows", daemon=True).start()
    return over
