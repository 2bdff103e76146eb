"""The shipped table of the tags and channels that models put around reasoning."""

from __future__ import annotations

from functools import cache
from typing import cast, get_args

from ...profiles.facts import packaged
from ...profiles.sections.section import Section
from ...providers.inline.tag_table import ChannelKind, Channels, TagPair, TagTable


@cache
def reasoning_tags() -> TagTable:
    """The table, made ready for the search."""
    root = packaged("reasoning_tags.yaml")
    root.only(("pairs", "wrappers", "channels", "beginnings"))
    return TagTable(
        [_pair(section) for section in root.sections("pairs")],
        [_pair(section) for section in root.sections("wrappers")],
        [_channels(section) for section in root.sections("channels")],
        root.texts("beginnings"),
    )


def _pair(section: Section) -> TagPair:
    section.only(("open", "close", "bare"))
    return TagPair(_mark(section, "open"), _mark(section, "close"), section.flag("bare") or False)


def _channels(section: Section) -> Channels:
    section.only(("start", "channel", "message", "ends", "kinds"))
    kinds = section.section("kinds")
    if kinds is None:
        raise section.bad("kinds", "channels need their kinds")
    named: list[tuple[str, ChannelKind]] = [
        (name, cast("ChannelKind", kinds.choice(name, get_args(ChannelKind)))) for name in kinds
    ]
    start, channel, message = (_mark(section, key) for key in ("start", "channel", "message"))
    return Channels(start, channel, message, section.texts("ends"), tuple(named))


def _mark(section: Section, key: str) -> str:
    mark = section.text(key)
    if not mark:
        raise section.bad(key, "a mark is needed")
    return mark
