"""The loop of a command, and a Ctrl-C that comes at any moment."""

from __future__ import annotations

import asyncio
import inspect
import sys
from types import ModuleType
from typing import Any

import pytest

from thinkdial.engine.batch.interrupts import run_quickly
from thinkdial.engine.exchange.surroundings import run_loop


async def answered() -> str:
    await asyncio.sleep(0)
    return "answer"


def interrupted(*_: Any) -> Any:
    raise KeyboardInterrupt


def test_what_a_task_gives_is_given() -> None:
    assert run_loop(answered()) == run_quickly(answered()) == "answer"


def test_a_ctrl_c_before_the_first_step_leaves_no_task_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    class Uvloop(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise KeyboardInterrupt

    main = answered()
    with pytest.raises(KeyboardInterrupt):
        run_loop(main, interrupted)
    assert inspect.getcoroutinestate(main) == inspect.CORO_CLOSED
    monkeypatch.setitem(sys.modules, "uvloop", Uvloop("uvloop"))
    main = answered()
    with pytest.raises(KeyboardInterrupt):
        run_quickly(main)
    assert inspect.getcoroutinestate(main) == inspect.CORO_CLOSED
