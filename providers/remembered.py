"""What is made of data that stays as it is: once, however often it is asked for. Pure but for the memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

MOST_REMEMBERED = 64


def made_once(make: Callable[[Given], Made]) -> Callable[[Given], Made]:
    """`make`, for arguments that cannot be hashed and never change: each is known again as the very object it is."""
    remembered: dict[int, tuple[Given, Made]] = {}

    def made(given: Given) -> Made:
        found = remembered.get(id(given))
        if found is not None:  # it is held here, so that nothing else can have its id
            return found[1]
        if len(remembered) >= MOST_REMEMBERED:
            remembered.clear()
        result = make(given)
        remembered[id(given)] = given, result
        return result

    return made
