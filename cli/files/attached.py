"""Options of files that rows attach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from ..options import AsIs, Convert, Detail, Upload

if TYPE_CHECKING:
    from ...engine.attachments.wishes import FileWishes


class AttachedOptions(Struct, frozen=True):
    """What is done with files that rows attach."""

    convert: Convert = False
    as_is: AsIs = False
    detail: Detail = "high"
    upload: Upload = False

    @property
    def wishes(self) -> FileWishes:
        """The same as the engine takes it. Raises `UsageError` for an unknown detail."""
        from ...engine.attachments.wishes import FileWishes, checked_detail

        return FileWishes(self.convert, self.as_is, checked_detail(self.detail), self.upload)


AS_USUAL = AttachedOptions()
