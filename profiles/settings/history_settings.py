"""The `history:` of the configuration -> `HistorySettings`: whether runs are kept, how long, and how much of them."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ..sections.section import Section

HISTORY_KEYS = ("enabled", "keep_days", "max_mb", "keep_files_days")


class HistorySettings(Struct, frozen=True):
    """Runs older than `keep_days` are removed, then the oldest while they take up more than `max_mb` (2**20 bytes).

    The bytes of attached files are forgotten `keep_files_days` after they were last sent. None is without limit.
    """

    enabled: bool = True
    keep_days: int | None = 365
    max_mb: int | None = 2000
    keep_files_days: int | None = None


def read_history(root: Section, base: HistorySettings, *, trusted: bool, notes: list[str]) -> HistorySettings:
    """`base` with what one file says under `history` and `defaults.history`; where the two differ, off wins.

    A file that is not trusted may only switch the history off, and what else it says becomes a note: to keep runs that
    the user does not want kept is as bad as to remove runs of other projects, which a shorter `keep_days` would do.
    """
    defaults, section = root.section("defaults"), None
    flags = [None if defaults is None else defaults.flag("history")]
    if isinstance(root.plain("history"), dict):
        section = root.section("history")
    else:
        flags.append(root.flag("history"))
    found = base
    if section is not None:
        section.only(HISTORY_KEYS)
        flags.append(section.flag("enabled"))
        found = replace(
            found,
            keep_days=_limit(section, "keep_days", base.keep_days, most=36_500),
            keep_files_days=_limit(section, "keep_files_days", base.keep_files_days, most=36_500),
            max_mb=_limit(section, "max_mb", base.max_mb, most=10**7),
        )
    given = [flag for flag in flags if flag is not None]
    found = replace(found, enabled=all(given) if given else base.enabled)
    if trusted:
        return found
    allowed = replace(base, enabled=base.enabled and found.enabled)
    if found != allowed:
        place = root.where("history" if "history" in root else "defaults")
        notes.append(f"{place}: history: a project file may only switch it off; the rest of it is left out")
    return allowed


def _limit(section: Section, key: str, base: int | None, *, most: int) -> int | None:
    """The number at `key`; a `null` that is written out takes the limit away."""
    if key not in section:
        return base
    return section.whole(key, least=1, most=most)
