"""Files at providers, and those that the history keeps, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.table import Table

from ....providers.untrusted import one_line

if TYPE_CHECKING:
    from ....engine.history.files.stored_files import StoredFileRow
    from ....engine.planning.inputs.uploads import Uploaded


def upload_table(uploads: Sequence[Uploaded], now: datetime) -> Table:
    """What is where, and until when."""
    table = Table("", "file", "bytes", "provider", "id there", "ends", box=None, header_style="bold", pad_edge=False)
    for one in uploads:
        left = one.expires_at - now
        ends = "has ended" if left <= timedelta(0) else f"{one.expires_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(str(one.number), one_line(one.name), f"{one.bytes:,}", one.provider, one_line(one.id), ends)
    return table


def kept_table(kept: Sequence[StoredFileRow]) -> Table:
    """The files of the history."""
    columns = ("in the history", "bytes", "type", "runs", "last sent", "")
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for one in kept:
        state = "" if one.has_data else "its bytes are forgotten"
        names = one_line(one.name or one.sha256[:12])
        table.add_row(names, f"{one.bytes:,}", one_line(one.media_type), str(one.runs), one.used_at[:16], state)
    return table
