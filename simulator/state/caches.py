"""Prompt caches that really count: what of a prompt was read before, as the longest beginning that is still kept.

Sources: https://platform.claude.com/docs/en/build-with-claude/prompt-caching,
https://developers.openai.com/api/docs/guides/prompt-caching, https://ai.google.dev/gemini-api/docs/caching
"""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from .prompts import SectionedPrompt


class CacheTerms(Struct, frozen=True):
    """How a vendor caches: nothing below `least` tokens, whole steps of `step`, for `lifetime_s` after the last use.

    `marked`: only beginnings that the client marks are written; a marked one is looked for at each earlier section.
    """

    least: int = 1024
    step: int = 1
    lifetime_s: float = 300.0
    marked: bool = False


class Cached(Struct, frozen=True):
    """Tokens of a prompt that were read from the cache, and those that were put into it."""

    read: int = 0
    written: int = 0


class PromptCache:
    """Remembers the beginnings of prompts, for each account and model apart."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends: dict[tuple[object, ...], float] = {}

    def use(self, owner: tuple[object, ...], prompt: SectionedPrompt, rule: CacheTerms) -> Cached:
        """What the prompt finds in the cache of its owner, and leaves there."""
        now, read, written = self._clock(), 0, 0
        prefixes = list(prompt.prefixes())
        marks = [place for place, (_, _, marked) in enumerate(prefixes) if marked or not rule.marked]
        for place, (name, tokens, marked) in enumerate(prefixes):
            key = (*owner, name)
            whole = tokens - tokens % rule.step
            if whole < rule.least or not marks or place > marks[-1]:
                continue
            if self._ends.get(key, 0.0) > now:
                read = whole
                self._ends[key] = now + rule.lifetime_s
            elif marked or not rule.marked:
                written = whole
                self._ends[key] = now + rule.lifetime_s
        return Cached(read, max(0, written - read))
