"""Text that some servers repeat from its beginning in every chunk -> what each chunk adds."""

from __future__ import annotations

_ENOUGH = 8
"""Characters of repeated beginning that are no coincidence any more; `a` and then `and` may well be two pieces."""


class SnapshotText:
    """Settles by the first pieces whether they are increments or snapshots of the text so far.

    MiniMax documents snapshots and sends increments: https://github.com/MiniMax-AI/MiniMax-M2/issues/95. A piece that
    may be either is held back until the next one settles it.
    """

    repeats: bool | None = None
    """Whether the pieces are snapshots; None until that is settled."""
    _last = ""
    _told = ""
    _held: tuple[str, ...] = ()

    def feed(self, piece: str) -> str:
        """The new text in `piece`, or nothing while it cannot be told."""
        if self.repeats is False:
            return piece
        before, self._last = self._last, piece
        if not before:
            self._told = piece
            return piece
        if piece.startswith(before) and (self.repeats or len(before) >= _ENOUGH):
            self.repeats, self._held = True, ()
            told, self._told = self._told, piece
            return piece[len(told) :]
        if self.repeats:  # another text begins
            self._told = piece
            return piece
        self._held = (*self._held, piece)
        if piece.startswith(before) and len(piece) > len(before):
            return ""
        self.repeats = False
        return self.close()

    def close(self) -> str:
        """What was held back and never settled, as the increments that most servers send."""
        held, self._held = "".join(self._held), ()
        return held
