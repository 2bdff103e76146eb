"""How much of an answer waits where nothing that is shown can be taken back. Pure."""

from __future__ import annotations

from collections.abc import Iterable

MOST_HELD = 4096
"""Characters for which a closing tag is waited for where there is reason to; what follows flows."""


class Holdback:
    """Holds the beginning of an answer back while it may still turn out to be reasoning.

    Some templates open the tag in the prompt, so that only the closer comes. A text that begins as models begin to
    think is held until the closer, or until `MOST_HELD` characters; any other flows as soon as it differs from all
    `beginnings`. `expects_closer`: the model is known to do so. Reasoning that came before ends the doubt.
    """

    def __init__(self, beginnings: Iterable[str], *, expects_closer: bool = False) -> None:
        self._beginnings = tuple(beginning.casefold() for beginning in beginnings)
        self._expects_closer = expects_closer
        self._held: list[str] = []
        self._length = 0
        self.is_open = False

    def feed(self, text: str) -> str:
        """What of the text so far may be shown and has not been."""
        if self.is_open:
            return text
        self._held.append(text)
        self._length += len(text)
        return "" if self._length < MOST_HELD and self._may_be_reasoning() else self.release()

    def release(self) -> str:
        """What is held back; from here on all flows."""
        self.is_open = True
        return self._taken()

    def drop(self) -> int:
        """Forget what is held back, which was reasoning: how many characters. From here on all flows."""
        self.is_open = True
        return len(self._taken())

    def _taken(self) -> str:
        held = "".join(self._held)
        self._held.clear()
        return held

    def _may_be_reasoning(self) -> bool:
        if self._expects_closer:
            return True
        if len(self._held) > 1:
            self._held = ["".join(self._held)]
        start = self._held[0].lstrip().casefold()
        return any(start.startswith(known) or known.startswith(start) for known in self._beginnings)
