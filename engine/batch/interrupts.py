"""Ctrl-C and SIGTERM: once, a batch finishes what is under way; once more, it stops at once."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from ..exchange.surroundings import run_loop

if TYPE_CHECKING:
    from .batch import Batch

T = TypeVar("T")

OBJECTS_BETWEEN_COLLECTIONS = 20_000

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_quickly(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on the loop of uvloop where there is one, at a fifth less CPU for an exchange over HTTP."""
    try:
        from uvloop import new_event_loop
    except ImportError:  # there is none for Windows
        return run_loop(main)
    except BaseException:  # a Ctrl-C
        main.close()
        raise
    return run_loop(main, new_event_loop)


@contextmanager
def stopped_by_signals(batch: Batch, interrupted: Callable[[], None]) -> Generator[None]:
    """While `batch` runs in this task. A third signal is heard after that."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    at_once = False

    def stop() -> None:
        nonlocal at_once
        if not batch.stopping:
            batch.interrupted = True
            batch.stop()
            interrupted()
        elif not at_once and task is not None:
            at_once = True
            task.cancel()

    for number in SIGNALS:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in SIGNALS:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(number)


@contextmanager
def rare_collections() -> Generator[None]:
    """Look for garbage in cycles less often: rows leave hardly any, and the search takes a tenth of the time.

    It concerns the whole process, so that it is for a process of our own.
    """
    before = gc.get_threshold()
    gc.freeze()  # what has been imported stays
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
